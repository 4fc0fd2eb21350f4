// A batch as it arrives, and as the decoder processes it: the tokens of all segments in one column, with their positions,
// the rows that each segment attends to, and the rows that predict targets.
#pragma once
#include <cstdint>
#include <vector>

#include "config.h"

namespace dpo {

// Segments in topological order, as described in main/engine/engine.ts.
struct Forest {
  std::vector<int32_t> tokens;  // of all segments, one after the other
  std::vector<int32_t> lengths;
  std::vector<int32_t> parents;       // -1: root
  std::vector<int32_t> targetStarts;  // length: no targets
  std::vector<int32_t> positions;     // of a root's first token; empty: all roots begin at 0
};

struct Stretch {
  int64_t begin = 0, count = 0;  // rows
};

struct Branch {
  Stretch rows;
  int64_t parent = -1;
  int64_t tree = 0;
  std::vector<Stretch> ancestors;  // from the root down to the parent
};

struct HeadRow {
  int64_t row = 0;                            // whose output predicts
  int64_t firstTarget = 0, targetCount = 0;  // in targetTokens / targetSlots
};

struct Layout {
  std::vector<int32_t> tokens, positions;  // one a row
  std::vector<Branch> branches;            // one a segment
  std::vector<std::vector<int64_t>> trees;  // branches by root, in order
  std::vector<HeadRow> headRows;           // ascending; a row that predicts the first tokens of several children occurs once
  std::vector<int32_t> targetTokens;       // by head row
  std::vector<int64_t> targetSlots;        // index of that target in the order of segments
  std::vector<int32_t> starts, counts;     // targets of a segment, in that order
  int64_t maxContext = 0;
  int64_t rowCount() const { return static_cast<int64_t>(tokens.size()); }
};

// Throws std::invalid_argument with one sentence if the forest does not fit the model.
Layout layOut(const Forest& forest, const Config& config);

}  // namespace dpo
