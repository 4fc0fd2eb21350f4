// Batched generation: each distinct prompt is computed once, its keys and values are read by all its completions,
// and finished completions leave the batch.
#include <algorithm>
#include <map>
#include <stdexcept>

#include "engine.h"
#include "sampling.h"

namespace dpo {

namespace {

// Keys and values of one wave of prompts take at most this much memory.
constexpr int64_t kCacheBytes = int64_t{1} << 30;

struct Request {
  size_t index;     // of the completion
  int64_t prompt;   // of the wave's distinct prompts
  int32_t token;    // the last one drawn
  int64_t cacheRow;
};

// One wave: distinct prompts and the completions that want them.
struct Wave {
  Forest prompts;
  std::vector<Request> requests;
  int64_t bytes = 0;
};

std::vector<Wave> planWaves(const std::vector<std::vector<int32_t>>& prompts, int64_t maxNewTokens, int64_t rowBytes) {
  std::vector<Wave> waves(1);
  // Completions of equal prompts go together, in the order of their first appearance.
  std::map<std::vector<int32_t>, size_t> groupOf;
  std::vector<std::vector<size_t>> groups;
  for (size_t i = 0; i < prompts.size(); i++) {
    const auto found = groupOf.emplace(prompts[i], groups.size());
    if (found.second) groups.emplace_back();
    groups[found.first->second].push_back(i);
  }
  for (const std::vector<size_t>& group : groups) {
    const std::vector<int32_t>& prompt = prompts[group[0]];
    const int64_t promptBytes = static_cast<int64_t>(prompt.size()) * rowBytes, each = maxNewTokens * rowBytes;
    int64_t inWave = -1;  // which of the wave's prompts it is; a large group may go on in the next wave
    for (const size_t index : group) {
      if (!waves.back().requests.empty() && waves.back().bytes + each + (inWave < 0 ? promptBytes : 0) > kCacheBytes) {
        waves.emplace_back();
        inWave = -1;
      }
      Wave& wave = waves.back();
      if (inWave < 0) {
        inWave = static_cast<int64_t>(wave.prompts.lengths.size());
        wave.prompts.tokens.insert(wave.prompts.tokens.end(), prompt.begin(), prompt.end());
        wave.prompts.lengths.push_back(static_cast<int32_t>(prompt.size()));
        wave.prompts.parents.push_back(-1);
        wave.prompts.targetStarts.push_back(static_cast<int32_t>(prompt.size()));
        wave.bytes += promptBytes;
      }
      wave.requests.push_back({index, inWave, 0, static_cast<int64_t>(wave.requests.size())});
      wave.bytes += each;
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
      : decoder_(decoder), c_(config), sampling_(sampling), adapter_(adapter), completions_(completions) {}

  void run(Wave& wave) {
    layout_ = layOut(wave.prompts, c_);
    // The last row of each prompt predicts; it has no target token yet.
    for (const Branch& branch : layout_.branches)
      layout_.headRows.push_back({branch.rows.begin + branch.rows.count - 1, 0, 0});
    decoder_.rotary().reach(layout_.maxContext + sampling_.maxNewTokens);
    decoder_.forward(layout_, adapter_, std::nullopt, false, true);
    const int64_t prompts = static_cast<int64_t>(layout_.branches.size());
    logits_.resize(prompts * c_.vocab);
    decoder_.logits(prompts, decoder_.tail(), logits_.data());

    std::vector<Request> active = wave.requests;
    cache_.resize(static_cast<int64_t>(active.size()) * c_.layers * sampling_.maxNewTokens * 2 * c_.kv());
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
      decoder_.kernels().logitStatistics(c_.vocab, row, &max, &lse, &entropy);
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
      tokens.push_back(request.token);
      positions.push_back(static_cast<int32_t>(layout_.branches[static_cast<size_t>(request.prompt)].rows.count + step));
    }
    x_.resize(n * c_.hidden);
    attended_.resize(n * c_.hidden);
    fresh_.resize(n * c_.qkv());
    decoder_.reserve(n, adapter_);
    for (int64_t l = 0; l < c_.layers; l++) {
      // A block's rows do not look at each other, so a layer is one task a block.
      decoder_.eachBlock(n, [&](const Rows& rows) {
        if (l == 0) decoder_.embed(rows, tokens.data(), x_.data());
        decoder_.layerIn(l, rows, positions.data(), x_.data(), fresh_.data());
        for (int64_t r = rows.begin; r < rows.begin + rows.count; r++)
          attend(active[static_cast<size_t>(r)], l, r, step, rows.thread);
        decoder_.layerOut(l, rows, x_.data(), attended_.data(), x_.data());
      });
    }
    logits_.resize(n * c_.vocab);
    decoder_.logits(n, x_.data(), logits_.data());
  }

  // Keys, and after them values, of a completion's new tokens in a layer: [maxNewTokens, kv] each.
  T* cache(const Request& request, int64_t layer) {
    return cache_.data() + (request.cacheRow * c_.layers + layer) * sampling_.maxNewTokens * 2 * c_.kv();
  }

  void attend(const Request& request, int64_t layer, int64_t row, int64_t step, int thread) {
    const T* const qkv = fresh_.data() + row * c_.qkv();
    T* const keys = cache(request, layer);
    T* const values = keys + sampling_.maxNewTokens * c_.kv();
    std::copy_n(qkv + c_.hidden, c_.kv(), keys + step * c_.kv());
    std::copy_n(qkv + c_.hidden + c_.kv(), c_.kv(), values + step * c_.kv());

    const Stretch& prompt = layout_.branches[static_cast<size_t>(request.prompt)].rows;
    Buffer<T>& memory = decoder_.scratch(thread).attention;
    memory.resize(attentionScratch(decoder_.kernels(), prompt.count + step + 1, c_.headDim()));
    for (int64_t head = 0; head < c_.kvHeads; head++) {
      Run<T> runs[2];
      runs[0].k = decoder_.keysAndValues(layer) + prompt.begin * c_.qkv() + c_.hidden + head * c_.headDim();
      runs[0].v = runs[0].k + c_.kv();
      runs[0].ld = c_.qkv();
      runs[0].n = prompt.count;
      runs[1].k = keys + head * c_.headDim();
      runs[1].v = values + head * c_.headDim();
      runs[1].ld = c_.kv();
      runs[1].n = step + 1;
      Attention<T> at;
      at.headDim = c_.headDim();
      at.group = c_.group();
      at.runs = runs;
      at.runCount = 2;
      at.ownOffset = step;
      at.q = qkv + head * c_.group() * c_.headDim();
      at.qLd = c_.qkv();
      at.out = attended_.data() + row * c_.hidden + head * c_.group() * c_.headDim();
      at.outLd = c_.hidden;
      at.scratch = memory.data();
      for (int64_t lane = 0; lane < c_.group(); lane += decoder_.kernels().tileCols) {
        at.laneBegin = lane;
        at.laneCount = std::min(decoder_.kernels().tileCols, c_.group() - lane);
        decoder_.kernels().attentionForward(at);
      }
    }
  }

  Decoder<T>& decoder_;
  const Config& c_;
  const Sampling& sampling_;
  Adapter<T>* adapter_;
  std::vector<Completion>& completions_;
  Layout layout_;
  Buffer<T> logits_, cache_, x_, attended_, fresh_;
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
  for (Wave& wave : planWaves(prompts, sampling.maxNewTokens, c.layers * c.qkv() * static_cast<int64_t>(sizeof(T))))
    Generation<T>(decoder_, c, sampling, found, completions).run(wave);
  return completions;
}

template class Engine<float>;
template class Engine<double>;

}  // namespace dpo
