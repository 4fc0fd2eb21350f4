// Unpacks stored matrices: bf16, int8 and NF4 become the numbers that products multiply.
#pragma once
#include <cstring>

#include "kernels_rows.h"

namespace dpo {

// Values [column, column + count) of a row, whole vectors of a block at a time. Blocks begin where rows do.
template <class V, class T = typename V::Scalar>
void unpackNf4(const StoredView& w, int64_t at, int64_t count, T* out) {
  T levels[16];
  for (int i = 0; i < 16; i++) levels[i] = static_cast<T>(kNf4Levels[i]);
  alignas(64) uint8_t codes[kNf4Block];
  for (int64_t i = 0; i < count;) {
    const int64_t from = at + i, block = from / kNf4Block, begin = from % kNf4Block;
    const int64_t n = kNf4Block - begin < count - i ? kNf4Block - begin : count - i;
    const T scale = static_cast<T>(nf4Scale(w, block));
    if (begin % 2 == 0 && n % V::lanes == 0) {
      const uint8_t* const bytes = w.nf4 + from / 2;
      for (int64_t j = 0; j < n / 2; j++) {
        codes[2 * j] = bytes[j] >> 4;
        codes[2 * j + 1] = bytes[j] & 15;
      }
      const V factor = V::fill(scale);
      for (int64_t j = 0; j < n; j += V::lanes) (V::lookup(levels, codes + j) * factor).store(out + i + j);
    } else {
      for (int64_t j = from; j < from + n; j++)
        out[j - at] = scale * levels[j % 2 == 0 ? w.nf4[j / 2] >> 4 : w.nf4[j / 2] & 15];
    }
    i += n;
  }
}

template <class V, class T = typename V::Scalar>
void unpack(const StoredView& w, int64_t row, int64_t column, int64_t count, T* out) {
  const int64_t at = row * w.cols + column, whole = count / V::lanes * V::lanes;
  switch (w.format) {
    case Format::kNf4:
      unpackNf4<V>(w, at, count, out);
      return;
    case Format::kBf16:
      for (int64_t i = 0; i < whole; i += V::lanes) V::fromBf16(w.bf16 + at + i).store(out + i);
      for (int64_t i = whole; i < count; i++) {
        const uint32_t bits = static_cast<uint32_t>(w.bf16[at + i]) << 16;
        float x;
        std::memcpy(&x, &bits, sizeof x);
        out[i] = static_cast<T>(x);
      }
      return;
    case Format::kInt8: {
      const T scale = static_cast<T>(w.rowScale[row]);
      const V factor = V::fill(scale);
      for (int64_t i = 0; i < whole; i += V::lanes) (V::fromInt8(w.int8 + at + i) * factor).store(out + i);
      for (int64_t i = whole; i < count; i++) out[i] = scale * static_cast<T>(w.int8[at + i]);
      return;
    }
  }
}

// Rows of W whose products are summed together.
constexpr int kStoredRows = 4;

// c [rows, N] = init + a w^T. The order of every sum is the same for all `rows` and N.
template <class V, int N, class T = typename V::Scalar>
void storedDots(int64_t rows, int64_t k, const T* a, int64_t lda, const T* w, int64_t ldw, T* c, int64_t ldc, const T* init,
                int64_t initLd) {
  for (int64_t r = 0; r < rows; r++) {
    V sum[N];
    for (int j = 0; j < N; j++) sum[j] = V::fill(T(0));
    eachVector<V>(k, [&](int64_t i, int count) {
      const V left = loadSome<V>(a + r * lda + i, count);
      for (int j = 0; j < N; j++) sum[j] = V::fma(left, loadSome<V>(w + j * ldw + i, count), sum[j]);
    });
    for (int j = 0; j < N; j++) c[r * ldc + j] = (init == nullptr ? T(0) : init[r * initLd + j]) + sum[j].sum();
  }
}

template <class V, class T = typename V::Scalar>
void matmulStored(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const StoredView& w, int64_t row, T* c,
                  int64_t ldc, const T* init, int64_t initLd, T* scratch) {
  for (int64_t j = 0; j < n;) {
    const int64_t cols = n - j < kStoredRows ? 1 : kStoredRows;
    for (int64_t i = 0; i < cols; i++) unpack<V>(w, row + j + i, 0, k, scratch + i * k);
    (cols == 1 ? storedDots<V, 1> : storedDots<V, kStoredRows>)(m, k, a, lda, scratch, k, c + j, ldc,
                                                                init == nullptr ? nullptr : init + j, initLd);
    j += cols;
  }
}

}  // namespace dpo
