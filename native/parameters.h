// Named tensors in one flat array, with their gradients and AdamW's moments in arrays of the same layout.
#pragma once
#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "buffer.h"
#include "errors.h"
#include "stored.h"

namespace dpo {

struct Parameter {
  std::string name;
  std::vector<int64_t> shape;
  int64_t offset = 0;
  int64_t size = 0;
  int64_t filled = 0;  // values that fillPart has filled
  bool decay = false;  // weight decay applies: matrices, not norms and biases
};

// A tensor from outside, by name.
struct Given {
  const float* data = nullptr;
  int64_t size = 0;
};
using GivenTensors = std::map<std::string, Given>;

template <class T>
class Parameters {
 public:
  // Appends a tensor and returns its offset. Tensors added in a row lie side by side.
  int64_t declare(std::string name, std::vector<int64_t> shape) {
    Parameter p;
    p.name = std::move(name);
    p.decay = shape.size() > 1;
    p.size = 1;
    for (int64_t n : shape) p.size *= n;
    p.shape = std::move(shape);
    p.offset = total_;
    total_ += p.size;
    list_.push_back(std::move(p));
    return list_.back().offset;
  }

  // Fills all declared tensors. Throws if one is missing, has another size or holds NaN or infinity.
  void fill(const GivenTensors& given) {
    data.resize(total_);
    copyIn(given, data);
  }

  // Takes `count` values of a tensor from index `offset` on. Pieces come in order. `data` must have its size.
  void fillPart(const std::string& name, int64_t offset, int64_t count, Dtype dtype, const uint8_t* bytes) {
    const auto found = std::find_if(list_.begin(), list_.end(), [&](const Parameter& p) { return p.name == name; });
    if (found == list_.end()) throw std::invalid_argument("tensor '" + name + "' is not of this model");
    if (offset != found->filled || count < 0 || count > found->size - offset)
      throw std::invalid_argument("tensor '" + name + "' has " + std::to_string(offset + count) +
                                  " elements or more where the configuration wants " + std::to_string(found->size));
    constexpr int64_t kPiece = 4096;
    float values[kPiece];
    for (int64_t begin = 0; begin < count; begin += kPiece) {
      const int64_t n = std::min(kPiece, count - begin);
      widen(dtype, bytes + begin * (dtype == Dtype::kF32 ? 4 : 2), n, values);
      for (int64_t i = 0; i < n; i++) {
        if (!std::isfinite(values[i])) throw NotFinite(name, offset + begin + i);
        data[found->offset + offset + begin + i] = static_cast<T>(values[i]);
      }
    }
    found->filled += count;
  }

  // Throws if a tensor was not filled to its end.
  void checkComplete() const {
    for (const Parameter& p : list_) {
      if (p.filled == 0) throw std::invalid_argument("tensor '" + p.name + "' is missing");
      if (p.filled != p.size)
        throw std::invalid_argument("tensor '" + p.name + "' has " + std::to_string(p.filled) +
                                    " elements where the configuration wants " + std::to_string(p.size));
    }
  }

  // Allocates gradients and moments, all zero, or frees them.
  void prepareTraining(bool train) {
    for (Buffer<T>* each : {&grad, &expAvg, &expAvgSq}) {
      if (train) {
        each->resize(total_);
        each->zero();
      } else {
        each->release();
      }
    }
  }

  void copyIn(const GivenTensors& given, Buffer<T>& to) const {
    for (const Parameter& p : list_) {
      const auto found = given.find(p.name);
      if (found == given.end()) throw std::invalid_argument("tensor '" + p.name + "' is missing");
      if (found->second.size != p.size)
        throw std::invalid_argument("tensor '" + p.name + "' has " + std::to_string(found->second.size) +
                                    " elements where the configuration wants " + std::to_string(p.size));
      for (int64_t i = 0; i < p.size; i++) {
        const float x = found->second.data[i];
        if (!std::isfinite(x)) throw NotFinite(p.name, i);
        to[p.offset + i] = static_cast<T>(x);
      }
    }
  }

  const std::vector<Parameter>& list() const { return list_; }
  int64_t total() const { return total_; }

  Buffer<T> data, grad, expAvg, expAvgSq;

 private:
  std::vector<Parameter> list_;
  int64_t total_ = 0;
};

}  // namespace dpo
