// A weight matrix that forward (x W^T) and backward (dy W) multiply by, in packed form.
//
// A matrix of numbers that is used often is packed whole, and its packs are kept until it changes. Others must not take that
// memory: frozen matrices in a stored form, and those of numbers where `keep` is false. They are packed a panel at a time
// when used, in the thread's own memory.
#pragma once
#include <algorithm>
#include <vector>

#include "buffer.h"
#include "kernels.h"
#include "stored.h"

namespace dpo {

// Columns of the result that are packed together, so that threads can share a product.
constexpr int64_t kColumns = 256;

// The same for a stored matrix and few rows, or rows of int8.
constexpr int64_t kFewColumns = 64;
static_assert(kFewColumns % kInt8Rows == 0, "a piece has whole tiles");

// Rows of the contraction in a panel that is packed for one use: the most of any table of kernels.
constexpr int64_t kPassingDepth = 2 * kPanelDepth;

template <class T>
class Linear {
 public:
  int64_t in = 0;
  int64_t out = 0;
  const T* weight = nullptr;           // [out, in], or null:
  std::vector<const Stored*> stored;   // [.., in], one below the other
  const T* bias = nullptr;             // [out] or null
  T forwardScale = 1;                  // folded into the packs
  T backwardScale = 1;
  bool keep = true;                    // the packs of `weight`

  bool kept() const { return weight != nullptr && keep; }
  void changed() { forwardFresh_ = backwardFresh_ = false; }
  // Frees the packs.
  void forget() {
    forward_.release();
    backward_.release();
    changed();
  }

  void refresh(const Kernels<T>& kernels, bool backward) {
    if (!kept()) return;
    if (!forwardFresh_) {
      forward_.resize(kernels.packedSize(in, out));
      for (int64_t n = 0; n < out; n += kColumns)
        kernels.packTransposed(std::min(kColumns, out - n), in, weight + n * in, in, forwardScale, columns(kernels, n));
      forwardFresh_ = true;
    }
    if (backward && !backwardFresh_) {
      backward_.resize(kernels.packedSize(out, in));
      kernels.pack(out, in, weight, in, backwardScale, backward_.data());
      backwardFresh_ = true;
    }
  }

  // y [m, out] = x [m, in] W^T + init. init is null (for the bias, if any) or [m, out] with rows initLd apart.
  void forward(const Kernels<T>& kernels, int64_t m, const T* x, int64_t ldx, T* y, int64_t ldy, const T* init,
               int64_t initLd, Buffer<T>& panels, bool few = false) const {
    for (int64_t piece = 0; piece < pieces(few); piece++)
      forwardPiece(kernels, piece, m, x, ldx, y, ldy, init, initLd, panels, few);
  }

  // The same in pieces of some columns of y, which threads may compute at the same time. With `few`, m is so small that
  // reading the weights takes most of the time. Then a stored matrix is multiplied in place, in narrow pieces that threads
  // can share evenly.
  int64_t pieces(bool few) const { return (out + pieceColumns(few) - 1) / pieceColumns(few); }
  void forwardPiece(const Kernels<T>& kernels, int64_t piece, int64_t m, const T* x, int64_t ldx, T* y, int64_t ldy,
                    const T* init, int64_t initLd, Buffer<T>& panels, bool few) const {
    const int64_t begin = piece * pieceColumns(few), end = std::min(begin + pieceColumns(few), out);
    if (init == nullptr && bias != nullptr) {
      init = bias;
      initLd = 0;
    }
    if (kept()) {
      kernels.matmul(m, end - begin, in, x, ldx, columns(kernels, begin), y + begin, ldy,
                     init == nullptr ? nullptr : init + begin, initLd);
      return;
    }
    if (few && weight == nullptr) {
      panels.resize(storedScratch(m, in));
      int64_t top = 0;
      for (const Stored* each : stored) {
        const int64_t first = std::max(begin, top), last = std::min(end, top + each->rows());
        if (first < last)
          kernels.matmulStored(m, last - first, in, x, ldx, each->view(), first - top, y + first, ldy,
                               init == nullptr ? nullptr : init + first, initLd, panels.data());
        top += each->rows();
      }
      return;
    }
    forwardPassing(kernels, begin, end, m, x, ldx, y + begin, ldy, init == nullptr ? nullptr : init + begin, initLd, panels);
  }

  // y [m, end - begin] = the columns [begin, end) of x W^T, plus init, with panels that are packed for this use.
  void forwardPassing(const Kernels<T>& kernels, int64_t begin, int64_t end, int64_t m, const T* x, int64_t ldx, T* y,
                      int64_t ldy, const T* init, int64_t initLd, Buffer<T>& panels) const {
    // Many columns at a time, because a table that rounds its operands does so once for all of them.
    for (int64_t n0 = begin, n = 0; n0 < end; n0 += n) {
      n = std::min({kColumns, end - n0, partEnd(n0) - n0});
      T* const to = y + n0 - begin;
      for (int64_t k0 = 0; k0 < in; k0 += kPassingDepth) {
        const int64_t depth = std::min(kPassingDepth, in - k0);
        const T* const panel = packPassing(kernels, true, n0, n, k0, depth, panels);
        const bool first = k0 == 0;
        const T* const before = first ? init == nullptr ? nullptr : init + n0 - begin : to;
        kernels.matmul(m, n, depth, x + k0, ldx, panel, to, ldy, before, first ? initLd : ldy);
      }
    }
  }

