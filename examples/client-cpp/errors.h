// What a core says when it refuses: a reason to switch on, and what it means for the money.
#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <optional>
#include <string>

struct CoreError {
  grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
  std::string message;
  std::string reason;  // empty where the core did not speak at all: the line broke, or there is none
  std::string means;
  std::string todo;
  std::optional<double> retry_after_s;
  std::map<std::string, std::string> metadata;

  // Reads the error that a failed call carries.
  static CoreError of(const grpc::Status& status);

  // Whether another try of the same call may be answered otherwise. An error with an intent's state
  // is how an action ended, and stays the answer.
  bool may_change() const;

  // Whether opening a stream again helps: the line broke, or the core asks for patience.
  bool reopens() const;

  // The name of the code as every other language has it.
  std::string code_name() const;
};
