// Prompts as a forest: what several of them begin with is one segment.
#pragma once
#include <vector>

#include "forest.h"

namespace dpo {

struct PromptForest {
  Forest forest;
  std::vector<int64_t> leaves;   // the segment that each prompt ends with
  std::vector<int64_t> members;  // of each segment, one of the prompts that it is part of
};

// `prompts` are distinct, not empty, and sorted. The first `known[i]` tokens of prompt i, fewer than it has, need not be
// computed: they are left out where all prompts that share them agree, and the root that goes on begins at a later position.
PromptForest sharePrefixes(const std::vector<const std::vector<int32_t>*>& prompts, const std::vector<int64_t>& known);

}  // namespace dpo
