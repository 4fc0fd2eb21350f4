// Choosing the next token from a row of logits.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "buffer.h"
#include "kernels.h"

namespace dpo {

// A number in [0, 1) that depends on (seed, index) alone: a completion's draws do not depend on its batch.
inline double counterUniform(uint64_t seed, uint64_t index) {
  const auto mix = [](uint64_t x) {
    x += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
  };
  return static_cast<double>(mix(mix(seed) ^ index) >> 11) * 0x1p-53;
}

// Whether no logit is NaN or infinite.
template <class T>
bool allFinite(int64_t vocab, const T* logits) {
  bool finite = true;
  for (int64_t i = 0; i < vocab; i++) finite &= std::abs(logits[i]) <= std::numeric_limits<T>::max();
  return finite;
}

// The first token whose logit is `max`, the largest.
template <class T>
int32_t greedyToken(int64_t vocab, const T* logits, T max) {
  // In runs without an early exit, which compilers vectorise.
  constexpr int64_t kStretch = 256;
  for (int64_t begin = 0; begin < vocab; begin += kStretch) {
    const int64_t end = std::min(begin + kStretch, vocab);
    bool here = false;
    for (int64_t i = begin; i < end; i++) here |= logits[i] == max;
    if (here) return static_cast<int32_t>(std::find(logits + begin, logits + end, max) - logits);
  }
  return 0;
}

// Memory for sampling, reused for every token.
template <class T>
struct SamplingScratch {
  Buffer<T> chances;
  std::vector<int32_t> order;
  // The tokens that a constraint allows, and their logits.
  std::vector<int32_t> allowed;
  Buffer<T> logits;
};

// Samples a token at `temperature` from the smallest set of likeliest tokens that holds top_p of the probability
// (Holtzman et al. 2020, arXiv:1904.09751). `max` is the largest logit; u in [0, 1) decides.
template <class T>
int32_t sampleToken(const Kernels<T>& kernels, int64_t vocab, const T* logits, T max, double temperature, double topP,
                    double u, SamplingScratch<T>& scratch) {
  scratch.chances.resize(vocab);
  T* const p = scratch.chances.data();
  const T inverse = static_cast<T>(1 / std::max(temperature, 1e-30));
  for (int64_t i = 0; i < vocab; i++) p[i] = (logits[i] - max) * inverse;
  kernels.softmax(vocab, p, T(0), T(1), p);
  double total = 0;
  for (int64_t i = 0; i < vocab; i++) total += static_cast<double>(p[i]);
  std::vector<int32_t>& order = scratch.order;
  order.clear();
  if (topP < 1) {
    // All tokens this unlikely together stay below 1 - top_p, so the set never needs them.
    const T least = static_cast<T>((1 - topP) * total / static_cast<double>(vocab));
    for (int64_t i = 0; i < vocab; i++)
      if (p[i] >= least) order.push_back(static_cast<int32_t>(i));
    // A heap yields the likeliest tokens in order, of equal ones the first. The set is small, so the rest needs no order.
    const auto below = [&](int32_t a, int32_t b) { return p[a] != p[b] ? p[a] < p[b] : a > b; };
    std::make_heap(order.begin(), order.end(), below);
    auto heapEnd = order.end();
    double kept = 0;
    while (heapEnd != order.begin() && (heapEnd == order.end() || kept < topP * total)) {
      std::pop_heap(order.begin(), heapEnd, below);
      kept += static_cast<double>(p[*--heapEnd]);
    }
    order.erase(order.begin(), heapEnd);
    std::reverse(order.begin(), order.end());
    total = kept;
  } else {
    for (int64_t i = 0; i < vocab; i++) order.push_back(static_cast<int32_t>(i));
  }
  double left = u * total;
  for (const int32_t token : order) {
    left -= static_cast<double>(p[token]);
    if (left < 0) return token;
  }
  // Rounding can leave a small rest: take the last token with a probability.
  for (size_t i = order.size(); i-- > 0;)
    if (p[order[i]] > 0) return order[i];
  return order[0];
}

}  // namespace dpo
