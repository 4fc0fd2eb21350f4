// Generation with continuous batching (Yu et al. 2022, Orca): requests join between two tokens and leave when they are
// done. Common beginnings of prompts are computed once, also with earlier prompts. Long prompts are computed a chunk at a
// time (Agrawal et al. 2023, arXiv:2308.16369), so that running completions go on meanwhile and memory does not grow with
// the prompt. To the last bit, a completion does not depend on what else is computed with it.
#include <algorithm>
#include <deque>
#include <map>

#include "engine.h"
#include "errors.h"
#include "prefixes.h"
#include "sampling.h"

namespace dpo {

namespace {

// The most rows of prompts that are computed together: enough for large products, and whole pages.
constexpr int64_t kPromptRows = 1024;
// The same while completions wait.
constexpr int64_t kPromptRowsBetween = 512;

// A running completion.
template <class T>
struct Sequence {
  Request request;
  std::vector<Page<T>*> pages;
  int64_t length = 0;  // tokens whose keys and values are in the pages
  std::vector<int32_t> tokens;
  std::vector<float> logprobs;
  size_t told = 0;  // tokens that were reported
  bool stopped = false;
  Place place;  // in the request's constraint

  bool done() const { return stopped || static_cast<int64_t>(tokens.size()) == request.sampling.maxNewTokens; }
};

int64_t pagesFor(int64_t tokens) { return (tokens + kPageTokens - 1) / kPageTokens; }

// The most pages that a request can take.
int64_t pagesOf(const Request& request) {
  return pagesFor(static_cast<int64_t>(request.prompt.size()) + request.sampling.maxNewTokens);
}

template <class T>
class Generation {
 public:
  Generation(Decoder<T>& decoder, Pages<T>& pages, Adapter<T>* adapter, Inbox& inbox,
             const std::function<void(std::vector<News>)>& tell)
      : decoder_(decoder), k_(decoder.kernels()), c_(decoder.base().config), pages_(pages), adapter_(adapter),
        inbox_(inbox), tell_(tell), own_(static_cast<size_t>(decoder.pool().threads())) {
    if (adapter_ != nullptr) adapter_->keepPacksMeanwhile(true);
  }
  ~Generation() {
    if (adapter_ != nullptr) adapter_->keepPacksMeanwhile(false);
  }
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  void run() {
    std::vector<Request> fresh;
    std::vector<int64_t> cancelled;
    while (inbox_.take(waiting_.empty() && reading_.empty() && active_.empty(), fresh, cancelled)) {
      for (Request& request : fresh) waiting_.push_back(std::move(request));
      fresh.clear();
      drop(cancelled);
      cancelled.clear();
      admit();
      if (!reading_.empty()) {
        readPrompts();
        tellNews();
      }
      if (active_.empty()) continue;
      decode();
      tellNews();
    }
  }

 private:
  using Sequences = std::vector<std::unique_ptr<Sequence<T>>>;

  // A prompt, and the completions that want it.
  struct Group {
    std::vector<int32_t> prompt;
    Sequences sequences;
    std::vector<Page<T>*> pages;
    int64_t known = 0;  // tokens whose keys and values are in pages, all of them full
  };

