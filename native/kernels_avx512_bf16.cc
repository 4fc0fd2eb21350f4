// Products in bf16 with AVX512-BF16. VDPBF16PS takes two products a lane, so a lane holds a pair of bf16 that are
// neighbours along the contraction, and the tile is that of fp32 with half the steps. Operands are rounded to nearest
// on their way in; sums and results are fp32.
//
// Compiled with -mavx512bf16; runs only where chooseKernels found it. It shares no instantiated template with the other
// files, which run on older processors.
#include <immintrin.h>

#include "bf16_pairs.h"
#include "kernels_matmul.h"

namespace dpo {

namespace {

using bf16::kLanes, bf16::loadFirst, bf16::neighbours, bf16::pairsOf, bf16::roundRows;

// Sixteen pairs of bf16, or the sixteen fp32 sums of their products.
struct Pairs {
  using Scalar = float;
  static constexpr int lanes = 16;
  static constexpr int tileRows = 12;
  static constexpr int tileVecs = 2;
  __m512 v;

  static Pairs load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static Pairs fill(float x) { return {_mm512_set1_ps(x)}; }
  void store(float* p) const { _mm512_storeu_ps(p, v); }
  static Pairs fma(Pairs a, Pairs b, Pairs sum) { return {_mm512_dpbf16_ps(sum.v, (__m512bh)a.v, (__m512bh)b.v)}; }
};

constexpr int64_t kRows = Pairs::tileRows;
constexpr int64_t kCols = kLanes * Pairs::tileVecs;
// Rows of the contraction in a packed panel: as many bytes as a panel of fp32.
constexpr int64_t kDepth = 2 * kPanelDepth;
// Rows of the left operand that are rounded at a time.
constexpr int64_t kBlock = 8 * kRows;

// Pairs lane by lane: (low 0, high 0), (low 1, high 1) ...
inline __m512 zip(__m512 low, __m512 high) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5,
                                         20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_castsi512_ps(_mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(high, low)));
}

