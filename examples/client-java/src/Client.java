package axisor.example;

import axisor.v1.Events.Event;
import axisor.v1.Events.Snapshot;
import axisor.v1.OrderServiceGrpc;
import axisor.v1.Orders.PlaceOrderRequest;
import axisor.v1.Orders.PlaceOrderResponse;
import axisor.v1.Types.MarginMode;
import axisor.v1.Types.OrderType;
import axisor.v1.Types.Side;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import grpc.reflection.v1alpha.Reflection.ServerReflectionRequest;
import grpc.reflection.v1alpha.Reflection.ServerReflectionResponse;
import grpc.reflection.v1alpha.Reflection.ServiceResponse;
import grpc.reflection.v1alpha.ServerReflectionGrpc;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Does what it reads, a line of JSON each; docs/clients.md has the words. */
final class Client implements Core.Seen {
  private static final Gson JSON = new GsonBuilder().serializeNulls().create();

  private final Core core;
  private final List<Thread> watches = new ArrayList<>();

  private Client(Core core) {
    this.core = core;
  }

  public static void main(String[] words) throws Exception {
    if (words.length != 4) {
      System.err.println("usage: client HOST:PORT CERTIFICATE TOKEN_FILE MODE");
      System.exit(2);
    }
    String token = Files.readString(Path.of(words[2])).strip();
    try (Core core = new Core(words[0], new File(words[1]), token, words[3])) {
      new Client(core).run();
    }
  }

  private void run() throws IOException, InterruptedException, ExecutionException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = lines.readLine()) != null; ) {
      JsonObject asked = JsonParser.parseString(line).getAsJsonObject();
      Map<String, Object> told = new HashMap<>(Map.of("id", asked.get("id")));
      try {
        told.putAll(answer(asked));
      } catch (CoreError error) {
        told.put("error", describe(error));
      }
      say(told);
    }
    for (Thread each : watches) each.join();
  }

  private static synchronized void say(Map<String, ?> told) {
    System.out.println(JSON.toJson(told));
    System.out.flush();
  }

  private static Map<String, Object> describe(CoreError error) {
    Map<String, Object> told = new HashMap<>();
    told.put("reason", error.reason);
    told.put("code", error.code.name());
    told.put("message", error.getMessage());
    told.put("means", error.means);
    told.put("todo", error.todo);
    told.put("retry_after_s", error.retryAfter);
    return told;
  }

  private Map<String, ?> answer(JsonObject asked) throws CoreError, InterruptedException, ExecutionException {
    String what = asked.get("do").getAsString();
    return switch (what) {
      case "health" -> Map.of("health", health());
      case "services" -> Map.of("services", services());
      case "place" -> Map.of("placed", place(asked));
      case "watch" -> {
        Thread watch = new Thread(() -> watch(asked), "watch");
        watches.add(watch);
        watch.start();
        yield Map.of("watching", asked.get("account"));
      }
      default -> throw new IllegalArgumentException("nobody here knows how to " + what);
    };
  }

  private String health() throws CoreError, InterruptedException {
    HealthGrpc.HealthBlockingStub stub = HealthGrpc.newBlockingStub(core.channel);
    return core.call(stub, it -> it.check(HealthCheckRequest.getDefaultInstance())).getStatus().name();
  }

  private List<String> services() throws InterruptedException, ExecutionException {
    CompletableFuture<ServerReflectionResponse> first = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> talk =
        ServerReflectionGrpc.newStub(core.channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse answer) {
                    first.complete(answer);
                  }

                  @Override
                  public void onError(Throwable failed) {
                    first.completeExceptionally(failed);
                  }

                  @Override
                  public void onCompleted() {}
                });
    talk.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    List<ServiceResponse> listed = first.get().getListServicesResponse().getServiceList();
    talk.onCompleted();
    return listed.stream().map(ServiceResponse::getName).toList();
  }

  private Map<String, ?> place(JsonObject asked) throws CoreError, InterruptedException {
    PlaceOrderRequest request =
        PlaceOrderRequest.newBuilder()
            .setParent(asked.get("account").getAsString())
            .setRequestId(asked.get("request_id").getAsString())
            .setMarginMode(MarginMode.MARGIN_MODE_ISOLATED)
            .setType(OrderType.ORDER_TYPE_LIMIT)
            .setSide(Side.SIDE_BUY)
            .setQuantityUsd(asked.get("quantity_usd").getAsLong())
            .setLeverage(asked.get("leverage").getAsString())
            .setLimitPriceUsd(asked.get("limit_price_usd").getAsString())
            .build();
    OrderServiceGrpc.OrderServiceBlockingStub stub = OrderServiceGrpc.newBlockingStub(core.channel);
    PlaceOrderResponse answer = core.call(stub, it -> it.placeOrder(request));
    String state = answer.getIntentState().name().replace("INTENT_STATE_", "");
    return Map.of("order", answer.getOrder().getName(), "state", state, "sequence", answer.getSequence());
  }

  private void watch(JsonObject asked) {
    Duration silence = Duration.ofMillis(Math.round(asked.get("silence_s").getAsDouble() * 1_000));
    String account = asked.get("account").getAsString();
    try {
      CoreError end = core.watch(account, asked.get("after_sequence").getAsLong(), silence, this);
      say(Map.of("ended", describe(end)));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void event(Event event) {
    String hash = HexFormat.of().formatHex(event.getHash().toByteArray());
    say(Map.of("event", Map.of("sequence", event.getSequence(), "kind", event.getKind(), "hash", hash)));
  }

  @Override
  public void snapshot(Snapshot snapshot) {
    say(Map.of("snapshot", Map.of("sequence", snapshot.getSequence())));
  }

  @Override
  public void cut(Long after, String problem) {
    Map<String, Object> told = new HashMap<>();
    told.put("after", after);
    told.put("problem", problem);
    say(Map.of("cut", told));
  }
}
