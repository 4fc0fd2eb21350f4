// Generation with continuous batching (Yu et al. 2022, Orca): requests join between two tokens and leave when they are
// done. What prompts have in common is computed once, also where one of them came earlier. A completion does not depend,
// to the last bit, on what else is computed with it.
#include <algorithm>
#include <deque>
#include <map>

#include "engine.h"
#include "prefixes.h"
#include "sampling.h"

namespace dpo {

namespace {

// Rows of prompts that are computed together: enough for large products, and their values still fit the caches' size.
constexpr int64_t kPromptRows = 2048;

// A completion under way.
template <class T>
struct Sequence {
  Request request;
  std::vector<Page<T>*> pages;
  int64_t length = 0;  // tokens whose keys and values are in the pages
  std::vector<int32_t> tokens;
  std::vector<float> logprobs;
  size_t told = 0;  // of its tokens
  bool stopped = false;

  bool done() const { return stopped || static_cast<int64_t>(tokens.size()) == request.sampling.maxNewTokens; }
};

int64_t pagesFor(int64_t tokens) { return (tokens + kPageTokens - 1) / kPageTokens; }

// Pages that a request takes at most.
int64_t pagesOf(const Request& request) {
  return pagesFor(static_cast<int64_t>(request.prompt.size()) + request.sampling.maxNewTokens);
}

template <class T>
class Generation {
 public:
  Generation(Decoder<T>& decoder, Pages<T>& pages, Adapter<T>* adapter, Inbox& inbox,
             const std::function<void(std::vector<News>)>& tell)
      : decoder_(decoder), k_(decoder.kernels()), c_(decoder.base().config), pages_(pages), adapter_(adapter),
        inbox_(inbox), tell_(tell), runs_(static_cast<size_t>(decoder.pool().threads())) {}

  void run() {
    std::vector<Request> fresh;
    std::vector<int64_t> cancelled;
    while (inbox_.take(waiting_.empty() && active_.empty(), fresh, cancelled)) {
      for (Request& request : fresh) waiting_.push_back(std::move(request));
      fresh.clear();
      drop(cancelled);
      cancelled.clear();
      admit();
      tellNews();
      if (active_.empty()) continue;
      decode();
      tellNews();
    }
  }

 private:
  using Sequences = std::vector<std::unique_ptr<Sequence<T>>>;

  // Prompts that are alike, and the completions that want them.
  struct Group {
    Sequences sequences;
    std::vector<Page<T>*> pages;
    int64_t known = 0;  // tokens in pages that were found
  };
  using Groups = std::map<std::vector<int32_t>, Group>;

