#include "prefixes.h"

#include <algorithm>

namespace dpo {

namespace {

// A shorter common beginning is computed for each prompt: a segment of its own would not fill the vectors.
constexpr size_t kWorthSharing = 16;

class Builder {
 public:
  explicit Builder(const std::vector<const std::vector<int32_t>*>& prompts) : prompts_(prompts) {
    result_.leaves.resize(prompts.size());
    divide(0, prompts.size(), 0, 0, -1);
  }
  PromptForest take() { return std::move(result_); }

 private:
  // Appends tokens [from, to) of a prompt as a segment.
  int64_t append(size_t prompt, size_t from, size_t to, int64_t parent) {
    Forest& f = result_.forest;
    f.tokens.insert(f.tokens.end(), prompts_[prompt]->begin() + static_cast<int64_t>(from),
                    prompts_[prompt]->begin() + static_cast<int64_t>(to));
    f.lengths.push_back(static_cast<int32_t>(to - from));
    f.parents.push_back(static_cast<int32_t>(parent));
    f.targetStarts.push_back(static_cast<int32_t>(to - from));
    return static_cast<int64_t>(f.lengths.size()) - 1;
  }

  // Places prompts [first, last), which agree on their first `agreed` tokens; the first `done` of those are in `parent`.
  void divide(size_t first, size_t last, size_t agreed, size_t done, int64_t parent) {
    const std::vector<int32_t>&front = *prompts_[first], &back = *prompts_[last - 1];
    if (last - first == 1) {
      result_.leaves[first] = front.size() > done ? append(first, done, front.size(), parent) : parent;
      return;
    }
    // They are sorted, so what the first and the last share, all share.
    while (agreed < front.size() && front[agreed] == back[agreed]) agreed++;
    if (agreed - done >= kWorthSharing) {
      parent = append(first, done, agreed, parent);
      done = agreed;
    }
    if (front.size() == agreed) {  // it ends where the others go on
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
  PromptForest result_;
};

}  // namespace

PromptForest sharePrefixes(const std::vector<const std::vector<int32_t>*>& prompts) { return Builder(prompts).take(); }

}  // namespace dpo
