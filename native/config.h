// The sizes of a decoder, which determine its shapes, and what its family adds to or leaves out of Qwen2's.
#pragma once
#include <cstdint>
#include <optional>

namespace dpo {

// Llama 3's stretched positions: wavelengths longer than original / low grow by `factor`, those shorter than
// original / high stay.
struct RopeScaling {
  double factor = 1, low = 1, high = 4, original = 8192;
};

struct Config {
  int64_t vocab = 0;
  int64_t hidden = 0;
  int64_t ff = 0;  // intermediate_size
  int64_t layers = 0;
  int64_t heads = 0;
  int64_t kvHeads = 0;
  int64_t headDim = 0;
  double eps = 1e-6;
  double theta = 1e6;
  std::optional<RopeScaling> ropeScaling;
  bool tied = true;
  bool qkvBias = true;
  bool qkNorm = false;  // Qwen3: each head of q and k is normalised before its rotation

  int64_t group() const { return heads / kvHeads; }   // query heads a key/value head
  int64_t q() const { return heads * headDim; }       // width of q, and of what attention returns
  int64_t kv() const { return kvHeads * headDim; }    // width of k, and of v
  int64_t qkv() const { return q() + 2 * kv(); }      // q, k and v side by side
  int64_t qk() const { return q() + kv(); }
};

}  // namespace dpo
