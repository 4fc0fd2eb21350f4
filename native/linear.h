// A weight matrix that forward (x W^T) and backward (dy W) multiply by, in packed form.
//
// A matrix of numbers that is used again and again is packed whole, and its packs are kept until it changes. One that
// must not take that memory is packed a panel at a time where it is used, in memory of the thread's own: a frozen matrix
// in a stored form, or, where `keep` is false, one of numbers.
#pragma once
#include <algorithm>
#include <vector>

#include "buffer.h"
#include "kernels.h"
#include "stored.h"

namespace dpo {

// Columns of the result that are packed together, so that threads can share them out.
constexpr int64_t kColumns = 256;

// The same of a stored matrix that meets few rows.
constexpr int64_t kFewColumns = 64;

// Rows of the contraction in a panel that is packed for one use: the deepest that a table of kernels has.
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

  // y [m, out] = x [m, in] W^T + init, where init is null (the bias, if any) or [m, out] with rows initLd apart.
  void forward(const Kernels<T>& kernels, int64_t m, const T* x, int64_t ldx, T* y, int64_t ldy, const T* init,
               int64_t initLd, Buffer<T>& panels, bool few = false) const {
    for (int64_t piece = 0; piece < pieces(few); piece++)
      forwardPiece(kernels, piece, m, x, ldx, y, ldy, init, initLd, panels, few);
  }

  // The same in pieces, which threads may compute at a time: each is some columns of y. `few`: m is so small that reading
  // the weights is what takes the time, so that a stored matrix is multiplied where it lies, in narrow pieces that threads
  // can share out evenly.
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
    // Two panels side by side: a table that rounds what it multiplies does so once for both.
    const int64_t cols = 2 * kernels.tileCols;
    panels.resize(kPassingDepth * cols + kernels.packedSize(kPassingDepth, cols));
    T* const panel = panels.data() + kPassingDepth * cols;
    for (int64_t n0 = begin; n0 < end; n0 += cols) {
      const int64_t n = std::min(cols, end - n0);
      for (int64_t k0 = 0; k0 < in; k0 += kPassingDepth) {
        const int64_t depth = std::min(kPassingDepth, in - k0);
        const Rows rows = numbers(kernels, n0, n, k0, depth, panels.data());
        kernels.packTransposed(n, depth, rows.at, rows.ld, forwardScale, panel);
        const bool first = k0 == 0;
        const T* const before = first ? init == nullptr ? nullptr : init + n0 : y + n0;
        kernels.matmul(m, n, depth, x + k0, ldx, panel, y + n0, ldy, before, first ? initLd : ldy);
      }
    }
  }

  // dx [m, in] = dy [m, out] W, added to dx where `add`.
  void backward(const Kernels<T>& kernels, int64_t m, const T* dy, int64_t lddy, T* dx, int64_t lddx, bool add,
                Buffer<T>& panels) const {
    if (kept()) {
      kernels.matmul(m, in, out, dy, lddy, backward_.data(), dx, lddx, add ? dx : nullptr, lddx);
      return;
    }
    // A few panels side by side, so that what is read of a row are whole cache lines.
    const int64_t cols = 4 * kernels.tileCols;
    panels.resize(kPassingDepth * cols + kernels.packedSize(kPassingDepth, cols));
    T* const panel = panels.data() + kPassingDepth * cols;
    for (int64_t n0 = 0; n0 < in; n0 += cols) {
      const int64_t n = std::min(cols, in - n0);
      for (int64_t k0 = 0; k0 < out; k0 += kPassingDepth) {
        const int64_t depth = std::min(kPassingDepth, out - k0);
        const Rows rows = numbers(kernels, k0, depth, n0, n, panels.data());
        kernels.pack(depth, n, rows.at, rows.ld, backwardScale, panel);
        kernels.matmul(m, n, depth, dy + k0, lddy, panel, dx + n0, lddx, add || k0 > 0 ? dx + n0 : nullptr, lddx);
      }
    }
  }

 private:
  struct Rows {
    const T* at;
    int64_t ld;
  };

  int64_t pieceColumns(bool few) const { return few && weight == nullptr ? kFewColumns : kColumns; }

  // Rows [row, row + rows), columns [column, column + columns) as numbers, unpacked into `memory` where they are stored.
  Rows numbers(const Kernels<T>& kernels, int64_t row, int64_t rows, int64_t column, int64_t columns, T* memory) const {
    if (weight != nullptr) return {weight + row * in + column, in};
    int64_t top = 0;
    for (const Stored* each : stored) {
      const int64_t begin = std::max(row, top), end = std::min(row + rows, top + each->rows());
      for (int64_t r = begin; r < end; r++)
        kernels.unpack(each->view(), r - top, column, columns, memory + (r - row) * columns);
      top += each->rows();
    }
    return {memory, columns};
  }

  // The pack of the columns from n on, a multiple of kColumns.
  const T* columns(const Kernels<T>& kernels, int64_t n) const { return forward_.data() + n / kColumns * kernels.packedSize(in, kColumns); }
  T* columns(const Kernels<T>& kernels, int64_t n) { return forward_.data() + n / kColumns * kernels.packedSize(in, kColumns); }

  Buffer<T> forward_, backward_;
  bool forwardFresh_ = false;
  bool backwardFresh_ = false;
};

}  // namespace dpo
