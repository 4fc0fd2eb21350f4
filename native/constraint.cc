#include "constraint.h"

#include <algorithm>
#include <stdexcept>

namespace dpo {

namespace {

// Bytes that a started character still needs, by its state.
constexpr int kMissing[kUtf8States] = {0, 1, 2, 3, 2, 2, 3, 3, 1, 2, 1};

// A state with the most missing bytes.
constexpr Utf8 kFarthest = 3;

// The need of a node that no token leads on from.
constexpr int32_t kNever = INT32_MAX;

// UTF-16 units of the character that begins with this byte.
int32_t unitsOf(uint8_t byte) { return byte < 0x80 || (byte >= 0xC0 && byte < 0xF0) ? 1 : byte >= 0xF0 ? 2 : 0; }

// Adds a few tokens to many; both are ascending.
void addSorted(const std::vector<int32_t>& few, std::vector<int32_t>& many) {
  auto rest = static_cast<std::ptrdiff_t>(many.size());
  many.resize(many.size() + few.size());
  for (auto i = static_cast<std::ptrdiff_t>(few.size()); i-- > 0;) {
    const auto at = std::lower_bound(many.begin(), many.begin() + rest, few[static_cast<size_t>(i)]);
    std::move_backward(at, many.begin() + rest, many.begin() + rest + i + 1);
    rest = at - many.begin();
    many[static_cast<size_t>(rest + i)] = few[static_cast<size_t>(i)];
  }
}

bool within(uint8_t byte, int low, int high) { return byte >= low && byte <= high; }

}  // namespace

Utf8 utf8After(Utf8 state, uint8_t b) {
  const bool more = within(b, 0x80, 0xBF);
  switch (state) {
    case 0:
      if (within(b, 0x20, 0x7E)) return 0;
      if (b == 0xC2) return 8;
      if (within(b, 0xC3, 0xDF)) return 1;
      if (b == 0xE0) return 4;
      if (b == 0xE2) return 9;
      if (b == 0xED) return 5;
      if (within(b, 0xE1, 0xEF)) return 2;
      if (b == 0xF0) return 6;
      if (within(b, 0xF1, 0xF3)) return 3;
      if (b == 0xF4) return 7;
      return kNoUtf8;
    case 1: return more ? 0 : kNoUtf8;
    case 2: return more ? 1 : kNoUtf8;
    case 3: return more ? 2 : kNoUtf8;
    case 4: return within(b, 0xA0, 0xBF) ? 1 : kNoUtf8;
    case 5: return within(b, 0x80, 0x9F) ? 1 : kNoUtf8;
    case 6: return within(b, 0x90, 0xBF) ? 2 : kNoUtf8;
    case 7: return within(b, 0x80, 0x8F) ? 2 : kNoUtf8;
    case 8: return within(b, 0xA0, 0xBF) ? 0 : kNoUtf8;            // no U+0080 to U+009F
    case 9: return b == 0x80 ? 10 : more ? 1 : kNoUtf8;
    case 10: return more && b != 0xA8 && b != 0xA9 ? 0 : kNoUtf8;  // no U+2028 and U+2029
    default: return kNoUtf8;
  }
}

Vocabulary::Vocabulary(std::vector<uint8_t> bytes, std::vector<int32_t> offsets)
    : bytes_(std::move(bytes)), offsets_(std::move(offsets)) {
  std::vector<int32_t> order;
  for (int32_t token = 0; token < size(); token++) {
    const uint8_t *const from = begin(token), *const to = end(token);
    if (from == to) continue;
    order.push_back(token);
    int32_t units = 0;
    for (const uint8_t* at = from; at != to; at++) units += unitsOf(*at);
    mostUnits_ = std::max(mostUnits_, units);
    for (Utf8 start = 0; start < kUtf8States; start++) {
      Utf8 state = start;
      const uint8_t* at = from;
      for (; at != to; at++) {
        const Utf8 next = utf8After(state, *at);
        if (next == kNoUtf8) break;
        state = next;
      }
      if (at == to) texts_[start].push_back(token);
      else if (state == 0) crossings_[start].push_back({token, static_cast<int32_t>(at - from)});
    }
    if (*from == ' ' && texts_[0].size() > 0 && texts_[0].back() == token) blankTexts_.push_back(token);
  }
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return std::lexicographical_compare(begin(a), end(a), begin(b), end(b));
  });
  // Breadth first, so that the children of a node stand together.
  struct Range {
    size_t from, to;
    size_t depth;
  };
  std::vector<Range> ranges{{0, order.size(), 0}};
  nodes_.push_back({-1, 0, 0, 0});
  for (size_t index = 0; index < nodes_.size(); index++) {
    Range range = ranges[index];
    // Of tokens with the same bytes, the trie has the first; a tokenizer has no such tokens.
    while (range.from < range.to &&
           static_cast<size_t>(end(order[range.from]) - begin(order[range.from])) == range.depth) {
      if (nodes_[index].token == -1) nodes_[index].token = order[range.from];
      range.from++;
    }
    nodes_[index].firstChild = static_cast<int32_t>(nodes_.size());
    for (size_t at = range.from; at < range.to;) {
      const uint8_t byte = begin(order[at])[range.depth];
      size_t to = at;
      while (to < range.to && begin(order[to])[range.depth] == byte) to++;
      nodes_.push_back({-1, 0, 0, byte});
      ranges.push_back({at, to, range.depth + 1});
      nodes_[index].children++;
      at = to;
    }
  }
}

