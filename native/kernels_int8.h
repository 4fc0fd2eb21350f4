// Products of int8 (kernels.h: Int8Products), written once over a vector of sums: int32, a lane a row of W. A step takes four
// columns: W's lie in a lane, A's are the same for all lanes. All rows of a tile of W go through together, so that its bytes
// are read in the order of memory.
//
// `Lanes` offers: count, panelRows, boundsPairs; Ints, Floats; loadScales, and
//   start(offset)     the sums of a group before its first step
//   load(w)           a step of `count` rows of W;  same(four)  four columns of A for all of them
//   step(sum, w, a)   sum + the products of four columns
//   toFloats(sum), fill, mulAdd(x, y, z) = x y + z, loadFirst, storeFirst.
#pragma once
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "kernels.h"

namespace dpo::int8 {

constexpr int64_t kSteps = kInt8Group / 4;
constexpr int64_t kStepBytes = 4 * kInt8Rows;
// How far before its use a step of W is fetched: rows of W follow each other, so it is a tile or two further on.
constexpr int64_t kFetchAhead = 4096;

// Groups of R rows of A, times the kInt8Rows rows of a tile of W, of which `count` are wanted: c [R, count] = init + a w^T.
template <class Lanes, int R>
void tile(int64_t groups, const int8_t* a, const float* scale, const int32_t* offset, const uint8_t* w,
          const uint16_t* wScale, int64_t count, float* c, int64_t ldc, const float* init, int64_t initLd) {
  constexpr int kVectors = kInt8Rows / Lanes::count;
  typename Lanes::Floats total[R][kVectors];
  for (int r = 0; r < R; r++)
    for (int v = 0; v < kVectors; v++) total[r][v] = Lanes::fill(0);
  for (int64_t g = 0; g < groups; g++) {
    typename Lanes::Ints sum[R][kVectors];
#pragma GCC unroll 16
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) sum[r][v] = Lanes::start(offset[r]);
#pragma GCC unroll 8
    for (int64_t i = 0; i < kSteps; i++, w += kStepBytes) {
      _mm_prefetch(reinterpret_cast<const char*>(w) + kFetchAhead, _MM_HINT_T0);
      typename Lanes::Ints right[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) right[v] = Lanes::load(w + 4 * v * Lanes::count);
#pragma GCC unroll 16
      for (int r = 0; r < R; r++) {
        int32_t four;
        std::memcpy(&four, a + r * kInt8Group + 4 * i, sizeof four);
        const typename Lanes::Ints left = Lanes::same(four);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) sum[r][v] = Lanes::step(sum[r][v], right[v], left);
      }
    }
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) {
      const typename Lanes::Floats scales = Lanes::loadScales(wScale + v * Lanes::count);
#pragma GCC unroll 16
      for (int r = 0; r < R; r++)
        total[r][v] = Lanes::mulAdd(Lanes::toFloats(sum[r][v]), scales * Lanes::fill(scale[r]), total[r][v]);
    }
    a += R * kInt8Group;
    scale += R;
    offset += R;
    wScale += kInt8Rows;
  }
  for (int r = 0; r < R; r++, c += ldc, init += init == nullptr ? 0 : initLd) {
    for (int v = 0; v < kVectors; v++) {
      const int64_t first = v * Lanes::count, left = count - first;
      if (left <= 0) break;
      const typename Lanes::Floats before = init == nullptr ? Lanes::fill(0) : Lanes::loadFirst(init + first, left);
      Lanes::storeFirst(c + first, left, before + total[r][v]);
    }
  }
}

template <class Lanes, size_t... R>
constexpr auto tiles(std::index_sequence<R...>) {
  using Tile = decltype(&tile<Lanes, 1>);
  struct Table {
    Tile of[sizeof...(R)];
  };
  return Table{{&tile<Lanes, static_cast<int>(R) + 1>...}};
}