// to [16 rows, kCols apart] = the transpose of 16 vectors.
inline void storeTransposed(const __m512 (&rows)[kLanes], float* to) {
  __m512 a[kLanes], b[kLanes];
  for (int i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    a[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    b[i] = _mm512_shuffle_ps(a[i], a[i + 2], 0x44);
    b[i + 1] = _mm512_shuffle_ps(a[i], a[i + 2], 0xee);
    b[i + 2] = _mm512_shuffle_ps(a[i + 1], a[i + 3], 0x44);
    b[i + 3] = _mm512_shuffle_ps(a[i + 1], a[i + 3], 0xee);
  }
  // b[4 g + j] holds columns j, 4 + j, 8 + j, 12 + j of rows 4 g to 4 g + 3.
  for (int j = 0; j < 4; j++) {
    const __m512 low01 = _mm512_shuffle_f32x4(b[j], b[4 + j], 0x44), high01 = _mm512_shuffle_f32x4(b[j], b[4 + j], 0xee);
    const __m512 low23 = _mm512_shuffle_f32x4(b[8 + j], b[12 + j], 0x44);
    const __m512 high23 = _mm512_shuffle_f32x4(b[8 + j], b[12 + j], 0xee);
    _mm512_storeu_ps(to + j * kCols, _mm512_shuffle_f32x4(low01, low23, 0x88));
    _mm512_storeu_ps(to + (4 + j) * kCols, _mm512_shuffle_f32x4(low01, low23, 0xdd));
    _mm512_storeu_ps(to + (8 + j) * kCols, _mm512_shuffle_f32x4(high01, high23, 0x88));
    _mm512_storeu_ps(to + (12 + j) * kCols, _mm512_shuffle_f32x4(high01, high23, 0xdd));
  }
}

// A packed operand: blocks of kDepth rows along k; in each, panels of kCols columns; in each, rows of pairs.
int64_t packedSize(int64_t k, int64_t n) { return (n + kCols - 1) / kCols * kCols * pairsOf(k); }

void packTransposed(int64_t n, int64_t k, const float* w, int64_t ld, float scale, float* packed) {
  const __m512 factor = _mm512_set1_ps(scale);
  // A group of sixteen rows of pairs may reach beyond the panel's end.
  alignas(64) float group[kLanes * kCols];
  for (int64_t k0 = 0; k0 < k; k0 += kDepth) {
    const int64_t depth = k - k0 < kDepth ? k - k0 : kDepth, pairs = pairsOf(depth);
    for (int64_t n0 = 0; n0 < n; n0 += kCols, packed += pairs * kCols) {
      for (int64_t p = 0; p < pairs; p += kLanes) {
        const bool whole = p + kLanes <= pairs;
        float* const to = whole ? packed + p * kCols : group;
        for (int64_t half = 0; half < kCols; half += kLanes) {
          __m512 rows[kLanes];
          for (int64_t j = 0; j < kLanes; j++) {
            const int64_t row = n0 + half + j;
            const float* const from = w + (row < n ? row : 0) * ld + k0 + 2 * p;
            const int64_t left = row < n ? depth - 2 * p : 0;
            rows[j] = neighbours(_mm512_mul_ps(factor, loadFirst(from, left)),
                                 _mm512_mul_ps(factor, loadFirst(from + kLanes, left - kLanes)));
          }
          storeTransposed(rows, to + half);
        }
        if (!whole)
          for (int64_t i = 0; i < (pairs - p) * kCols; i++) packed[p * kCols + i] = group[i];
      }
    }
  }
}

// Rows of w are read from end to end, as in the fp32 kernel.
void pack(int64_t k, int64_t n, const float* w, int64_t ld, float scale, float* packed) {
  const __m512 factor = _mm512_set1_ps(scale);
  for (int64_t k0 = 0; k0 < k; k0 += kDepth) {
    const int64_t depth = k - k0 < kDepth ? k - k0 : kDepth, pairs = pairsOf(depth);
    for (int64_t p = 0; p < pairs; p++, w += 2 * ld) {
      const bool both = 2 * p + 1 < depth;
      float* to = packed + p * kCols;
      for (int64_t j = 0; j < n; j += kCols, to += pairs * kCols) {
        for (int64_t i = 0; i < kCols; i += kLanes) {
          const int64_t left = n - j - i;
          __builtin_prefetch(w + kAhead * ld + j + i);
          const __m512 low = loadFirst(w + j + i, left);
          const __m512 high = both ? loadFirst(w + ld + j + i, left) : _mm512_setzero_ps();
          _mm512_storeu_ps(to + i, zip(_mm512_mul_ps(factor, low), _mm512_mul_ps(factor, high)));
        }
      }
    }
    packed += pairs * ((n + kCols - 1) / kCols * kCols);
  }
}

// The first `count` of 32 numbers, or all, then zeros.
inline __m512i loadNumbers(const void* p, int64_t count) {
  if (count >= 2 * kLanes) return _mm512_loadu_si512(p);
  return count <= 0 ? _mm512_setzero_si512() : _mm512_maskz_loadu_epi16((__mmask32{1} << count) - 1, p);
}

// Rows of bf16 hold their pairs already.
void packStoredTransposed(int64_t n, int64_t k, const uint16_t* w, int64_t ld, float* packed) {
  alignas(64) float group[kLanes * kCols];
  for (int64_t k0 = 0; k0 < k; k0 += kDepth) {
    const int64_t depth = k - k0 < kDepth ? k - k0 : kDepth, pairs = pairsOf(depth);
    for (int64_t n0 = 0; n0 < n; n0 += kCols, packed += pairs * kCols) {
      for (int64_t p = 0; p < pairs; p += kLanes) {
        const bool whole = p + kLanes <= pairs;
        float* const to = whole ? packed + p * kCols : group;
        for (int64_t half = 0; half < kCols; half += kLanes) {
          __m512 rows[kLanes];
          for (int64_t j = 0; j < kLanes; j++) {
            const int64_t row = n0 + half + j;
            rows[j] = _mm512_castsi512_ps(
                loadNumbers(w + (row < n ? row : 0) * ld + k0 + 2 * p, row < n ? depth - 2 * p : 0));
          }
          storeTransposed(rows, to + half);
        }
        if (!whole)
          for (int64_t i = 0; i < (pairs - p) * kCols; i++) packed[p * kCols + i] = group[i];
      }
    }
  }
}

void packStored(int64_t k, int64_t n, const uint16_t* w, int64_t ld, float* packed) {
  const __m512i low = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38, 6, 37, 5,
                                       36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
  const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(16));
  for (int64_t k0 = 0; k0 < k; k0 += kDepth) {
    const int64_t depth = k - k0 < kDepth ? k - k0 : kDepth, pairs = pairsOf(depth);
    for (int64_t p = 0; p < pairs; p++, w += 2 * ld) {
      const bool both = 2 * p + 1 < depth;
      float* to = packed + p * kCols;
      for (int64_t j = 0; j < n; j += kCols, to += pairs * kCols) {
        __builtin_prefetch(w + kAhead * ld + j);
        const __m512i even = loadNumbers(w + j, n - j), odd = both ? loadNumbers(w + ld + j, n - j) : _mm512_setzero_si512();
        _mm512_storeu_si512(to, _mm512_permutex2var_epi16(even, low, odd));
        _mm512_storeu_si512(to + kLanes, _mm512_permutex2var_epi16(even, high, odd));
      }
    }
    packed += pairs * ((n + kCols - 1) / kCols * kCols);
  }
}

