// The backward pass over layers, from the top down to the lowest trained weight.
#include <algorithm>

#include "decoder.h"

namespace dpo {

// What the gradients at and below this layer need. Above the lowest trained layer, that is everything.
template <class T>
typename Decoder<T>::Needs Decoder<T>::needs(int64_t layer) const {
  if (adapter_ == nullptr || layer > lowest_) return {true, true, true, true};
  Needs n{};
  n.input = false;
  n.qkv = site(layer, kQkv) != nullptr;
  n.o = n.qkv || site(layer, kO) != nullptr;
  n.gateUp = n.o || site(layer, kGateUp) != nullptr;
  return n;
}

template <class T>
void Decoder<T>::backward(const Layout& layout, const T* dLogprobs) {
  const Config& c = base_.config;
  const int64_t h = c.hidden;
  if (tailCount_ == 0) return;
  g_.next.resize(rows_ * h);
  headBackward(layout, dLogprobs);
  g_.act.resize(rows_ * c.ff);
  for (Buffer<T>* each : {&g_.dMid, &g_.dx}) each->resize(rows_ * h);
  g_.dAttended.resize(rows_ * c.q());
  g_.dQkv.resize(rows_ * c.qkv());

  for (int64_t l = c.layers - 1; l >= lowest_; l--) {
    const Needs need = needs(l);
    if (isRemade(l)) remake(layout, l);
    else if (keepsRaw() && !last(l))
      eachBlock(rows_, [&](const Rows& rows) {
        const int64_t at = rows.begin * c.qkv();
        turn(l, rows, layout.positions.data(), qkv(l) + at, turned_.data() + at);
      });
    for (int i = 0; i < kSites; i++) {
      const AdaptedSite<T>* adapted = site(l, static_cast<Site>(i));
      if (adapted != nullptr) g_.low[i].resize(rows_ * adapted->rank);
    }
    g_.normPartials.resize(((rows_ + k_.tileRows - 1) / k_.tileRows) * h);
    g_.normPartials.zero();
    eachBlock(tailRows(l), [&](const Rows& rows) { outBackward(l, rows, need); });
    if (adapter_ == nullptr)
      addColumnSums(g_.normPartials.size() / h, h, g_.normPartials.data(),
                    base_.gradAt(base_.layers[static_cast<size_t>(l)].postNorm));

    const T* dMid = g_.dMid.data();
    if (need.qkv) {
      if (last(l)) {
        // The gradient of o_proj still needs dMid, so it is copied. d x replaces the copy row by row.
        std::copy_n(g_.dMid.data(), tailCount_ * h, g_.dx.data());
        spreadTail(h, g_.dx.data());
        spreadTail(c.q(), g_.dAttended.data());
        dMid = g_.dx.data();
      }
      attentionBackward(layout, l);
      g_.normPartials.zero();
      g_.qkNormPartials.resize(c.qkNorm ? g_.normPartials.size() / h * 2 * c.headDim : 0);
      g_.qkNormPartials.zero();
      eachBlock(rows_, [&](const Rows& rows) { inBackward(layout, l, rows, dMid, need.input); });
      if (adapter_ == nullptr) {
        const BaseLayer<T>& weights = base_.layers[static_cast<size_t>(l)];
        addColumnSums(g_.normPartials.size() / h, h, g_.normPartials.data(), base_.gradAt(weights.inputNorm));
        if (c.qkNorm)
          addColumnSums(g_.normPartials.size() / h, 2 * c.headDim, g_.qkNormPartials.data(), base_.gradAt(weights.qkNorm));
      }
    }
    // Only now, because attention's backward needs it before dropout.
    if (drops() && site(l, kO) != nullptr)
      eachBlock(tailRows(l), [&](const Rows& rows) { dropOut(l, kO, rows, c.q(), attended(l) + rows.begin * c.q()); });

    std::vector<Outer> outers;
    if (adapter_ == nullptr) baseGradients(l, outers);
    else adapterGradients(l, outers);
    runOuters(outers);
    std::swap(g_.next, g_.dx);
  }
  if (adapter_ == nullptr) embeddingGradients(layout);
}

// Recomputes a layer's state, as in forward.
template <class T>
void Decoder<T>::remake(const Layout& layout, int64_t layer) {
  eachBlock(rows_, [&](const Rows& rows) { layerIn(layer, rows, layout.positions.data(), input(layer), qkv(layer)); });
  attention(layout, layer, nullptr);
  eachBlock(rows_, [&](const Rows& rows) { layerOut(layer, rows, input(layer), state(layer).attended.data(), nullptr); });
}

// From d x' (g_.next) of a block: d gateUp, d mid and d attended. Also the inputs of gate, up and down for their weights'
// gradients, in place of mid and d act.
template <class T>
void Decoder<T>::outBackward(int64_t layer, const Rows& rows, const Needs& need) {
  const Config& c = base_.config;
  const BaseLayer<T>& weights = base_.layers[static_cast<size_t>(layer)];
  LayerState<T>& s = state(layer);
  const int64_t h = c.hidden, n = rows.count, at = rows.begin;
  const T* const next = g_.next.data() + at * h;
  T* const mid = s.mid.data() + at * h;
  T* const gateUp = s.gateUp.data() + at * 2 * c.ff;
  T* const act = g_.act.data() + at * c.ff;

  Buffer<T>& panels = scratch(rows.thread).panels;
  const bool needAct = adapter_ == nullptr || site(layer, kDown) != nullptr;
  if (need.gateUp) weights.down.backward(k_, n, next, h, act, c.ff, false, panels);
  adaptBackward(layer, kDown, rows, next, h, need.gateUp ? act : nullptr);
  if (need.gateUp) k_.swigluBackward(n, c.ff, gateUp, act, gateUp, needAct ? act : nullptr);
  else if (needAct) k_.swiglu(n, c.ff, gateUp, act);
  if (drops() && needAct) dropOut(layer, kDown, rows, c.ff, act);
  if (!need.gateUp) return;

  Buffer<T>& dNormed = scratch(rows.thread).narrow;
  dNormed.resize(n * h);
  T* const dMid = g_.dMid.data() + at * h;
  if (need.o) weights.gateUp.backward(k_, n, gateUp, 2 * c.ff, dNormed.data(), h, false, panels);
  adaptBackward(layer, kGateUp, rows, gateUp, 2 * c.ff, need.o ? dNormed.data() : nullptr);
  if (need.o)
    k_.rmsNormBackward(n, h, mid, base_.at(weights.postNorm), s.midRstd.data() + at, dNormed.data(), next, dMid,
                       adapter_ == nullptr ? g_.normPartials.data() + rows.index * h : nullptr);
  if (adapter_ == nullptr || site(layer, kGateUp) != nullptr) {
    k_.rmsNormAgain(n, h, mid, base_.at(weights.postNorm), s.midRstd.data() + at, mid);
    if (drops()) dropOut(layer, kGateUp, rows, h, mid);
  }
  if (!need.o) return;

  T* const dAttended = g_.dAttended.data() + at * c.q();
  if (need.qkv) weights.o.backward(k_, n, dMid, h, dAttended, c.q(), false, panels);
  adaptBackward(layer, kO, rows, dMid, h, need.qkv ? dAttended : nullptr);
}

// From d of the rotated q, k, v and d mid of a block: d x. Also the input of q, k, v for their weights' gradients, in place
// of the layer's. d mid may be where d x goes.
template <class T>
void Decoder<T>::inBackward(const Layout& layout, int64_t layer, const Rows& rows, const T* dMid, bool input) {
  const Config& c = base_.config;
  const BaseLayer<T>& weights = base_.layers[static_cast<size_t>(layer)];
  const LayerState<T>& s = state(layer);
  const int64_t h = c.hidden, n = rows.count, at = rows.begin;
  T* const dQkv = g_.dQkv.data() + at * c.qkv();
  for (int64_t r = 0; r < n; r++) {
    const int64_t position = layout.positions[static_cast<size_t>(at + r)];
    T* const dq = dQkv + r * c.qkv();
    k_.rotate(c.heads + c.kvHeads, c.headDim, dq, rotary_.cos(position), rotary_.sin(position), T(-1));
    if (!c.qkNorm) continue;
    const T *const raw = qkv(layer) + (at + r) * c.qkv(), *const rstd = qkRstd_.data() + (at + r) * (c.heads + c.kvHeads);
    const T* const norm = base_.at(weights.qkNorm);
    T* const dNorm = adapter_ == nullptr ? g_.qkNormPartials.data() + rows.index * 2 * c.headDim : nullptr;
    k_.rmsNormBackward(c.heads, c.headDim, raw, norm, rstd, dq, nullptr, dq, dNorm);
    k_.rmsNormBackward(c.kvHeads, c.headDim, raw + c.q(), norm + c.headDim, rstd + c.heads, dq + c.q(), nullptr, dq + c.q(),
                       dNorm == nullptr ? nullptr : dNorm + c.headDim);
  }
  T* const x = this->input(layer) + at * h;
  Buffer<T>& dNormed = scratch(rows.thread).narrow;
  dNormed.resize(n * h);
  if (input) weights.qkv.backward(k_, n, dQkv, c.qkv(), dNormed.data(), h, false, scratch(rows.thread).panels);
  adaptBackward(layer, kQkv, rows, dQkv, c.qkv(), input ? dNormed.data() : nullptr);
  if (input)
    k_.rmsNormBackward(n, h, x, base_.at(weights.inputNorm), s.rstd.data() + at, dNormed.data(), dMid + at * h,
                       g_.dx.data() + at * h, adapter_ == nullptr ? g_.normPartials.data() + rows.index * h : nullptr);
  if (adapter_ == nullptr || site(layer, kQkv) != nullptr) {
    k_.rmsNormAgain(n, h, x, base_.at(weights.inputNorm), s.rstd.data() + at, x);
    if (drops()) dropOut(layer, kQkv, rows, h, x);
  }
}

// Moves the packed tail rows [tail, n] to their places among all rows [rows, n], in the same array, and zeroes the others.
// Rows ascend, so none is overwritten before it has moved.
template <class T>
void Decoder<T>::spreadTail(int64_t n, T* x) const {
  int64_t left = tailCount_;
  for (int64_t row = rows_ - 1; row >= 0; row--) {
    if (left == 0 || tailRow_[static_cast<size_t>(left - 1)] != row) {
      std::fill_n(x + row * n, n, T(0));
      continue;
    }
    left--;
    if (left != row) std::copy_n(x + left * n, n, x + row * n);
  }
}

template <class T>
void Decoder<T>::baseGradients(int64_t layer, std::vector<Outer>& outers) {
  const Config& c = base_.config;
  const BaseLayer<T>& weights = base_.layers[static_cast<size_t>(layer)];
  const LayerState<T>& s = state(layer);
  const int64_t h = c.hidden, tail = tailRows(layer);
  outers.push_back({2 * c.ff, h, tail, s.gateUp.data(), 2 * c.ff, s.mid.data(), h, base_.gradAt(weights.gateUpWeight)});
  outers.push_back({h, c.ff, tail, g_.next.data(), h, g_.act.data(), c.ff, base_.gradAt(weights.downWeight)});
  outers.push_back({c.qkv(), h, rows_, g_.dQkv.data(), c.qkv(), input(layer), h, base_.gradAt(weights.qkvWeight)});
  outers.push_back({h, c.q(), tail, g_.dMid.data(), h, attended(layer), c.q(), base_.gradAt(weights.oWeight)});
  if (c.qkvBias) addColumnSums(rows_, c.qkv(), g_.dQkv.data(), base_.gradAt(weights.qkvBias));
}

// Products over all rows, in tiles of the result that threads take one by one. Each tile is summed over rows in a fixed
// order, whichever thread computes it.
template <class T>
void Decoder<T>::runOuters(const std::vector<Outer>& outers) {
  const int64_t tileM = std::max<int64_t>(192 / k_.tileRows, 1) * k_.tileRows, tileN = 256;
  struct Tile {
    const Outer* outer;
    int64_t m, n;
  };
  std::vector<Tile> tiles;
  for (const Outer& outer : outers)
    for (int64_t m = 0; m < outer.m; m += tileM)
      for (int64_t n = 0; n < outer.n; n += tileN) tiles.push_back({&outer, m, n});
  pool_.run(static_cast<int64_t>(tiles.size()), [&](int64_t i, int thread) {
    const Tile& tile = tiles[static_cast<size_t>(i)];
    const Outer& o = *tile.outer;
    Buffer<T>& panels = scratch(thread).panels;
    panels.resize(kPanelDepth * (tileM + tileN + k_.tileRows + k_.tileCols));
    k_.matmulTransposed(std::min(tileM, o.m - tile.m), std::min(tileN, o.n - tile.n), o.k, o.a + tile.m, o.lda,
                        o.b + tile.n, o.ldb, o.c + tile.m * o.n + tile.n, o.n, panels.data());
  });
}

// to [n] += the column sums of x [rows, n].
template <class T>
void Decoder<T>::addColumnSums(int64_t rows, int64_t n, const T* x, T* to) {
  constexpr int64_t kWidth = 64;
  pool_.run((n + kWidth - 1) / kWidth, [&](int64_t i, int) {
    const int64_t width = std::min(kWidth, n - i * kWidth);
    for (int64_t r = 0; r < rows; r++) k_.add(width, x + r * n + i * kWidth, to + i * kWidth);
  });
}

// A row of the lowest layer's input is its token's embedding.
template <class T>
void Decoder<T>::embeddingGradients(const Layout& layout) {
  constexpr int64_t kWidth = 64;
  const int64_t h = base_.config.hidden;
  T* const gradient = base_.gradAt(base_.embedding);
  pool_.run((h + kWidth - 1) / kWidth, [&](int64_t i, int) {
    const int64_t width = std::min(kWidth, h - i * kWidth);
    for (int64_t r = 0; r < rows_; r++)
      k_.add(width, g_.next.data() + r * h + i * kWidth,
             gradient + layout.tokens[static_cast<size_t>(r)] * h + i * kWidth);
  });
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace dpo
