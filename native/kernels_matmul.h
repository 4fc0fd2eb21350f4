// Matrix products over a vector type: a register tile, and the loops that feed it from L1 and L2.
#pragma once
#include <array>
#include <cstddef>
#include <utility>

#include "kernels.h"

namespace dpo {

// The tile: c [R, NV vectors] = init + a b. a is [R, k] with rows `as` apart, or with ByColumn [k, R] with the k rows
// `as` apart; b is [k, NV vectors], rows `bs` apart. One broadcast of a feeds NV products.
template <class V, int R, int NV, bool ByColumn>
void tile(int64_t k, const typename V::Scalar* a, int64_t as, const typename V::Scalar* b, int64_t bs,
          typename V::Scalar* c, int64_t ldc, const typename V::Scalar* init, int64_t initLd) {
  using T = typename V::Scalar;
  V sum[R][NV];
  if (init != nullptr) {
#pragma GCC unroll 16
    for (int r = 0; r < R; r++)
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) sum[r][j] = V::load(init + r * initLd + j * V::lanes);
  } else {
#pragma GCC unroll 16
    for (int r = 0; r < R; r++)
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) sum[r][j] = V::fill(T(0));
  }
  // Three rows a pointer: x86 addresses p, p + as and p + 2 as without further registers.
  constexpr int kBases = (R + 2) / 3;
  const T* base[kBases];
#pragma GCC unroll 4
  for (int i = 0; i < kBases; i++) base[i] = ByColumn ? a + 3 * i : a + 3 * i * as;
  for (int64_t p = 0; p < k; p++) {
    V right[NV];
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) right[j] = V::load(b + j * V::lanes);
    b += bs;
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      const V left = V::fill(ByColumn ? a[r] : base[r / 3][(r % 3) * as]);
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) sum[r][j] = V::fma(left, right[j], sum[r][j]);
    }
    if (ByColumn) {
      a += as;
    } else {
#pragma GCC unroll 4
      for (int i = 0; i < kBases; i++) base[i]++;
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) sum[r][j].store(c + r * ldc + j * V::lanes);
}

template <class V>
using TileFunction = void (*)(int64_t, const typename V::Scalar*, int64_t, const typename V::Scalar*, int64_t,
                              typename V::Scalar*, int64_t, const typename V::Scalar*, int64_t);

// Tiles of every height, so that no row is wasted.
template <class V, bool ByColumn>
struct Tiles {
  template <int NV, std::size_t... R>
  static constexpr std::array<TileFunction<V>, sizeof...(R)> heights(std::index_sequence<R...>) {
    return {{&tile<V, static_cast<int>(R) + 1, NV, ByColumn>...}};
  }
  static constexpr std::array<std::array<TileFunction<V>, V::tileRows>, 2> table = {
      {heights<1>(std::make_index_sequence<V::tileRows>()), heights<2>(std::make_index_sequence<V::tileRows>())}};
  static_assert(V::tileVecs == 2, "the table holds tiles of one and two vectors");
};

// A tile of `rows` x `n`, where n need not be whole vectors.
template <class V, bool ByColumn>
inline void anyTile(int64_t rows, int64_t n, int64_t k, const typename V::Scalar* a, int64_t as,
                    const typename V::Scalar* b, int64_t bs, typename V::Scalar* c, int64_t ldc,
                    const typename V::Scalar* init, int64_t initLd) {
  using T = typename V::Scalar;
  const int64_t vecs = (n + V::lanes - 1) / V::lanes;
  const TileFunction<V> function = Tiles<V, ByColumn>::table[vecs - 1][rows - 1];
  if (n % V::lanes == 0) {
    function(k, a, as, b, bs, c, ldc, init, initLd);
    return;
  }
  constexpr int64_t kCols = V::lanes * V::tileVecs;
  T whole[V::tileRows * kCols] = {};
  if (init != nullptr) {
    for (int64_t r = 0; r < rows; r++)
      for (int64_t j = 0; j < n; j++) whole[r * kCols + j] = init[r * initLd + j];
  }
  function(k, a, as, b, bs, whole, kCols, whole, kCols);
  for (int64_t r = 0; r < rows; r++)
    for (int64_t j = 0; j < n; j++) c[r * ldc + j] = whole[r * kCols + j];
}

