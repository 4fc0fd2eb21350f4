// The sizes of a Qwen2 decoder, which determine its shapes.
#pragma once
#include <cstdint>

namespace dpo {

struct Config {
  int64_t vocab = 0;
  int64_t hidden = 0;
  int64_t ff = 0;  // intermediate_size
  int64_t layers = 0;
  int64_t heads = 0;
  int64_t kvHeads = 0;
  double eps = 1e-6;
  double theta = 1e6;
  bool tied = true;

  int64_t headDim() const { return hidden / heads; }
  int64_t group() const { return heads / kvHeads; }     // query heads a key/value head
  int64_t kv() const { return kvHeads * headDim(); }    // width of k, and of v
  int64_t qkv() const { return hidden + 2 * kv(); }     // q, k and v side by side
};

}  // namespace dpo
