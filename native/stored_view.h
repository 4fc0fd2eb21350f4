// A stored matrix (stored.h) as kernels read it.
#pragma once
#include <cstdint>

namespace dpo {

enum class Format { kBf16, kInt8, kNf4 };

constexpr int64_t kNf4Block = 64;
constexpr int64_t kNestedBlock = 256;

// The 16 levels of NF4: quantiles of the normal distribution within [-1, 1].
extern const float kNf4Levels[16];

// A row-major matrix with rows of `cols`.
struct StoredView {
  Format format = Format::kBf16;
  int64_t cols = 0;
  const uint16_t* bf16 = nullptr;
  const int8_t* int8 = nullptr;
  const float* rowScale = nullptr;      // int8: a row each
  const uint8_t* nf4 = nullptr;         // two values a byte, the first in the high half
  // NF4: the largest magnitude of kNf4Block values, counted over the whole matrix, is map[absmax] * nestedAbsmax + offset
  const uint8_t* absmax = nullptr;      // a block each
  const float* nestedAbsmax = nullptr;  // kNestedBlock blocks each
  const float* map = nullptr;           // [256]
  float absmaxOffset = 0;
};

// The largest magnitude of an NF4 block. Not inline, so that no compiler fuses product and sum: every instruction set must
// give the same bits as bitsandbytes.
float nf4Scale(const StoredView& w, int64_t block);

}  // namespace dpo
