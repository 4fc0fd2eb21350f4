#include "threadpool.h"

namespace dpo {

namespace {
constexpr int kYields = 200;
}

ThreadPool::ThreadPool(int threads) {
  for (int i = 1; i < threads; i++) workers_.emplace_back([this, i] { work(i); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(int64_t count, const std::function<void(int64_t, int)>& task) {
  if (workers_.empty() || count <= 1) {
    for (int64_t i = 0; i < count; i++) task(i, 0);
    return;
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    task_ = &task;
    count_ = count;
    error_ = nullptr;
    next_ = 0;
    busy_ = static_cast<int>(workers_.size());
    round_++;
  }
  wake_.notify_all();
  take(0);
  while (busy_.load(std::memory_order_acquire) > 0) std::this_thread::yield();
  if (error_) std::rethrow_exception(error_);
}

void ThreadPool::take(int thread) {
  for (int64_t i = next_++; i < count_; i = next_++) {
    try {
      (*task_)(i, thread);
    } catch (...) {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!error_) error_ = std::current_exception();
      next_ = count_;
    }
  }
}

void ThreadPool::work(int thread) {
  uint64_t seen = 0;
  while (true) {
    for (int i = 0; i < kYields && round_ == seen && !stop_; i++) std::this_thread::yield();
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || round_ != seen; });
      if (stop_) return;
      seen = round_;
    }
    take(thread);
    busy_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace dpo
