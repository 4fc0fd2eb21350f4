// Batched generation: what prompts have in common is computed once, its keys and values are read by all completions
// below it, and finished completions leave the batch. A completion does not depend, to the last bit, on what else is in
// the batch.
#include <algorithm>
#include <map>
#include <stdexcept>

#include "engine.h"
#include "prefixes.h"
#include "sampling.h"

namespace dpo {

namespace {

struct Request {
  size_t index;      // of the completion
  int64_t prompt;    // of the wave's distinct prompts
  int64_t cacheRow;  // where its own keys and values are
  int32_t token;     // the last one drawn
};

// Distinct prompts, sorted, and the completions that want them.
struct Wave {
  std::vector<const std::vector<int32_t>*> prompts;
  std::vector<Request> requests;
  int64_t rows = 0;  // of keys and values
};

// Cuts the prompts into waves of at most `most` rows of keys and values each, as far as one prompt allows.
std::vector<Wave> planWaves(const std::vector<std::vector<int32_t>>& prompts, int64_t maxNewTokens, int64_t most) {
  std::map<std::vector<int32_t>, std::vector<size_t>> wanted;
  for (size_t i = 0; i < prompts.size(); i++) wanted[prompts[i]].push_back(i);
  std::vector<Wave> waves(1);
  for (const auto& [prompt, indices] : wanted) {
    const int64_t length = static_cast<int64_t>(prompt.size());
    bool placed = false;  // whether the current wave has this prompt; a large group may go on in the next
    for (const size_t index : indices) {
      if (!waves.back().requests.empty() && waves.back().rows + maxNewTokens + (placed ? 0 : length) > most) {
        waves.emplace_back();
        placed = false;
      }
      Wave& wave = waves.back();
      if (!placed) {
        wave.prompts.push_back(&prompts[indices[0]]);
        wave.rows += length;
        placed = true;
      }
      wave.rows += maxNewTokens;
      wave.requests.push_back({index, static_cast<int64_t>(wave.prompts.size()) - 1,
                               static_cast<int64_t>(wave.requests.size()), 0});
    }
  }
  return waves;
}

// Generates one wave.
template <class T>
class Generation {
 public:
  Generation(Decoder<T>& decoder, const Config& config, const Sampling& sampling, Adapter<T>* adapter,
             std::vector<Completion>& completions)
      : decoder_(decoder), k_(decoder.kernels()), c_(config), sampling_(sampling), adapter_(adapter),
        completions_(completions), newCapacity_(whole(sampling.maxNewTokens)) {}

  void run(const Wave& wave) {
    PromptForest shared = sharePrefixes(wave.prompts);
    leaves_ = std::move(shared.leaves);
    layout_ = layOut(shared.forest, c_);
    // The last row of each prompt predicts; it has no target token yet.
    for (const int64_t leaf : leaves_) {
      const Stretch& rows = layout_.branches[static_cast<size_t>(leaf)].rows;
      layout_.headRows.push_back({rows.begin + rows.count - 1, 0, 0});
    }
    decoder_.rotary().reach(layout_.maxContext + sampling_.maxNewTokens);
    decoder_.forward(layout_, adapter_, std::nullopt, false, true);
    fillCache();
    const int64_t prompts = static_cast<int64_t>(leaves_.size());
    logits_.resize(prompts * c_.vocab);
    decoder_.logits(prompts, decoder_.tail(), logits_.data());

    std::vector<Request> active = wave.requests;
    newKeys_.resize(static_cast<int64_t>(active.size()) * c_.layers * newCapacity_ * c_.kv());
    newValues_.resize(static_cast<int64_t>(active.size()) * c_.layers * newCapacity_ * c_.kv());
    std::vector<int64_t> rows;
    for (const Request& request : active) rows.push_back(request.prompt);
    draw(active, rows, 0);
    for (int64_t step = 1; step < sampling_.maxNewTokens && !active.empty(); step++) {
      decode(active, step - 1);
      rows.resize(active.size());
      for (size_t i = 0; i < active.size(); i++) rows[i] = static_cast<int64_t>(i);
      draw(active, rows, step);
    }
  }

 private:
  int64_t whole(int64_t n) const { return (n + k_.tileCols - 1) / k_.tileCols * k_.tileCols; }

