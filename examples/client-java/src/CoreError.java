package axisor.example;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Map;

/**
 * What a core says when it refuses: a reason to switch on, what it means for the money, and what to
 * do. Without a reason the core did not speak at all: the line broke, or there is none.
 */
final class CoreError extends Exception {
  private static final long serialVersionUID = 1;
  private static final String DOMAIN = "axisor";

  final Status.Code code;
  final String reason;
  final String means;
  final String todo;
  /** Seconds to wait before the same call may succeed; null where waiting does not help. */
  final Double retryAfter;

  private final boolean ended;

  private CoreError(Status.Code code, String message, ErrorInfo info, RetryInfo retry) {
    super(message);
    Map<String, String> metadata = info.getMetadataMap();
    this.code = code;
    this.reason = info.getReason();
    this.means = metadata.getOrDefault("means", "");
    this.todo = metadata.getOrDefault("todo", "");
    this.retryAfter =
        retry == null ? null : retry.getRetryDelay().getSeconds() + retry.getRetryDelay().getNanos() / 1e9;
    this.ended = metadata.containsKey("state");
  }

  /** Reads the error that a failed call carries. */
  static CoreError of(StatusRuntimeException failed) {
    Status.Code code = failed.getStatus().getCode();
    String message = failed.getStatus().getDescription();
    ErrorInfo info = ErrorInfo.getDefaultInstance();
    RetryInfo retry = null;
    com.google.rpc.Status said = StatusProto.fromThrowable(failed);
    try {
      for (Any detail : said == null ? java.util.List.<Any>of() : said.getDetailsList()) {
        if (detail.is(ErrorInfo.class) && detail.unpack(ErrorInfo.class).getDomain().equals(DOMAIN)) {
          info = detail.unpack(ErrorInfo.class);
        } else if (detail.is(RetryInfo.class)) {
          retry = detail.unpack(RetryInfo.class);
        }
      }
    } catch (InvalidProtocolBufferException broken) {
      info = ErrorInfo.getDefaultInstance(); // another program's details
    }
    return new CoreError(code, message == null ? "" : message, info, retry);
  }

  /**
   * Whether another try of the same call may be answered otherwise. An error with an intent's state is
   * how an action ended, and stays the answer.
   */
  boolean mayChange() {
    return code == Status.Code.UNAVAILABLE && !ended;
  }

  /** Whether opening a stream again helps: the line broke, or the core asks for patience. */
  boolean reopens() {
    return switch (code) {
      case UNAVAILABLE, RESOURCE_EXHAUSTED -> true;
      case CANCELLED, INTERNAL, UNKNOWN -> reason.isEmpty();
      default -> reason.equals("SEQUENCE_EXPIRED");
    };
  }
}
