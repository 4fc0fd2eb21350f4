// Pairs of bf16 in AVX-512 registers, for the files that are compiled with -mavx512bf16: a lane holds two numbers that are
// neighbours along a contraction.
#pragma once
#include <immintrin.h>

#include <cstdint>

#include "stored_view.h"

namespace dpo::bf16 {

constexpr int64_t kLanes = 16;

inline int64_t pairsOf(int64_t k) { return (k + 1) / 2; }

// The first `count` of sixteen floats, or all, then zeros.
inline __m512 loadFirst(const float* p, int64_t count) {
  if (count >= kLanes) return _mm512_loadu_ps(p);
  return count <= 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1u), p);
}

// Pairs of neighbours: (low 0, low 1), (low 2, low 3) ... (high 14, high 15).
inline __m512 neighbours(__m512 low, __m512 high) { return (__m512)_mm512_cvtne2ps_pbh(high, low); }

// to [rows, pairs] = a [rows, k] rounded.
inline void roundRows(int64_t rows, int64_t k, const float* a, int64_t lda, float* to) {
  const int64_t pairs = pairsOf(k);
  for (int64_t r = 0; r < rows; r++, a += lda, to += pairs) {
    for (int64_t p = 0; p < pairs; p += kLanes) {
      const int64_t left = k - 2 * p, count = pairs - p;
      const __m512 both = neighbours(loadFirst(a + 2 * p, left), loadFirst(a + 2 * p + kLanes, left - kLanes));
      if (count >= kLanes) _mm512_storeu_ps(to + p, both);
      else _mm512_mask_storeu_ps(to + p, static_cast<__mmask16>((1u << count) - 1u), both);
    }
  }
}

// Products::matmulStored, in kernels_bf16_stored.cc.
void matmulStored(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const StoredView& w, int64_t row, float* c,
                  int64_t ldc, const float* init, int64_t initLd, float* scratch);

}  // namespace dpo::bf16
