// Requests for completions wait here. The thread that generates reads them between two tokens.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "constraint.h"

namespace dpo {

struct Sampling {
  double temperature = 0;
  double topP = 1;
  int64_t maxNewTokens = 0;
  std::vector<int32_t> stopTokens;
  uint64_t seed = 0;
};

struct Request {
  int64_t id = 0;
  std::vector<int32_t> prompt;
  Sampling sampling;
  std::shared_ptr<const Constraint> constraint;  // null: any tokens
  int32_t reserve = 0;                           // as in main/engine/engine.ts
  bool streams = false;  // whether its tokens are delivered one by one
};

class Inbox {
 public:
  // Returns false if generation has ended and will not read the request.
  bool submit(Request request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!open_) return false;
    requests_.push_back(std::move(request));
    return true;
  }

  void cancel(int64_t id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    cancelled_.push_back(id);
  }

  // Moves new entries to the given vectors. If there are none and `idle`, closes the inbox and returns false.
  bool take(bool idle, std::vector<Request>& requests, std::vector<int64_t>& cancelled) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (Request& each : requests_) requests.push_back(std::move(each));
    cancelled.insert(cancelled.end(), cancelled_.begin(), cancelled_.end());
    open_ = !(idle && requests_.empty());
    requests_.clear();
    cancelled_.clear();
    return open_;
  }

  void close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = false;
  }

 private:
  std::mutex mutex_;
  bool open_ = true;
  std::vector<Request> requests_;
  std::vector<int64_t> cancelled_;
};

}  // namespace dpo
