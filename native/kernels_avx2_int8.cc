// Products of int8 with AVX2, which multiplies unsigned by signed bytes and adds pairs to 16 bits. So W's magnitudes, at most
// 127, are multiplied by A's numbers with W's signs: two such products always fit.
//
// Compiled with -mavx2 -mfma -mf16c; runs only where chooseKernels found AVX2.
#include "kernels_avx2_int8.h"

namespace dpo {

namespace {

struct LanesAvx2 : Lanes256 {
  static Bytes load(const uint8_t* p) {
    return _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)), _mm256_set1_epi8(-128));
  }
  static Ints start(int32_t) { return _mm256_setzero_si256(); }
  static Ints step(Ints sum, Bytes w, const int8_t* a) {
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(four(a), w));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
};

}  // namespace

const Int8Products<float> kAvx2Int8 = int8::products<LanesAvx2>();

}  // namespace dpo
