// Products in bf16 with AMX. TDPBF16PS multiplies a tile of 16 rows of 16 pairs by one of 16 rows of pairs of 16 columns,
// and adds to 16 x 16 sums in a third. Right operands are packed as for AVX512-BF16, whose panels already hold such
// tiles. Two of them times two of the left operand's give four tiles of sums.
//
// Compiled with -mamx-tile and -mamx-bf16; runs only where chooseKernels found them.
#include "bf16_pairs.h"
#include "kernels.h"

namespace dpo {

namespace {

using bf16::kCols, bf16::kDepth, bf16::loadFirst, bf16::pairsOf, bf16::roundRows, bf16::storeTransposed, bf16::zip;

// Rows of a tile, and pairs or sums in a row.
constexpr int64_t kEdge = 16;
// Rows of the result that are summed together.
constexpr int64_t kRows = 2 * kEdge;
// Rows of the left operand that are rounded at a time.
constexpr int64_t kBlock = 3 * kRows;

// Tiles 0 to 3 are sums, row by row; 4 and 5 are of the left operand, 6 and 7 of the right. Each tile size at an edge has
// its own configuration, so that nothing is read or written beyond the edge.
class Tiles {
 public:
  ~Tiles() { _tile_release(); }

  // Configures for `rows` x `cols` sums, at most kRows x kCols, and steps of `pairs`. Clears the sums.
  void configure(int64_t rows, int64_t cols, int64_t pairs) {
    if (rows == rows_ && cols == cols_ && pairs == pairs_) return;
    rows_ = rows;
    cols_ = cols;
    pairs_ = pairs;
    Shape shape;
    for (int64_t i = 0; i < 2; i++) {
      shape.set(4 + i, part(rows, i), pairs);
      shape.set(6 + i, pairs, part(cols, i));
      for (int64_t j = 0; j < 2; j++) shape.set(2 * i + j, part(rows, i), part(cols, j));
    }
    written();
    _tile_loadconfig(&shape);
  }

  // c = init + a b, over `steps` steps of the configured pairs. a: rows of bf16, lda apart.
  void multiply(int64_t steps, const uint16_t* a, int64_t lda, const float* b, float* c, int64_t ldc, const float* init,
                int64_t initLd) const {
    written();
    const bool tall = rows_ > kEdge, wide = cols_ > kEdge;
    (tall ? wide ? &sums<true, true> : &sums<true, false> : wide ? &sums<false, true> : &sums<false, false>)(
        steps, a, lda, b, c, ldc, init, initLd);
  }

 private:
  // The layout that LDTILECFG reads.
  struct alignas(64) Shape {
    uint8_t palette = 1, startRow = 0, reserved[14] = {};
    uint16_t bytes[16] = {};
    uint8_t rows[16] = {};

    void set(int64_t tile, int64_t height, int64_t width) {
      if (height == 0 || width == 0) return;
      rows[tile] = static_cast<uint8_t>(height);
      bytes[tile] = static_cast<uint16_t>(4 * width);
    }
  };

  static int64_t part(int64_t n, int64_t half) {
    const int64_t left = n - half * kEdge;
    return left < 0 ? 0 : left < kEdge ? left : kEdge;
  }

  // GCC does not know that its intrinsics read memory, so earlier writes must be complete here.
  static void written() { __asm__ volatile("" ::: "memory"); }

  template <bool Tall, bool Wide>
  static void sums(int64_t steps, const uint16_t* a, int64_t lda, const float* b, float* c, int64_t ldc, const float* init,
                   int64_t initLd) {
    constexpr int64_t kNumber = sizeof(uint16_t), kFloat = sizeof(float);
    if (init == nullptr) {
      _tile_zero(0);
      if constexpr (Wide) _tile_zero(1);
      if constexpr (Tall) _tile_zero(2);
      if constexpr (Tall && Wide) _tile_zero(3);
    } else {
      const float* const below = init + kEdge * initLd;
      _tile_loadd(0, init, initLd * kFloat);
      if constexpr (Wide) _tile_loadd(1, init + kEdge, initLd * kFloat);
      if constexpr (Tall) _tile_loadd(2, below, initLd * kFloat);
      if constexpr (Tall && Wide) _tile_loadd(3, below + kEdge, initLd * kFloat);
    }
    for (int64_t s = 0; s < steps; s++, a += 2 * kEdge, b += kEdge * kCols) {
      _tile_loadd(6, b, kCols * kFloat);
      _tile_loadd(4, a, lda * kNumber);
      _tile_dpbf16ps(0, 4, 6);
      if constexpr (Wide) {
        _tile_loadd(7, b + kEdge, kCols * kFloat);
        _tile_dpbf16ps(1, 4, 7);
      }
      if constexpr (Tall) {
        _tile_loadd(5, a + kEdge * lda, lda * kNumber);
        _tile_dpbf16ps(2, 5, 6);
      }
      if constexpr (Tall && Wide) _tile_dpbf16ps(3, 5, 7);
    }
    float* const below = c + kEdge * ldc;
    _tile_stored(0, c, ldc * kFloat);
    if constexpr (Wide) _tile_stored(1, c + kEdge, ldc * kFloat);
    if constexpr (Tall) _tile_stored(2, below, ldc * kFloat);
    if constexpr (Tall && Wide) _tile_stored(3, below + kEdge, ldc * kFloat);
  }

