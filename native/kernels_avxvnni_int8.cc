// Products of int8 with AVX-VNNI, which processors without AVX-512 have as well: 32 products in an instruction.
//
// Compiled with -mavxvnni; runs only where chooseKernels found it.
#include "kernels_avx2_int8.h"

namespace dpo {

namespace {

struct LanesAvxVnni : Lanes256 {
  static constexpr bool boundsPairs = false;

  static Ints step(Ints sum, Ints w, Ints a) { return _mm256_dpbusd_avx_epi32(sum, w, a); }
};

}  // namespace

const Int8Products<float> kAvxVnniInt8 = int8::products<LanesAvxVnni>();

}  // namespace dpo
