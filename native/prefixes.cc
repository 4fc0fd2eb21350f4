#include "prefixes.h"

#include <algorithm>

namespace dpo {

namespace {

// A shorter common beginning is computed for each prompt, because its own segment would not fill the vectors.
constexpr size_t kWorthSharing = 16;

class Builder {
 public:
  Builder(const std::vector<const std::vector<int32_t>*>& prompts, const std::vector<int64_t>& known)
      : prompts_(prompts), known_(known) {
    result_.leaves.resize(prompts.size());
    divide(0, prompts.size(), 0, 0, -1);
  }
  PromptForest take() { return std::move(result_); }

 private:
  // Appends tokens [from, to) of prompts [first, last) as a segment and returns it; returns `parent` if there is
  // nothing to compute. Below a segment everything is computed, so that a segment's ancestors are complete.
  int64_t append(size_t first, size_t last, size_t from, size_t to, int64_t parent) {
    if (parent == -1) {
      const int64_t known = *std::min_element(known_.begin() + static_cast<int64_t>(first), known_.begin() + static_cast<int64_t>(last));
      from = std::max(from, static_cast<size_t>(known));
      if (from >= to) return parent;
    }
    Forest& f = result_.forest;
    const std::vector<int32_t>& prompt = *prompts_[first];
    f.tokens.insert(f.tokens.end(), prompt.begin() + static_cast<int64_t>(from), prompt.begin() + static_cast<int64_t>(to));
    f.lengths.push_back(static_cast<int32_t>(to - from));
    f.parents.push_back(static_cast<int32_t>(parent));
    f.targetStarts.push_back(static_cast<int32_t>(to - from));
    f.positions.push_back(parent == -1 ? static_cast<int32_t>(from) : 0);
    result_.members.push_back(static_cast<int64_t>(first));
    return static_cast<int64_t>(f.lengths.size()) - 1;
  }

  // Places prompts [first, last), which share their first `agreed` tokens; the first `done` of those are in `parent`.
  void divide(size_t first, size_t last, size_t agreed, size_t done, int64_t parent) {
    const std::vector<int32_t>&front = *prompts_[first], &back = *prompts_[last - 1];
    if (last - first == 1) {
      result_.leaves[first] = front.size() > done ? append(first, last, done, front.size(), parent) : parent;
      return;
    }
    // They are sorted, so all share what the first and the last share.
    while (agreed < front.size() && front[agreed] == back[agreed]) agreed++;
    if (agreed - done >= kWorthSharing) {
      parent = append(first, last, done, agreed, parent);
      done = agreed;
    }
    if (front.size() == agreed) {  // the first prompt ends where the others go on
      divide(first, first + 1, agreed, done, parent);
      first++;
    }
    while (first < last) {
      size_t next = first + 1;
      while (next < last && (*prompts_[next])[agreed] == (*prompts_[first])[agreed]) next++;
      divide(first, next, agreed, done, parent);
      first = next;
    }
  }

  const std::vector<const std::vector<int32_t>*>& prompts_;
  const std::vector<int64_t>& known_;
  PromptForest result_;
};

}  // namespace

PromptForest sharePrefixes(const std::vector<const std::vector<int32_t>*>& prompts, const std::vector<int64_t>& known) {
  return Builder(prompts, known).take();
}

}  // namespace dpo
