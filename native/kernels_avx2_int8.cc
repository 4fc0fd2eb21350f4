// Products of int8 with AVX2, which multiplies unsigned by signed bytes and adds pairs to 16 bits, where a sum that does not fit
// is cut. Two neighbours of A sum to 128 at most, so with bytes of W up to 255 every sum fits.
//
// Compiled with -mavx2 -mfma -mf16c; runs only where chooseKernels found AVX2.
#include "kernels_avx2_int8.h"

namespace dpo {

namespace {

struct LanesAvx2 : Lanes256 {
  static constexpr bool boundsPairs = true;

  static Ints step(Ints sum, Ints w, Ints a) {
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(w, a), _mm256_set1_epi16(1)));
    // Left alone, the compiler computes all products first and has no registers for them.
    asm("" : "+x"(sum));
    return sum;
  }
};

}  // namespace

const Int8Products<float> kAvx2Int8 = int8::products<LanesAvx2>();

}  // namespace dpo