int32_t Vocabulary::child(int32_t index, uint8_t byte) const {
  const Node& from = node(index);
  const Node* const first = nodes_.data() + from.firstChild;
  const Node* const last = first + from.children;
  const Node* const found = std::lower_bound(first, last, byte, [](const Node& each, uint8_t b) { return each.byte < b; });
  return found != last && found->byte == byte ? static_cast<int32_t>(found - nodes_.data()) : -1;
}

Constraint::Constraint(std::shared_ptr<const Vocabulary> vocabulary, Automaton automaton)
    : vocabulary_(std::move(vocabulary)), a_(std::move(automaton)) {
  const size_t count = a_.bytes.size();
  if (count == 0 || a_.ends.size() != count || a_.children.size() != count || a_.siblings.size() != count ||
      a_.texts.size() != count)
    throw std::invalid_argument("an automaton's arrays must have one length");
  for (size_t i = 0; i < count; i++)
    if (a_.children[i] >= static_cast<int32_t>(count) || a_.siblings[i] >= static_cast<int32_t>(count))
      throw std::invalid_argument("an automaton's node leads nowhere");
  needs_.assign(count, 0);
  pending_.assign(count, 0);
  // Children first. Names may be long, so this does not recurse.
  std::vector<int32_t> path{0};
  while (!path.empty()) {
    const int32_t node = path.back();
    const size_t before = path.size();
    for (int32_t c = a_.children[static_cast<size_t>(node)]; c >= 0; c = a_.siblings[static_cast<size_t>(c)])
      if (needs_[static_cast<size_t>(c)] == 0) path.push_back(c);
    if (path.size() > before) continue;
    path.pop_back();
    if (needs_[static_cast<size_t>(node)] == 0) measure(node);
  }
}

// The fewest tokens from a node to the end, once its children have theirs. Exact but for texts: they count as nothing, and a
// token of one byte leaves them.
void Constraint::measure(int32_t node) {
  const size_t n = static_cast<size_t>(node);
  const bool ends = a_.ends[n] != 0, isText = a_.texts[n] >= 0;
  int32_t least = ends ? 0 : kNever;
  bool pending = isText && !ends;
  for (int32_t c = a_.children[n]; c >= 0; c = a_.siblings[static_cast<size_t>(c)]) {
    pending |= pending_[static_cast<size_t>(c)] != 0;
    if (isText) least = std::min(least, needs_[static_cast<size_t>(c)]);
  }
  if (!isText && !ends) least = leastBehind(node, 0);
  needs_[n] = least == kNever ? kNever : 1 + least;
  pending_[n] = pending;
}

// The least need of the nodes that a token reaches. The bytes to `trie` are its beginning, and have led to `node`.
int32_t Constraint::leastBehind(int32_t node, int32_t trie) const {
  int32_t least = kNever;
  for (int32_t c = a_.children[static_cast<size_t>(node)]; c >= 0; c = a_.siblings[static_cast<size_t>(c)]) {
    const int32_t next = vocabulary_->child(trie, a_.bytes[static_cast<size_t>(c)]);
    if (next < 0) continue;
    if (vocabulary_->node(next).token >= 0) least = std::min(least, needs_[static_cast<size_t>(c)]);
    if (a_.texts[static_cast<size_t>(c)] < 0) least = std::min(least, leastBehind(c, next));
  }
  return least;
}

int32_t Constraint::childOf(int32_t node, uint8_t byte) const {
  for (int32_t c = a_.children[static_cast<size_t>(node)]; c >= 0; c = a_.siblings[static_cast<size_t>(c)])
    if (a_.bytes[static_cast<size_t>(c)] == byte) return c;
  return -1;
}

