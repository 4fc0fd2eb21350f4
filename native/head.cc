// The final norm and a head of numbers, on rows that predict a target only, a few rows of logits at a time. head_frozen.cc has
// the same for a frozen head.
#include <algorithm>
#include <cmath>

#include "decoder.h"

namespace dpo {

// Rows of logits that a thread holds at a time: about 4 MB, at most 48 rows.
template <class T>
int64_t Decoder<T>::headBlock() const {
  const int64_t room = 4 << 20;
  const int64_t fit = room / (base_.config.vocab * static_cast<int64_t>(sizeof(T)));
  const int64_t most = std::max<int64_t>(std::min<int64_t>(fit, 48) / k_.tileRows, 1) * k_.tileRows;
  const int64_t share = (tailCount_ + pool_.threads() - 1) / pool_.threads();
  return std::min(most, (share + k_.tileRows - 1) / k_.tileRows * k_.tileRows);
}

template <class T>
void Decoder<T>::logits(const Rows& rows, const T* x, T* out) {
  const Config& c = base_.config;
  Buffer<T>& normed = scratch(rows.thread).narrow;
  Buffer<T>& rstd = scratch(rows.thread).wide;
  normed.resize(rows.count * c.hidden);
  rstd.resize(rows.count);
  k_.rmsNorm(rows.count, c.hidden, x + rows.begin * c.hidden, base_.at(base_.finalNorm), static_cast<T>(c.eps),
             normed.data(), rstd.data());
  multiply(base_.head, rows, normed.data(), out + rows.begin * c.vocab, nullptr);
}

template <class T>
void Decoder<T>::score(const Layout& layout, T* logprobs, T* entropies, uint8_t* hits) {
  if (base_.precision.frozen) {
    scoreFrozen(layout, logprobs, entropies, hits);
    return;
  }
  const Config& c = base_.config;
  const int64_t h = c.hidden, block = headBlock();
  tailNormed_.resize(tailCount_ * h);
  tailRstd_.resize(tailCount_);
  if (tailCount_ == 0) return;
  pool_.run((tailCount_ + block - 1) / block, [&](int64_t i, int thread) {
    const int64_t begin = i * block, count = std::min(block, tailCount_ - begin);
    T* const normed = tailNormed_.data() + begin * h;
    k_.rmsNorm(count, h, tail_.data() + begin * h, base_.at(base_.finalNorm), static_cast<T>(c.eps), normed,
               tailRstd_.data() + begin);
    Buffer<T>& logits = scratch(thread).wide;
    logits.resize(count * c.vocab);
    base_.head.forward(k_, count, normed, h, logits.data(), c.vocab, nullptr, 0, scratch(thread).panels);
    for (int64_t r = 0; r < count; r++) {
      const HeadRow& head = layout.headRows[static_cast<size_t>(begin + r)];
      const T* const row = logits.data() + r * c.vocab;
      T max, lse, entropy;
      k_.logitStatistics(c.vocab, row, &max, &lse, &entropy);
      for (int64_t t = head.firstTarget; t < head.firstTarget + head.targetCount; t++) {
        const T logit = row[layout.targetTokens[static_cast<size_t>(t)]];
        const int64_t slot = layout.targetSlots[static_cast<size_t>(t)];
        logprobs[slot] = logit - lse;
        entropies[slot] = entropy;
        hits[slot] = logit == max ? 1 : 0;
      }
    }
  });
}

// With g_t = d loss / d logprob of target t: d logits = sum over a row's targets of g_t (one-hot(t) - softmax).
// Writes d tail to g_.next, and adds the gradients of head and final norm if the base is trained.
template <class T>
void Decoder<T>::headBackward(const Layout& layout, const T* dLogprobs) {
  if (base_.precision.frozen) {
    headBackwardFrozen(layout, dLogprobs);
    return;
  }
  const Config& c = base_.config;
  const int64_t h = c.hidden, block = headBlock();
  const bool trainBase = adapter_ == nullptr;
  // The head's own gradient sums over rows, so it needs the derivatives of a chunk of rows, at most about 64 MB.
  const int64_t chunk = std::max<int64_t>((64 << 20) / (c.vocab * static_cast<int64_t>(sizeof(T))) / block, 1) * block;
  if (trainBase) dLogits_.resize(std::min(chunk, tailCount_) * c.vocab);
  const int64_t blocks = (tailCount_ + block - 1) / block;
  g_.normPartials.resize(blocks * h);
  g_.normPartials.zero();
  for (int64_t start = 0; start < tailCount_; start += chunk) {
    const int64_t rows = std::min(chunk, tailCount_ - start);
    pool_.run((rows + block - 1) / block, [&](int64_t i, int thread) {
      const int64_t inChunk = i * block, count = std::min(block, rows - inChunk), begin = start + inChunk;
      T* const normed = tailNormed_.data() + begin * h;
      Buffer<T>& own = scratch(thread).wide;
      if (!trainBase) own.resize(count * c.vocab);
      T* const logits = trainBase ? dLogits_.data() + inChunk * c.vocab : own.data();
      base_.head.forward(k_, count, normed, h, logits, c.vocab, nullptr, 0, scratch(thread).panels);
      for (int64_t r = 0; r < count; r++) {
        const HeadRow& head = layout.headRows[static_cast<size_t>(begin + r)];
        T* const row = logits + r * c.vocab;
        T max, lse, entropy, total = 0;
        k_.logitStatistics(c.vocab, row, &max, &lse, &entropy);
        for (int64_t t = head.firstTarget; t < head.firstTarget + head.targetCount; t++)
          total += dLogprobs[layout.targetSlots[static_cast<size_t>(t)]];
        k_.softmax(c.vocab, row, lse, -total, row);
        for (int64_t t = head.firstTarget; t < head.firstTarget + head.targetCount; t++)
          row[layout.targetTokens[static_cast<size_t>(t)]] += dLogprobs[layout.targetSlots[static_cast<size_t>(t)]];
      }
      Buffer<T>& dNormed = scratch(thread).narrow;
      dNormed.resize(count * h);
      base_.head.backward(k_, count, logits, c.vocab, dNormed.data(), h, false, scratch(thread).panels);
      k_.rmsNormBackward(count, h, tail_.data() + begin * h, base_.at(base_.finalNorm), tailRstd_.data() + begin,
                         dNormed.data(), nullptr, g_.next.data() + begin * h,
                         trainBase ? g_.normPartials.data() + begin / block * h : nullptr);
    });
    if (trainBase)
      runOuters({{c.vocab, h, rows, dLogits_.data(), c.vocab, tailNormed_.data() + start * h, h,
                  base_.gradAt(base_.headWeight)}});
  }
  if (trainBase) addColumnSums(blocks, h, g_.normPartials.data(), base_.gradAt(base_.finalNorm));
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace dpo