// A left operand given by its rows [k, m]: panels of kRows columns, each with its rows of pairs.
void packLeft(int64_t k, int64_t m, const float* a, int64_t ld, float* packed) {
  const int64_t pairs = pairsOf(k);
  for (int64_t p = 0; p < pairs; p++, a += 2 * ld) {
    const bool both = 2 * p + 1 < k;
    for (int64_t i = 0; i < m; i += kRows) {
      const int64_t count = m - i < kRows ? m - i : kRows;
      __builtin_prefetch(a + kAhead * ld + i);
      const __m512 high = both ? loadFirst(a + ld + i, count) : _mm512_setzero_ps();
      const __m512 piece = zip(loadFirst(a + i, count), high);
      float* const to = packed + i * pairs + p * kRows;
      // The next row's piece overwrites what is stored beyond this one.
      if (p + 1 < pairs) _mm512_storeu_ps(to, piece);
      else _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << kRows) - 1u), piece);
    }
  }
}

void matmul(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* packed, float* c, int64_t ldc,
            const float* init, int64_t initLd) {
  alignas(64) float rounded[kBlock * kPanelDepth];
  for (int64_t k0 = 0; k0 < k; k0 += kDepth) {
    const int64_t depth = k - k0 < kDepth ? k - k0 : kDepth, pairs = pairsOf(depth);
    for (int64_t b0 = 0; b0 < m; b0 += kBlock) {
      const int64_t block = m - b0 < kBlock ? m - b0 : kBlock;
      roundRows(block, depth, a + b0 * lda + k0, lda, rounded);
      const float* panel = packed;
      for (int64_t n0 = 0; n0 < n; n0 += kCols, panel += pairs * kCols) {
        const int64_t cols = n - n0 < kCols ? n - n0 : kCols;
        for (int64_t m0 = 0; m0 < block; m0 += kRows) {
          const int64_t rows = block - m0 < kRows ? block - m0 : kRows, row = b0 + m0;
          anyTile<Pairs, false>(rows, cols, pairs, rounded + m0 * pairs, pairs, panel, kCols, c + row * ldc + n0, ldc,
                                init == nullptr ? nullptr : init + row * initLd + n0, initLd);
        }
      }
    }
    packed += pairs * ((n + kCols - 1) / kCols * kCols);
    init = c;
    initLd = ldc;
  }
}

