// Prompts as a forest: a common beginning of several prompts is one segment.
#pragma once
#include <vector>

#include "forest.h"

namespace dpo {

struct PromptForest {
  Forest forest;
  std::vector<int64_t> leaves;   // the segment that each prompt ends with
  std::vector<int64_t> members;  // for each segment, one of the prompts that contain it
};

// `prompts` are distinct, not empty, and sorted. The first `known[i]` tokens of prompt i, but never all, need not be computed.
// They are left out if they are known for all prompts that share them; the root then begins at a later position.
PromptForest sharePrefixes(const std::vector<const std::vector<int32_t>*>& prompts, const std::vector<int64_t>& known);

}  // namespace dpo
