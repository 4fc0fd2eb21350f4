// Attention over the forest: which queries attend to which rows, as tasks for threads.
#include <algorithm>
#include <map>

#include "decoder.h"

namespace dpo {

namespace {

constexpr int64_t kBlocksPerTask = 4;

// Appends the batch's runs of keys and values that a branch sees: its ancestors, then itself.
template <class T>
void pushRuns(const Branch& branch, const Config& c, int64_t kvHead, const T* turned, const T* qkv, T* dQkv,
              std::vector<Run<T>>& runs) {
  const auto push = [&](const Stretch& rows) {
    Run<T> run;
    const int64_t k = rows.begin * c.qkv() + c.q() + kvHead * c.headDim, v = k + c.kv();
    run.k = turned + k;
    run.v = qkv + v;
    run.ld = c.qkv();
    run.n = rows.count;
    if (dQkv != nullptr) {
      run.dk = dQkv + k;
      run.dv = dQkv + v;
      run.dld = c.qkv();
    }
    runs.push_back(run);
  };
  for (const Stretch& rows : branch.ancestors) push(rows);
  push(branch.rows);
}

template <class T>
Attention<T> queriesOf(const Branch& branch, const Config& c, int64_t kvHead, const std::vector<Run<T>>& runs,
                       const T* turned) {
  Attention<T> at;
  at.headDim = c.headDim;
  at.group = c.group();
  at.runs = runs.data();
  at.runCount = static_cast<int64_t>(runs.size());
  at.q = turned + branch.rows.begin * c.qkv() + kvHead * c.group() * c.headDim;
  at.qLd = c.qkv();
  at.outLd = c.q();
  at.lseLd = c.heads;
  return at;
}

}  // namespace

// Cuts every branch's queries into pieces of whole vectors, the long ones first, so that threads end together.
template <class T>
void Decoder<T>::planAttention(const Layout& layout) {
  queryBlocks_.clear();
  const int64_t group = base_.config.group(), piece = kBlocksPerTask * k_.tileCols;
  for (size_t b = 0; b < layout.branches.size(); b++) {
    const int64_t lanes = layout.branches[b].rows.count * group;
    for (int64_t lane = 0; lane < lanes; lane += piece)
      queryBlocks_.push_back({static_cast<int64_t>(b), lane, std::min(lane + piece, lanes)});
  }
  std::stable_sort(queryBlocks_.begin(), queryBlocks_.end(), [&](const QueryBlock& a, const QueryBlock& b) {
    const auto end = [&](const QueryBlock& q) {
      return layout.positions[static_cast<size_t>(layout.branches[static_cast<size_t>(q.branch)].rows.begin + (q.laneEnd - 1) / group)];
    };
    return end(a) > end(b);
  });
  planLimbs(layout);
  isHeadRow_.assign(static_cast<size_t>(layout.rowCount()), 0);
  for (const HeadRow& head : layout.headRows) isHeadRow_[static_cast<size_t>(head.row)] = 1;
}

template <class T>
void Decoder<T>::attention(const Layout& layout, int64_t layer, const KvHooks<T>* hooks) {
  const Config& c = base_.config;
  LayerState<T>& s = state(layer);
  const T *const from = turned(layer), *const values = qkv(layer);
  pool_.run(static_cast<int64_t>(queryBlocks_.size()) * c.kvHeads, [&](int64_t i, int thread) {
    const QueryBlock& block = queryBlocks_[static_cast<size_t>(i / c.kvHeads)];
    const int64_t kvHead = i % c.kvHeads;
    const Branch& branch = layout.branches[static_cast<size_t>(block.branch)];
    std::vector<Run<T>> runs;
    if (hooks != nullptr) hooks->before(branch, layer, kvHead, thread, runs);
    pushRuns<T>(branch, c, kvHead, from, values, nullptr, runs);
    Attention<T> at = queriesOf(branch, c, kvHead, runs, from);
    at.out = s.attended.data() + branch.rows.begin * c.q() + kvHead * c.group() * c.headDim;
    at.lse = s.lse.data() + branch.rows.begin * c.heads + kvHead * c.group();
    Buffer<T>& memory = scratch(thread).attention;
    memory.resize(attentionScratch(k_, layout.maxContext, c.headDim));
    at.scratch = memory.data();
    for (int64_t lane = block.laneBegin; lane < block.laneEnd; lane += k_.tileCols) {
      at.laneBegin = lane;
      at.laneCount = std::min(k_.tileCols, block.laneEnd - lane);
      if (last(layer) && !anyHeadRow(branch, at)) continue;
      k_.attentionForward(at);
    }
  });
}

// Whether one of the block's queries is of a head row. After the last layer no others are read.
template <class T>
bool Decoder<T>::anyHeadRow(const Branch& branch, const Attention<T>& at) const {
  const auto row = [&](int64_t lane) { return isHeadRow_.begin() + branch.rows.begin + lane / at.group; };
  return std::find(row(at.laneBegin), row(at.laneBegin + at.laneCount - 1) + 1, 1) !=
         row(at.laneBegin + at.laneCount - 1) + 1;
}

// A tree is one limb, unless branches hang from its root that have branches themselves: prompts that begin alike. Then the
// root is a limb, and so is each branch on it with all above it.
template <class T>
void Decoder<T>::planLimbs(const Layout& layout) {
  limbs_.clear();
  int64_t memory = 0;
  for (const std::vector<int64_t>& tree : layout.trees) {
    const int64_t root = tree.front(), rows = layout.branches[static_cast<size_t>(root)].rows.count;
    const auto parent = [&](int64_t b) { return layout.branches[static_cast<size_t>(b)].parent; };
    if (std::all_of(tree.begin(), tree.end(), [&](int64_t b) { return b == root || parent(b) == root; })) {
      limbs_.push_back({tree});
      continue;
    }
    limbs_.push_back({{root}});
    std::map<int64_t, size_t> limbOf;
    for (auto b = tree.begin() + 1; b != tree.end(); b++) {
      if (parent(*b) == root) {
        limbOf[*b] = limbs_.size();
        limbs_.push_back({{*b}, rows > 0 ? root : -1, memory});
        memory += rows * 2 * base_.config.kv();
      } else {
        limbOf[*b] = limbOf.at(parent(*b));
        limbs_[limbOf[*b]].branches.push_back(*b);
      }
    }
  }
  g_.root.resize(memory);
}

// Fills g_.dQkv from g_.dAttended. Only one task adds to a key's gradients, so a prompt's rows sum the gradients of all their
// children in a fixed order.
template <class T>
void Decoder<T>::attentionBackward(const Layout& layout, int64_t layer) {
  const Config& c = base_.config;
  g_.root.zero();
  pool_.run(static_cast<int64_t>(limbs_.size()) * c.kvHeads, [&](int64_t i, int thread) {
    limbBackward(layout, layer, limbs_[static_cast<size_t>(i / c.kvHeads)], i % c.kvHeads, thread);
  });
  for (const Limb& limb : limbs_) {
    if (limb.root < 0) continue;
    const Stretch& rows = layout.branches[static_cast<size_t>(limb.root)].rows;
    for (int64_t r = 0; r < rows.count; r++)
      k_.add(2 * c.kv(), g_.root.data() + limb.memory + r * 2 * c.kv(),
             g_.dQkv.data() + (rows.begin + r) * c.qkv() + c.q());
  }
}

template <class T>
void Decoder<T>::limbBackward(const Layout& layout, int64_t layer, const Limb& limb, int64_t kvHead, int thread) {
  const Config& c = base_.config;
  LayerState<T>& s = state(layer);
  const T *const from = turned(layer), *const values = qkv(layer);
  const int64_t queries = c.group() * c.headDim;
  for (const int64_t b : limb.branches) {
    const Stretch& rows = layout.branches[static_cast<size_t>(b)].rows;
    for (int64_t r = rows.begin; r < rows.begin + rows.count; r++) {
      T* const row = g_.dQkv.data() + r * c.qkv();
      std::fill_n(row + kvHead * queries, queries, T(0));
      std::fill_n(row + c.q() + kvHead * c.headDim, c.headDim, T(0));
      std::fill_n(row + c.qk() + kvHead * c.headDim, c.headDim, T(0));
    }
  }
  Buffer<T>& memory = scratch(thread).attention;
  memory.resize(attentionScratch(k_, layout.maxContext, c.headDim));
  for (const int64_t b : limb.branches) {
    const Branch& branch = layout.branches[static_cast<size_t>(b)];
    std::vector<Run<T>> runs;
    pushRuns<T>(branch, c, kvHead, from, values, g_.dQkv.data(), runs);
    if (limb.root >= 0) {
      Run<T>& root = runs.front();
      root.dk = g_.root.data() + limb.memory + kvHead * c.headDim;
      root.dv = root.dk + c.kv();
      root.dld = 2 * c.kv();
    }
    Attention<T> at = queriesOf(branch, c, kvHead, runs, from);
    at.out = s.attended.data() + branch.rows.begin * c.q() + kvHead * queries;
    at.dOut = g_.dAttended.data() + branch.rows.begin * c.q() + kvHead * queries;
    at.lse = s.lse.data() + branch.rows.begin * c.heads + kvHead * c.group();
    at.dq = g_.dQkv.data() + branch.rows.begin * c.qkv() + kvHead * queries;
    at.dqLd = c.qkv();
    at.scratch = memory.data();
    const int64_t lanes = branch.rows.count * at.group;
    for (int64_t lane = 0; lane < lanes; lane += k_.tileCols) {
      at.laneBegin = lane;
      at.laneCount = std::min(k_.tileCols, lanes - lane);
      if (last(layer) && !anyHeadRow(branch, at)) continue;
      // A long tree is one task.
      pool_.check();
      k_.attentionBackward(at);
    }
  }
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace dpo
