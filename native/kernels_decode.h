// Attention of one new token, as generation needs it: all heads of one group, over keys that are kept transposed.
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

// Scores are rows over the whole context, so that a result does not depend on how the context is cut into runs.
template <class V, class T = typename V::Scalar>
void decodeAttention(const Decode<T>& at) {
  constexpr int64_t kCols = V::lanes * V::tileVecs;
  constexpr int64_t kRows = V::tileRows;
  const int64_t d = at.headDim;
  int64_t context = 0;
  for (int64_t r = 0; r < at.runCount; r++) context += at.runs[r].n;
  T* const q = at.scratch;            // [group, headDim] scaled
  T* const sums = q + at.group * d;   // [group]
  T* const s = sums + at.group;       // [group, context]
  const T scale = T(1) / std::sqrt(static_cast<T>(d));
  for (int64_t i = 0; i < at.group * d; i++) q[i] = scale * at.q[i];

  for (int64_t g = 0; g < at.group; g += kRows) {
    const int64_t rows = at.group - g < kRows ? at.group - g : kRows;
    T* to = s + g * context;
    for (int64_t r = 0; r < at.runCount; r++) {
      const DecodeRun<T>& run = at.runs[r];
      for (int64_t j = 0; j < run.n; j += kCols) {
        const int64_t width = run.n - j < kCols ? run.n - j : kCols;
        anyTile<V, false>(rows, width, d, q + g * d, d, run.keys + j, run.keysLd, to + j, context, nullptr, 0);
      }
      to += run.n;
    }
  }
  for (int64_t g = 0; g < at.group; g++) sums[g] = exponentials<V>(context, s + g * context);
  for (int64_t g = 0; g < at.group; g += kRows) {
    const int64_t rows = at.group - g < kRows ? at.group - g : kRows;
    const T* from = s + g * context;
    for (int64_t r = 0; r < at.runCount; r++) {
      const DecodeRun<T>& run = at.runs[r];
      for (int64_t i = 0; i < d; i += kCols) {
        const int64_t width = d - i < kCols ? d - i : kCols;
        T* const to = at.out + g * d + i;
        anyTile<V, false>(rows, width, run.n, from, context, run.values + i, run.valuesLd, to, d,
                          r == 0 ? nullptr : to, d);
      }
      from += run.n;
    }
  }
  for (int64_t g = 0; g < at.group; g++) {
    const T share = T(1) / sums[g];
    for (int64_t i = 0; i < d; i++) at.out[g * d + i] *= share;
  }
}

}  // namespace dpo