void matmulTransposed(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb, float* c,
                      int64_t ldc, float* scratch) {
  if (m <= kRows || n <= kRows) {
    // Every number is used a few times only: rounding and pairing would cost more than they save.
    kAvx512.matmulTransposed(m, n, k, a, lda, b, ldb, c, ldc, scratch);
    return;
  }
  float* const left = scratch;
  float* const right = scratch + kPanelDepth * ((m + kRows - 1) / kRows * kRows);
  for (int64_t k0 = 0; k0 < k; k0 += kDepth) {
    const int64_t depth = k - k0 < kDepth ? k - k0 : kDepth, pairs = pairsOf(depth);
    packLeft(depth, m, a + k0 * lda, lda, left);
    pack(depth, n, b + k0 * ldb, ldb, 1, right);
    for (int64_t n0 = 0; n0 < n; n0 += kCols) {
      const int64_t cols = n - n0 < kCols ? n - n0 : kCols;
      for (int64_t m0 = 0; m0 < m; m0 += kRows) {
        const int64_t rows = m - m0 < kRows ? m - m0 : kRows;
        float* const to = c + m0 * ldc + n0;
        anyTile<Pairs, true>(rows, cols, pairs, left + m0 * pairs, kRows, right + n0 * pairs, kCols, to, ldc, to, ldc);
      }
    }
  }
}

// Rows of A, and of W, whose products are summed up in registers together.
constexpr int kFew = 6;
constexpr int kStoredRows = 4;

// c [R, N] = init + a w^T, a [R, pairs] rounded. Every sum is made in the same order, whatever R and N.
template <int R, int N>
void dots(int64_t k, const float* a, int64_t pairs, const uint16_t* w, int64_t ldw, float* c, int64_t ldc,
          const float* init, int64_t initLd) {
  __m512 sum[R][N];
#pragma GCC unroll 6
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int j = 0; j < N; j++) sum[r][j] = _mm512_setzero_ps();
  for (int64_t p = 0; 2 * p < k; p += kLanes) {
    const int64_t count = k - 2 * p;
    __m512bh right[N];
#pragma GCC unroll 4
    for (int j = 0; j < N; j++) right[j] = (__m512bh)loadNumbers(w + j * ldw + 2 * p, count);
#pragma GCC unroll 6
    for (int r = 0; r < R; r++) {
      const __m512bh left = (__m512bh)loadNumbers(a + r * pairs + p, count);
#pragma GCC unroll 4
      for (int j = 0; j < N; j++) sum[r][j] = _mm512_dpbf16_ps(sum[r][j], left, right[j]);
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int j = 0; j < N; j++)
      c[r * ldc + j] = (init == nullptr ? 0.0f : init[r * initLd + j]) + _mm512_reduce_add_ps(sum[r][j]);
}

using Dots = void (*)(int64_t, const float*, int64_t, const uint16_t*, int64_t, float*, int64_t, const float*, int64_t);
template <int N>
constexpr Dots kDots[kFew] = {&dots<1, N>, &dots<2, N>, &dots<3, N>, &dots<4, N>, &dots<5, N>, &dots<6, N>};

void matmulStored(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const uint16_t* w, int64_t ldw, float* c,
                  int64_t ldc, const float* init, int64_t initLd, float* scratch) {
  const int64_t pairs = pairsOf(k);
  roundRows(m, k, a, lda, scratch);
  for (int64_t j = 0; j < n;) {
    const int64_t cols = n - j < kStoredRows ? 1 : kStoredRows;
    for (int64_t r = 0; r < m; r += kFew) {
      const int64_t rows = m - r < kFew ? m - r : kFew;
      (cols == 1 ? kDots<1> : kDots<kStoredRows>)[rows - 1](k, scratch + r * pairs, pairs, w + j * ldw, ldw,
                                                           c + r * ldc + j, ldc,
                                                           init == nullptr ? nullptr : init + r * initLd + j, initLd);
    }
    j += cols;
  }
}

}  // namespace

const Products<float> kAvx512Bf16 = {&packedSize, &packTransposed, &pack, &matmul, &matmulTransposed, &matmulStored,
                                     &packStoredTransposed, &packStored};

}  // namespace dpo
