#include "core.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

using axisor::v1::EventService;
using axisor::v1::WatchEventsRequest;
using axisor::v1::WatchEventsResponse;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

namespace {

constexpr milliseconds kTimeout{15'000};
constexpr milliseconds kFirstWait{100};
constexpr milliseconds kMostWait{15'000};

// A wait between zero and a bound that doubles with every failure in a row.
milliseconds jitter(int failures, milliseconds most) {
  thread_local std::mt19937_64 chance{std::random_device{}()};
  const auto bound = std::min(most, kFirstWait * (1 << std::min(failures, 10)));
  return milliseconds{std::uniform_int_distribution<int64_t>{0, bound.count()}(chance)};
}

// Cancels a call that has been silent for too long.
class Watchdog {
 public:
  Watchdog(grpc::ClientContext* context, milliseconds silence)
      : context_(context), silence_(silence), last_(steady_clock::now()), thread_([this] { run(); }) {}

  ~Watchdog() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      over_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void heard() {
    std::lock_guard<std::mutex> lock(mutex_);
    last_ = steady_clock::now();
  }

 private:
  void run() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!over_ && steady_clock::now() < last_ + silence_) changed_.wait_until(lock, last_ + silence_);
    if (!over_) context_->TryCancel();
  }

  grpc::ClientContext* context_;
  milliseconds silence_;
  steady_clock::time_point last_;
  bool over_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

// Tells what is new in a frame and moves on with it. Returns false where an event is missing.
bool take(const WatchEventsResponse& frame, std::optional<int64_t>& after, const Seen& seen) {
  if (frame.has_snapshot()) {
    after = frame.snapshot().sequence();
    seen.snapshot(frame.snapshot());
  }
  for (const auto& event : frame.events()) {
    if (after && event.sequence() <= *after) continue;  // seen before the cut
    if (after && event.sequence() != *after + 1) return false;
    after = event.sequence();
    seen.event(event);
  }
  return !(frame.has_heartbeat() && after && frame.heartbeat().latest_sequence() > *after);
}

}  // namespace

Core::Core(const std::string& address, const std::string& certificate, std::string token,
           std::string mode)
    : token_(std::move(token)), mode_(std::move(mode)) {
  grpc::SslCredentialsOptions pinned;
  pinned.pem_root_certs = certificate;
  grpc::ChannelArguments options;
  options.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  options.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  options.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  options.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
  options.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // repeating is ours: it needs the id and the deadline
  channel_ = grpc::CreateCustomChannel(address, grpc::SslCredentials(pinned), options);
}

void Core::sign(grpc::ClientContext* context) const {
  context->AddMetadata("authorization", "Bearer " + token_);
  context->AddMetadata("axisor-expect-mode", mode_);
}

void Core::call(const std::function<grpc::Status(grpc::ClientContext*)>& make) const {
  const auto deadline = system_clock::now() + kTimeout;
  for (int tries = 0;; ++tries) {
    grpc::ClientContext context;
    sign(&context);
    context.set_deadline(deadline);
    const grpc::Status status = make(&context);
    if (status.ok()) return;
    const CoreError error = CoreError::of(status);
    const auto wait = jitter(tries, milliseconds{2'000});
    if (!error.may_change() || system_clock::now() + wait >= deadline) throw error;
    std::this_thread::sleep_for(wait);
  }
}

CoreError Core::watch(const std::string& account, std::optional<int64_t> after, milliseconds silence,
                      const Seen& seen) const {
  const auto stub = EventService::NewStub(channel_);
  for (int failures = 0;; ++failures) {
    grpc::ClientContext context;
    sign(&context);
    context.set_wait_for_ready(true);  // the channel knows best when to connect again
    WatchEventsRequest request;
    request.set_parent(account);
    if (after) request.set_after_sequence(*after);
    const auto stream = stub->WatchEvents(&context, request);
    bool whole = true;
    {
      Watchdog watchdog(&context, silence);
      WatchEventsResponse frame;
      while (whole && stream->Read(&frame)) {
        watchdog.heard();
        whole = take(frame, after, seen);
        failures = 0;
      }
    }
    if (!whole) context.TryCancel();  // not otherwise, for that would hide how the core ended it
    const grpc::Status status = stream->Finish();
    std::string problem = whole ? "the core ended the stream" : "an event is missing";
    milliseconds wait{0};
    if (whole && !status.ok()) {
      const CoreError error = CoreError::of(status);
      if (!error.reopens()) return error;
      if (error.reason == "SEQUENCE_EXPIRED") after.reset();  // take a snapshot
      wait = milliseconds{static_cast<int64_t>(error.retry_after_s.value_or(0) * 1'000)};
      problem = error.message;
    }
    seen.cut(after, problem);
    std::this_thread::sleep_for(wait + jitter(failures, kMostWait));
  }
}
