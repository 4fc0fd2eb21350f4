// Pairs of bf16 in AVX-512 registers, for files compiled with -mavx512bf16. A lane holds two numbers that are neighbours
// along the contraction.
#pragma once
#include <immintrin.h>

#include "kernels.h"

namespace dpo::bf16 {

constexpr int64_t kLanes = 16;

// A packed right operand of products: blocks of kDepth rows along k, in each panels of kCols columns, in each rows of
// pairs, zero-filled at the right edge. A panel has as many bytes as one of fp32.
constexpr int64_t kCols = 2 * kLanes;
constexpr int64_t kDepth = 2 * kPanelDepth;

inline int64_t pairsOf(int64_t k) { return (k + 1) / 2; }

// The first `count` of sixteen floats, or all, then zeros.
inline __m512 loadFirst(const float* p, int64_t count) {
  if (count >= kLanes) return _mm512_loadu_ps(p);
  return count <= 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1u), p);
}

// Pairs of neighbours: (low 0, low 1), (low 2, low 3) and so on to (high 14, high 15).
inline __m512 neighbours(__m512 low, __m512 high) { return (__m512)_mm512_cvtne2ps_pbh(high, low); }

// Pairs lane by lane: (low 0, high 0), (low 1, high 1) and so on.
inline __m512 zip(__m512 low, __m512 high) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5,
                                         20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_castsi512_ps(_mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(high, low)));
}

// to [16 rows, `apart` apart] = the transpose of 16 vectors.
inline void storeTransposed(const __m512 (&rows)[kLanes], float* to, int64_t apart) {
  __m512 a[kLanes], b[kLanes];
  for (int i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    a[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    b[i] = _mm512_shuffle_ps(a[i], a[i + 2], 0x44);
    b[i + 1] = _mm512_shuffle_ps(a[i], a[i + 2], 0xee);
    b[i + 2] = _mm512_shuffle_ps(a[i + 1], a[i + 3], 0x44);
    b[i + 3] = _mm512_shuffle_ps(a[i + 1], a[i + 3], 0xee);
  }
  // b[4 g + j] holds columns j, 4 + j, 8 + j, 12 + j of rows 4 g to 4 g + 3.
  for (int j = 0; j < 4; j++) {
    const __m512 low01 = _mm512_shuffle_f32x4(b[j], b[4 + j], 0x44), high01 = _mm512_shuffle_f32x4(b[j], b[4 + j], 0xee);
    const __m512 low23 = _mm512_shuffle_f32x4(b[8 + j], b[12 + j], 0x44);
    const __m512 high23 = _mm512_shuffle_f32x4(b[8 + j], b[12 + j], 0xee);
    _mm512_storeu_ps(to + j * apart, _mm512_shuffle_f32x4(low01, low23, 0x88));
    _mm512_storeu_ps(to + (4 + j) * apart, _mm512_shuffle_f32x4(low01, low23, 0xdd));
    _mm512_storeu_ps(to + (8 + j) * apart, _mm512_shuffle_f32x4(high01, high23, 0x88));
    _mm512_storeu_ps(to + (12 + j) * apart, _mm512_shuffle_f32x4(high01, high23, 0xdd));
  }
}

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
