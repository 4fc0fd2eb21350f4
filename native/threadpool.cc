#include "threadpool.h"

namespace dpo {

namespace {

// Yields until done(), for a little longer than a thread usually waits between phases of work. Returns whether it is done.
template <class Done>
bool yieldUntil(Done done) {
  for (int i = 0; i < 200; i++) {
    if (done()) return true;
    std::this_thread::yield();
  }
  return done();
}

}  // namespace

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
    for (int64_t i = 0; i < count; i++) {
      check();
      task(i, 0);
    }
    return;
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    task_ = &task;
    count_ = count;
    error_ = nullptr;
    next_ = 0;
    open_ = true;
    round_++;
  }
  wake_.notify_all();
  take(0);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = false;
  }
  const auto idle = [&] { return joined_ == 0; };
  if (!yieldUntil(idle)) {
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, idle);
  }
  if (error_) std::rethrow_exception(error_);
}

void ThreadPool::take(int thread) {
  for (int64_t i = next_++; i < count_; i = next_++) {
    try {
      check();
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
    yieldUntil([&] { return round_ != seen || stop_; });
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || round_ != seen; });
      if (stop_) return;
      seen = round_;
      if (!open_) continue;
      joined_++;
    }
    take(thread);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      joined_--;
    }
    done_.notify_one();
  }
}

}  // namespace dpo
