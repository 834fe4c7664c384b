// Does what it reads, a line of JSON each; docs/clients.md has the words.
// Usage: client HOST:PORT CERTIFICATE TOKEN_FILE MODE
#include <axisor/v1/orders.grpc.pb.h>
#include <grpc/health/v1/health.grpc.pb.h>
#include <grpc/reflection/v1alpha/reflection.grpc.pb.h>

#include <fstream>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core.h"

using nlohmann::json;

namespace {

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + " cannot be read");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void say(const json& told) {
  static std::mutex one_at_a_time;
  std::lock_guard<std::mutex> lock(one_at_a_time);
  std::cout << told.dump() << std::endl;
}

json error_of(const CoreError& error) {
  return {{"reason", error.reason},
          {"code", error.code_name()},
          {"message", error.message},
          {"means", error.means},
          {"todo", error.todo},
          {"retry_after_s", error.retry_after_s ? json(*error.retry_after_s) : json(nullptr)}};
}

std::string hex(const std::string& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) text.append({digits[byte >> 4], digits[byte & 15]});
  return text;
}

json health(const Core& core) {
  const auto stub = grpc::health::v1::Health::NewStub(core.channel());
  grpc::health::v1::HealthCheckResponse answer;
  core.call([&](auto* context) { return stub->Check(context, {}, &answer); });
  return {{"health", grpc::health::v1::HealthCheckResponse::ServingStatus_Name(answer.status())}};
}

json services(const Core& core) {
  using namespace grpc::reflection::v1alpha;
  const auto stub = ServerReflection::NewStub(core.channel());
  json names = json::array();
  core.call([&](auto* context) {
    const auto talk = stub->ServerReflectionInfo(context);
    ServerReflectionRequest request;
    request.set_list_services("");
    ServerReflectionResponse answer;
    talk->Write(request);
    talk->WritesDone();
    while (talk->Read(&answer))
      for (const auto& service : answer.list_services_response().service()) names.push_back(service.name());
    return talk->Finish();
  });
  return {{"services", names}};
}

json place(const Core& core, const json& asked) {
  const auto stub = axisor::v1::OrderService::NewStub(core.channel());
  axisor::v1::PlaceOrderRequest request;
  request.set_parent(asked.at("account"));
  request.set_request_id(asked.at("request_id"));
  request.set_margin_mode(axisor::v1::MARGIN_MODE_ISOLATED);
  request.set_type(axisor::v1::ORDER_TYPE_LIMIT);
  request.set_side(axisor::v1::SIDE_BUY);
  request.set_quantity_usd(asked.at("quantity_usd"));
  request.set_leverage(asked.at("leverage"));
  request.set_limit_price_usd(asked.at("limit_price_usd"));
  axisor::v1::PlaceOrderResponse answer;
  core.call([&](auto* context) { return stub->PlaceOrder(context, request, &answer); });
  const std::string state = axisor::v1::IntentState_Name(answer.intent_state());
  return {{"placed",
           {{"order", answer.order().name()},
            {"state", state.substr(sizeof("INTENT_STATE_") - 1)},
            {"sequence", answer.sequence()}}}};
}

void watch(const Core& core, const json& asked) {
  const std::chrono::duration<double> silence{asked.at("silence_s").get<double>()};
  Seen seen;
  seen.event = [](const auto& event) {
    say({{"event", {{"sequence", event.sequence()}, {"kind", event.kind()}, {"hash", hex(event.hash())}}}});
  };
  seen.snapshot = [](const auto& snapshot) { say({{"snapshot", {{"sequence", snapshot.sequence()}}}}); };
  seen.cut = [](const auto& after, const auto& problem) {
    say({{"cut", {{"after", after ? json(*after) : json(nullptr)}, {"problem", problem}}}});
  };
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(silence);
  say({{"ended", error_of(core.watch(asked.at("account"), asked.at("after_sequence").get<int64_t>(),
                                     patience, seen))}});
}

json answer(const Core& core, const json& asked, std::vector<std::thread>& watches) {
  const std::string what = asked.at("do");
  if (what == "health") return health(core);
  if (what == "services") return services(core);
  if (what == "place") return place(core, asked);
  if (what != "watch") throw std::runtime_error("nobody here knows how to " + what);
  watches.emplace_back([&core, asked] { watch(core, asked); });
  return {{"watching", asked.at("account")}};
}

}  // namespace

int main(int count, char** words) {
  if (count != 5) {
    std::cerr << "usage: client HOST:PORT CERTIFICATE TOKEN_FILE MODE\n";
    return 2;
  }
  std::string token = read(words[3]);
  token.erase(token.find_last_not_of(" \r\n\t") + 1);
  const Core core(words[1], read(words[2]), token, words[4]);
  std::vector<std::thread> watches;
  for (std::string line; std::getline(std::cin, line);) {
    const json asked = json::parse(line);
    json told;
    try {
      told = answer(core, asked, watches);
    } catch (const CoreError& error) {
      told = {{"error", error_of(error)}};
    }
    told["id"] = asked.at("id");
    say(told);
  }
  for (auto& each : watches) each.join();
}
