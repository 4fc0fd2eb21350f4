// Products of int8 with AVX-VNNI, which processors without AVX-512 have as well: 32 products in an instruction.
//
// Compiled with -mavxvnni; runs only where chooseKernels found it.
#include "kernels_avx2_int8.h"

namespace dpo {

namespace {

struct LanesAvxVnni : Lanes256 {
  static Bytes load(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  static Ints start(int32_t offset) { return _mm256_set1_epi32(offset); }
  static Ints step(Ints sum, Bytes w, const int8_t* a) { return _mm256_dpbusd_avx_epi32(sum, w, four(a)); }
};

}  // namespace

const Int8Products<float> kAvxVnniInt8 = int8::products<LanesAvxVnni>();

}  // namespace dpo