template <class Lanes>
void matmulInt8(const Int8Rows& a, const StoredView& w, int64_t row, int64_t n, float* c, int64_t ldc, const float* init,
                int64_t initLd) {
  static constexpr auto table = tiles<Lanes>(std::make_index_sequence<Lanes::panelRows>());
  for (int64_t j = 0; j < n; j += kInt8Rows) {
    const uint8_t* const bytes = int8Group(w, row + j, 0);
    const uint16_t* const scales = int8Scale(w, row + j, 0);
    for (int64_t r = 0; r < a.rows; r += Lanes::panelRows) {
      const int64_t rows = std::min<int64_t>(Lanes::panelRows, a.rows - r), at = r * a.groups;
      table.of[rows - 1](a.groups, a.numbers + at * kInt8Group, a.scale + at, a.offset + at, bytes, scales,
                         std::min(kInt8Rows, n - j), c + r * ldc + j, ldc,
                         init == nullptr ? nullptr : init + r * initLd + j, initLd);
    }
  }
}

// Rounds a group of 32 numbers. With `boundsPairs` the scale is so large that two neighbours sum to 128 at most. Not inline in
// the sense of one definition for all: each file has its own instructions.
namespace {
template <bool boundsPairs>
inline void roundGroup(const float* x, int8_t* numbers, float* scale, int32_t* offset) {
  const __m256 v[4] = {_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8), _mm256_loadu_ps(x + 16), _mm256_loadu_ps(x + 24)};
  const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
  __m256 most = _mm256_setzero_ps(), unordered = _mm256_setzero_ps();
  for (const __m256& each : v) {
    most = _mm256_max_ps(most, _mm256_and_ps(each, magnitude));
    unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(each, each, _CMP_UNORD_Q));
  }
  // A sum of at most 127 before rounding.
  for (int i = 0; boundsPairs && i < 4; i += 2)
    most = _mm256_max_ps(most, _mm256_and_ps(_mm256_hadd_ps(v[i], v[i + 1]), magnitude));
  __m128 half = _mm_max_ps(_mm256_castps256_ps128(most), _mm256_extractf128_ps(most, 1));
  half = _mm_max_ps(half, _mm_movehl_ps(half, half));
  half = _mm_max_ss(half, _mm_movehdup_ps(half));
  const float largest = _mm_cvtss_f32(half);
  // Beyond these magnitudes the scale or its inverse would overflow. Such numbers make no difference, or are not finite.
  const bool finite = _mm256_movemask_ps(unordered) == 0 && largest <= std::numeric_limits<float>::max();
  if (!finite || largest < 1e-30f) {
    std::memset(numbers, 0, kInt8Group);
    *scale = finite ? 0.0f : std::numeric_limits<float>::quiet_NaN();
    *offset = 0;
    return;
  }
  const __m256 inverse = _mm256_set1_ps(127.0f / largest);
  __m256i whole[4];
  __m256i sum = _mm256_setzero_si256();
  for (int i = 0; i < 4; i++) {
    whole[i] = _mm256_cvtps_epi32(_mm256_mul_ps(v[i], inverse));
    sum = _mm256_add_epi32(sum, whole[i]);
  }
  const __m256i packed = _mm256_packs_epi16(_mm256_packs_epi32(whole[0], whole[1]), _mm256_packs_epi32(whole[2], whole[3]));
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(numbers), _mm256_permutevar8x32_epi32(packed, order));
  __m128i total = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  total = _mm_add_epi32(total, _mm_shuffle_epi32(total, 0x4e));
  total = _mm_add_epi32(total, _mm_shuffle_epi32(total, 0xb1));
  *scale = largest / 127.0f;
  *offset = -128 * _mm_cvtsi128_si32(total);
}
}  // namespace

template <class Lanes>
void roundToInt8(int64_t k, const float* x, int64_t ldx, int64_t panel, int64_t group, int64_t end, const Int8Rows& to) {
  const int64_t first = panel * Lanes::panelRows, rows = std::min<int64_t>(Lanes::panelRows, to.rows - first);
  for (int64_t g = group; g < end; g++) {
    const int64_t at = first * to.groups + g * rows, column = g * kInt8Group;
    for (int64_t r = 0; r < rows; r++) {
      const float* from = x + (first + r) * ldx + column;
      float some[kInt8Group] = {};
      if (k - column < kInt8Group) {
        std::copy_n(from, k - column, some);
        from = some;
      }
      roundGroup<Lanes::boundsPairs>(from, to.numbers + (at + r) * kInt8Group, to.scale + at + r, to.offset + at + r);
    }
  }
}

template <class Lanes>
constexpr Int8Products<float> products() {
  return {Lanes::panelRows, Lanes::boundsPairs, &roundToInt8<Lanes>, &matmulInt8<Lanes>};
}

}  // namespace dpo::int8
