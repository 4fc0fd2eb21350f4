// Hidden states at the input of a layer below which nothing is trained. What those layers make of a token depends only on the
// tokens up to it, so it is computed once, whatever batch it comes in, and found again by these tokens.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <vector>

#include "buffer.h"

namespace dpo {

template <class T>
class HiddenStates {
 public:
  // A place is that of a token after all before it. kBegin is before the first; after kUnknown nothing is known.
  static constexpr int64_t kBegin = 0, kUnknown = -1;

  // Holds about `bytes` of states of `width` numbers. When they are full, it takes no more.
  HiddenStates(int64_t width, int64_t bytes)
      : width_(width),
        most_(std::min<int64_t>(bytes / (width * static_cast<int64_t>(sizeof(T))), std::numeric_limits<int32_t>::max())) {}

  int64_t most() const { return most_; }

  int64_t find(int64_t before, int32_t token) const {
    if (before == kUnknown) return kUnknown;
    const auto found = places_.find(key(before, token));
    return found == places_.end() ? kUnknown : found->second;
  }

  // The place of a token, new if it was not known; kUnknown if there is no room for it.
  int64_t add(int64_t before, int32_t token) {
    const int64_t found = find(before, token), next = static_cast<int64_t>(places_.size()) + 1;
    if (found != kUnknown || before == kUnknown || next > most_) return found;
    if ((next - 1) % kBlock == 0) blocks_.emplace_back(std::min(kBlock, most_ - next + 1) * width_);
    return places_[key(before, token)] = next;
  }

  // The state at a place, [width].
  T* at(int64_t place) { return blocks_[static_cast<size_t>((place - 1) / kBlock)].data() + (place - 1) % kBlock * width_; }

  void clear() {
    places_.clear();
    blocks_.clear();
  }

 private:
  static constexpr int64_t kBlock = 1024;  // states whose memory is taken together

  static uint64_t key(int64_t before, int32_t token) {
    return static_cast<uint64_t>(before) << 32 | static_cast<uint32_t>(token);
  }

  const int64_t width_, most_;
  std::unordered_map<uint64_t, int64_t> places_;
  std::vector<Buffer<T>> blocks_;
};

}  // namespace dpo
