// Compiled with -mavx512f and its companions; runs only where chooseKernels found them.
#include "kernels_table.h"
#include "vec_avx512.h"

namespace dpo {
const Kernels<float> kAvx512 = kernelTable<VecAvx512>("avx512");
}
