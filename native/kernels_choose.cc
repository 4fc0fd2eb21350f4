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
#endif
}  // namespace

template <>
const Kernels<float>& chooseKernels<float>(const char* name) {
  const std::string wanted = name;
  if (wanted == "portable") return kPortable;
#if defined(DPO_X86)
  if ((wanted.empty() || wanted == "avx512") && hasAvx512()) return kAvx512;
  if ((wanted.empty() || wanted == "avx2") && hasAvx2()) return kAvx2;
#endif
  if (wanted.empty()) return kPortable;
  throw std::invalid_argument("instructions '" + wanted + "' cannot run on this machine; leave the option out");
}

template <>
const Kernels<double>& chooseKernels<double>(const char* name) {
  const std::string wanted = name;
  if (wanted.empty() || wanted == "portable") return kPortable64;
  throw std::invalid_argument("double precision runs on portable instructions only, not on '" + wanted + "'");
}

}  // namespace dpo
