// A few rows times a stored matrix, which is read in place: bf16, or NF4 that becomes bf16 in registers, right before the
// product. So memory is read once, in the small form. NF4's levels are rounded to bf16; scales multiply fp32 sums.
//
// Compiled with -mavx512bf16; runs only where chooseKernels found it.
#include <immintrin.h>

#include <algorithm>

#include "bf16_pairs.h"
#include "kernels.h"

namespace dpo::bf16 {

namespace {

// The first `count` of 32 numbers, or all, then zeros.
inline __m512bh numbers(const uint16_t* p, int64_t count) {
  if (count >= 2 * kLanes) return (__m512bh)_mm512_loadu_si512(p);
  return (__m512bh)_mm512_maskz_loadu_epi16((__mmask32{1} << count) - 1, p);
}

// The common arguments of a few rows: a [m, k] rounded, rows `pairs` apart, and the place of the results.
struct Few {
  int64_t k;
  const float* a;
  int64_t pairs;
  float* c;
  int64_t ldc;
  const float* init;  // null: zero
  int64_t initLd;

  // The same from row r and column j on.
  Few from(int64_t r, int64_t j) const {
    return {k, a + r * pairs, pairs, c + r * ldc + j, ldc, init == nullptr ? nullptr : init + r * initLd + j, initLd};
  }
  void put(int r, int j, float value) const { c[r * ldc + j] = (init == nullptr ? 0.0f : init[r * initLd + j]) + value; }
};

// The sums over each of four vectors, all in the same order.
inline __m128 sumsOfFour(__m512 a, __m512 b, __m512 c, __m512 d) {
  const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
  const __m512 all = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
  const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
  return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}

// c [R, N] = init + sums.
template <int R, int N>
inline void putSums(const Few& few, const __m512 (&sum)[R][N]) {
  constexpr int kSums = R * N;
  alignas(16) float totals[(kSums + 3) / 4 * 4];
  const auto at = [&](int i) { return i < kSums ? sum[i / N][i % N] : _mm512_setzero_ps(); };
#pragma GCC unroll 8
  for (int i = 0; i < kSums; i += 4) _mm_store_ps(totals + i, sumsOfFour(at(i), at(i + 1), at(i + 2), at(i + 3)));
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int j = 0; j < N; j++) few.put(r, j, totals[r * N + j]);
}

// Prefetches the next rows, which are too short for the hardware to detect the sequence in time. Rows of one tile lie side
// by side, so from the first row the prefetch must reach well beyond the last.
template <class Number>
inline void fetchAhead(const Number* p) {
  constexpr int64_t kBytes = 16384;
  __builtin_prefetch(reinterpret_cast<const char*>(p) + kBytes);
}

// c [R, N] = init + a w^T. The order of every sum is the same for all R and N.
template <int R, int N>
void dots(const Few& few, const uint16_t* w, int64_t ldw) {
  __m512 sum[R][N];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int j = 0; j < N; j++) sum[r][j] = _mm512_setzero_ps();
  for (int64_t p = 0; 2 * p < few.k; p += kLanes) {
    const int64_t count = few.k - 2 * p;
    __m512bh right[N];
#pragma GCC unroll 4
    for (int j = 0; j < N; j++) {
      fetchAhead(w + j * ldw + 2 * p);
      right[j] = numbers(w + j * ldw + 2 * p, count);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      const __m512bh left = numbers(reinterpret_cast<const uint16_t*>(few.a + r * few.pairs + p), count);
#pragma GCC unroll 4
      for (int j = 0; j < N; j++) sum[r][j] = _mm512_dpbf16_ps(sum[r][j], left, right[j]);
    }
  }
  putSums(few, sum);
}

