#include "forest.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace dpo {

namespace {

[[noreturn]] void refuse(size_t segment, const std::string& what) {
  throw std::invalid_argument("segment " + std::to_string(segment) + " " + what);
}

void check(const Forest& forest, const Config& config, size_t s, int64_t begin, int64_t position) {
  const int32_t length = forest.lengths[s], parent = forest.parents[s], start = forest.targetStarts[s];
  if (length < 0) refuse(s, "has a negative length");
  if (parent < -1 || parent >= static_cast<int32_t>(s))
    refuse(s, "names segment " + std::to_string(parent) + " as its parent; a parent comes before its children");
  if (start < 0 || start > length)
    refuse(s, "has targetStart " + std::to_string(start) + ", outside its " + std::to_string(length) + " tokens");
  if (start == 0 && length > 0 && position == 0) refuse(s, "begins with a target; nothing stands before it to predict it");
  for (int64_t i = begin; i < begin + length; i++) {
    const int32_t token = forest.tokens[static_cast<size_t>(i)];
    if (token < 0 || token >= config.vocab)
      refuse(s, "holds token id " + std::to_string(token) + ", outside the vocabulary of " + std::to_string(config.vocab));
  }
}

}  // namespace

Layout layOut(const Forest& forest, const Config& config) {
  const size_t segments = forest.lengths.size();
  Layout layout;
  layout.tokens = forest.tokens;
  layout.branches.resize(segments);
  std::vector<int64_t> ends(segments);  // position after the last token
  struct Target {
    int64_t row, slot;
    int32_t token;
  };
  std::vector<Target> targets;
  int64_t row = 0;
  for (size_t s = 0; s < segments; s++) {
    const int32_t parent = forest.parents[s];
    const int64_t length = forest.lengths[s];
    const bool hasParent = parent >= 0 && parent < static_cast<int32_t>(s);
    const int64_t root = forest.positions.empty() ? 0 : forest.positions[s];
    const int64_t position = hasParent ? ends[static_cast<size_t>(parent)] : root;
    check(forest, config, s, row, position);
    Branch& branch = layout.branches[s];
    branch.rows = {row, length};
    branch.parent = parent;
    if (hasParent) {
      const Branch& above = layout.branches[static_cast<size_t>(parent)];
      branch.tree = above.tree;
      branch.ancestors = above.ancestors;
      if (above.rows.count > 0) branch.ancestors.push_back(above.rows);
    } else {
      branch.tree = static_cast<int64_t>(layout.trees.size());
      layout.trees.emplace_back();
    }
    layout.trees[static_cast<size_t>(branch.tree)].push_back(static_cast<int64_t>(s));
    for (int64_t i = 0; i < length; i++) layout.positions.push_back(static_cast<int32_t>(position + i));
    layout.starts.push_back(static_cast<int32_t>(targets.size()));
    for (int64_t i = forest.targetStarts[s]; i < length; i++) {
      const int64_t predictor = i > 0 ? row + i - 1 : branch.ancestors.back().begin + branch.ancestors.back().count - 1;
      targets.push_back({predictor, static_cast<int64_t>(targets.size()), forest.tokens[static_cast<size_t>(row + i)]});
    }
    layout.counts.push_back(static_cast<int32_t>(length - forest.targetStarts[s]));
    ends[s] = position + length;
    layout.maxContext = std::max(layout.maxContext, ends[s]);
    row += length;
  }
  std::stable_sort(targets.begin(), targets.end(), [](const Target& a, const Target& b) { return a.row < b.row; });
  for (const Target& target : targets) {
    if (layout.headRows.empty() || layout.headRows.back().row != target.row)
      layout.headRows.push_back({target.row, static_cast<int64_t>(layout.targetTokens.size()), 0});
    layout.headRows.back().targetCount++;
    layout.targetTokens.push_back(target.token);
    layout.targetSlots.push_back(target.slot);
  }
  return layout;
}

}  // namespace dpo
