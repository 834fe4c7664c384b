// A connection to a core: calls that are safe to repeat, and a watch that resumes by itself.
#pragma once

#include <axisor/v1/events.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "errors.h"

// What a watch tells of: events and snapshots as they come, and cuts.
struct Seen {
  std::function<void(const axisor::v1::Event&)> event;
  std::function<void(const axisor::v1::Snapshot&)> snapshot;
  std::function<void(std::optional<int64_t> after, const std::string& problem)> cut;
};

class Core {
 public:
  using Time = std::chrono::system_clock::time_point;

  Core(const std::string& address, const std::string& certificate, std::string token,
       std::string mode);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // Makes a call, and again while the core is away: whatever changes something carries one request
  // id each time. Throws CoreError.
  void call(const std::function<grpc::Status(grpc::ClientContext*)>& make) const;

  // Follows a journal after a sequence, or from a snapshot: each event once, in order, over broken
  // and silent lines. Returns what opening the stream again does not mend.
  CoreError watch(const std::string& account, std::optional<int64_t> after,
                  std::chrono::milliseconds silence, const Seen& seen) const;

 private:
  // Puts into a call who makes it, and which mode is meant.
  void sign(grpc::ClientContext* context) const;

  std::shared_ptr<grpc::Channel> channel_;
  std::string token_;
  std::string mode_;
};
