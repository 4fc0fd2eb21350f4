// A stored matrix (stored.h) as kernels read it.
#pragma once
#include <cstdint>

namespace dpo {

enum class Format { kBf16, kInt8, kNf4 };

// int8: columns that share a scale, and rows that lie side by side.
constexpr int64_t kInt8Group = 32;
constexpr int64_t kInt8Rows = 16;
constexpr int64_t kNf4Block = 64;
constexpr int64_t kNestedBlock = 256;

// The 16 levels of NF4: quantiles of the normal distribution within [-1, 1].
extern const float kNf4Levels[16];

// A row-major matrix with rows of `cols`.
struct StoredView {
  Format format = Format::kBf16;
  int64_t cols = 0;
  const uint16_t* bf16 = nullptr;
  // int8, in the order in which products read it: tiles of kInt8Rows rows, in each its groups of kInt8Group columns, in each
  // four columns of the first row, of the second row and so on, then the next four columns. The last tile and the last group
  // are filled up with zeros. A number is (byte - 128) * scale.
  const uint8_t* int8 = nullptr;
  const uint16_t* scale = nullptr;      // fp16: tiles, in each its groups, in each a scale a row
  const uint8_t* nf4 = nullptr;         // two values a byte, the first in the high half
  // NF4: the largest magnitude of kNf4Block values, counted over the whole matrix, is map[absmax] * nestedAbsmax + offset
  const uint8_t* absmax = nullptr;      // a block each
  const float* nestedAbsmax = nullptr;  // kNestedBlock blocks each
  const float* map = nullptr;           // [256]
  float absmaxOffset = 0;
};

inline int64_t int8Groups(const StoredView& w) { return (w.cols + kInt8Group - 1) / kInt8Group; }

// Where the group of a row begins: its first four bytes, and its scale. The next four are 4 kInt8Rows bytes further on.
inline const uint8_t* int8Group(const StoredView& w, int64_t row, int64_t group) {
  return w.int8 + (row / kInt8Rows * int8Groups(w) + group) * kInt8Rows * kInt8Group + row % kInt8Rows * 4;
}
inline const uint16_t* int8Scale(const StoredView& w, int64_t row, int64_t group) {
  return w.scale + (row / kInt8Rows * int8Groups(w) + group) * kInt8Rows + row % kInt8Rows;
}

// The number of that half-precision number.
float fromHalf(uint16_t half);

// The largest magnitude of an NF4 block. Not inline, so that no compiler fuses product and sum: every instruction set must
// give the same bits as bitsandbytes.
float nf4Scale(const StoredView& w, int64_t block);

}  // namespace dpo
