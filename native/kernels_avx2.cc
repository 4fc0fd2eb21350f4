// Compiled with -mavx2 -mfma; runs only where chooseKernels found both.
#include "kernels_table.h"
#include "vec_avx2.h"

namespace dpo {
const Kernels<float> kAvx2 = kernelTable<VecAvx2>("avx2");
}
