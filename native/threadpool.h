// Threads that share numbered tasks. A waiting thread yields for a moment, then sleeps. It never spins for long, because
// that would stall other processes on a shared machine. If such a machine wakes a thread too late, the others do its tasks
// and do not wait for it.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "errors.h"

namespace dpo {

class ThreadPool {
 public:
  // `threads` in all, including the caller of run().
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls task(i, thread) once for every i < count and returns when all are done. Free threads take tasks in order, so
  // tasks must write to different places. The first exception is rethrown here. Throws Interrupted after interrupt().
  void run(int64_t count, const std::function<void(int64_t i, int thread)>& task);

  // Ends the work at hand: from now on check() throws Interrupted, which run() calls before every task. Any thread may call
  // it.
  void interrupt() { interrupted_ = true; }
  // Before the next piece of work.
  void forgetInterrupt() { interrupted_ = false; }
  // For long tasks: throws Interrupted after interrupt().
  void check() const {
    if (interrupted_.load(std::memory_order_relaxed)) throw Interrupted();
  }

 private:
  void work(int thread);
  void take(int thread);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  // Written under mutex_. Threads that yield also read the atomics without it.
  std::atomic<uint64_t> round_{0};
  std::atomic<int> joined_{0};  // workers that take tasks of this round
  std::atomic<bool> stop_{false};
  std::atomic<bool> interrupted_{false};
  bool open_ = false;  // whether a worker may still join
  int64_t count_ = 0;
  std::atomic<int64_t> next_{0};
  const std::function<void(int64_t, int)>* task_ = nullptr;
  std::exception_ptr error_;
};

}  // namespace dpo
