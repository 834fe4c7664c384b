package axisor.example;

import axisor.v1.EventServiceGrpc;
import axisor.v1.Events.Event;
import axisor.v1.Events.Snapshot;
import axisor.v1.Events.WatchEventsRequest;
import axisor.v1.Events.WatchEventsResponse;
import io.grpc.ClientInterceptor;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import java.io.File;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SSLException;

/** A connection to a core: calls that are safe to repeat, and a watch that resumes by itself. */
final class Core implements AutoCloseable {
  private static final long TIMEOUT_MS = 15_000;
  private static final long FIRST_WAIT_MS = 100;
  private static final long MOST_WAIT_MS = 15_000;

  /** What a watch tells of: events and snapshots as they come, and cuts. */
  interface Seen {
    void event(Event event);

    void snapshot(Snapshot snapshot);

    void cut(Long after, String problem);
  }

  final ManagedChannel channel;
  private final ClientInterceptor signed;
  private final ScheduledExecutorService watchdog = Executors.newSingleThreadScheduledExecutor();

  Core(String address, File certificate, String token, String mode) throws SSLException {
    channel =
        NettyChannelBuilder.forTarget(address)
            .sslContext(GrpcSslContexts.forClient().trustManager(certificate).build())
            .keepAliveTime(20, TimeUnit.SECONDS)
            .keepAliveTimeout(10, TimeUnit.SECONDS)
            .disableRetry() // repeating is ours: it needs the request id and the deadline
            .build();
    Metadata headers = new Metadata();
    headers.put(header("authorization"), "Bearer " + token);
    headers.put(header("axisor-expect-mode"), mode);
    signed = MetadataUtils.newAttachHeadersInterceptor(headers);
  }

  private static Metadata.Key<String> header(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  @Override
  public void close() {
    watchdog.shutdownNow();
    channel.shutdownNow();
  }

  /**
   * Makes a call, and again while the core is away: whatever changes something carries one request id
   * each time.
   */
  <S extends AbstractStub<S>, T> T call(S stub, Function<S, T> make) throws CoreError, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MS);
    for (int tries = 0; ; tries++) {
      long left = deadline - System.nanoTime();
      try {
        return make.apply(stub.withInterceptors(signed).withDeadlineAfter(left, TimeUnit.NANOSECONDS));
      } catch (StatusRuntimeException failed) {
        CoreError error = CoreError.of(failed);
        long wait = jitter(tries, 2_000);
        if (!error.mayChange() || System.nanoTime() + wait * 1_000_000 >= deadline) throw error;
        Thread.sleep(wait);
        channel.resetConnectBackoff(); // its own first wait is a second
      }
    }
  }

  /**
   * Follows a journal after a sequence, or from a snapshot where it is null: each event once, in order,
   * over broken and silent lines. Returns what opening the stream again does not mend.
   */
  CoreError watch(String account, Long after, Duration silence, Seen seen) throws InterruptedException {
    Place place = new Place(after, seen);
    for (int failures = 0; ; failures++) {
      String problem = "the core ended the stream";
      long wait = 0;
      long before = place.frames;
      try {
        follow(account, place, silence);
      } catch (Gap gap) {
        problem = "an event is missing";
      } catch (StatusRuntimeException failed) {
        CoreError error = CoreError.of(failed);
        if (!error.reopens()) return error;
        if (error.reason.equals("SEQUENCE_EXPIRED")) place.after = null; // take a snapshot
        if (error.retryAfter != null) wait = Math.round(error.retryAfter * 1_000);
        problem = error.getMessage();
      }
      if (place.frames > before) failures = 0;
      seen.cut(place.after, problem);
      Thread.sleep(wait + jitter(failures, MOST_WAIT_MS));
      channel.resetConnectBackoff();
    }
  }

  /** Reads one stream until it breaks. */
  private void follow(String account, Place place, Duration silence) throws Gap {
    Context.CancellableContext context = Context.current().withCancellation();
    Context outer = context.attach();
    ScheduledFuture<?> bark = null;
    try {
      WatchEventsRequest.Builder request = WatchEventsRequest.newBuilder().setParent(account);
      if (place.after != null) request.setAfterSequence(place.after);
      bark = silent(context, silence);
      Iterator<WatchEventsResponse> frames =
          EventServiceGrpc.newBlockingStub(channel)
              .withInterceptors(signed)
              .withWaitForReady()
              .watchEvents(request.build());
      while (frames.hasNext()) {
        bark.cancel(false);
        place.take(frames.next());
        bark = silent(context, silence);
      }
    } finally {
      if (bark != null) bark.cancel(false);
      context.detach(outer);
      context.cancel(null);
    }
  }

  private ScheduledFuture<?> silent(Context.CancellableContext context, Duration silence) {
    return watchdog.schedule(() -> context.cancel(null), silence.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** A wait between zero and a bound that doubles with every failure in a row, in milliseconds. */
  private static long jitter(int failures, long most) {
    long bound = Math.min(most, FIRST_WAIT_MS << Math.min(failures, 10));
    return ThreadLocalRandom.current().nextLong(bound + 1);
  }

  private static final class Gap extends Exception {
    private static final long serialVersionUID = 1;
  }

  /** The place in a journal: drops what was seen, and finds gaps. */
  private static final class Place {
    Long after;
    long frames;
    private final Seen seen;

    Place(Long after, Seen seen) {
      this.after = after;
      this.seen = seen;
    }

    void take(WatchEventsResponse frame) throws Gap {
      frames++;
      if (frame.hasSnapshot()) {
        after = frame.getSnapshot().getSequence();
        seen.snapshot(frame.getSnapshot());
      }
      for (Event event : frame.getEventsList()) {
        if (after != null && event.getSequence() <= after) continue; // seen before the cut
        if (after != null && event.getSequence() != after + 1) throw new Gap();
        after = event.getSequence();
        seen.event(event);
      }
      if (frame.hasHeartbeat() && after != null && frame.getHeartbeat().getLatestSequence() > after) {
        throw new Gap();
      }
    }
  }
}