  // Copies every segment's keys and values out of the forward pass, for each layer and key/value head in one piece:
  // keys [headDim, capacity], values [capacity, headDim].
  void fillCache() {
    capacity_.clear();
    cacheBegin_.clear();
    cacheTotal_ = 0;
    for (const Branch& branch : layout_.branches) {
      cacheBegin_.push_back(cacheTotal_);
      capacity_.push_back(whole(branch.rows.count));
      cacheTotal_ += capacity_.back();
    }
    keys_.resize(cacheTotal_ * c_.kv() * c_.layers);
    values_.resize(cacheTotal_ * c_.kv() * c_.layers);
    const int64_t segments = static_cast<int64_t>(layout_.branches.size()), d = c_.headDim();
    decoder_.pool().run(c_.layers * segments, [&](int64_t i, int) {
      const int64_t layer = i / segments, segment = i % segments;
      const Stretch& rows = layout_.branches[static_cast<size_t>(segment)].rows;
      const int64_t capacity = capacity_[static_cast<size_t>(segment)];
      for (int64_t head = 0; head < c_.kvHeads; head++) {
        const T* const from = decoder_.keysAndValues(layer) + rows.begin * c_.qkv() + c_.hidden + head * d;
        T* const keys = keys_.data() + cached(layer, segment, head);
        T* const values = values_.data() + cached(layer, segment, head);
        for (int64_t j = 0; j < d; j++)
          for (int64_t r = 0; r < rows.count; r++) keys[j * capacity + r] = from[r * c_.qkv() + j];
        for (int64_t r = 0; r < rows.count; r++) std::copy_n(from + r * c_.qkv() + c_.kv(), d, values + r * d);
      }
    });
  }

  // Where a segment's keys, and its values, of a layer and head begin.
  int64_t cached(int64_t layer, int64_t segment, int64_t head) const {
    const size_t s = static_cast<size_t>(segment);
    return (layer * cacheTotal_ + cacheBegin_[s]) * c_.kv() + head * c_.headDim() * capacity_[s];
  }

  // Draws a token for every active request from its row of logits, and drops the finished.
  void draw(std::vector<Request>& active, const std::vector<int64_t>& rows, int64_t step) {
    std::vector<uint8_t> done(active.size());
    decoder_.pool().run(static_cast<int64_t>(active.size()), [&](int64_t i, int) {
      Request& request = active[static_cast<size_t>(i)];
      const T* const row = logits_.data() + rows[static_cast<size_t>(i)] * c_.vocab;
      const bool greedy = sampling_.temperature <= 0;
      request.token = greedy ? greedyToken(c_.vocab, row)
                             : sampleToken(c_.vocab, row, sampling_.temperature, sampling_.topP,
                                           counterUniform(sampling_.seeds[request.index], static_cast<uint64_t>(step)));
      T max, lse, entropy;
      k_.logitStatistics(c_.vocab, row, &max, &lse, &entropy);
      Completion& completion = completions_[request.index];
      completion.tokens.push_back(request.token);
      completion.logprobs.push_back(static_cast<float>(row[request.token] - lse));
      completion.stopped = std::find(sampling_.stopTokens.begin(), sampling_.stopTokens.end(), request.token) !=
                           sampling_.stopTokens.end();
      done[static_cast<size_t>(i)] = completion.stopped ? 1 : 0;
    });
    std::vector<Request> left;
    for (size_t i = 0; i < active.size(); i++)
      if (done[i] == 0) left.push_back(active[i]);
    active = std::move(left);
  }

  // Feeds every active request's last token, its `step`-th new one, and leaves the logits of the next.
  void decode(const std::vector<Request>& active, int64_t step) {
    const int64_t n = static_cast<int64_t>(active.size());
    std::vector<int32_t> tokens, positions;
    for (const Request& request : active) {
      const int64_t last = layout_.headRows[static_cast<size_t>(request.prompt)].row;
      tokens.push_back(request.token);
      positions.push_back(static_cast<int32_t>(layout_.positions[static_cast<size_t>(last)] + 1 + step));
    }
    x_.resize(n * c_.hidden);
    attended_.resize(n * c_.hidden);
    fresh_.resize(n * c_.qkv());
    decoder_.reserve(n, adapter_);
    // A block's rows do not look at each other, so a block goes through all layers on one thread.
    decoder_.eachBlock(n, [&](const Rows& rows) {
      decoder_.embed(rows, tokens.data(), x_.data());
      for (int64_t l = 0; l < c_.layers; l++) {
        decoder_.layerIn(l, rows, positions.data(), x_.data(), fresh_.data());
        for (int64_t r = rows.begin; r < rows.begin + rows.count; r++)
          attend(active[static_cast<size_t>(r)], l, r, step, rows.thread);
        decoder_.layerOut(l, rows, x_.data(), attended_.data(), x_.data());
      }
    });
    logits_.resize(n * c_.vocab);
    decoder_.logits(n, x_.data(), logits_.data());
  }

