// A 64-byte aligned array that keeps its memory when it shrinks, so that a training loop allocates only once. Vector loads
// may reach kSlack elements beyond its end.
#pragma once
#include <cstdint>
#include <cstring>
#include <utility>

#include "memory.h"

namespace dpo {

template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t n) { resize(n); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() { release(); }

  // Makes room for n elements, whose content is then unspecified.
  void resize(int64_t n) {
    if (n > capacity_) {
      release();
      data_ = static_cast<T*>(takeMemory(bytes(n)));
      capacity_ = n;
    }
    size_ = n;
  }
  void zero() {
    if (size_ > 0) std::memset(static_cast<void*>(data_), 0, static_cast<size_t>(size_) * sizeof(T));
  }
  void release() {
    if (data_ != nullptr) giveMemory(data_, bytes(capacity_));
    data_ = nullptr;
    size_ = capacity_ = 0;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](int64_t i) { return data_[i]; }
  const T& operator[](int64_t i) const { return data_[i]; }
  int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  static constexpr int64_t kSlack = 64;
  static size_t bytes(int64_t n) { return static_cast<size_t>(n + kSlack) * sizeof(T); }
  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  T* data_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

}  // namespace dpo