bool Constraint::step(Place& place, uint8_t byte) const {
  const int32_t most = a_.texts[static_cast<size_t>(place.node)];
  if (most >= 0) {
    const Utf8 next = utf8After(place.utf8, byte);
    if (next != kNoUtf8) {
      place.utf8 = next;
      place.units += unitsOf(byte);
      return place.units <= most;
    }
    if (place.utf8 != 0) return false;
  }
  const int32_t child = childOf(place.node, byte);
  if (child < 0) return false;
  place = {child, 0, 0};
  return true;
}

bool Constraint::walk(Place& place, const uint8_t* from, const uint8_t* to) const {
  for (; from != to; from++)
    if (!step(place, *from)) return false;
  return true;
}

bool Constraint::advance(Place& place, int32_t token) const {
  if (token >= vocabulary_->size() || vocabulary_->begin(token) == vocabulary_->end(token)) return false;
  return walk(place, vocabulary_->begin(token), vocabulary_->end(token));
}

bool Constraint::fits(const Place& place, int64_t left, int64_t reserve) const {
  const size_t node = static_cast<size_t>(place.node);
  return left >= int64_t{needs_[node]} + kMissing[place.utf8] + (pending_[node] != 0 ? reserve : 0);
}

void Constraint::allowed(const Place& place, int64_t left, int64_t reserve, std::vector<int32_t>& tokens) const {
  tokens.clear();
  const int32_t most = a_.texts[static_cast<size_t>(place.node)];
  if (most < 0) {
    const std::vector<int32_t>* known = nullptr;
    descend(place, 0, left, reserve, tokens, &known);
    std::sort(tokens.begin(), tokens.end());
    if (known != nullptr) {
      const std::vector<int32_t> others = tokens;
      tokens = *known;
      addSorted(others, tokens);
    }
    return;
  }
  const std::vector<int32_t>& texts = vocabulary_->texts(place.utf8);
  if (place.units + vocabulary_->mostUnits() <= most && fits({place.node, kFarthest, 0}, left, reserve)) {
    tokens.assign(texts.begin(), texts.end());
  } else if (fits({place.node, 0, 0}, left, reserve)) {
    for (const int32_t token : texts) take(place, token, left, reserve, tokens);
  }
  if (a_.children[static_cast<size_t>(place.node)] < 0) return;
  std::vector<int32_t> leaving;
  for (const Vocabulary::Crossing& each : vocabulary_->crossings(place.utf8))
    if (childOf(place.node, vocabulary_->begin(each.token)[each.at]) >= 0) take(place, each.token, left, reserve, leaving);
  addSorted(leaving, tokens);
}

// Adds a token if it is allowed.
void Constraint::take(Place place, int32_t token, int64_t left, int64_t reserve, std::vector<int32_t>& tokens) const {
  if (advance(place, token) && fits(place, left, reserve)) tokens.push_back(token);
}

// Adds the allowed tokens that begin with the bytes to `trie`, which have led to `place`. Thousands of tokens are a blank and
// a text: where all of these are allowed, `known` is their list instead.
void Constraint::descend(const Place& place, int32_t trie, int64_t left, int64_t reserve, std::vector<int32_t>& tokens,
                         const std::vector<int32_t>** known) const {
  const auto follow = [&](const Place& next, int32_t index) {
    const Vocabulary::Node& reached = vocabulary_->node(index);
    if (reached.token >= 0 && fits(next, left, reserve)) tokens.push_back(reached.token);
    if (reached.children > 0) descend(next, index, left, reserve, tokens, known);
  };
  if (a_.texts[static_cast<size_t>(place.node)] >= 0) {
    const Vocabulary::Node& from = vocabulary_->node(trie);
    for (int32_t index = from.firstChild; index < from.firstChild + from.children; index++) {
      Place next = place;
      if (step(next, vocabulary_->node(index).byte)) follow(next, index);
    }
    return;
  }
  for (int32_t c = a_.children[static_cast<size_t>(place.node)]; c >= 0; c = a_.siblings[static_cast<size_t>(c)]) {
    const uint8_t byte = a_.bytes[static_cast<size_t>(c)];
    const int32_t index = vocabulary_->child(trie, byte);
    if (index < 0) continue;
    if (trie == 0 && byte == ' ' && *known == nullptr && a_.texts[static_cast<size_t>(c)] >= vocabulary_->mostUnits() &&
        fits({c, kFarthest, 0}, left, reserve)) {
      *known = &vocabulary_->blankTexts();
      for (const Vocabulary::Crossing& each : vocabulary_->crossings(0))
        if (*vocabulary_->begin(each.token) == ' ') take(place, each.token, left, reserve, tokens);
    } else {
      follow({c, 0, 0}, index);
    }
  }
}

}  // namespace dpo
