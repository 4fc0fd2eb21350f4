// Products in bf16 with AVX512-BF16. VDPBF16PS computes two products a lane, so a lane holds a pair of bf16 that are
// neighbours along the contraction. The tile is that of fp32, with half the steps. Operands are rounded to nearest
// before the product; sums and results are fp32.
//
// Compiled with -mavx512bf16; runs only where chooseKernels found it. It shares no instantiated template with the other
// files, which run on older processors.
#include <immintrin.h>

#include "bf16_pairs.h"
#include "kernels_matmul.h"

namespace dpo {

namespace {

using bf16::kCols, bf16::kDepth, bf16::kLanes, bf16::loadFirst, bf16::neighbours, bf16::pairsOf, bf16::roundRows,
    bf16::storeTransposed, bf16::zip;

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
static_assert(kCols == Pairs::lanes * Pairs::tileVecs, "a panel is as wide as the tile");
// Rows of the left operand that are rounded at a time.
constexpr int64_t kBlock = 8 * kRows;

int64_t packedSize(int64_t k, int64_t n) { return (n + kCols - 1) / kCols * kCols * pairsOf(k); }

// Packs W [n, k] from its rows. load(row, column, left) returns pairs of the row from that column on, with `left` numbers
// left in the row; none if `left` is not positive.
template <class Load>
void packRows(int64_t n, int64_t k, float* packed, Load load) {
  // A group of sixteen rows of pairs can reach beyond the panel's end.
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
            rows[j] = load(row < n ? row : 0, k0 + 2 * p, row < n ? depth - 2 * p : 0);
          }
          storeTransposed(rows, to + half, kCols);
        }
        if (!whole)
          for (int64_t i = 0; i < (pairs - p) * kCols; i++) packed[p * kCols + i] = group[i];
      }
    }
  }
}

void packTransposed(int64_t n, int64_t k, const float* w, int64_t ld, float scale, float* packed) {
  const __m512 factor = _mm512_set1_ps(scale);
  packRows(n, k, packed, [=](int64_t row, int64_t column, int64_t left) {
    const float* const from = w + row * ld + column;
    return neighbours(_mm512_mul_ps(factor, loadFirst(from, left)),
                      _mm512_mul_ps(factor, loadFirst(from + kLanes, left - kLanes)));
  });
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

// Rows of bf16 already hold pairs.
void packStoredTransposed(int64_t n, int64_t k, const uint16_t* w, int64_t ld, float* packed) {
  packRows(n, k, packed, [=](int64_t row, int64_t column, int64_t left) {
    return _mm512_castsi512_ps(loadNumbers(w + row * ld + column, left));
  });
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

// Packs a left operand from its rows [k, m]: panels of kRows columns, each with its rows of pairs.
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
      // The next row's piece overwrites what this store writes beyond its end.
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
    // Every number is used only a few times, so rounding and pairing would cost more than they save.
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

}  // namespace

const Products<float> kAvx512Bf16 = {&packedSize, &packTransposed, &pack, &matmul, &matmulTransposed, &bf16::matmulStored,
                                     &packStoredTransposed, &packStored};

}  // namespace dpo
