// Prompts as a forest: what several of them begin with is one segment.
#pragma once
#include <vector>

#include "forest.h"

namespace dpo {

struct PromptForest {
  Forest forest;
  std::vector<int64_t> leaves;  // the segment that each prompt ends with
};

// `prompts` are distinct, not empty, and sorted.
PromptForest sharePrefixes(const std::vector<const std::vector<int32_t>*>& prompts);

}  // namespace dpo
