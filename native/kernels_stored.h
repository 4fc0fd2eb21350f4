// Unpacks stored matrices: bf16, int8 and NF4 become the numbers that products multiply.
#pragma once
#include <cstring>

#include "kernels_matmul.h"
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

// `count` numbers of bf16.
template <class V, class T = typename V::Scalar>
void bf16Row(const uint16_t* from, int64_t count, T* out) {
  const int64_t whole = count / V::lanes * V::lanes;
  for (int64_t i = 0; i < whole; i += V::lanes) V::fromBf16(from + i).store(out + i);
  for (int64_t i = whole; i < count; i++) {
    const uint32_t bits = static_cast<uint32_t>(from[i]) << 16;
    float x;
    std::memcpy(&x, &bits, sizeof x);
    out[i] = static_cast<T>(x);
  }
}

// The same of an int8 row, whose groups are gathered from their tile.
template <class V, class T = typename V::Scalar>
void unpackInt8(const StoredView& w, int64_t row, int64_t column, int64_t count, T* out) {
  alignas(64) int8_t numbers[kInt8Group];
  alignas(64) T group[kInt8Group];
  for (int64_t i = 0; i < count;) {
    const int64_t at = column + i, begin = at % kInt8Group;
    const int64_t n = kInt8Group - begin < count - i ? kInt8Group - begin : count - i;
    const uint8_t* const from = int8Group(w, row, at / kInt8Group);
    const V factor = V::fill(static_cast<T>(fromHalf(*int8Scale(w, row, at / kInt8Group))));
    for (int64_t j = 0; j < kInt8Group; j += 4) {
      uint32_t four;
      std::memcpy(&four, from + j * kInt8Rows, sizeof four);
      four ^= 0x80808080u;
      std::memcpy(numbers + j, &four, sizeof four);
    }
    T* const to = n == kInt8Group ? out + i : group;
    for (int64_t j = 0; j < kInt8Group; j += V::lanes) (V::fromInt8(numbers + j) * factor).store(to + j);
    if (n < kInt8Group) std::memcpy(out + i, group + begin, static_cast<size_t>(n) * sizeof(T));
    i += n;
  }
}

template <class V, class T = typename V::Scalar>
void unpack(const StoredView& w, int64_t row, int64_t column, int64_t count, T* out) {
  const int64_t at = row * w.cols + column;
  switch (w.format) {
    case Format::kNf4:
      unpackNf4<V>(w, at, count, out);
      return;
    case Format::kBf16:
      bf16Row<V>(w.bf16 + at, count, out);
      return;
    case Format::kInt8:
      unpackInt8<V>(w, row, column, count, out);
      return;
  }
}

// As packTransposed and pack, of rows of bf16, which become numbers on their way into the pack.
template <class V, class T = typename V::Scalar>
void packStoredTransposed(int64_t n, int64_t k, const uint16_t* w, int64_t ld, T* packed) {
  constexpr int64_t kCols = V::lanes * V::tileVecs;
  T square[V::lanes * V::lanes], row[kPanelDepth];
  for (int64_t k0 = 0; k0 < k; k0 += kPanelDepth) {
    const int64_t depth = k - k0 < kPanelDepth ? k - k0 : kPanelDepth, whole = depth / V::lanes * V::lanes;
    for (int64_t n0 = 0; n0 < n; n0 += kCols, packed += depth * kCols) {
      const int64_t cols = n - n0 < kCols ? n - n0 : kCols;
      int64_t done = 0;  // columns of the panel that whole squares have filled
      for (; done + V::lanes <= cols; done += V::lanes) {
        for (int64_t p = 0; p < whole; p += V::lanes) {
          for (int64_t j = 0; j < V::lanes; j++)
            V::fromBf16(w + (n0 + done + j) * ld + k0 + p).store(square + j * V::lanes);
          V::transpose(square, V::lanes, packed + p * kCols + done, kCols);
        }
      }
      for (int64_t j = 0; j < kCols; j++) {
        const int64_t from = j < done ? whole : 0;
        if (j < cols) bf16Row<V>(w + (n0 + j) * ld + k0 + from, depth - from, row);
        for (int64_t p = from; p < depth; p++) packed[p * kCols + j] = j < cols ? row[p - from] : T(0);
      }
    }
  }
}

template <class V, class T = typename V::Scalar>
void packStored(int64_t k, int64_t n, const uint16_t* w, int64_t ld, T* packed) {
  constexpr int64_t kCols = V::lanes * V::tileVecs;
  for (int64_t k0 = 0; k0 < k; k0 += kPanelDepth) {
    const int64_t depth = k - k0 < kPanelDepth ? k - k0 : kPanelDepth;
    for (int64_t p = 0; p < depth; p++, w += ld) {
      T* to = packed + p * kCols;
      for (int64_t j = 0; j < n; j += kCols, to += depth * kCols) {
        const int64_t cols = n - j < kCols ? n - j : kCols;
        __builtin_prefetch(w + kAhead * ld + j);
        if (cols == kCols) {
          for (int64_t i = 0; i < kCols; i += V::lanes) V::fromBf16(w + j + i).store(to + i);
        } else {
          bf16Row<V>(w + j, cols, to);
          for (int64_t i = cols; i < kCols; i++) to[i] = 0;
        }
      }
    }
    packed += depth * ((n + kCols - 1) / kCols * kCols);
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
