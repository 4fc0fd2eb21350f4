// The forward pass over layers.
#include <algorithm>

#include "decoder.h"

namespace dpo {

template <class T>
Decoder<T>::Decoder(const Kernels<T>& kernels, ThreadPool& pool, Base<T>& base, int64_t keptBytes, int64_t hiddenBytes)
    : k_(kernels),
      pool_(pool),
      base_(base),
      rotary_(base.config),
      keptBytes_(keptBytes),
      hidden_(base.config.hidden, hiddenBytes) {
  inputs_.resize(static_cast<size_t>(base.config.layers));
  states_.resize(static_cast<size_t>(base.config.layers));
  qkv_.resize(static_cast<size_t>(base.config.layers));
  scratch_.resize(static_cast<size_t>(pool.threads()));
}

template <class T>
void Decoder<T>::release() {
  for (std::vector<Buffer<T>>* each : {&inputs_, &qkv_})
    for (Buffer<T>& buffer : *each) buffer.release();
  for (LayerState<T>& s : states_) s = {};
  for (Scratch<T>& s : scratch_) s = {};
  g_ = {};
  mostRows_ = 0;
  for (Buffer<T>* each : {&turned_, &qkRstd_, &tailX_, &tailAttended_, &tail_, &tailNormed_, &tailRstd_, &tailMean_,
                          &dLogits_})
    each->release();
}

// Blocks of at most about 96 rows: their values stay in L2, and a panel of weights is used for eight tiles. If weights are
// packed anew for every block, blocks are four times as large. All threads get the same number of blocks.
template <class T>
void Decoder<T>::eachBlock(int64_t rows, const std::function<void(const Rows&)>& work) {
  const auto over = [](int64_t n, int64_t by) { return (n + by - 1) / by; };
  const int64_t tile = k_.tileRows, aim = base_.precision.frozen ? 384 : 96, threads = pool_.threads();
  const int64_t most = std::max<int64_t>(aim / tile, 1) * tile;
  const int64_t blocks = over(over(rows, most), threads) * threads;
  if (rows == 0) return;
  const int64_t size = over(over(rows, blocks), tile) * tile;
  pool_.run(over(rows, size), [&](int64_t i, int thread) {
    work({i, i * size, std::min(size, rows - i * size), thread});
  });
}

template <class T>
void Decoder<T>::refresh(bool backward) {
  std::vector<Linear<T>*> linears = base_.linears();
  if (adapter_ != nullptr)
    for (Linear<T>* each : adapter_->linears()) linears.push_back(each);
  pool_.run(static_cast<int64_t>(linears.size()),
            [&](int64_t i, int) { linears[static_cast<size_t>(i)]->refresh(k_, backward); });
}

template <class T>
void Decoder<T>::resizeStates(bool wide) {
  const Config& c = base_.config;
  if (wide)
    for (int64_t l = keep_ ? lowest_ : 0; l < (keep_ ? c.layers : 1); l++)
      inputs_[static_cast<size_t>(l)].resize(rows_ * c.hidden);
  if (c.qkNorm) qkRstd_.resize(rows_ * (c.heads + c.kvHeads));
  if (keepsRaw()) turned_.resize(rows_ * c.qkv());
  for (int64_t l = firstKept_ > 0 ? -1 : 0; l < c.layers; l = std::max(l + 1, firstKept_)) {
    const bool shared = l < 0;
    LayerState<T>& s = states_[shared ? 0 : static_cast<size_t>(l)];
    const int64_t tail = shared ? rows_ : tailRows(l);
    if (wide) {
      s.attended.resize(rows_ * c.q());
      s.lse.resize(rows_ * c.heads);
    }
    s.rstd.resize(rows_);
    s.mid.resize(tail * c.hidden);
    s.midRstd.resize(tail);
    s.gateUp.resize(tail * 2 * c.ff);
    for (int i = 0; i < kSites; i++) {
      if (adapter_ == nullptr) continue;
      // Layers that share a state may have different ranks.
      const Site which = static_cast<Site>(i);
      const AdaptedSite<T>* const adapted = shared ? nullptr : site(l, which);
      const int64_t rank = shared ? adapter_->rank(which) : adapted == nullptr ? 0 : adapted->rank;
      if (rank > 0) s.low[i].resize(rows_ * rank);
    }
  }
}

// Layers are given up for the largest batch so far, so that batches of different sizes take turns without new memory.
template <class T>
int64_t Decoder<T>::firstKept() const {
  const Config& c = base_.config;
  int64_t ranks = 0;
  if (adapter_ != nullptr)
    for (int i = 0; i < kSites; i++) ranks += adapter_->rank(static_cast<Site>(i));
  const int64_t row = c.q() + c.hidden + 2 * c.ff + c.qkv() + c.heads + 2 + ranks;
  const int64_t layers = keptBytes_ / (std::max<int64_t>(mostRows_, 1) * row * static_cast<int64_t>(sizeof(T)));
  return std::max(c.layers - layers, lowest_);
}

template <class T>
void Decoder<T>::reserve(int64_t rows, Adapter<T>* adapter) {
  adapter_ = adapter;
  dropoutSeed_.reset();
  keep_ = false;
  firstKept_ = base_.config.layers;
  rounds_ = true;
  rows_ = tailCount_ = rows;
  refresh(false);
  resizeStates(false);
}

template <class T>
void Decoder<T>::forward(const Layout& layout, Adapter<T>* adapter, std::optional<uint64_t> dropoutSeed, bool keep,
                         const KvHooks<T>* hooks) {
  const Config& c = base_.config;
  adapter_ = adapter;
  dropoutSeed_ = dropoutSeed;
  keep_ = keep;
  rounds_ = hooks != nullptr;
  rows_ = layout.rowCount();
  lowest_ = adapter == nullptr ? 0 : adapter->lowest();
  if (keep) mostRows_ = std::max(mostRows_, rows_);
  firstKept_ = keep ? firstKept() : c.layers;
  tailCount_ = static_cast<int64_t>(layout.headRows.size());
  rotary_.reach(layout.maxContext);
  refresh(keep);
  resizeStates(true);
  if (keep) {
    // What a smaller batch kept.
    for (int64_t l = 1; l < firstKept_; l++) {
      states_[static_cast<size_t>(l)] = {};
      qkv_[static_cast<size_t>(l)].release();
    }
  }
  for (int64_t l = firstKept_ > 0 ? 0 : firstKept_; l < c.layers; l = std::max(l + 1, firstKept_))
    qkv_[static_cast<size_t>(l)].resize(rows_ * c.qkv());
  tail_.resize(tailCount_ * c.hidden);
  tailRow_.clear();
  for (const HeadRow& head : layout.headRows) tailRow_.push_back(head.row);
  planAttention(layout);
  if (tailCount_ == 0 && hooks == nullptr) return;

  const int64_t from = hooks == nullptr ? recalled(keep) : 0;
  if (from > 0) recall(layout, from);
  runLayers(layout, from, c.layers, hooks);
  gatherTail();
  eachBlock(tailCount_, [&](const Rows& rows) {
    layerOut(c.layers - 1, rows, tailX_.data(), tailAttended_.data(), tail_.data());
  });
}

// Runs the layers from `from` on and below `to`, from the input of the first (that of layer 0 is made of the tokens) to the
// input of `to`, or to the attention of the last layer.
template <class T>
void Decoder<T>::runLayers(const Layout& layout, int64_t from, int64_t to, const KvHooks<T>* hooks) {
  const auto in = [&](int64_t layer, const Rows& rows) {
    layerIn(layer, rows, layout.positions.data(), input(layer), qkv(layer));
  };
  eachBlock(rows_, [&](const Rows& rows) {
    if (from == 0) embed(rows, layout.tokens.data(), input(0));
    in(from, rows);
  });
  for (int64_t l = from; l < to; l++) {
    if (hooks != nullptr) hooks->computed(l, qkv(l));
    attention(layout, l, hooks);
    if (last(l)) break;
    eachBlock(rows_, [&](const Rows& rows) {
      layerOut(l, rows, input(l), state(l).attended.data(), input(l + 1));
      if (l + 1 < to) in(l + 1, rows);
    });
  }
}

template <class T>
void Decoder<T>::embed(const Rows& rows, const int32_t* tokens, T* x) const {
  const int64_t h = base_.config.hidden;
  for (int64_t r = rows.begin; r < rows.begin + rows.count; r++) base_.embed(k_, tokens[r], x + r * h);
}

// y = x W^T + init for contiguous rows, on the block's thread, or shared among threads if passes are wide.
template <class T>
void Decoder<T>::multiply(const Linear<T>& linear, const Rows& rows, const T* x, T* y, const T* init) {
  if (rounds_ && linear.isInt8(k_)) {
    const Int8Rows rounded = roundToInt8(rows, linear.in, x);
    const auto piece = [&](int64_t i, int) { linear.int8Piece(k_, i, rounded, y, linear.out, init, linear.out); };
    if (passes_ == Passes::kWide) pool_.run(linear.int8Pieces(), piece);
    else
      for (int64_t i = 0; i < linear.int8Pieces(); i++) piece(i, rows.thread);
    return;
  }
  const bool few = passes_ != Passes::kBlocks;
  if (passes_ != Passes::kWide) {
    linear.forward(k_, rows.count, x, linear.in, y, linear.out, init, linear.out, scratch(rows.thread).panels, few);
    return;
  }
  pool_.run(linear.pieces(few), [&](int64_t piece, int thread) {
    linear.forwardPiece(k_, piece, rows.count, x, linear.in, y, linear.out, init, linear.out, scratch(thread).panels, few);
  });
}

// Rounds contiguous rows [., k] into the memory of their thread; in wide passes threads share many rows.
template <class T>
Int8Rows Decoder<T>::roundToInt8(const Rows& rows, int64_t k, const T* x) {
  constexpr int64_t kAlone = 1 << 14;  // numbers that one thread rounds sooner than others start
  Scratch<T>& own = scratch(rows.thread);
  Int8Rows to;
  to.rows = rows.count;
  to.groups = (k + kInt8Group - 1) / kInt8Group;
  own.int8.resize(to.rows * to.groups * kInt8Group);
  own.int8Scale.resize(to.rows * to.groups);
  own.int8Offset.resize(to.rows * to.groups);
  to.numbers = own.int8.data();
  to.scale = own.int8Scale.data();
  to.offset = own.int8Offset.data();
  const int64_t panels = (to.rows + k_.panelRows - 1) / k_.panelRows;
  const int64_t parts = passes_ == Passes::kWide && to.rows * k > kAlone ? 4 : 1, share = (to.groups + parts - 1) / parts;
  const auto round = [&](int64_t i, int) {
    const int64_t group = i % parts * share;
    k_.roundToInt8(k, x, k, i / parts, std::min(group, to.groups), std::min(group + share, to.groups), to);
  };
  if (parts > 1) pool_.run(panels * parts, round);
  else
    for (int64_t i = 0; i < panels; i++) round(i, rows.thread);
  return to;
}

template <class T>
void Decoder<T>::layerIn(int64_t layer, const Rows& rows, const int32_t* positions, const T* x, T* qkv) {
  const Config& c = base_.config;
  const BaseLayer<T>& weights = base_.layers[static_cast<size_t>(layer)];
  Buffer<T>& normed = scratch(rows.thread).narrow;
  normed.resize(rows.count * c.hidden);
  k_.rmsNorm(rows.count, c.hidden, x + rows.begin * c.hidden, base_.at(weights.inputNorm), static_cast<T>(c.eps),
             normed.data(), state(layer).rstd.data() + rows.begin);
  T* const out = qkv + rows.begin * c.qkv();
  multiply(weights.qkv, rows, normed.data(), out, nullptr);
  adapt(layer, kQkv, rows, normed.data(), out, c.qkv());
  turn(layer, rows, positions, out, keepsRaw() ? turned_.data() + rows.begin * c.qkv() : out);
}

// From q and k of a block [rows, q k v] to those that attention reads, which may take their place: normalised if the family
// does that, and rotated.
template <class T>
void Decoder<T>::turn(int64_t layer, const Rows& rows, const int32_t* positions, const T* raw, T* to) {
  const Config& c = base_.config;
  const T* const weights = base_.at(base_.layers[static_cast<size_t>(layer)].qkNorm);
  for (int64_t r = rows.begin; r < rows.begin + rows.count; r++, raw += c.qkv(), to += c.qkv()) {
    if (c.qkNorm) {
      T* const rstd = qkRstd_.data() + r * (c.heads + c.kvHeads);
      k_.rmsNorm(c.heads, c.headDim, raw, weights, static_cast<T>(c.eps), to, rstd);
      k_.rmsNorm(c.kvHeads, c.headDim, raw + c.q(), weights + c.headDim, static_cast<T>(c.eps), to + c.q(), rstd + c.heads);
    }
    // q and k lie side by side, so one call rotates the heads of both.
    k_.rotate(c.heads + c.kvHeads, c.headDim, to, rotary_.cos(positions[r]), rotary_.sin(positions[r]), T(1));
  }
}

template <class T>
void Decoder<T>::layerOut(int64_t layer, const Rows& rows, const T* x, T* attended, T* next) {
  const Config& c = base_.config;
  const BaseLayer<T>& weights = base_.layers[static_cast<size_t>(layer)];
  LayerState<T>& s = state(layer);
  const int64_t h = c.hidden, q = c.q(), n = rows.count;
  x += rows.begin * h;
  attended += rows.begin * q;
  T* const mid = s.mid.data() + rows.begin * h;
  multiply(weights.o, rows, attended, mid, x);
  Buffer<T>& normed = scratch(rows.thread).narrow;
  normed.resize(n * std::max(h, q));
  // Attention's backward needs the attended values before dropout.
  if (drops()) std::copy_n(attended, n * q, normed.data());
  adapt(layer, kO, rows, drops() ? normed.data() : attended, mid, h);

  k_.rmsNorm(n, h, mid, base_.at(weights.postNorm), static_cast<T>(c.eps), normed.data(), s.midRstd.data() + rows.begin);
  T* const gateUp = s.gateUp.data() + rows.begin * 2 * c.ff;
  multiply(weights.gateUp, rows, normed.data(), gateUp, nullptr);
  adapt(layer, kGateUp, rows, normed.data(), gateUp, 2 * c.ff);

  Buffer<T>& act = scratch(rows.thread).wide;
  act.resize(n * c.ff);
  if (passes_ == Passes::kWide) pool_.run(n, [&](int64_t r, int) { k_.swiglu(1, c.ff, gateUp + r * 2 * c.ff, act.data() + r * c.ff); });
  else k_.swiglu(n, c.ff, gateUp, act.data());
  if (next != nullptr) {
    next += rows.begin * h;
    multiply(weights.down, rows, act.data(), next, mid);
  }
  adapt(layer, kDown, rows, act.data(), next, h);
}

template <class T>
void Decoder<T>::gatherTail() {
  const int64_t h = base_.config.hidden, q = base_.config.q();
  const LayerState<T>& s = state(base_.config.layers - 1);
  tailX_.resize(tailCount_ * h);
  tailAttended_.resize(tailCount_ * q);
  for (int64_t i = 0; i < tailCount_; i++) {
    const int64_t row = tailRow_[static_cast<size_t>(i)];
    std::copy_n(input(base_.config.layers - 1) + row * h, h, tailX_.data() + i * h);
    std::copy_n(s.attended.data() + row * q, q, tailAttended_.data() + i * q);
  }
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace dpo
