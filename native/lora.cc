// An adapter's part of a layer, forward and backward.
#include <algorithm>

#include "decoder.h"

namespace dpo {

namespace {

// A well-mixed 64-bit number (Steele et al. 2014, SplitMix64).
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

// A cheap 32-bit mix for one element of a row.
inline uint32_t mixElement(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

}  // namespace

template <class T>
AdaptedSite<T>* Decoder<T>::site(int64_t layer, Site which) const {
  if (adapter_ == nullptr) return nullptr;
  AdaptedSite<T>& found = adapter_->layers[static_cast<size_t>(layer)].sites[which];
  return found.rank > 0 ? &found : nullptr;
}

// Drops elements of x [rows, n] in place. The mask depends only on the seed and the place in the forest, so backward and
// main/engine/tfjs/dropout.ts find the same one. The projections of a site share it.
template <class T>
void Decoder<T>::dropOut(int64_t layer, Site which, const Rows& rows, int64_t n, T* x) const {
  const double p = adapter_->lora.dropout;
  const uint32_t limit = static_cast<uint32_t>(p * 4294967296.0);
  const T scale = static_cast<T>(1 / (1 - p));
  const bool tail = last(layer) && which != kQkv;
  for (int64_t r = 0; r < rows.count; r++, x += n) {
    const int64_t row = tail ? tailRow_[static_cast<size_t>(rows.begin + r)] : rows.begin + r;
    const uint64_t place = (static_cast<uint64_t>(row) * 4096 + static_cast<uint64_t>(layer)) * kSites + which;
    const uint32_t key = static_cast<uint32_t>(mix(mix(*dropoutSeed_) ^ place));
    for (int64_t i = 0; i < n; i++)
      x[i] = mixElement(key + static_cast<uint32_t>(i) * 0x9e3779b9u) < limit ? T(0) : scale * x[i];
  }
}

// Keeps low = scale A x, and adds B low to y unless that is null. Dropout changes x [rows, in] in place.
template <class T>
void Decoder<T>::adapt(int64_t layer, Site which, const Rows& rows, T* x, T* y, int64_t ldy) {
  const AdaptedSite<T>* const adapted = site(layer, which);
  if (adapted == nullptr) return;
  T* const low = state(layer).low[which].data() + rows.begin * adapted->rank;
  Buffer<T>& panels = scratch(rows.thread).panels;
  const int64_t n = adapted->a.in;
  if (drops()) dropOut(layer, which, rows, n, x);
  adapted->a.forward(k_, rows.count, x, n, low, adapted->rank, nullptr, 0, panels);
  for (const AdaptedPart<T>& part : adapted->parts) {
    T* const own = low + part.low;
    if (!adapted->oneScale)
      for (int64_t r = 0; r < rows.count; r++)
        for (int64_t i = 0; i < part.b.in; i++) own[r * adapted->rank + i] *= part.scale;
    if (y == nullptr) continue;
    T* const to = y + part.column;
    part.b.forward(k_, rows.count, own, adapted->rank, to, ldy, to, ldy, panels);
  }
}

// Keeps d low = scale B^T dy for the gradient of A, and adds A^T d low to dx [rows, in] unless that is null.
template <class T>
void Decoder<T>::adaptBackward(int64_t layer, Site which, const Rows& rows, const T* dy, int64_t lddy, T* dx) {
  const AdaptedSite<T>* const adapted = site(layer, which);
  if (adapted == nullptr) return;
  T* const dLow = g_.low[which].data() + rows.begin * adapted->rank;
  Buffer<T>& panels = scratch(rows.thread).panels;
  const int64_t n = adapted->a.in;
  for (const AdaptedPart<T>& part : adapted->parts)
    part.b.backward(k_, rows.count, dy + part.column, lddy, dLow + part.low, adapted->rank, false, panels);
  if (dx == nullptr) return;
  if (drops()) {
    Buffer<T>& back = scratch(rows.thread).wide;
    back.resize(rows.count * n);
    adapted->a.backward(k_, rows.count, dLow, adapted->rank, back.data(), n, false, panels);
    dropOut(layer, which, rows, n, back.data());
    k_.add(rows.count * n, back.data(), dx);
  } else {
    adapted->a.backward(k_, rows.count, dLow, adapted->rank, dx, n, true, panels);
  }
}

// dA += d low^T x, dB += dy^T low for every adapted projection. The inputs were dropped out as in forward.
template <class T>
void Decoder<T>::adapterGradients(int64_t layer, std::vector<Outer>& outers) {
  const Config& c = base_.config;
  LayerState<T>& s = state(layer);
  const int64_t tail = tailRows(layer);
  struct SiteData {
    int64_t rows;
    const T* x;
    const T* dy;
    int64_t lddy;
  };
  const SiteData data[kSites] = {
      {rows_, input(layer), g_.dQkv.data(), c.qkv()},
      {tail, attended(layer), g_.dMid.data(), c.hidden},
      {tail, s.mid.data(), s.gateUp.data(), 2 * c.ff},
      {tail, g_.act.data(), g_.next.data(), c.hidden},
  };
  for (int which = 0; which < kSites; which++) {
    const AdaptedSite<T>* const adapted = site(layer, static_cast<Site>(which));
    if (adapted == nullptr) continue;
    const SiteData& d = data[which];
    const int64_t rank = adapted->rank;
    T* const gradient = adapter_->parameters.grad.data();
    outers.push_back({rank, adapted->a.in, d.rows, g_.low[which].data(), rank, d.x, adapted->a.in,
                      gradient + adapted->aOffset});
    for (const AdaptedPart<T>& part : adapted->parts)
      outers.push_back({part.b.out, part.b.in, d.rows, d.dy + part.column, d.lddy, s.low[which].data() + part.low, rank,
                        gradient + part.bOffset});
  }
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace dpo
