#include "kernels_table.h"
#include "vec_portable.h"

namespace dpo {
const Kernels<float> kPortable = kernelTable<VecPortable<float, 4, 4, 2>>("portable");
const Kernels<double> kPortable64 = kernelTable<VecPortable<double, 2, 4, 2>>("portable-fp64");
}  // namespace dpo
