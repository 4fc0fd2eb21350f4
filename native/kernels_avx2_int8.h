// What AVX2 and AVX-VNNI share for products of int8 (kernels_int8.h).
#pragma once
#include "kernels_int8.h"

namespace dpo {

namespace {

struct Lanes256 {
  using Ints = __m256i;
  using Floats = __m256;
  static constexpr int count = 8;
  static constexpr int panelRows = 4;

  static Ints load(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  static Ints same(int32_t four) { return _mm256_set1_epi32(four); }
  static Ints start(int32_t offset) { return _mm256_set1_epi32(offset); }
  static Floats toFloats(Ints sum) { return _mm256_cvtepi32_ps(sum); }
  static Floats fill(float x) { return _mm256_set1_ps(x); }
  static Floats mulAdd(Floats x, Floats y, Floats z) { return _mm256_fmadd_ps(x, y, z); }
  static Floats loadScales(const uint16_t* p) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
  static __m256i first(int64_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static Floats loadFirst(const float* p, int64_t count) { return _mm256_maskload_ps(p, first(count)); }
  static void storeFirst(float* p, int64_t count, Floats x) { _mm256_maskstore_ps(p, first(count), x); }
};

}  // namespace

}  // namespace dpo