  int64_t rows_ = 0, cols_ = 0, pairs_ = 0;
};

// [begin, end) in equal steps.
struct Stretch {
  int64_t begin, end, step;
  bool empty() const { return begin == end; }
};

// 0 to n: all whole steps, then the rest as one.
struct Cut {
  Stretch parts[2];
  Cut(int64_t n, int64_t step) : parts{{0, n / step * step, step}, {n / step * step, n, n % step}} {}
  const Stretch* begin() const { return parts; }
  const Stretch* end() const { return parts + 2; }
};

// c [m, n] = init + a b for one block of a packed operand. a: [m, 2 pairs], rounded.
void multiplyBlock(Tiles& tiles, int64_t m, int64_t n, int64_t pairs, const uint16_t* a, int64_t lda, const float* block,
                   float* c, int64_t ldc, const float* init, int64_t initLd) {
  for (const Stretch& inner : Cut(pairs, kEdge)) {
    if (inner.empty()) continue;
    const int64_t steps = (inner.end - inner.begin) / inner.step;
    for (const Stretch& rows : Cut(m, kRows)) {
      for (const Stretch& cols : Cut(n, kCols)) {
        if (rows.empty() || cols.empty()) continue;
        tiles.configure(rows.step, cols.step, inner.step);
        // A panel stays in L1 for all rows.
        for (int64_t j = cols.begin; j < cols.end; j += cols.step) {
          const float* const panel = block + j * pairs + inner.begin * kCols;
          for (int64_t i = rows.begin; i < rows.end; i += rows.step)
            tiles.multiply(steps, a + i * lda + 2 * inner.begin, lda, panel, c + i * ldc + j, ldc,
                           init == nullptr ? nullptr : init + i * initLd + j, initLd);
        }
      }
    }
    init = c;
    initLd = ldc;
  }
}

// to [m, pairs], rows `apart` apart, = the transpose of a [k, m] rounded; apart: a multiple of kEdge.
void roundColumns(int64_t m, int64_t k, const float* a, int64_t lda, float* to, int64_t apart) {
  alignas(64) float group[kEdge * kEdge];
  for (int64_t p = 0; 2 * p < k; p += kEdge) {
    for (int64_t i = 0; i < m; i += kEdge) {
      const int64_t count = m - i < kEdge ? m - i : kEdge;
      __m512 rows[kEdge];
      for (int64_t j = 0; j < kEdge; j++) {
        const int64_t row = 2 * (p + j);
        const __m512 low = loadFirst(a + row * lda + i, row < k ? count : 0);
        rows[j] = zip(low, loadFirst(a + (row + 1) * lda + i, row + 1 < k ? count : 0));
      }
      float* const at = to + i * apart + p;
      if (count == kEdge) {
        storeTransposed(rows, at, apart);
      } else {
        storeTransposed(rows, group, kEdge);
        for (int64_t j = 0; j < count; j++) _mm512_storeu_ps(at + j * apart, _mm512_load_ps(group + j * kEdge));
      }
    }
  }
}

void matmul(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* packed, float* c, int64_t ldc,
            const float* init, int64_t initLd) {
  alignas(64) float rounded[kBlock * kPanelDepth];
  const uint16_t* const left = reinterpret_cast<const uint16_t*>(rounded);
  Tiles tiles;
  for (int64_t k0 = 0; k0 < k; k0 += kDepth) {
    const int64_t depth = k - k0 < kDepth ? k - k0 : kDepth, pairs = pairsOf(depth);
    for (int64_t m0 = 0; m0 < m; m0 += kBlock) {
      const int64_t rows = m - m0 < kBlock ? m - m0 : kBlock;
      roundRows(rows, depth, a + m0 * lda + k0, lda, rounded);
      multiplyBlock(tiles, rows, n, pairs, left, 2 * pairs, packed, c + m0 * ldc, ldc,
                    init == nullptr ? nullptr : init + m0 * initLd, initLd);
    }
    packed += pairs * ((n + kCols - 1) / kCols * kCols);
    init = c;
    initLd = ldc;
  }
}

void matmulTransposed(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb, float* c,
                      int64_t ldc, float* scratch) {
  if (m < kEdge || n < kEdge) {
    // Most of a tile would be empty.
    kAvx512Bf16.matmulTransposed(m, n, k, a, lda, b, ldb, c, ldc, scratch);
    return;
  }
  float* const left = scratch;
  float* const right = scratch + kPanelDepth * m;
  Tiles tiles;
  for (int64_t k0 = 0; k0 < k; k0 += kDepth) {
    const int64_t depth = k - k0 < kDepth ? k - k0 : kDepth, pairs = pairsOf(depth);
    const int64_t apart = (pairs + kEdge - 1) / kEdge * kEdge;
    roundColumns(m, depth, a + k0 * lda, lda, left, apart);
    kAvx512Bf16.pack(depth, n, b + k0 * ldb, ldb, 1, right);
    multiplyBlock(tiles, m, n, pairs, reinterpret_cast<const uint16_t*>(left), 2 * apart, right, c, ldc, c, ldc);
  }
}

}  // namespace

// The rest is AVX512-BF16's: packing, and products with few rows of weights in place, which memory limits.
const Products<float> kAmx = {nullptr, nullptr, nullptr, &matmul, &matmulTransposed, nullptr, nullptr, nullptr};

}  // namespace dpo
