// Chooses the kernel table for this machine.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <initializer_list>
#include <stdexcept>
#include <string>

#if defined(DPO_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "buffer.h"
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

// The first of these products of int8 that the machine has.
Kernels<float> withInt8(Kernels<float> table, std::initializer_list<const char*> instructions) {
  for (const char* each : instructions) {
    const Int8Products<float>* const found = findInt8(each);
    if (found == nullptr) continue;
    static_cast<Int8Products<float>&>(table) = *found;
    break;
  }
  return table;
}

const Kernels<float>& avx2WithInt8() {
  static const Kernels<float> table = withInt8(kAvx2, {"avx2"});
  return table;
}

const Kernels<float>& avxVnniWithInt8() {
  static const Kernels<float> table = withInt8(kAvx2, {"avx-vnni"});
  return table;
}

const Kernels<float>& avx512WithInt8() {
  static const Kernels<float> table = withInt8(kAvx512, {"avx512-vnni", "avx-vnni", "avx2"});
  return table;
}

// The table of AVX-512 with other products. It is made here because this file runs on every processor.
const Kernels<float>& avx512WithBf16() {
  static const Kernels<float> table = [] {
    Kernels<float> mixed = avx512WithInt8();
    static_cast<Products<float>&>(mixed) = kAvx512Bf16;
    static_cast<Paging<float>&>(mixed) = kAvx512Bf16Pages;
    mixed.name = "avx512-bf16";
    return mixed;
  }();
  return table;
}

#if defined(DPO_AMX)
// Whether the processor has AMX-TILE and AMX-BF16, and Linux lets this process use them. A process must ask for that; the
// permission holds for all threads.
bool hasAmx() {
  static const bool has = [] {
    constexpr unsigned kAmxBf16 = 1u << 22, kAmxTile = 1u << 24;
    constexpr int kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    unsigned a, b, c, d;
    if (!hasAvx512Bf16() || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    return (d & kAmxBf16) != 0 && (d & kAmxTile) != 0 && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  }();
  return has;
}

Kernels<float> named(Kernels<float> table, const char* name) {
  table.name = name;
  return table;
}

const Kernels<float>& avx512WithAmx() {
  static const Kernels<float> table = [] {
    Kernels<float> mixed = named(avx512WithBf16(), "amx");
    mixed.matmul = kAmx.matmul;
    mixed.matmulTransposed = kAmx.matmulTransposed;
    return mixed;
  }();
  return table;
}

enum class Race { kWon, kLost, kWrong };

// Times AMX against AVX512-BF16 on a block of rows, for about a millisecond. Processors feed their tiles differently, and a
// virtual machine may offer AMX and run it slowly.
Race raceAmx() {
  constexpr int64_t m = 96, n = 256, k = 512;
  constexpr int kRounds = 5;
  const Kernels<float>& amx = avx512WithAmx();
  const Kernels<float>& other = avx512WithBf16();
  const auto numbers = [](int64_t count) {
    Buffer<float> values(count);
    for (int64_t i = 0; i < count; i++) values[i] = std::sin(static_cast<float>(i * i % 1009));
    return values;
  };
  const Buffer<float> a = numbers(m * k), b = numbers(k * n);
  Buffer<float> packed(amx.packedSize(k, n)), results[2];
  amx.pack(k, n, b.data(), n, 1, packed.data());
  double best[2] = {1e9, 1e9};
  for (int round = 0; round < kRounds; round++) {
    for (int i = 0; i < 2; i++) {
      results[i].resize(m * n);
      const auto begin = std::chrono::steady_clock::now();
      (i == 0 ? amx : other).matmul(m, n, k, a.data(), k, packed.data(), results[i].data(), n, nullptr, 0);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
      best[i] = std::min(best[i], seconds.count());
    }
  }
  // The same products, summed in another order.
  for (int64_t i = 0; i < m * n; i++)
    if (!(std::abs(results[0][i] - results[1][i]) < 1e-3f)) return Race::kWrong;
  return best[0] < best[1] ? Race::kWon : Race::kLost;
}

// The faster of the two tables with products in bf16, under a name that says why. The race is run once a process.
const Kernels<float>& fasterBf16() {
  static const Kernels<float> chosen = [] {
    switch (raceAmx()) {
      case Race::kWon: return avx512WithAmx();
      case Race::kLost: return named(avx512WithBf16(), "avx512-bf16-amx-slower");
      case Race::kWrong: break;
    }
    return named(avx512WithBf16(), "avx512-bf16-amx-wrong");
  }();
  return chosen;
}
#endif
#endif
}  // namespace

const Int8Products<float>* findInt8(const std::string& instructions) {
#if defined(DPO_X86)
  if (instructions == "avx2" && hasAvx2()) return &kAvx2Int8;
#if defined(DPO_AVX_VNNI)
  if (instructions == "avx-vnni" && hasAvx2() && __builtin_cpu_supports("avxvnni")) return &kAvxVnniInt8;
#endif
  if (instructions == "avx512-vnni" && hasAvx512() && __builtin_cpu_supports("avx512vnni")) return &kAvx512Int8;
#endif
  (void)instructions;
  return nullptr;
}

template <>
const Kernels<float>& chooseKernels<float>(const char* name, bool bf16) {
  const std::string wanted = name;
  if (wanted == "portable") return kPortable;
#if defined(DPO_X86)
#if defined(DPO_AMX)
  if (wanted == "amx" && hasAmx()) return bf16 ? avx512WithAmx() : kAvx512;
  if (bf16 && wanted.empty() && hasAmx()) return fasterBf16();
#endif
  if (bf16 && (wanted.empty() || wanted == "avx512") && hasAvx512Bf16()) return avx512WithBf16();
  if ((wanted.empty() || wanted == "avx512") && hasAvx512()) return bf16 ? avx512WithInt8() : kAvx512;
  if ((wanted.empty() || wanted == "avx-vnni") && findInt8("avx-vnni") != nullptr) return bf16 ? avxVnniWithInt8() : kAvx2;
  if ((wanted.empty() || wanted == "avx2") && hasAvx2()) return bf16 ? avx2WithInt8() : kAvx2;
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