  void drop(const std::vector<int64_t>& cancelled) {
    const auto isCancelled = [&](int64_t id) { return std::find(cancelled.begin(), cancelled.end(), id) != cancelled.end(); };
    if (cancelled.empty()) return;
    for (const auto& sequence : active_)
      if (isCancelled(sequence->request.id)) release(*sequence);
    active_.erase(std::remove_if(active_.begin(), active_.end(), [&](const auto& s) { return isCancelled(s->request.id); }),
                  active_.end());
    waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), [&](const Request& r) { return isCancelled(r.id); }),
                   waiting_.end());
  }

  void release(Sequence<T>& sequence) {
    // The last first: it is of use only behind the others, so it shall be the first to be forgotten.
    for (size_t i = sequence.pages.size(); i-- > 0;) pages_.release(sequence.pages[i]);
  }

  // Computes the prompts of waiting requests, in their order, as far as there is room, and draws their first tokens.
  void admit() {
    int64_t room = pages_.available();
    for (const auto& each : active_) room -= pagesOf(each->request) - static_cast<int64_t>(each->pages.size());
    Groups groups;
    int64_t rows = 0;
    bool busy = !active_.empty();
    while (!waiting_.empty() && rows < kPromptRows) {
      const int64_t need = pagesOf(waiting_.front());
      if (busy && need > room) break;
      room -= need;
      busy = true;
      auto sequence = std::make_unique<Sequence<T>>();
      sequence->request = std::move(waiting_.front());
      waiting_.pop_front();
      const auto [place, isNew] = groups.try_emplace(sequence->request.prompt);
      if (isNew) {
        findPages(place->first, place->second);
        rows += static_cast<int64_t>(place->first.size()) - place->second.known;
      }
      place->second.sequences.push_back(std::move(sequence));
    }
    if (!groups.empty()) computePrompts(groups);
  }

  // Whole pages that hold the beginning of a prompt. At least its last token is computed again: its logits are needed.
  void findPages(const std::vector<int32_t>& prompt, Group& group) {
    while (group.known + kPageTokens < static_cast<int64_t>(prompt.size())) {
      Page<T>* const page = pages_.find(group.pages.empty() ? nullptr : group.pages.back(), prompt.data() + group.known);
      if (page == nullptr) return;
      group.pages.push_back(page);
      group.known += kPageTokens;
    }
  }

  void computePrompts(Groups& groups) {
    std::vector<const std::vector<int32_t>*> prompts;
    std::vector<Group*> byPrompt;
    std::vector<int64_t> known;
    for (auto& [prompt, group] : groups) {
      prompts.push_back(&prompt);
      byPrompt.push_back(&group);
      known.push_back(group.known);
    }
    const PromptForest shared = sharePrefixes(prompts, known);
    Layout layout = layOut(shared.forest, c_);
    // The last row of each prompt predicts; it has no target token yet.
    for (const int64_t leaf : shared.leaves) {
      const Stretch& rows = layout.branches[static_cast<size_t>(leaf)].rows;
      layout.headRows.push_back({rows.begin + rows.count - 1, 0, 0});
    }
    const Past<T> past = [&](const Branch& branch, int64_t layer, int64_t kvHead, std::vector<Run<T>>& runs) {
      const size_t root = static_cast<size_t>(layout.trees[static_cast<size_t>(branch.tree)].front());
      const Group& group = *byPrompt[static_cast<size_t>(shared.members[root])];
      for (int64_t i = 0; i < shared.forest.positions[root] / kPageTokens; i++) {
        Page<T>& page = *group.pages[static_cast<size_t>(i)];
        Run<T> run;
        run.k = pages_.keys(page, layer, kvHead);
        run.columns = kPageTokens;
        run.v = pages_.values(page, layer, kvHead);
        run.ld = c_.headDim();
        run.n = kPageTokens;
        runs.push_back(run);
      }
    };
    decoder_.forward(layout, adapter_, std::nullopt, false, true, &past);
    prepared_ = 0;
    for (size_t p = 0; p < prompts.size(); p++)
      fillPages(*prompts[p], *byPrompt[p], rowsOf(layout, shared.leaves[p], *prompts[p]));
    copyRows();

    const int64_t count = static_cast<int64_t>(prompts.size());
    logits_.resize(count * c_.vocab);
    decoder_.logits(count, decoder_.tail(), logits_.data());
    Sequences started;
    std::vector<int64_t> rows;
    for (size_t p = 0; p < prompts.size(); p++) {
      Group& group = *byPrompt[p];
      for (size_t i = 0; i < group.sequences.size(); i++) {
        group.sequences[i]->pages = i == 0 ? group.pages : branchOff(group.pages, prompts[p]->size());
        group.sequences[i]->length = static_cast<int64_t>(prompts[p]->size());
        rows.push_back(static_cast<int64_t>(p));
        started.push_back(std::move(group.sequences[i]));
      }
    }
    draw(started, rows);
    for (auto& each : started) active_.push_back(std::move(each));
  }

  // The row of the forward pass for each token of a prompt, -1 for those that were known.
  static std::vector<int64_t> rowsOf(const Layout& layout, int64_t leaf, const std::vector<int32_t>& prompt) {
    std::vector<int64_t> rows(prompt.size(), -1);
    for (int64_t b = leaf; b >= 0; b = layout.branches[static_cast<size_t>(b)].parent) {
      const Stretch& own = layout.branches[static_cast<size_t>(b)].rows;
      for (int64_t r = own.begin; r < own.begin + own.count; r++)
        rows[static_cast<size_t>(layout.positions[static_cast<size_t>(r)])] = r;
    }
    return rows;
  }

  // Gives a group the pages that it has not, and notes what must be copied into them.
  void fillPages(const std::vector<int32_t>& prompt, Group& group, const std::vector<int64_t>& rows) {
    const int64_t length = static_cast<int64_t>(prompt.size());
    for (int64_t at = group.known; at < length; at += kPageTokens) {
      const int64_t count = std::min(kPageTokens, length - at);
      const Page<T>* const before = group.pages.empty() ? nullptr : group.pages.back();
      const int32_t* const tokens = prompt.data() + at;
      // Another prompt of this batch may have brought the same page.
      Page<T>* page = count == kPageTokens ? pages_.find(before, tokens) : nullptr;
      if (page == nullptr) {
        page = pages_.take();
        if (count == kPageTokens) pages_.know(page, before, tokens);
        copies_.push_back({page, std::vector<int64_t>(rows.begin() + at, rows.begin() + at + count)});
      }
      group.pages.push_back(page);
    }
  }

  // Copies keys and values of the forward pass into the pages.
  void copyRows() {
    const int64_t count = static_cast<int64_t>(copies_.size()), d = c_.headDim();
    decoder_.pool().run(count * c_.layers, [&](int64_t i, int) {
      const Copy& copy = copies_[static_cast<size_t>(i % count)];
      const int64_t layer = i / count;
      for (size_t t = 0; t < copy.rows.size(); t++)
        put(*copy.page, static_cast<int64_t>(t), layer, decoder_.keysAndValues(layer) + copy.rows[t] * c_.qkv() + c_.hidden, d);
    });
    copies_.clear();
  }

  // Writes a token's keys and values [2, kv] of a layer to its place in a page.
  void put(Page<T>& page, int64_t place, int64_t layer, const T* from, int64_t d) {
    for (int64_t head = 0; head < c_.kvHeads; head++) {
      T* const keys = pages_.keys(page, layer, head) + place;
      for (int64_t j = 0; j < d; j++) keys[j * kPageTokens] = from[head * d + j];
      std::copy_n(from + c_.kv() + head * d, d, pages_.values(page, layer, head) + place * d);
    }
  }

  // Pages of another completion of a prompt: the same, but for the last where the prompt ends within it.
  std::vector<Page<T>*> branchOff(const std::vector<Page<T>*>& of, size_t length) {
    std::vector<Page<T>*> pages = of;
    const bool whole = length % kPageTokens == 0;
    for (size_t i = 0; i + (whole ? 0 : 1) < pages.size(); i++) pages_.share(pages[i]);
    if (!whole) {
      Page<T>* const copy = pages_.take();
      std::copy_n(pages.back()->data.data(), pages.back()->data.size(), copy->data.data());
      pages.back() = copy;
    }
    return pages;
  }

  // Draws the next token of each sequence from its row of logits.
  void draw(const Sequences& sequences, const std::vector<int64_t>& rows) {
    decoder_.pool().run(static_cast<int64_t>(sequences.size()), [&](int64_t i, int) {
      Sequence<T>& sequence = *sequences[static_cast<size_t>(i)];
      const Sampling& sampling = sequence.request.sampling;
      const T* const row = logits_.data() + rows[static_cast<size_t>(i)] * c_.vocab;
      const int32_t token = sampling.temperature <= 0
                                ? greedyToken(c_.vocab, row)
                                : sampleToken(c_.vocab, row, sampling.temperature, sampling.topP,
                                              counterUniform(sampling.seed, sequence.tokens.size()));
      T max, lse, entropy;
      k_.logitStatistics(c_.vocab, row, &max, &lse, &entropy);
      sequence.tokens.push_back(token);
      sequence.logprobs.push_back(static_cast<float>(row[token] - lse));
      sequence.stopped =
          std::find(sampling.stopTokens.begin(), sampling.stopTokens.end(), token) != sampling.stopTokens.end();
    });
  }

  // Tells what is new, and lets the finished go.
  void tellNews() {
    std::vector<News> news;
    for (auto& each : active_) {
      const bool done = each->done();
      if (!done && !each->request.streams) continue;
      const auto from = static_cast<std::ptrdiff_t>(each->told);
      news.push_back({each->request.id, {each->tokens.begin() + from, each->tokens.end()},
                      {each->logprobs.begin() + from, each->logprobs.end()}, done, each->stopped});
      each->told = each->tokens.size();
      if (done) release(*each);
    }
    active_.erase(std::remove_if(active_.begin(), active_.end(), [](const auto& each) { return each->done(); }), active_.end());
    if (!news.empty()) tell_(std::move(news));
  }

  // Whether a layer's weights are so many that reading them is what takes the time.
  bool wide() const {
    return c_.hidden * (c_.qkv() + c_.hidden + 3 * c_.ff) > (int64_t{4} << 20);
  }

  // Feeds every sequence's last token and draws the next.
  void decode() {
    const int64_t n = static_cast<int64_t>(active_.size());
    std::vector<int32_t> tokens, positions;
    std::vector<int64_t> rows;
    for (const auto& each : active_) {
      if (each->length == static_cast<int64_t>(each->pages.size()) * kPageTokens) each->pages.push_back(pages_.take());
      tokens.push_back(each->tokens.back());
      positions.push_back(static_cast<int32_t>(each->length));
      rows.push_back(static_cast<int64_t>(rows.size()));
      decoder_.rotary().reach(each->length + 1);
    }
    x_.resize(n * c_.hidden);
    attended_.resize(n * c_.hidden);
    fresh_.resize(n * c_.qkv());
    logits_.resize(n * c_.vocab);
    if (prepared_ < n) decoder_.reserve(prepared_ = n, adapter_);
    decoder_.setWide(wide());
    if (wide()) {
      const Rows all{0, 0, n, 0};
      decoder_.embed(all, tokens.data(), x_.data());
      for (int64_t l = 0; l < c_.layers; l++) {
        decoder_.layerIn(l, all, positions.data(), x_.data(), fresh_.data());
        decoder_.pool().run(n, [&](int64_t r, int thread) { attend(*active_[static_cast<size_t>(r)], l, r, thread); });
        decoder_.layerOut(l, all, x_.data(), attended_.data(), x_.data());
      }
    } else {
      // A block's rows do not look at each other, so a block goes through all layers on one thread.
      decoder_.eachBlock(n, [&](const Rows& block) {
        decoder_.embed(block, tokens.data(), x_.data());
        for (int64_t l = 0; l < c_.layers; l++) {
          decoder_.layerIn(l, block, positions.data(), x_.data(), fresh_.data());
          for (int64_t r = block.begin; r < block.begin + block.count; r++)
            attend(*active_[static_cast<size_t>(r)], l, r, block.thread);
          decoder_.layerOut(l, block, x_.data(), attended_.data(), x_.data());
        }
      });
    }
    decoder_.logits(n, x_.data(), logits_.data());
    decoder_.setWide(false);
    for (const auto& each : active_) each->length++;
    draw(active_, rows);
  }

  void attend(Sequence<T>& sequence, int64_t layer, int64_t row, int thread) {
    const T* const qkv = fresh_.data() + row * c_.qkv();
    const int64_t d = c_.headDim(), context = sequence.length + 1;
    put(*sequence.pages.back(), sequence.length % kPageTokens, layer, qkv + c_.hidden, d);
    Buffer<T>& memory = decoder_.scratch(thread).attention;
    memory.resize(c_.group() * (d + 1 + context));
    std::vector<DecodeRun<T>>& runs = runs_[static_cast<size_t>(thread)];
    for (int64_t head = 0; head < c_.kvHeads; head++) {
      runs.clear();
      int64_t left = context;
      for (Page<T>* const page : sequence.pages) {
        runs.push_back({pages_.keys(*page, layer, head), kPageTokens, pages_.values(*page, layer, head), d,
                        std::min(left, kPageTokens)});
        left -= kPageTokens;
      }
      const int64_t queries = head * c_.group() * d;
      k_.decodeAttention({d, c_.group(), runs.data(), static_cast<int64_t>(runs.size()), qkv + queries,
                          attended_.data() + row * c_.hidden + queries, memory.data()});
    }
  }

  struct Copy {
    Page<T>* page;
    std::vector<int64_t> rows;  // of the forward pass
  };

  Decoder<T>& decoder_;
  const Kernels<T>& k_;
  const Config& c_;
  Pages<T>& pages_;
  Adapter<T>* adapter_;
  Inbox& inbox_;
  const std::function<void(std::vector<News>)>& tell_;
  std::deque<Request> waiting_;
  Sequences active_;
  std::vector<Copy> copies_;
  int64_t prepared_ = 0;  // rows that the decoder is ready for
  Buffer<T> logits_, x_, attended_, fresh_;
  std::vector<std::vector<DecodeRun<T>>> runs_;  // of each thread
};

}  // namespace

template <class T>
void Engine<T>::generate(Inbox& inbox, const std::optional<std::string>& adapter,
                         const std::function<void(std::vector<News>)>& tell) {
  try {
    pending_.reset();
    Adapter<T>* const found = find(adapter);
    if (pagesOf_ != adapter) pages_.clear();
    pagesOf_ = adapter;
    Generation<T>(decoder_, pages_, found, inbox, tell).run();
  } catch (...) {
    inbox.close();
    pages_.clear();
    throw;
  }
}

template class Engine<float>;
template class Engine<double>;

}  // namespace dpo
