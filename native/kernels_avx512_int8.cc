// Products of int8 with AVX512-VNNI: 64 products in an instruction.
//
// Compiled with -mavx512vnni; runs only where chooseKernels found it.
#include "kernels_int8.h"

namespace dpo {

namespace {

struct Lanes512 {
  using Ints = __m512i;
  using Floats = __m512;
  static constexpr int count = 16;
  static constexpr int panelRows = 12;
  static constexpr bool boundsPairs = false;

  static Ints load(const uint8_t* p) { return _mm512_loadu_si512(p); }
  static Ints same(int32_t four) { return _mm512_set1_epi32(four); }
  static Ints start(int32_t offset) { return _mm512_set1_epi32(offset); }
  static Ints step(Ints sum, Ints w, Ints a) { return _mm512_dpbusd_epi32(sum, w, a); }
  static Floats toFloats(Ints sum) { return _mm512_cvtepi32_ps(sum); }
  static Floats fill(float x) { return _mm512_set1_ps(x); }
  static Floats mulAdd(Floats x, Floats y, Floats z) { return _mm512_fmadd_ps(x, y, z); }
  static Floats loadScales(const uint16_t* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static __mmask16 first(int64_t count) { return static_cast<__mmask16>((1u << count) - 1u); }
  static Floats loadFirst(const float* p, int64_t count) { return _mm512_maskz_loadu_ps(first(count), p); }
  static void storeFirst(float* p, int64_t count, Floats x) { _mm512_mask_storeu_ps(p, first(count), x); }
};

}  // namespace

const Int8Products<float> kAvx512Int8 = int8::products<Lanes512>();

}  // namespace dpo
