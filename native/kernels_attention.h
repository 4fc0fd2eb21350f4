// Attention of up to tileCols lanes (queries) at once, over any number of runs of keys and values.
//
// Everything is transposed: a row of the score matrix S is one key, its columns are the lanes. So the softmax over
// keys needs no sum across a vector, S is already the packed operand of the product with V, and K and V are read
// in place.
#pragma once
#include <cmath>

#include "kernels_matmul.h"

namespace dpo {

template <class V>
struct AttentionBlock {
  using T = typename V::Scalar;
  static constexpr int64_t kCols = V::lanes * V::tileVecs;
  static constexpr int64_t kRows = V::tileRows;

  const Attention<T>& at;
  const int64_t vecs;       // vectors in use
  const int64_t cols;       // their lanes
  const int64_t padded;     // headDim rounded up to whole panels
  int64_t token[kCols];     // of each lane
  int64_t head[kCols];      // of each lane, times headDim
  int64_t ownLength;        // rows of the own run that the last lane sees
  int64_t ownFree;          // rows of the own run that every lane sees

  explicit AttentionBlock(const Attention<T>& args)
      : at(args),
        vecs((args.laneCount + V::lanes - 1) / V::lanes),
        cols(vecs * V::lanes),
        padded((args.headDim + kCols - 1) / kCols * kCols) {
    int64_t t = args.laneBegin / args.group, h = args.laneBegin % args.group;
    for (int64_t lane = 0; lane < args.laneCount; lane++) {
      token[lane] = t;
      head[lane] = h * args.headDim;
      if (++h == args.group) {
        h = 0;
        t++;
      }
    }
    ownLength = args.ownOffset + token[args.laneCount - 1] + 1;
    ownFree = args.ownOffset + token[0] + 1;
  }

  int64_t length(int64_t run) const { return run + 1 == at.runCount ? ownLength : at.runs[run].n; }

  // to [headDim, kCols] = from's lanes as columns, times scale; lanes beyond laneCount are 0.
  void columns(const T* from, int64_t ld, T scale, T* to) const {
    for (int64_t i = 0; i < at.headDim * kCols; i++) to[i] = 0;
    for (int64_t lane = 0; lane < at.laneCount; lane++) {
      const T* const row = from + token[lane] * ld + head[lane];
      for (int64_t i = 0; i < at.headDim; i++) to[i * kCols + lane] = scale * row[i];
    }
  }

  // to [laneCount, padded] = from's lanes as rows, times scale.
  void rows(const T* from, int64_t ld, T scale, T* to) const {
    for (int64_t lane = 0; lane < at.laneCount; lane++) {
      const T* const row = from + token[lane] * ld + head[lane];
      for (int64_t i = 0; i < at.headDim; i++) to[lane * padded + i] = scale * row[i];
      for (int64_t i = at.headDim; i < padded; i++) to[lane * padded + i] = 0;
    }
  }

  // out [keys, cols] = M x, M the keys (or values) of all runs, x [headDim, kCols].
  void timesRows(const T* Run<T>::*matrix, const T* x, T* out) const {
    for (int64_t r = 0; r < at.runCount; r++) {
      const Run<T>& run = at.runs[r];
      const int64_t n = length(r);
      for (int64_t j = 0; j < n; j += kRows) {
        const int64_t count = n - j < kRows ? n - j : kRows;
        if (run.columns > 0 && matrix == &Run<T>::k)
          anyTile<V, true>(count, cols, at.headDim, run.k + j, run.columns, x, kCols, out, kCols, nullptr, 0);
        else
          anyTile<V, false>(count, cols, at.headDim, run.*matrix + j * run.ld, run.ld, x, kCols, out, kCols, nullptr, 0);
        out += count * kCols;
      }
    }
  }

  // out [headDim, kCols] = M^T s, M the keys (or values) of all runs, s [keys, kCols].
  void timesColumns(const T* Run<T>::*matrix, const T* s, T* out) const {
    for (int64_t r = 0; r < at.runCount; r++) {
      const Run<T>& run = at.runs[r];
      const int64_t n = length(r);
      for (int64_t i = 0; i < at.headDim; i += kRows) {
        const int64_t count = at.headDim - i < kRows ? at.headDim - i : kRows;
        T* const to = out + i * kCols;
        anyTile<V, true>(count, cols, n, run.*matrix + i, run.ld, s, kCols, to, kCols, r == 0 ? nullptr : to, kCols);
      }
      s += n * kCols;
    }
  }

  // For every key: gradient += sum over lanes of s [key, lane] x [lane, padded].
  void addOuter(T* Run<T>::*gradient, const T* s, const T* x) const {
    for (int64_t r = 0; r < at.runCount; r++) {
      const Run<T>& run = at.runs[r];
      const int64_t n = length(r);
      for (int64_t j = 0; j < n; j += kRows) {
        const int64_t count = n - j < kRows ? n - j : kRows;
        for (int64_t i = 0; i < at.headDim; i += kCols) {
          const int64_t width = at.headDim - i < kCols ? at.headDim - i : kCols;
          T* const to = run.*gradient + j * run.dld + i;
          anyTile<V, false>(count, width, at.laneCount, s + j * kCols, kCols, x + i, padded, to, run.dld, to, run.dld);
        }
      }
      s += n * kCols;
    }
  }

  int64_t context() const {
    int64_t n = 0;
    for (int64_t r = 0; r < at.runCount; r++) n += length(r);
    return n;
  }

