// Choosing the next token from a row of logits.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

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

// The most likely token; the first of equals.
template <class T>
int32_t greedyToken(int64_t vocab, const T* logits) {
  return static_cast<int32_t>(std::max_element(logits, logits + vocab) - logits);
}

// A token drawn at `temperature` from the smallest set of likeliest tokens that holds top_p of the probability
// (Holtzman et al. 2020, arXiv:1904.09751). u in [0, 1) decides.
template <class T>
int32_t sampleToken(int64_t vocab, const T* logits, double temperature, double topP, double u) {
  const double max = static_cast<double>(*std::max_element(logits, logits + vocab));
  std::vector<double> p(static_cast<size_t>(vocab));
  double total = 0;
  for (int64_t i = 0; i < vocab; i++)
    total += p[static_cast<size_t>(i)] = std::exp((static_cast<double>(logits[i]) - max) / temperature);
  // All tokens this unlikely together do not reach 1 - top_p: the set never needs them, nor does the sorting.
  const double least = (1 - topP) * total / static_cast<double>(vocab);
  std::vector<int32_t> order;
  for (int64_t i = 0; i < vocab; i++)
    if (p[static_cast<size_t>(i)] >= least) order.push_back(static_cast<int32_t>(i));
  if (topP < 1) {
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return p[static_cast<size_t>(a)] > p[static_cast<size_t>(b)]; });
    double kept = 0;
    size_t n = 0;
    while (n < order.size() && kept < topP * total) kept += p[static_cast<size_t>(order[n++])];
    order.resize(std::max<size_t>(n, 1));
    total = kept;
  }
  double left = u * total;
  for (const int32_t token : order) {
    left -= p[static_cast<size_t>(token)];
    if (left < 0) return token;
  }
  // Rounding left a rest: the last token that can be drawn at all.
  for (size_t i = order.size(); i-- > 0;)
    if (p[static_cast<size_t>(order[i])] > 0) return order[i];
  return order[0];
}

}  // namespace dpo