// The same for NF4 rows of whole blocks, with codes w and a scale for each block. `a` holds a block's even columns, then its
// odd ones, like the high and low halves of the codes.
template <int R, int N>
void dotsNf4(const Few& few, const uint8_t* w, const float* scale) {
  const int64_t blocks = few.k / kNf4Block;
  // The 16 levels twice, so that the highest of an index's five bits does not matter.
  const __m512 low = _mm512_loadu_ps(kNf4Levels);
  const __m512i levels = (__m512i)_mm512_cvtne2ps_pbh(low, low);
  __m512 sum[R][N];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int j = 0; j < N; j++) sum[r][j] = _mm512_setzero_ps();
  for (int64_t b = 0; b < blocks; b++) {
    __m512bh even[N], odd[N];
    __m512 factor[N];
#pragma GCC unroll 4
    for (int j = 0; j < N; j++) {
      const uint8_t* const bytes = w + (j * blocks + b) * (kNf4Block / 2);
      fetchAhead(bytes);
      const __m512i codes = _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes)));
      even[j] = (__m512bh)_mm512_permutexvar_epi16(_mm512_srli_epi16(codes, 4), levels);
      odd[j] = (__m512bh)_mm512_permutexvar_epi16(codes, levels);
      factor[j] = _mm512_set1_ps(scale[j * blocks + b]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      const float* const a = few.a + r * few.pairs + b * (kNf4Block / 2);
      const __m512bh evenA = (__m512bh)_mm512_loadu_ps(a), oddA = (__m512bh)_mm512_loadu_ps(a + kLanes);
#pragma GCC unroll 4
      for (int j = 0; j < N; j++) {
        const __m512 part = _mm512_dpbf16_ps(_mm512_dpbf16_ps(_mm512_setzero_ps(), evenA, even[j]), oddA, odd[j]);
        sum[r][j] = _mm512_fmadd_ps(part, factor[j], sum[r][j]);
      }
    }
  }
  putSums(few, sum);
}

// Reorders rounded rows of whole blocks for dotsNf4.
void partHalves(int64_t pairs, float* a) {
  alignas(64) uint16_t order[2 * kLanes];
  for (uint16_t i = 0; i < 2 * kLanes; i++) order[i] = static_cast<uint16_t>(2 * i);
  const __m512i evens = _mm512_load_si512(order), odds = _mm512_add_epi16(evens, _mm512_set1_epi16(1));
  for (int64_t p = 0; p < pairs; p += 2 * kLanes) {
    const __m512i first = _mm512_loadu_si512(a + p), second = _mm512_loadu_si512(a + p + kLanes);
    _mm512_storeu_si512(a + p, _mm512_permutex2var_epi16(first, evens, second));
    _mm512_storeu_si512(a + p + kLanes, _mm512_permutex2var_epi16(first, odds, second));
  }
}

// Scales of `count` blocks.
void nf4Scales(const StoredView& w, int64_t block, int64_t count, float* to) {
  const __m512i ascending = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  // Sixteen loads are faster than a gather.
  const auto four = [&](const uint8_t* at) { return _mm_set_ps(w.map[at[3]], w.map[at[2]], w.map[at[1]], w.map[at[0]]); };
  const auto eight = [&](const uint8_t* at) { return _mm256_set_m128(four(at + 4), four(at)); };
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const uint8_t* const at = w.absmax + block + i;
    const __m512 values = _mm512_insertf32x8(_mm512_castps256_ps512(eight(at)), eight(at + 8), 1);
    const int64_t nested = (block + i) / kNestedBlock;
    const __m512i lane = _mm512_add_epi32(ascending, _mm512_set1_epi32(static_cast<int>((block + i) % kNestedBlock)));
    const __mmask16 next = _mm512_cmpge_epi32_mask(lane, _mm512_set1_epi32(kNestedBlock));
    __m512 outer = _mm512_set1_ps(w.nestedAbsmax[nested]);
    if (next != 0) outer = _mm512_mask_mov_ps(outer, next, _mm512_set1_ps(w.nestedAbsmax[nested + 1]));
    // Not fused, as in nf4Scale: the remaining blocks must get the same bits.
    _mm512_storeu_ps(to + i, _mm512_add_ps(_mm512_mul_ps(values, outer), _mm512_set1_ps(w.absmaxOffset)));
  }
  for (; i < count; i++) to[i] = nf4Scale(w, block + i);
}