// Rows to prefetch while packing: the hardware does not prefetch rows that are pages apart.
constexpr int64_t kAhead = 8;

template <class V>
int64_t packedSize(int64_t k, int64_t n) {
  constexpr int64_t kCols = V::lanes * V::tileVecs;
  return (n + kCols - 1) / kCols * kCols * k;
}

// Packed operand: blocks of kPanelDepth rows along k; in each, panels of tileCols columns; in each, the rows' pieces,
// zero-filled at the right edge.
template <class V, class T = typename V::Scalar>
void packTransposed(int64_t n, int64_t k, const T* w, int64_t ld, T scale, T* packed) {
  constexpr int64_t kCols = V::lanes * V::tileVecs;
  for (int64_t k0 = 0; k0 < k; k0 += kPanelDepth) {
    const int64_t depth = k - k0 < kPanelDepth ? k - k0 : kPanelDepth;
    for (int64_t n0 = 0; n0 < n; n0 += kCols, packed += depth * kCols) {
      const int64_t cols = n - n0 < kCols ? n - n0 : kCols;
      int64_t done = 0;  // rows of the panel that whole squares have filled
      if (cols == kCols && scale == T(1)) {
        for (; done + V::lanes <= depth; done += V::lanes)
          for (int64_t j = 0; j < kCols; j += V::lanes)
            V::transpose(w + (n0 + j) * ld + k0 + done, ld, packed + done * kCols + j, kCols);
      }
      for (int64_t p = done; p < depth; p++) {
        for (int64_t j = 0; j < cols; j++) packed[p * kCols + j] = scale * w[(n0 + j) * ld + k0 + p];
        for (int64_t j = cols; j < kCols; j++) packed[p * kCols + j] = 0;
      }
    }
  }
}

// Rows of w are read from end to end, even into many panels, because memory is fastest that way.
template <class V, class T = typename V::Scalar>
void pack(int64_t k, int64_t n, const T* w, int64_t ld, T scale, T* packed) {
  constexpr int64_t kCols = V::lanes * V::tileVecs;
  const V factor = V::fill(scale);
  for (int64_t k0 = 0; k0 < k; k0 += kPanelDepth) {
    const int64_t depth = k - k0 < kPanelDepth ? k - k0 : kPanelDepth;
    for (int64_t p = 0; p < depth; p++, w += ld) {
      T* to = packed + p * kCols;
      int64_t j = 0;
      for (; j + kCols <= n; j += kCols, to += depth * kCols)
        for (int64_t i = 0; i < kCols; i += V::lanes) {
          __builtin_prefetch(w + kAhead * ld + j + i);
          (factor * V::load(w + j + i)).store(to + i);
        }
      for (int64_t i = 0; i < kCols && j < n; i += V::lanes) {
        const int64_t left = n - j - i;
        const int count = left >= V::lanes ? V::lanes : left > 0 ? static_cast<int>(left) : 0;
        (factor * V::loadPart(w + j + i, count)).store(to + i);
      }
    }
    packed += depth * ((n + kCols - 1) / kCols * kCols);
  }
}

// Packs a left operand from its rows [k, m], k <= kPanelDepth: panels of tileRows columns, each with k pieces of a row.
template <class V, class T = typename V::Scalar>
void packLeft(int64_t k, int64_t m, const T* a, int64_t ld, T* packed) {
  constexpr int64_t kRows = V::tileRows;
  for (int64_t p = 0; p < k; p++, a += ld) {
    for (int64_t i = 0; i < m; i += kRows) {
      const int64_t count = m - i < kRows ? m - i : kRows;
      T* const to = packed + i * k + p * kRows;
      __builtin_prefetch(a + kAhead * ld + i);
      if constexpr (kRows <= V::lanes) {
        // One vector holds the piece. The next row's piece overwrites what this store writes beyond its end.
        const V piece = V::loadPart(a + i, static_cast<int>(count));
        if (p + 1 < k) piece.store(to);
        else piece.storePart(to, static_cast<int>(count));
      } else {
        for (int64_t j = 0; j < count; j++) to[j] = a[i + j];
      }
    }
  }
}

