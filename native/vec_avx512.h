// Sixteen floats in an AVX-512 register. The tile of 12 x 32 keeps 24 sums, two vectors of B and one of A in 32 registers.
#pragma once
#include <immintrin.h>

#include "vec_exp.h"

namespace dpo {

struct VecAvx512 {
  using Scalar = float;
  static constexpr int lanes = 16;
  static constexpr int tileRows = 12;
  static constexpr int tileVecs = 2;
  __m512 v;

  static __mmask16 first(int n) { return static_cast<__mmask16>((1u << n) - 1u); }
  static VecAvx512 load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static VecAvx512 loadPart(const float* p, int n) { return {_mm512_maskz_loadu_ps(first(n), p)}; }
  static VecAvx512 fill(float x) { return {_mm512_set1_ps(x)}; }
  void store(float* p) const { _mm512_storeu_ps(p, v); }
  void storePart(float* p, int n) const { _mm512_mask_storeu_ps(p, first(n), v); }
  friend VecAvx512 operator+(VecAvx512 a, VecAvx512 b) { return {_mm512_add_ps(a.v, b.v)}; }
  friend VecAvx512 operator-(VecAvx512 a, VecAvx512 b) { return {_mm512_sub_ps(a.v, b.v)}; }
  friend VecAvx512 operator*(VecAvx512 a, VecAvx512 b) { return {_mm512_mul_ps(a.v, b.v)}; }
  friend VecAvx512 operator/(VecAvx512 a, VecAvx512 b) { return {_mm512_div_ps(a.v, b.v)}; }
  static VecAvx512 fma(VecAvx512 a, VecAvx512 b, VecAvx512 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
  static VecAvx512 min(VecAvx512 a, VecAvx512 b) { return {_mm512_min_ps(a.v, b.v)}; }
  static VecAvx512 max(VecAvx512 a, VecAvx512 b) { return {_mm512_max_ps(a.v, b.v)}; }
  static VecAvx512 sqrt(VecAvx512 a) { return {_mm512_sqrt_ps(a.v)}; }
  static VecAvx512 exp(VecAvx512 a) { return expPolynomial(a); }
  static VecAvx512 whereLess(VecAvx512 a, VecAvx512 b, VecAvx512 x, VecAvx512 y) {
    return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ), y.v, x.v)};
  }
  static VecAvx512 round(VecAvx512 a) {
    return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
  }
  static VecAvx512 scale(VecAvx512 a, VecAvx512 n) { return {_mm512_scalef_ps(a.v, n.v)}; }
  static VecAvx512 fromBf16(const uint16_t* p) {
    const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16))};
  }
  static VecAvx512 fromInt8(const int8_t* p) {
    return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))))};
  }
  // table[codes[i]] of a table of 16
  static VecAvx512 lookup(const float* table, const uint8_t* codes) {
    const __m512i at = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)));
    return {_mm512_permutexvar_ps(at, _mm512_loadu_ps(table))};
  }
  // to [j][i] = from [i][j] for lanes x lanes numbers, rows `ld` and `ldTo` apart
  static void transpose(const float* from, int64_t ld, float* to, int64_t ldTo) {
    __m512 a[16], b[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) a[i] = _mm512_loadu_ps(from + i * ld);
    // Pairs of rows, then fours, then eights, then sixteens.
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
      b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
      b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {
      a[i] = _mm512_shuffle_ps(b[i], b[i + 2], 0x44);
      a[i + 1] = _mm512_shuffle_ps(b[i], b[i + 2], 0xee);
      a[i + 2] = _mm512_shuffle_ps(b[i + 1], b[i + 3], 0x44);
      a[i + 3] = _mm512_shuffle_ps(b[i + 1], b[i + 3], 0xee);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      b[i] = _mm512_shuffle_f32x4(a[i], a[i + 4], 0x88);
      b[i + 4] = _mm512_shuffle_f32x4(a[i], a[i + 4], 0xdd);
      b[i + 8] = _mm512_shuffle_f32x4(a[i + 8], a[i + 12], 0x88);
      b[i + 12] = _mm512_shuffle_f32x4(a[i + 8], a[i + 12], 0xdd);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      _mm512_storeu_ps(to + i * ldTo, _mm512_shuffle_f32x4(b[i], b[i + 8], 0x88));
      _mm512_storeu_ps(to + (i + 8) * ldTo, _mm512_shuffle_f32x4(b[i], b[i + 8], 0xdd));
      _mm512_storeu_ps(to + (i + 4) * ldTo, _mm512_shuffle_f32x4(b[i + 4], b[i + 12], 0x88));
      _mm512_storeu_ps(to + (i + 12) * ldTo, _mm512_shuffle_f32x4(b[i + 4], b[i + 12], 0xdd));
    }
  }
  float sum() const { return _mm512_reduce_add_ps(v); }
  float maxOf() const { return _mm512_reduce_max_ps(v); }
};

}  // namespace dpo
