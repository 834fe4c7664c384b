#include "errors.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <array>

namespace {

constexpr char kDomain[] = "axisor";
constexpr std::array<const char*, 17> kNames = {
    "OK",           "CANCELLED",          "UNKNOWN",          "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED", "NOT_FOUND",     "ALREADY_EXISTS",   "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",   "OUT_OF_RANGE",
    "UNIMPLEMENTED", "INTERNAL",          "UNAVAILABLE",      "DATA_LOSS",
    "UNAUTHENTICATED"};

std::string taken(std::map<std::string, std::string>& metadata, const std::string& key) {
  auto found = metadata.extract(key);
  return found ? found.mapped() : "";
}

}  // namespace

CoreError CoreError::of(const grpc::Status& status) {
  CoreError error;
  error.code = status.error_code();
  error.message = status.error_message();
  google::rpc::Status said;
  if (!said.ParseFromString(status.error_details())) return error;
  for (const auto& detail : said.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&info) && info.domain() == kDomain) {
      error.reason = info.reason();
      error.metadata = {info.metadata().begin(), info.metadata().end()};
      error.means = taken(error.metadata, "means");
      error.todo = taken(error.metadata, "todo");
    } else if (detail.UnpackTo(&retry)) {
      error.retry_after_s = retry.retry_delay().seconds() + retry.retry_delay().nanos() / 1e9;
    }
  }
  return error;
}

bool CoreError::may_change() const {
  return code == grpc::StatusCode::UNAVAILABLE && metadata.count("state") == 0;
}

bool CoreError::reopens() const {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return true;
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNKNOWN:
      return reason.empty();
    default:
      return reason == "SEQUENCE_EXPIRED";
  }
}

std::string CoreError::code_name() const {
  const auto at = static_cast<std::size_t>(code);
  return at < kNames.size() ? kNames[at] : "UNKNOWN";
}