  void drop(const std::vector<int64_t>& cancelled) {
    if (cancelled.empty()) return;
    const auto isCancelled = [&](int64_t id) { return std::find(cancelled.begin(), cancelled.end(), id) != cancelled.end(); };
    const auto sequenceIs = [&](const auto& sequence) { return isCancelled(sequence->request.id); };
    for (const auto& sequence : active_)
      if (sequenceIs(sequence)) release(sequence->pages);
    active_.erase(std::remove_if(active_.begin(), active_.end(), sequenceIs), active_.end());
    for (Group& group : reading_) {
      group.sequences.erase(std::remove_if(group.sequences.begin(), group.sequences.end(), sequenceIs), group.sequences.end());
      if (group.sequences.empty()) release(group.pages);
    }
    forgetEmptyGroups();
    waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), [&](const Request& r) { return isCancelled(r.id); }),
                   waiting_.end());
  }

  void forgetEmptyGroups() {
    reading_.erase(std::remove_if(reading_.begin(), reading_.end(), [](const Group& group) { return group.sequences.empty(); }),
                   reading_.end());
  }

  void release(const std::vector<Page<T>*>& pages) {
    // The last page first: it is of use only after the others, so it should be the first to be forgotten.
    for (size_t i = pages.size(); i-- > 0;) pages_.release(pages[i]);
  }

  // Starts reading the prompts of waiting requests, in order, as long as there is room.
  void admit() {
    int64_t room = pages_.available();
    for (const auto& each : active_) room -= pagesOf(each->request) - static_cast<int64_t>(each->pages.size());
    for (const Group& group : reading_) {
      for (const auto& each : group.sequences) room -= pagesOf(each->request);
      room += static_cast<int64_t>(group.pages.size());
    }
    bool busy = !active_.empty() || !reading_.empty();
    while (!waiting_.empty()) {
      const int64_t need = pagesOf(waiting_.front());
      if (busy && need > room) break;
      room -= need;
      busy = true;
      auto sequence = std::make_unique<Sequence<T>>();
      sequence->request = std::move(waiting_.front());
      waiting_.pop_front();
      const auto same = [&](const Group& group) { return group.prompt == sequence->request.prompt; };
      auto group = std::find_if(reading_.begin(), reading_.end(), same);
      if (group == reading_.end()) {
        reading_.emplace_back();
        group = reading_.end() - 1;
        group->prompt = sequence->request.prompt;
      }
      group->sequences.push_back(std::move(sequence));
    }
  }

  // The parts of prompts in a chunk, by the prompt's tokens up to the part's end.
  using Chunk = std::map<std::vector<int32_t>, Group*>;

  // Computes the next rows of the prompts that are being read, and begins the completions of those that end. The first prompt
  // leaves half of the room to the others, so that a short prompt need not wait for the end of a long one.
  void readPrompts() {
    const int64_t most = active_.empty() ? kPromptRows : kPromptRowsBetween;
    const int64_t mostOfOne = reading_.size() == 1 ? most : most / 2;
    Chunk chunk;
    int64_t rows = 0;
    for (Group& group : reading_) {
      findPages(group);
      const int64_t left = static_cast<int64_t>(group.prompt.size()) - group.known, room = std::min(mostOfOne, most - rows);
      // Only whole pages can be continued.
      const int64_t count = left <= room ? left : room / kPageTokens * kPageTokens;
      if (count == 0) break;
      const auto end = group.prompt.begin() + group.known + count;
      // If another prompt has the same part, its pages will be found.
      if (chunk.try_emplace({group.prompt.begin(), end}, &group).second) rows += count;
    }
    compute(chunk);
    forgetEmptyGroups();
  }

  // Finds whole pages with a prompt's next tokens. At least its last token is computed again, because its logits are needed.
  void findPages(Group& group) {
    while (group.known + kPageTokens < static_cast<int64_t>(group.prompt.size())) {
      const Page<T>* const before = group.pages.empty() ? nullptr : group.pages.back();
      Page<T>* const page = pages_.find(before, group.prompt.data() + group.known);
      if (page == nullptr) return;
      group.pages.push_back(page);
      group.known += kPageTokens;
    }
  }

  void compute(const Chunk& chunk) {
    std::vector<const std::vector<int32_t>*> parts;
    std::vector<Group*> groups;
    std::vector<int64_t> known;
    for (const auto& [part, group] : chunk) {
      parts.push_back(&part);
      groups.push_back(group);
      known.push_back(group->known);
    }
    const PromptForest shared = sharePrefixes(parts, known);
    Layout layout = layOut(shared.forest, c_);
    std::vector<Group*> ending;
    for (size_t p = 0; p < parts.size(); p++) {
      fillPages(*parts[p], *groups[p], rowsOf(layout, shared.leaves[p], *parts[p]));
      if (parts[p]->size() < groups[p]->prompt.size()) continue;
      // The last row of a prompt predicts; it has no target token yet.
      const Stretch& rows = layout.branches[static_cast<size_t>(shared.leaves[p])].rows;
      layout.headRows.push_back({rows.begin + rows.count - 1, 0, 0});
      ending.push_back(groups[p]);
    }
    KvHooks<T> hooks;
    hooks.before = [&](const Branch& branch, int64_t layer, int64_t kvHead, int thread, std::vector<Run<T>>& runs) {
      const size_t root = static_cast<size_t>(layout.trees[static_cast<size_t>(branch.tree)].front());
      const int64_t count = shared.forest.positions[root] / kPageTokens;
      if (count > 0)
        runs.push_back(readPages(*groups[static_cast<size_t>(shared.members[root])], count, layer, kvHead, thread));
    };
    hooks.computed = [&](int64_t layer, T* qkv) {
      if (k_.roundToPage != nullptr)
        for (int64_t r = 0; r < layout.rowCount(); r++) k_.roundToPage(2 * c_.kv(), qkv + r * c_.qkv() + c_.q());
      decoder_.pool().run(static_cast<int64_t>(copies_.size()), [&](int64_t i, int) {
        const Copy& copy = copies_[static_cast<size_t>(i)];
        for (size_t t = 0; t < copy.rows.size(); t++)
          put(*copy.page, static_cast<int64_t>(t), layer, qkv + copy.rows[t] * c_.qkv() + c_.q());
      });
    };
    decoder_.forward(layout, adapter_, std::nullopt, false, &hooks);
    prepared_ = 0;
    copies_.clear();
    for (size_t p = 0; p < parts.size(); p++) groups[p]->known = static_cast<int64_t>(parts[p]->size());
    if (!ending.empty()) begin(ending);
  }

  // Keys and values of a prompt's first pages, copied to the thread's own memory.
  Run<T> readPages(const Group& group, int64_t count, int64_t layer, int64_t kvHead, int thread) {
    const int64_t d = c_.headDim, page = kPageTokens * d;
    Buffer<T>& memory = own_[static_cast<size_t>(thread)].earlier;
    memory.resize(2 * count * page);
    T *const keys = memory.data(), *const values = keys + count * page;
    for (int64_t i = 0; i < count; i++)
      k_.readPage(pages_.at(*group.pages[static_cast<size_t>(i)], layer, kvHead), d, kPageTokens, keys + i * page,
                  values + i * page);
    Run<T> run;
    run.k = keys;
    run.v = values;
    run.ld = d;
    run.n = count * kPageTokens;
    return run;
  }

  // Draws the first tokens of completions whose prompts end in the computed chunk, in its order.
  void begin(const std::vector<Group*>& groups) {
    const int64_t count = static_cast<int64_t>(groups.size());
    logits_.resize(count * c_.vocab);
    const auto head = [&](const Rows& rows) { decoder_.logits(rows, decoder_.tail(), logits_.data()); };
    {
      const auto guard = decoder_.takePasses(passes());
      if (passes() == Passes::kWide) head({0, 0, count, 0});
      else decoder_.eachBlock(count, head);
    }
    const size_t first = active_.size();
    std::vector<int64_t> rows;
    for (int64_t p = 0; p < count; p++) {
      Group& group = *groups[static_cast<size_t>(p)];
      for (size_t i = 0; i < group.sequences.size(); i++) {
        Sequence<T>& sequence = *group.sequences[i];
        sequence.pages = i == 0 ? group.pages : branchOff(group.pages, group.prompt.size());
        sequence.length = static_cast<int64_t>(group.prompt.size());
        rows.push_back(p);
        active_.push_back(std::move(group.sequences[i]));
      }
      group.sequences.clear();
    }
    decoder_.pool().run(static_cast<int64_t>(rows.size()), [&](int64_t i, int thread) {
      draw(*active_[first + static_cast<size_t>(i)], logits_.data() + rows[static_cast<size_t>(i)] * c_.vocab, thread);
    });
  }

  // The row of the forward pass for each token of a prompt, -1 for known tokens.
  static std::vector<int64_t> rowsOf(const Layout& layout, int64_t leaf, const std::vector<int32_t>& prompt) {
    std::vector<int64_t> rows(prompt.size(), -1);
    for (int64_t b = leaf; b >= 0; b = layout.branches[static_cast<size_t>(b)].parent) {
      const Stretch& own = layout.branches[static_cast<size_t>(b)].rows;
      for (int64_t r = own.begin; r < own.begin + own.count; r++)
        rows[static_cast<size_t>(layout.positions[static_cast<size_t>(r)])] = r;
    }
    return rows;
  }

  // Gives a group pages for a part of its prompt, and records what must be copied into them.
  void fillPages(const std::vector<int32_t>& part, Group& group, const std::vector<int64_t>& rows) {
    const int64_t length = static_cast<int64_t>(part.size());
    for (int64_t at = group.known; at < length; at += kPageTokens) {
      const int64_t count = std::min(kPageTokens, length - at);
      const Page<T>* const before = group.pages.empty() ? nullptr : group.pages.back();
      const int32_t* const tokens = part.data() + at;
      // Another prompt of this batch may have the same page.
      Page<T>* page = count == kPageTokens ? pages_.find(before, tokens) : nullptr;
      if (page == nullptr) {
        page = pages_.take();
        if (count == kPageTokens) pages_.know(page, before, tokens);
        copies_.push_back({page, std::vector<int64_t>(rows.begin() + at, rows.begin() + at + count)});
      }
      group.pages.push_back(page);
    }
  }

  // Writes a token's keys and values [2, kv] of a layer to its place in a page.
  void put(Page<T>& page, int64_t place, int64_t layer, const T* from) {
    const int64_t d = c_.headDim;
    for (int64_t head = 0; head < c_.kvHeads; head++)
      k_.putToken(pages_.at(page, layer, head), place, d, from + head * d, from + c_.kv() + head * d);
  }

  // Pages for another completion of a prompt. It shares all pages, except the last if the prompt ends within it.
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

  static bool isStop(const Sampling& sampling, int32_t token) {
    return std::find(sampling.stopTokens.begin(), sampling.stopTokens.end(), token) != sampling.stopTokens.end();
  }

  // The index of a sequence's next token among `count` logits, of which `max` is the largest.
  int32_t choose(const Sequence<T>& sequence, int64_t count, const T* logits, T max, SamplingScratch<T>& scratch) {
    const Sampling& sampling = sequence.request.sampling;
    if (sampling.temperature <= 0) return greedyToken(count, logits, max);
    return sampleToken(k_, count, logits, max, sampling.temperature, sampling.topP,
                       counterUniform(sampling.seed, sequence.tokens.size()), scratch);
  }

  // The next token among those that the request's constraint allows.
  int32_t drawAllowed(Sequence<T>& sequence, const T* logits, T max, SamplingScratch<T>& scratch) {
    const Sampling& sampling = sequence.request.sampling;
    const Constraint& constraint = *sequence.request.constraint;
    const int64_t left = sampling.maxNewTokens - static_cast<int64_t>(sequence.tokens.size()) - 1;
    const int64_t reserve =
        std::min<int64_t>(sequence.request.reserve, sampling.maxNewTokens - constraint.shortest());
    if (sampling.temperature <= 0) {
      // Mostly the likeliest token is allowed, and the others need not be looked at.
      const int32_t likeliest = greedyToken(c_.vocab, logits, max);
      Place next = sequence.place;
      if (constraint.mayEnd(next) && isStop(sampling, likeliest)) return likeliest;
      if (constraint.advance(next, likeliest) && constraint.fits(next, left, reserve)) {
        sequence.place = next;
        return likeliest;
      }
    }
    std::vector<int32_t>& tokens = scratch.allowed;
    constraint.allowed(sequence.place, left, reserve, tokens);
    if (constraint.mayEnd(sequence.place))
      std::copy_if(sampling.stopTokens.begin(), sampling.stopTokens.end(), std::back_inserter(tokens),
                   [&](int32_t token) { return token >= 0 && token < c_.vocab; });
    if (tokens.empty()) throw std::logic_error("the constraint allows no token");
    size_t at = 0;
    if (tokens.size() > 1) {
      Buffer<T>& theirs = scratch.logits;
      theirs.resize(static_cast<int64_t>(tokens.size()));
      for (size_t i = 0; i < tokens.size(); i++) theirs.data()[i] = logits[tokens[i]];
      const T largest = *std::max_element(theirs.data(), theirs.data() + tokens.size());
      at = static_cast<size_t>(choose(sequence, static_cast<int64_t>(tokens.size()), theirs.data(), largest, scratch));
    }
    constraint.advance(sequence.place, tokens[at]);
    return tokens[at];
  }

  // Draws a sequence's next token from its logits.
  void draw(Sequence<T>& sequence, const T* logits, int thread) {
    const Sampling& sampling = sequence.request.sampling;
    T max, lse, entropy;
    if (!allFinite(c_.vocab, logits)) throw LogitsNotFinite();
    k_.logitStatistics(c_.vocab, logits, &max, &lse, &entropy);
    SamplingScratch<T>& scratch = own_[static_cast<size_t>(thread)].sampling;
    const int32_t token = sequence.request.constraint != nullptr ? drawAllowed(sequence, logits, max, scratch)
                                                                 : choose(sequence, c_.vocab, logits, max, scratch);
    sequence.tokens.push_back(token);
    sequence.logprobs.push_back(static_cast<float>(logits[token] - lse));
    sequence.stopped = isStop(sampling, token);
  }

  // Reports news, and releases finished completions.
  void tellNews() {
    std::vector<News> news;
    for (auto& each : active_) {
      const bool done = each->done();
      if (!done && !each->request.streams) continue;
      const auto from = static_cast<std::ptrdiff_t>(each->told);
      news.push_back({each->request.id, {each->tokens.begin() + from, each->tokens.end()},
                      {each->logprobs.begin() + from, each->logprobs.end()}, done, each->stopped});
      each->told = each->tokens.size();
      if (done) release(each->pages);
    }
    active_.erase(std::remove_if(active_.begin(), active_.end(), [](const auto& each) { return each->done(); }), active_.end());
    if (!news.empty()) tell_(std::move(news));
  }

  // Wide if a layer has so many weights that reading them takes most of the time.
  Passes passes() const {
    return c_.hidden * (c_.qkv() + c_.q() + 3 * c_.ff) > (int64_t{4} << 20) ? Passes::kWide : Passes::kFew;
  }

  // Computes every sequence's last token and draws the next.
  void decode() {
    const int64_t n = static_cast<int64_t>(active_.size());
    tokens_.clear();
    positions_.clear();
    for (const auto& each : active_) {
      if (each->length == static_cast<int64_t>(each->pages.size()) * kPageTokens) each->pages.push_back(pages_.take());
      tokens_.push_back(each->tokens.back());
      positions_.push_back(static_cast<int32_t>(each->length));
      decoder_.rotary().reach(each->length + 1);
    }
    x_.resize(n * c_.hidden);
    attended_.resize(n * c_.q());
    fresh_.resize(n * c_.qkv());
    logits_.resize(n * c_.vocab);
    if (prepared_ < n) decoder_.reserve(prepared_ = n, adapter_);
    const auto guard = decoder_.takePasses(passes());
    if (passes() == Passes::kWide) decodeWide(n);
    else decodeShares(n);
    for (const auto& each : active_) each->length++;
  }

  // Threads share each product's columns, and each layer's attention.
  void decodeWide(int64_t n) {
    const Rows all{0, 0, n, 0};
    decoder_.embed(all, tokens_.data(), x_.data());
    for (int64_t l = 0; l < c_.layers; l++) {
      decoder_.layerIn(l, all, positions_.data(), x_.data(), fresh_.data());
      decoder_.pool().run(n * c_.kvHeads, [&](int64_t i, int thread) { attend(i / c_.kvHeads, l, i % c_.kvHeads, thread); });
      decoder_.layerOut(l, all, x_.data(), attended_.data(), x_.data());
    }
    decoder_.logits(all, x_.data(), logits_.data());
    decoder_.pool().run(n, [&](int64_t r, int thread) { draw(*active_[static_cast<size_t>(r)], logits_.data() + r * c_.vocab, thread); });
  }

  // Each thread takes an equal share of the sequences through all layers to their next tokens. Rows do not attend to each
  // other, so threads meet once a token. Every thread reads all weights, but from a cache.
  void decodeShares(int64_t n) {
    const int64_t threads = decoder_.pool().threads(), share = (n + threads - 1) / threads;
    decoder_.pool().run((n + share - 1) / share, [&](int64_t i, int thread) {
      const Rows rows{i, i * share, std::min(share, n - i * share), thread};
      decoder_.embed(rows, tokens_.data(), x_.data());
      for (int64_t l = 0; l < c_.layers; l++) {
        decoder_.layerIn(l, rows, positions_.data(), x_.data(), fresh_.data());
        for (int64_t r = rows.begin; r < rows.begin + rows.count; r++)
          for (int64_t head = 0; head < c_.kvHeads; head++) attend(r, l, head, thread);
        decoder_.layerOut(l, rows, x_.data(), attended_.data(), x_.data());
      }
      decoder_.logits(rows, x_.data(), logits_.data());
      for (int64_t r = rows.begin; r < rows.begin + rows.count; r++)
        draw(*active_[static_cast<size_t>(r)], logits_.data() + r * c_.vocab, thread);
    });
  }

  // Attention of a sequence's new token, for the query heads that share a key/value head.
  void attend(int64_t row, int64_t layer, int64_t kvHead, int thread) {
    Sequence<T>& sequence = *active_[static_cast<size_t>(row)];
    Own& own = own_[static_cast<size_t>(thread)];
    const T* const qkv = fresh_.data() + row * c_.qkv();
    const int64_t d = c_.headDim, context = sequence.length + 1, queries = kvHead * c_.group() * d;
    own.pages.clear();
    for (Page<T>* const page : sequence.pages) own.pages.push_back(pages_.at(*page, layer, kvHead));
    const T* const key = qkv + c_.q() + kvHead * d;
    k_.putToken(own.pages.back(), sequence.length % kPageTokens, d, key, key + c_.kv());
    Buffer<T>& memory = decoder_.scratch(thread).attention;
    memory.resize(decodeScratch(context, d, c_.group()));
    k_.decodeAttention({d, c_.group(), own.pages.data(), context, qkv + queries, attended_.data() + row * c_.q() + queries,
                        memory.data()});
  }

  struct Copy {
    Page<T>* page;
    std::vector<int64_t> rows;  // of the forward pass
  };

  // Memory of one thread.
  struct Own {
    std::vector<T*> pages;
    Buffer<T> earlier;  // keys and values of a prompt's earlier chunks
    SamplingScratch<T> sampling;
  };

  Decoder<T>& decoder_;
  const Kernels<T>& k_;
  const Config& c_;
  Pages<T>& pages_;
  Adapter<T>* adapter_;
  Inbox& inbox_;
  const std::function<void(std::vector<News>)>& tell_;
  std::deque<Request> waiting_;
  std::deque<Group> reading_;
  Sequences active_;
  std::vector<Copy> copies_;
  int64_t prepared_ = 0;  // rows that the decoder has room for
  Buffer<T> logits_, x_, attended_, fresh_;
  std::vector<int32_t> tokens_, positions_;
  std::vector<Own> own_;  // of each thread
};

}  // namespace

template <class T>
void Engine<T>::generate(Inbox& inbox, const std::optional<std::string>& adapter,
                         const std::function<void(std::vector<News>)>& tell) {
  try {
    pending_.reset();
    decoder_.forgetHidden();
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
