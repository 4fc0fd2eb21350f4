// Generation's attention of one new token: all heads of one group, over pages. A page is its transposed keys
// [headDim, kPageTokens], then its values [kPageTokens, headDim].
#pragma once
#include <cmath>

#include "kernels_matmul.h"
#include "kernels_rows.h"

namespace dpo {

// row = exp(row - its largest); returns the sum.
template <class V, class T = typename V::Scalar>
T exponentials(int64_t n, T* row) {
  V top = V::fill(T(-1e30));
  const int64_t whole = n / V::lanes * V::lanes;
  const int rest = static_cast<int>(n - whole);
  for (int64_t i = 0; i < whole; i += V::lanes) top = V::max(top, V::load(row + i));
  T best = top.maxOf();
  for (int64_t i = whole; i < n; i++) best = row[i] > best ? row[i] : best;
  const V shift = V::fill(best);
  V total = V::fill(T(0));
  for (int64_t i = 0; i < whole; i += V::lanes) {
    const V e = V::exp(V::load(row + i) - shift);
    e.store(row + i);
    total = total + e;
  }
  if (rest > 0) V::exp(V::loadPart(row + whole, rest) - shift).storePart(row + whole, rest);
  T sum = total.sum();
  for (int64_t i = whole; i < n; i++) sum += row[i];
  return sum;
}

template <class V>
int64_t pageSize(int64_t headDim) {
  return 2 * headDim * kPageTokens;
}

template <class V, class T = typename V::Scalar>
void putToken(T* page, int64_t place, int64_t headDim, const T* key, const T* value) {
  for (int64_t i = 0; i < headDim; i++) page[i * kPageTokens + place] = key[i];
  for (int64_t i = 0; i < headDim; i++) page[headDim * kPageTokens + place * headDim + i] = value[i];
}

template <class V, class T = typename V::Scalar>
void readPage(const T* page, int64_t headDim, int64_t n, T* keys, T* values) {
  for (int64_t t = 0; t < n; t++)
    for (int64_t i = 0; i < headDim; i++) keys[t * headDim + i] = page[i * kPageTokens + t];
  for (int64_t i = 0; i < n * headDim; i++) values[i] = page[headDim * kPageTokens + i];
}

// Score rows cover the whole context, so that a result does not depend on how many are computed at a time.
template <class V, class T = typename V::Scalar>
void decodeAttention(const Decode<T>& at) {
  constexpr int64_t kCols = V::lanes * V::tileVecs;
  constexpr int64_t kRows = V::tileRows;
  const int64_t d = at.headDim, context = at.context;
  T* const q = at.scratch;            // [group, headDim] scaled
  T* const sums = q + at.group * d;   // [group]
  T* const s = sums + at.group;       // [group, context]
  const T scale = T(1) / std::sqrt(static_cast<T>(d));
  for (int64_t i = 0; i < at.group * d; i++) q[i] = scale * at.q[i];

  for (int64_t g = 0; g < at.group; g += kRows) {
    const int64_t rows = at.group - g < kRows ? at.group - g : kRows;
    for (int64_t t = 0; t < context; t += kPageTokens) {
      const T* const keys = at.pages[t / kPageTokens];
      const int64_t n = context - t < kPageTokens ? context - t : kPageTokens;
      for (int64_t j = 0; j < n; j += kCols) {
        const int64_t width = n - j < kCols ? n - j : kCols;
        anyTile<V, false>(rows, width, d, q + g * d, d, keys + j, kPageTokens, s + g * context + t + j, context, nullptr, 0);
      }
    }
  }
  for (int64_t g = 0; g < at.group; g++) sums[g] = exponentials<V>(context, s + g * context);
  for (int64_t g = 0; g < at.group; g += kRows) {
    const int64_t rows = at.group - g < kRows ? at.group - g : kRows;
    for (int64_t t = 0; t < context; t += kPageTokens) {
      const T* const values = at.pages[t / kPageTokens] + d * kPageTokens;
      const int64_t n = context - t < kPageTokens ? context - t : kPageTokens;
      for (int64_t i = 0; i < d; i += kCols) {
        const int64_t width = d - i < kCols ? d - i : kCols;
        T* const to = at.out + g * d + i;
        anyTile<V, false>(rows, width, n, s + g * context + t, context, values + i, d, to, d, t == 0 ? nullptr : to, d);
      }
    }
  }
  for (int64_t g = 0; g < at.group; g++) {
    const T share = T(1) / sums[g];
    for (int64_t i = 0; i < d; i++) at.out[g * d + i] *= share;
  }
}

}  // namespace dpo
