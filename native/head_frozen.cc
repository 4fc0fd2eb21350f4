// The final norm and a frozen head, on rows that predict a target only, a few columns of the vocabulary at a time. A panel of
// weights is packed once for all rows of a chunk, and no row of logits is ever whole: softmax is computed piece by piece
// (Milakov and Gimelshein 2018, arXiv:1805.02867; Wijmans et al. 2024, arXiv:2411.09009).
//
// With g_t = d loss / d logprob of target t, d normed of a row is sum over its targets of g_t (W_t - E), where E is the mean of
// W's rows under the row's softmax. E does not depend on g, so the forward pass computes it, and backward needs no logits.
#include <algorithm>
#include <cmath>
#include <limits>

#include "decoder.h"

namespace dpo {

namespace {

// Head rows that are computed together, and columns of logits that a thread holds of them.
constexpr int64_t kHeadRows = 384;
constexpr int64_t kHeadColumns = kPassingDepth;

// Pieces of the vocabulary for each thread, so that threads end together.
constexpr int64_t kPiecesAThread = 4;

// Of a row over some columns: the largest logit, log-sum-exp, and the mean logit under the softmax of these columns.
template <class T>
struct Seen {
  T max = -std::numeric_limits<T>::infinity(), lse = -std::numeric_limits<T>::infinity(), mean = 0;

  void add(const Seen& other) {
    const T top = std::max(lse, other.lse), own = std::exp(lse - top), others = std::exp(other.lse - top);
    mean = (own * mean + others * other.mean) / (own + others);
    lse = top + std::log(own + others);
    max = std::max(max, other.max);
  }
};

}  // namespace

template <class T>
void Decoder<T>::scoreFrozen(const Layout& layout, T* logprobs, T* entropies, uint8_t* hits) {
  const Config& c = base_.config;
  const int64_t h = c.hidden, wanted = kPiecesAThread * pool_.threads();
  const int64_t width = ((c.vocab + wanted - 1) / wanted + kHeadColumns - 1) / kHeadColumns * kHeadColumns;
  const int64_t pieces = (c.vocab + width - 1) / width;
  const int64_t most = std::min(kHeadRows, tailCount_);
  tailNormed_.resize(tailCount_ * h);
  tailRstd_.resize(tailCount_);
  if (keep_) tailMean_.resize(tailCount_ * h);
  if (keep_) g_.means.resize(pieces * most * h);
  std::vector<Seen<T>> seen(static_cast<size_t>(pieces * most));
  std::vector<T> targetLogits(layout.targetTokens.size());
  for (int64_t begin = 0; begin < tailCount_; begin += kHeadRows) {
    const int64_t count = std::min(kHeadRows, tailCount_ - begin);
    T* const normed = tailNormed_.data() + begin * h;
    k_.rmsNorm(count, h, tail_.data() + begin * h, base_.at(base_.finalNorm), static_cast<T>(c.eps), normed,
               tailRstd_.data() + begin);
    std::fill(seen.begin(), seen.end(), Seen<T>());
    pool_.run(pieces, [&](int64_t piece, int thread) {
      Buffer<T>& panels = scratch(thread).panels;
      Buffer<T>& logits = scratch(thread).wide;
      logits.resize(count * kHeadColumns);
      T* const means = keep_ ? g_.means.data() + piece * most * h : nullptr;
      const int64_t first = piece * width, end = std::min(first + width, c.vocab);
      for (int64_t n0 = first; n0 < end; n0 += kHeadColumns) {
        pool_.check();
        const int64_t n1 = std::min(n0 + kHeadColumns, end), n = n1 - n0;
        base_.head.forwardPassing(k_, n0, n1, count, normed, h, logits.data(), n, nullptr, 0, panels);
        for (int64_t r = 0; r < count; r++) {
          const HeadRow& head = layout.headRows[static_cast<size_t>(begin + r)];
          T* const row = logits.data() + r * n;
          for (int64_t t = head.firstTarget; t < head.firstTarget + head.targetCount; t++) {
            const int64_t token = layout.targetTokens[static_cast<size_t>(t)];
            if (token >= n0 && token < n1) targetLogits[static_cast<size_t>(t)] = row[token - n0];
          }
          Seen<T> here;
          T entropy;
          k_.logitStatistics(n, row, &here.max, &here.lse, &entropy);
          here.mean = here.lse - entropy;
          Seen<T>& all = seen[static_cast<size_t>(piece * most + r)];
          const T before = all.lse;
          all.add(here);
          if (!keep_) continue;
          // The weighted sum so far and the new weights are both relative to the new log-sum-exp.
          k_.softmax(n, row, all.lse, T(1), row);
          T* const mean = means + r * h;
          const T share = std::exp(before - all.lse);
          if (n0 == first) std::fill_n(mean, h, T(0));
          else for (int64_t i = 0; i < h; i++) mean[i] *= share;
        }
        if (keep_) base_.head.backwardPassing(k_, n0, n1, count, logits.data(), n, means, h, true, panels);
      }
    });
    for (int64_t r = 0; r < count; r++) {
      Seen<T> all;
      for (int64_t piece = 0; piece < pieces; piece++) all.add(seen[static_cast<size_t>(piece * most + r)]);
      const HeadRow& head = layout.headRows[static_cast<size_t>(begin + r)];
      for (int64_t t = head.firstTarget; t < head.firstTarget + head.targetCount; t++) {
        const T logit = targetLogits[static_cast<size_t>(t)];
        const int64_t slot = layout.targetSlots[static_cast<size_t>(t)];
        logprobs[slot] = logit - all.lse;
        entropies[slot] = all.lse - all.mean;
        hits[slot] = logit == all.max ? 1 : 0;
      }
      if (!keep_) continue;
      T* const to = tailMean_.data() + (begin + r) * h;
      std::fill_n(to, h, T(0));
      for (int64_t piece = 0; piece < pieces; piece++) {
        const T share = std::exp(seen[static_cast<size_t>(piece * most + r)].lse - all.lse);
        const T* const mean = g_.means.data() + (piece * most + r) * h;
        for (int64_t i = 0; i < h; i++) to[i] += share * mean[i];
      }
    }
  }
}

template <class T>
void Decoder<T>::headBackwardFrozen(const Layout& layout, const T* dLogprobs) {
  const int64_t h = base_.config.hidden;
  const Linear<T>& head = base_.head;
  eachBlock(tailCount_, [&](const Rows& rows) {
    Buffer<T>& scratch = this->scratch(rows.thread).narrow;
    scratch.resize((rows.count + 1) * h);
    T* const weights = scratch.data() + rows.count * h;
    for (int64_t r = 0; r < rows.count; r++) {
      T* const to = scratch.data() + r * h;
      const T* const mean = tailMean_.data() + (rows.begin + r) * h;
      const HeadRow& at = layout.headRows[static_cast<size_t>(rows.begin + r)];
      std::fill_n(to, h, T(0));
      for (int64_t t = at.firstTarget; t < at.firstTarget + at.targetCount; t++) {
        const T g = dLogprobs[layout.targetSlots[static_cast<size_t>(t)]];
        k_.unpack(head.stored.front()->view(), layout.targetTokens[static_cast<size_t>(t)], 0, h, weights);
        for (int64_t i = 0; i < h; i++) to[i] += g * (weights[i] - mean[i]);
      }
    }
    k_.rmsNormBackward(rows.count, h, tail_.data() + rows.begin * h, base_.at(base_.finalNorm), tailRstd_.data() + rows.begin,
                       scratch.data(), nullptr, g_.next.data() + rows.begin * h, nullptr);
  });
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace dpo