template <class V, class T = typename V::Scalar>
void matmul(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* packed, T* c, int64_t ldc,
            const T* init, int64_t initLd) {
  constexpr int64_t kCols = V::lanes * V::tileVecs;
  constexpr int64_t kRows = V::tileRows;
  for (int64_t k0 = 0; k0 < k; k0 += kPanelDepth) {
    const int64_t depth = k - k0 < kPanelDepth ? k - k0 : kPanelDepth;
    // A panel of B stays in L1 for all rows of A.
    for (int64_t n0 = 0; n0 < n; n0 += kCols, packed += depth * kCols) {
      const int64_t cols = n - n0 < kCols ? n - n0 : kCols;
      for (int64_t m0 = 0; m0 < m; m0 += kRows) {
        const int64_t rows = m - m0 < kRows ? m - m0 : kRows;
        anyTile<V, false>(rows, cols, depth, a + m0 * lda + k0, lda, packed, kCols, c + m0 * ldc + n0, ldc,
                          init == nullptr ? nullptr : init + m0 * initLd + n0, initLd);
      }
    }
    init = c;
    initLd = ldc;
  }
}

// With at most tileRows rows of the result, every number is used once, so nothing is packed.
template <class V, class T = typename V::Scalar>
void matmulTransposedFlat(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* b, int64_t ldb, T* c,
                          int64_t ldc) {
  constexpr int64_t kCols = V::lanes * V::tileVecs;
  for (int64_t k0 = 0; k0 < k; k0 += kPanelDepth) {
    const int64_t depth = k - k0 < kPanelDepth ? k - k0 : kPanelDepth;
    for (int64_t n0 = 0; n0 < n; n0 += kCols) {
      const int64_t cols = n - n0 < kCols ? n - n0 : kCols;
      anyTile<V, true>(m, cols, depth, a + k0 * lda, lda, b + k0 * ldb + n0, ldb, c + n0, ldc, c + n0, ldc);
    }
  }
}

template <class V, class T = typename V::Scalar>
void matmulTransposed(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* b, int64_t ldb, T* c,
                      int64_t ldc, T* scratch) {
  constexpr int64_t kCols = V::lanes * V::tileVecs;
  constexpr int64_t kRows = V::tileRows;
  if (m <= kRows) {
    matmulTransposedFlat<V>(m, n, k, a, lda, b, ldb, c, ldc);
    return;
  }
  if (n <= kRows) {
    // A tall, narrow result would leave most lanes empty, so it is transposed.
    for (int64_t i = 0; i < m * n; i++) scratch[i] = 0;
    matmulTransposedFlat<V>(n, m, k, b, ldb, a, lda, scratch, m);
    for (int64_t i = 0; i < m; i++)
      for (int64_t j = 0; j < n; j++) c[i * ldc + j] += scratch[j * m + i];
    return;
  }
  T* const left = scratch;
  T* const right = scratch + kPanelDepth * ((m + kRows - 1) / kRows * kRows);
  for (int64_t k0 = 0; k0 < k; k0 += kPanelDepth) {
    const int64_t depth = k - k0 < kPanelDepth ? k - k0 : kPanelDepth;
    packLeft<V>(depth, m, a + k0 * lda, lda, left);
    pack<V>(depth, n, b + k0 * ldb, ldb, T(1), right);
    for (int64_t n0 = 0; n0 < n; n0 += kCols) {
      const int64_t cols = n - n0 < kCols ? n - n0 : kCols;
      for (int64_t m0 = 0; m0 < m; m0 += kRows) {
        const int64_t rows = m - m0 < kRows ? m - m0 : kRows;
        T* const to = c + m0 * ldc + n0;
        anyTile<V, true>(rows, cols, depth, left + m0 * depth, kRows, right + n0 * depth, kCols, to, ldc, to, ldc);
      }
    }
  }
}

}  // namespace dpo