  // The segments of a request's prompt, then its own new tokens, of which `step` came before.
  void attend(const Request& request, int64_t layer, int64_t row, int64_t step, int thread) {
    const T* const qkv = fresh_.data() + row * c_.qkv();
    const int64_t own = (request.cacheRow * c_.layers + layer) * newCapacity_ * c_.kv();
    T* const keys = newKeys_.data() + own;      // [kv, newCapacity]
    T* const values = newValues_.data() + own;  // [newCapacity, kv]
    for (int64_t d = 0; d < c_.kv(); d++) keys[d * newCapacity_ + step] = qkv[c_.hidden + d];
    std::copy_n(qkv + c_.hidden + c_.kv(), c_.kv(), values + step * c_.kv());

    const int64_t leaf = leaves_[static_cast<size_t>(request.prompt)];
    std::vector<int64_t> path;
    for (int64_t s = leaf; s >= 0; s = layout_.branches[static_cast<size_t>(s)].parent) path.push_back(s);
    const int64_t context = layout_.positions[static_cast<size_t>(layout_.headRows[static_cast<size_t>(request.prompt)].row)] + 2 + step;
    Buffer<T>& memory = decoder_.scratch(thread).attention;
    memory.resize(c_.group() * (c_.headDim() + 1 + context));
    std::vector<DecodeRun<T>> runs(path.size() + 1);
    for (int64_t head = 0; head < c_.kvHeads; head++) {
      for (size_t i = 0; i < path.size(); i++) {
        const int64_t segment = path[path.size() - 1 - i], at = cached(layer, segment, head);
        runs[i] = {keys_.data() + at, capacity_[static_cast<size_t>(segment)], values_.data() + at, c_.headDim(),
                   layout_.branches[static_cast<size_t>(segment)].rows.count};
      }
      runs.back() = {keys + head * c_.headDim() * newCapacity_, newCapacity_, values + head * c_.headDim(), c_.kv(),
                     step + 1};
      const int64_t queries = head * c_.group() * c_.headDim();
      k_.decodeAttention({c_.headDim(), c_.group(), runs.data(), static_cast<int64_t>(runs.size()), qkv + queries,
                          attended_.data() + row * c_.hidden + queries, memory.data()});
    }
  }

  Decoder<T>& decoder_;
  const Kernels<T>& k_;
  const Config& c_;
  const Sampling& sampling_;
  Adapter<T>* adapter_;
  std::vector<Completion>& completions_;
  const int64_t newCapacity_;
  Layout layout_;
  std::vector<int64_t> leaves_;                // segment that a prompt ends with
  std::vector<int64_t> capacity_, cacheBegin_;  // of each segment, in rows
  int64_t cacheTotal_ = 0;
  Buffer<T> keys_, values_, newKeys_, newValues_, logits_, x_, attended_, fresh_;
};

}  // namespace

template <class T>
std::vector<Completion> Engine<T>::generate(const std::vector<std::vector<int32_t>>& prompts, const Sampling& sampling,
                                            const std::optional<std::string>& adapter) {
  const Config& c = base_.config;
  pending_.reset();
  Adapter<T>* const found = find(adapter);
  if (sampling.maxNewTokens < 1) throw std::invalid_argument("max_new_tokens must be at least 1");
  if (!(sampling.temperature >= 0)) throw std::invalid_argument("temperature must not be negative");
  if (!(sampling.topP > 0 && sampling.topP <= 1)) throw std::invalid_argument("top_p must lie in (0, 1]");
  if (sampling.seeds.size() != prompts.size())
    throw std::invalid_argument("there are " + std::to_string(sampling.seeds.size()) + " seeds for " +
                                std::to_string(prompts.size()) + " prompts");
  for (size_t i = 0; i < prompts.size(); i++) {
    if (prompts[i].empty()) throw std::invalid_argument("prompt " + std::to_string(i) + " has no tokens");
    for (const int32_t token : prompts[i])
      if (token < 0 || token >= c.vocab)
        throw std::invalid_argument("prompt " + std::to_string(i) + " holds token id " + std::to_string(token) +
                                    ", outside the vocabulary of " + std::to_string(c.vocab));
  }
  std::vector<Completion> completions(prompts.size());
  if (prompts.empty()) return completions;
  const int64_t rowBytes = c.layers * c.qkv() * static_cast<int64_t>(sizeof(T));
  for (const Wave& wave : planWaves(prompts, sampling.maxNewTokens, cacheBytes_ / rowBytes))
    Generation<T>(decoder_, c, sampling, found, completions).run(wave);
  return completions;
}

template class Engine<float>;
template class Engine<double>;

}  // namespace dpo
