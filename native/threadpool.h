// Threads that share out numbered tasks. A waiting thread yields for a moment, then sleeps: it never spins for long,
// which would stall every other process on a shared machine. And a thread that such a machine wakes too late is not
// waited for: who came in time does its tasks.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dpo {

class ThreadPool {
 public:
  // `threads` in all, the caller of run() being one of them.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls task(i, thread) once for every i < count and returns when all are done. Tasks are taken in order, by
  // whichever thread is free, so they must write to different places. The first exception is thrown again here.
  void run(int64_t count, const std::function<void(int64_t i, int thread)>& task);

 private:
  void work(int thread);
  void take(int thread);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  // Written under mutex_; the atomics are also read without it, by threads that yield.
  std::atomic<uint64_t> round_{0};
  std::atomic<int> joined_{0};  // workers that take tasks of this round
  std::atomic<bool> stop_{false};
  bool open_ = false;  // whether a worker may still join
  int64_t count_ = 0;
  std::atomic<int64_t> next_{0};
  const std::function<void(int64_t, int)>* task_ = nullptr;
  std::exception_ptr error_;
};

}  // namespace dpo
