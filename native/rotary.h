// Cosines and sines of the rotary positions (Su et al. 2021, arXiv:2104.09864), computed as far as needed.
#pragma once
#include <cmath>
#include <vector>

#include "config.h"

namespace dpo {

template <class T>
class Rotary {
 public:
  explicit Rotary(const Config& config) : half_(config.headDim() / 2), theta_(config.theta) {}

  // Makes the table cover positions below n.
  void reach(int64_t n) {
    for (int64_t p = static_cast<int64_t>(cos_.size()) / half_; p < n; p++) {
      for (int64_t i = 0; i < half_; i++) {
        const double angle = static_cast<double>(p) * std::pow(theta_, -static_cast<double>(i) / static_cast<double>(half_));
        cos_.push_back(static_cast<T>(std::cos(angle)));
        sin_.push_back(static_cast<T>(std::sin(angle)));
      }
    }
  }
  // [headDim / 2] of a position that the table covers.
  const T* cos(int64_t position) const { return cos_.data() + position * half_; }
  const T* sin(int64_t position) const { return sin_.data() + position * half_; }

 private:
  int64_t half_;
  double theta_;
  std::vector<T> cos_, sin_;
};

}  // namespace dpo