  // Whether the table multiplies these weights as int8.
  bool isInt8(const Kernels<T>& kernels) const {
    return kernels.matmulInt8 != nullptr && !stored.empty() && stored.front()->view().format == Format::kInt8;
  }

  // y [rows, out] = x W^T + init as forward does, of rows rounded to int8, in pieces of some columns that threads may compute
  // at the same time.
  int64_t int8Pieces() const {
    int64_t pieces = 0;
    for (const Stored* each : stored) pieces += piecesOf(*each);
    return pieces;
  }
  void int8Piece(const Kernels<T>& kernels, int64_t piece, const Int8Rows& x, T* y, int64_t ldy, const T* init,
                 int64_t initLd) const {
    if (init == nullptr && bias != nullptr) {
      init = bias;
      initLd = 0;
    }
    int64_t top = 0;
    auto part = stored.begin();
    for (; piece >= piecesOf(**part); part++) {
      piece -= piecesOf(**part);
      top += (*part)->rows();
    }
    const int64_t row = piece * kFewColumns, column = top + row;
    kernels.matmulInt8(x, (*part)->view(), row, std::min(kFewColumns, (*part)->rows() - row), y + column, ldy,
                       init == nullptr ? nullptr : init + column, initLd);
  }

  // dx [m, in] = dy [m, out] W, added to dx if `add`.
  void backward(const Kernels<T>& kernels, int64_t m, const T* dy, int64_t lddy, T* dx, int64_t lddx, bool add,
                Buffer<T>& panels) const {
    if (kept()) {
      kernels.matmul(m, in, out, dy, lddy, backward_.data(), dx, lddx, add ? dx : nullptr, lddx);
      return;
    }
    backwardPassing(kernels, 0, out, m, dy, lddy, dx, lddx, add, panels);
  }

  // dx [m, in] = dy [m, end - begin] times the rows [begin, end) of W, with panels that are packed for this use.
  void backwardPassing(const Kernels<T>& kernels, int64_t begin, int64_t end, int64_t m, const T* dy, int64_t lddy, T* dx,
                       int64_t lddx, bool add, Buffer<T>& panels) const {
    for (int64_t n0 = 0; n0 < in; n0 += kColumns) {
      const int64_t n = std::min(kColumns, in - n0);
      for (int64_t k0 = begin, depth = 0; k0 < end; k0 += depth) {
        depth = std::min({kPassingDepth, end - k0, partEnd(k0) - k0});
        const T* const panel = packPassing(kernels, false, k0, depth, n0, n, panels);
        const T* const before = add || k0 > begin ? dx + n0 : nullptr;
        kernels.matmul(m, n, depth, dy + k0 - begin, lddy, panel, dx + n0, lddx, before, lddx);
      }
    }
  }

 private:
  static int64_t piecesOf(const Stored& part) { return (part.rows() + kFewColumns - 1) / kFewColumns; }
  int64_t pieceColumns(bool few) const { return few && weight == nullptr ? kFewColumns : kColumns; }

  // The row where the stored matrix with this row ends.
  int64_t partEnd(int64_t row) const {
    if (weight != nullptr) return out;
    int64_t end = 0;
    for (const Stored* each : stored) {
      end += each->rows();
      if (row < end) break;
    }
    return end;
  }

  // Packs a panel for one use into `memory`: rows [row, row + rows) of one stored matrix and columns [column, column +
  // columns), as the operand of forward or of backward.
  const T* packPassing(const Kernels<T>& kernels, bool transposed, int64_t row, int64_t rows, int64_t column,
                       int64_t columns, Buffer<T>& memory) const {
    const int64_t room = kPassingDepth * kColumns;
    memory.resize(room + kernels.packedSize(kPassingDepth, kColumns));
    T* const packed = memory.data() + room;
    const T scale = transposed ? forwardScale : backwardScale;
    const T* numbers = memory.data();
    int64_t ld = columns;
    if (weight != nullptr) {
      numbers = weight + row * in + column;
      ld = in;
    } else {
      int64_t top = 0;
      auto part = stored.begin();
      for (; row >= top + (*part)->rows(); part++) top += (*part)->rows();
      const StoredView view = (*part)->view();
      if (view.format == Format::kBf16 && scale == T(1)) {
        const uint16_t* const from = view.bf16 + (row - top) * in + column;
        if (transposed) kernels.packStoredTransposed(rows, columns, from, in, packed);
        else kernels.packStored(rows, columns, from, in, packed);
        return packed;
      }
      for (int64_t r = 0; r < rows; r++) kernels.unpack(view, row - top + r, column, columns, memory.data() + r * columns);
    }
    if (transposed) kernels.packTransposed(rows, columns, numbers, ld, scale, packed);
    else kernels.pack(rows, columns, numbers, ld, scale, packed);
    return packed;
  }

  // The pack of the columns from n on, a multiple of kColumns.
  const T* columns(const Kernels<T>& kernels, int64_t n) const { return forward_.data() + n / kColumns * kernels.packedSize(in, kColumns); }
  T* columns(const Kernels<T>& kernels, int64_t n) { return forward_.data() + n / kColumns * kernels.packedSize(in, kColumns); }

  Buffer<T> forward_, backward_;
  bool forwardFresh_ = false;
  bool backwardFresh_ = false;
};

}  // namespace dpo
