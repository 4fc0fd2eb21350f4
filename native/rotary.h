// Cosines and sines of the rotary positions (Su et al. 2021, arXiv:2104.09864), computed as far as needed.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "config.h"

namespace dpo {

template <class T>
class Rotary {
 public:
  explicit Rotary(const Config& config) : half_(config.headDim / 2) {
    for (int64_t i = 0; i < half_; i++) {
      const double plain = std::pow(config.theta, -static_cast<double>(i) / static_cast<double>(half_));
      frequencies_.push_back(config.ropeScaling ? scaled(plain, *config.ropeScaling) : plain);
    }
  }

  // Makes the table cover positions below n.
  void reach(int64_t n) {
    for (int64_t p = static_cast<int64_t>(cos_.size()) / half_; p < n; p++) {
      for (int64_t i = 0; i < half_; i++) {
        const double angle = static_cast<double>(p) * frequencies_[static_cast<size_t>(i)];
        cos_.push_back(static_cast<T>(std::cos(angle)));
        sin_.push_back(static_cast<T>(std::sin(angle)));
      }
    }
  }
  // [headDim / 2] of a position that the table covers.
  const T* cos(int64_t position) const { return cos_.data() + position * half_; }
  const T* sin(int64_t position) const { return sin_.data() + position * half_; }

 private:
  // Llama 3.1's rule (Grattafiori et al. 2024, arXiv:2407.21783): between the two limits it blends linearly.
  static double scaled(double frequency, const RopeScaling& s) {
    const double turns = s.original * frequency / (2 * 3.14159265358979323846);  // over the original context
    const double share = std::min(std::max((turns - s.low) / (s.high - s.low), 0.0), 1.0);
    return (1 - share) * frequency / s.factor + share * frequency;
  }

  int64_t half_;
  std::vector<double> frequencies_;  // [headDim / 2]
  std::vector<T> cos_, sin_;
};

}  // namespace dpo
