// Measures the peak of all cores together: multiply-adds that never leave the registers, of fp32, or of bf16 with fp32 sums
// if AVX512-BF16 is faster; and bytes read from a buffer as large as the model's weights, so from the cache or memory that
// would hold them.
//
//   peak <threads> <bytes>   prints {"flops": operations a second, "bytes": bytes a second}
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#if defined(__AVX512F__)
constexpr int kWidth = 16;
#elif defined(__AVX__)
constexpr int kWidth = 8;
#else
constexpr int kWidth = 4;
#endif
typedef float Vector __attribute__((vector_size(kWidth * sizeof(float)), aligned(4)));

volatile float sink;

// Seconds until every thread has done its part: the best of several runs, because a peak is not an average.
double best_seconds(int threads, const std::function<void(int)>& part) {
  double best = 1e9;
  for (int run = 0; run < 15; run++) {
    auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> team;
    for (int t = 0; t < threads; t++) team.emplace_back(part, t);
    for (auto& member : team) member.join();
    std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    if (taken.count() < best) best = taken.count();
  }
  return best;
}

// Twelve independent chains hide the latency of a multiply-add on every current processor.
constexpr int kChains = 12;
constexpr long kSteps = 4'000'000;

void multiply_add(int) {
  Vector sums[kChains], a, b;
  for (int lane = 0; lane < kWidth; lane++) a[lane] = 0.999f, b[lane] = 0.001f;
  for (auto& sum : sums) sum = b;
  for (long step = 0; step < kSteps; step++) {
#pragma GCC unroll 12
    for (int chain = 0; chain < kChains; chain++) sums[chain] = sums[chain] * a + b;
  }
  for (auto& sum : sums) sink = sum[0];
}

#if defined(__AVX512BF16__)
#include <immintrin.h>

// A lane computes two products a step.
void multiply_pairs(int) {
  __m512 sums[kChains];
  __m512i a = _mm512_set1_epi32(0x3c233c23), b = a;
  for (auto& sum : sums) sum = _mm512_setzero_ps();
  for (long step = 0; step < kSteps; step++) {
#pragma GCC unroll 12
    for (int chain = 0; chain < kChains; chain++) sums[chain] = _mm512_dpbf16_ps(sums[chain], (__m512bh)a, (__m512bh)b);
  }
  for (auto& sum : sums) sink = sum[0];
}
#endif

int main(int count, char** arguments) {
  if (count != 3) return std::fprintf(stderr, "usage: peak <threads> <bytes>\n"), 2;
  int threads = std::atoi(arguments[1]);
  size_t floats = std::strtoull(arguments[2], nullptr, 10) / sizeof(float);

  double arithmetic = best_seconds(threads, multiply_add);
  double flops = 2.0 * kSteps * kChains * kWidth * threads / arithmetic;
#if defined(__AVX512BF16__)
  flops = std::max(flops, 4.0 * kSteps * kChains * kWidth * threads / best_seconds(threads, multiply_pairs));
#endif

  std::vector<float> weights(floats, 1.0f);
  size_t share = floats / threads / (8 * kWidth) * (8 * kWidth);
  int passes = 1 + int(256e6 / (floats * sizeof(float)));
  double reading = best_seconds(threads, [&](int thread) {
    const float* from = weights.data() + thread * share;
    Vector sums[8] = {};
    for (int pass = 0; pass < passes; pass++) {
      for (size_t at = 0; at < share; at += 8 * kWidth) {
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
          Vector value;
          std::memcpy(&value, from + at + i * kWidth, sizeof value);
          sums[i] += value;
        }
      }
    }
    for (auto& sum : sums) sink = sum[0];
  });
  double bytes = double(passes) * threads * share * sizeof(float) / reading;
  std::printf("{\"flops\": %.4g, \"bytes\": %.4g}\n", flops, bytes);
}