// The most rows of A, and of W, that are computed together.
constexpr int kMost = 8;
constexpr int kFewWide = 2, kWide = 4;

using Dots = void (*)(const Few&, const uint16_t*, int64_t);
template <int N>
constexpr Dots kDots[kMost] = {&dots<1, N>, &dots<2, N>, &dots<3, N>, &dots<4, N>,
                               &dots<5, N>, &dots<6, N>, &dots<7, N>, &dots<8, N>};
using Nf4Dots = void (*)(const Few&, const uint8_t*, const float*);
template <int N>
constexpr Nf4Dots kDotsNf4[kMost] = {&dotsNf4<1, N>, &dotsNf4<2, N>, &dotsNf4<3, N>, &dotsNf4<4, N>,
                                     &dotsNf4<5, N>, &dotsNf4<6, N>, &dotsNf4<7, N>, &dotsNf4<8, N>};

// Calls work(row of A, rows, column, columns) for all, with equal shares of the rows, and with `wide` columns if few rows
// leave registers for them.
template <class Work>
void eachTile(int64_t m, int64_t n, Work work) {
  const int64_t groups = (m + kMost - 1) / kMost, share = (m + groups - 1) / groups;
  const int64_t most = share <= kMost / 2 ? kWide : kFewWide;
  for (int64_t j = 0; j < n;) {
    const int64_t cols = n - j < most ? 1 : most;
    for (int64_t r = 0; r < m; r += share) work(r, std::min(share, m - r), j, cols);
    j += cols;
  }
}

template <class Table>
auto choose(const Table& one, const Table& two, const Table& four, int64_t cols, int64_t rows) {
  return (cols == 1 ? one : cols == kFewWide ? two : four)[rows - 1];
}

}  // namespace

void matmulStored(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const StoredView& w, int64_t row, float* c,
                  int64_t ldc, const float* init, int64_t initLd, float* scratch) {
  if (w.format == Format::kInt8) {
    kAvx512.matmulStored(m, n, k, a, lda, w, row, c, ldc, init, initLd, scratch);
    return;
  }
  const Few few{k, scratch, pairsOf(k), c, ldc, init, initLd};
  float* const free = scratch + m * few.pairs;
  roundRows(m, k, a, lda, scratch);
  if (w.format == Format::kBf16) {
    eachTile(m, n, [&](int64_t r, int64_t rows, int64_t j, int64_t cols) {
      choose(kDots<1>, kDots<kFewWide>, kDots<kWide>, cols, rows)(few.from(r, j), w.bf16 + (row + j) * k, k);
    });
  } else if (k % kNf4Block == 0) {
    const int64_t blocks = k / kNf4Block;
    for (int64_t r = 0; r < m; r++) partHalves(few.pairs, scratch + r * few.pairs);
    int64_t scaled = -1;
    eachTile(m, n, [&](int64_t r, int64_t rows, int64_t j, int64_t cols) {
      if (scaled != j) nf4Scales(w, (row + j) * blocks, cols * blocks, free);
      scaled = j;
      choose(kDotsNf4<1>, kDotsNf4<kFewWide>, kDotsNf4<kWide>, cols, rows)(few.from(r, j), w.nf4 + (row + j) * k / 2, free);
    });
  } else {
    // Blocks can run across rows.
    float* const rounded = free + k;
    for (int64_t j = 0; j < n; j++) {
      kAvx512.unpack(w, row + j, 0, k, free);
      roundRows(1, k, free, k, rounded);
      for (int64_t r = 0; r < m; r++)
        kDots<1>[0](few.from(r, j), reinterpret_cast<const uint16_t*>(rounded), 0);
    }
  }
}

}  // namespace dpo::bf16
