// Which kernel table this machine runs.
#include <stdexcept>
#include <string>

#include "kernels.h"

namespace dpo {

namespace {
#if defined(DPO_X86)
bool hasAvx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool hasAvx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && hasAvx2();
}
bool hasAvx512Bf16() { return hasAvx512() && __builtin_cpu_supports("avx512bf16"); }

// The table of AVX-512 with other products. Made here, for this file runs on every processor.
const Kernels<float>& avx512WithBf16() {
  static const Kernels<float> table = [] {
    Kernels<float> mixed = kAvx512;
    static_cast<Products<float>&>(mixed) = kAvx512Bf16;
    static_cast<Paging<float>&>(mixed) = kAvx512Bf16Pages;
    mixed.name = "AVX-512 with products in bf16";
    return mixed;
  }();
  return table;
}
#endif
}  // namespace

template <>
const Kernels<float>& chooseKernels<float>(const char* name, bool bf16) {
  const std::string wanted = name;
  if (wanted == "portable") return kPortable;
#if defined(DPO_X86)
  if (bf16 && (wanted.empty() || wanted == "avx512") && hasAvx512Bf16()) return avx512WithBf16();
  if ((wanted.empty() || wanted == "avx512") && hasAvx512()) return kAvx512;
  if ((wanted.empty() || wanted == "avx2") && hasAvx2()) return kAvx2;
#endif
  (void)bf16;
  if (wanted.empty()) return kPortable;
  throw std::invalid_argument("instructions '" + wanted + "' cannot run on this machine; leave the option out");
}

template <>
const Kernels<double>& chooseKernels<double>(const char* name, bool) {
  const std::string wanted = name;
  if (wanted.empty() || wanted == "portable") return kPortable64;
  throw std::invalid_argument("double precision runs on portable instructions only, not on '" + wanted + "'");
}

}  // namespace dpo