  // Sets the scores of keys that a lane must not see: own rows at or after its limit.
  void hide(T* s, T value) const {
    const int64_t before = context() - ownLength;
    T limit[kCols];
    for (int64_t lane = 0; lane < kCols; lane++)
      limit[lane] = static_cast<T>(at.ownOffset + token[lane < at.laneCount ? lane : at.laneCount - 1] + 1);
    for (int64_t j = ownFree; j < ownLength; j++) {
      T* const row = s + (before + j) * kCols;
      for (int64_t c = 0; c < cols; c += V::lanes)
        V::whereLess(V::fill(static_cast<T>(j)), V::load(limit + c), V::load(row + c), V::fill(value)).store(row + c);
    }
  }

  T* lse(int64_t lane) const { return at.lse + token[lane] * at.lseLd + head[lane] / at.headDim; }

  T scale() const { return T(1) / std::sqrt(static_cast<T>(at.headDim)); }
};

template <class V, class T = typename V::Scalar>
void attentionForward(const Attention<T>& at) {
  const AttentionBlock<V> block(at);
  constexpr int64_t kCols = AttentionBlock<V>::kCols;
  const int64_t n = block.context();
  T* const q = at.scratch;                    // [headDim, kCols]
  T* const out = q + block.padded * kCols;    // [headDim, kCols]
  T* const sums = out + block.padded * kCols;  // [2, kCols]
  T* const s = sums + 2 * kCols;              // [n, kCols]
  block.columns(at.q, at.qLd, block.scale(), q);
  block.timesRows(&Run<T>::k, q, s);
  block.hide(s, T(-1e30));
  for (int64_t c = 0; c < block.cols; c += V::lanes) {
    V top = V::load(s + c);
    for (int64_t j = 1; j < n; j++) top = V::max(top, V::load(s + j * kCols + c));
    V total = V::fill(T(0));
    for (int64_t j = 0; j < n; j++) {
      const V p = V::exp(V::load(s + j * kCols + c) - top);
      p.store(s + j * kCols + c);
      total = total + p;
    }
    top.store(sums + c);
    total.store(sums + kCols + c);
  }
  block.timesColumns(&Run<T>::v, s, out);
  for (int64_t lane = 0; lane < at.laneCount; lane++) {
    const T total = sums[kCols + lane], share = T(1) / total;
    T* const to = at.out + block.token[lane] * at.outLd + block.head[lane];
    for (int64_t i = 0; i < at.headDim; i++) to[i] = share * out[i * kCols + lane];
    if (at.lse != nullptr) *block.lse(lane) = sums[lane] + std::log(total);
  }
}

// With P = exp(S - lse), dP = V dOut, D = dOut . out: dS = P (dP - D), and S's gradients follow (Dao et al. 2022,
// arXiv:2205.14135, appendix B).
template <class V, class T = typename V::Scalar>
void attentionBackward(const Attention<T>& at) {
  const AttentionBlock<V> block(at);
  constexpr int64_t kCols = AttentionBlock<V>::kCols;
  const int64_t n = block.context();
  const int64_t panel = block.padded * kCols;
  T* const q = at.scratch;            // [headDim, kCols]
  T* const qRows = q + panel;         // [kCols, padded]
  T* const dOut = qRows + panel;      // [headDim, kCols]
  T* const dOutRows = dOut + panel;   // [kCols, padded]
  T* const dq = dOutRows + panel;     // [headDim, kCols]
  T* const lse = dq + panel;          // [kCols]
  T* const delta = lse + kCols;       // [kCols]
  T* const p = delta + kCols;         // [n, kCols]
  T* const ds = p + n * kCols;        // [n, kCols]
  const T scale = block.scale();
  block.columns(at.q, at.qLd, scale, q);
  block.rows(at.q, at.qLd, scale, qRows);
  block.columns(at.dOut, at.outLd, T(1), dOut);
  block.rows(at.dOut, at.outLd, T(1), dOutRows);
  for (int64_t lane = 0; lane < kCols; lane++) {
    lse[lane] = delta[lane] = 0;
    if (lane >= at.laneCount) continue;
    lse[lane] = *block.lse(lane);
    const T* const o = at.out + block.token[lane] * at.outLd + block.head[lane];
    for (int64_t i = 0; i < at.headDim; i++) delta[lane] += o[i] * dOutRows[lane * block.padded + i];
  }
  block.timesRows(&Run<T>::k, q, p);
  block.timesRows(&Run<T>::v, dOut, ds);
  block.hide(p, T(-1e30));
  for (int64_t c = 0; c < block.cols; c += V::lanes) {
    const V shift = V::load(lse + c), d = V::load(delta + c);
    for (int64_t j = 0; j < n; j++) {
      const V prob = V::exp(V::load(p + j * kCols + c) - shift);
      prob.store(p + j * kCols + c);
      (prob * (V::load(ds + j * kCols + c) - d)).store(ds + j * kCols + c);
    }
  }
  block.timesColumns(&Run<T>::k, ds, dq);
  block.addOuter(&Run<T>::dk, ds, qRows);
  block.addOuter(&Run<T>::dv, p, dOutRows);
  for (int64_t lane = 0; lane < at.laneCount; lane++) {
    T* const to = at.dq + block.token[lane] * at.dqLd + block.head[lane];
    for (int64_t i = 0; i < at.headDim; i++) to[i] = scale * dq[i * kCols + lane];
  }
}

}  // namespace dpo
