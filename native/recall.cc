// The input of a layer below which nothing is trained: what is known is copied, the rest computed.
#include <algorithm>
#include <utility>

#include "decoder.h"

namespace dpo {

// The layer whose inputs are known or to be known in a pass; 0 if the pass goes through all layers.
template <class T>
int64_t Decoder<T>::recalled(bool keep) {
  if (hidden_.most() == 0 || (adapter_ == nullptr && keep) || (adapter_ != nullptr && lowest_ == 0)) return 0;
  if (adapter_ != nullptr && lowest_ != hiddenLayer_) {
    hidden_.clear();
    hiddenLayer_ = lowest_;
  }
  return hiddenLayer_;
}

template <class T>
void Decoder<T>::forgetHidden() {
  hidden_.clear();
  hiddenLayer_ = 0;
}

// Fills the input of `layer`. Attention below it needs all rows before a row, so a branch that is not wholly known is computed
// with all above it.
template <class T>
void Decoder<T>::recall(const Layout& layout, int64_t layer) {
  using States = HiddenStates<T>;
  const int64_t h = base_.config.hidden;
  const auto& branches = layout.branches;
  std::vector<int64_t> places(static_cast<size_t>(rows_)), ends(branches.size());
  const auto before = [&](const Branch& branch) {
    return branch.parent < 0 ? States::kBegin : ends[static_cast<size_t>(branch.parent)];
  };
  std::vector<uint8_t> computed(branches.size());
  for (size_t b = 0; b < branches.size(); b++) {
    const Stretch& rows = branches[b].rows;
    int64_t place = before(branches[b]);
    for (int64_t r = rows.begin; r < rows.begin + rows.count; r++)
      place = places[static_cast<size_t>(r)] = hidden_.find(place, layout.tokens[static_cast<size_t>(r)]);
    ends[b] = place;
    computed[b] = place == States::kUnknown;
  }
  for (size_t b = branches.size(); b-- > 0;)
    if (computed[b] && branches[b].parent >= 0) computed[static_cast<size_t>(branches[b].parent)] = 1;

  int64_t packed = computeBelow(layout, layer, computed);
  T* const x = input(layer);
  // From the last row on, so that none is overwritten before it has moved.
  for (size_t b = branches.size(); b-- > 0;) {
    const Stretch& rows = branches[b].rows;
    for (int64_t r = rows.begin + rows.count - 1; r >= rows.begin; r--) {
      const T* const from = computed[b] ? x + --packed * h : hidden_.at(places[static_cast<size_t>(r)]);
      if (from != x + r * h) std::copy_n(from, h, x + r * h);
    }
  }
  for (size_t b = 0; b < branches.size(); b++) {
    const Stretch& rows = branches[b].rows;
    int64_t place = before(branches[b]);
    for (int64_t r = rows.begin; r < rows.begin + rows.count; r++) {
      const int64_t known = places[static_cast<size_t>(r)];
      place = known != States::kUnknown ? known : hidden_.add(place, layout.tokens[static_cast<size_t>(r)]);
      if (known == States::kUnknown && place != States::kUnknown) std::copy_n(x + r * h, h, hidden_.at(place));
    }
    ends[b] = place;
  }
}

// Computes the input of `layer` for the rows of these branches, packed in order. Returns their number.
template <class T>
int64_t Decoder<T>::computeBelow(const Layout& layout, int64_t layer, const std::vector<uint8_t>& computed) {
  Forest forest;
  std::vector<int32_t> indices(layout.branches.size(), -1);
  for (size_t b = 0; b < layout.branches.size(); b++) {
    if (!computed[b]) continue;
    const Branch& branch = layout.branches[b];
    const auto tokens = layout.tokens.begin() + branch.rows.begin;
    indices[b] = static_cast<int32_t>(forest.lengths.size());
    forest.tokens.insert(forest.tokens.end(), tokens, tokens + branch.rows.count);
    forest.lengths.push_back(static_cast<int32_t>(branch.rows.count));
    forest.parents.push_back(branch.parent < 0 ? -1 : indices[static_cast<size_t>(branch.parent)]);
    forest.targetStarts.push_back(forest.lengths.back());
  }
  const int64_t all = rows_;
  rows_ = static_cast<int64_t>(forest.tokens.size());
  if (rows_ > 0) {
    const Layout part = layOut(forest, base_.config);
    planAttention(part);
    runLayers(part, 0, layer, nullptr);
    planAttention(layout);
  }
  return std::exchange(rows_, all);
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace dpo
