// Holding a completion to what may be written. The allowed texts are an automaton over bytes (main/engine/engine.ts,
// Constraint); the tokenizer's vocabulary is a trie over bytes. Walking both together gives the allowed tokens, through any
// merges. main/engine/constraint.ts is the same in TypeScript.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

namespace dpo {

// How far a character of UTF-8 has come; 0 between two characters.
using Utf8 = uint8_t;
constexpr Utf8 kNoUtf8 = 255;
constexpr int kUtf8States = 11;

// The state after one more byte of text on one line: UTF-8 without control characters and line separators. kNoUtf8 if there
// is no such text.
Utf8 utf8After(Utf8 state, uint8_t byte);

// The bytes of a tokenizer's plain tokens, as a trie.
class Vocabulary {
 public:
  struct Node {
    int32_t token;  // that ends here, -1 for none
    int32_t firstChild, children;
    uint8_t byte;  // that leads here
  };

  // Token i has the bytes from offsets[i] to offsets[i + 1]; added tokens have none.
  Vocabulary(std::vector<uint8_t> bytes, std::vector<int32_t> offsets);

  int32_t size() const { return static_cast<int32_t>(offsets_.size()) - 1; }
  const uint8_t* begin(int32_t token) const { return bytes_.data() + offsets_[static_cast<size_t>(token)]; }
  const uint8_t* end(int32_t token) const { return bytes_.data() + offsets_[static_cast<size_t>(token) + 1]; }
  const Node& node(int32_t index) const { return nodes_[static_cast<size_t>(index)]; }
  // The node that the byte leads to, -1 for none.
  int32_t child(int32_t index, uint8_t byte) const;
  // Tokens, ascending, that go on with text from this state.
  const std::vector<int32_t>& texts(Utf8 from) const { return texts_[from]; }
  // Those of texts(0) that begin with a blank.
  const std::vector<int32_t>& blankTexts() const { return blankTexts_; }
  // Tokens, ascending, that end a text: text as far as `at`, then a byte that is none.
  struct Crossing {
    int32_t token;
    int32_t at;
  };
  const std::vector<Crossing>& crossings(Utf8 from) const { return crossings_[from]; }
  // The most UTF-16 units of a token.
  int32_t mostUnits() const { return mostUnits_; }

 private:
  std::vector<uint8_t> bytes_;
  std::vector<int32_t> offsets_;
  std::vector<Node> nodes_;
  std::vector<int32_t> texts_[kUtf8States];
  std::vector<int32_t> blankTexts_;
  std::vector<Crossing> crossings_[kUtf8States];
  int32_t mostUnits_ = 0;
};

// As in main/engine/engine.ts.
struct Automaton {
  std::vector<uint8_t> bytes, ends;
  std::vector<int32_t> children, siblings, texts;
};

// How far a completion has come.
struct Place {
  int32_t node = 0;
  Utf8 utf8 = 0;
  int32_t units = 0;  // of the text at this node
};

class Constraint {
 public:
  Constraint(std::shared_ptr<const Vocabulary> vocabulary, Automaton automaton);

  const Vocabulary& vocabulary() const { return *vocabulary_; }
  // The fewest tokens of a completion, with its stop token.
  int32_t shortest() const { return needs_[0]; }
  // Goes on by a token. Returns false if it is not allowed.
  bool advance(Place& place, int32_t token) const;
  // Whether the completion may stop here.
  bool mayEnd(const Place& place) const { return place.utf8 == 0 && a_.ends[static_cast<size_t>(place.node)] != 0; }
  // Whether `left` tokens are enough to end it from here. `reserve` of them are kept for what follows a text.
  bool fits(const Place& place, int64_t left, int64_t reserve) const;
  // The plain tokens that may come next, ascending, if `left` tokens may follow them.
  void allowed(const Place& place, int64_t left, int64_t reserve, std::vector<int32_t>& tokens) const;

 private:
  bool step(Place& place, uint8_t byte) const;
  bool walk(Place& place, const uint8_t* from, const uint8_t* to) const;
  int32_t childOf(int32_t node, uint8_t byte) const;
  void measure(int32_t node);
  int32_t leastBehind(int32_t node, int32_t trie) const;
  void take(Place place, int32_t token, int64_t left, int64_t reserve, std::vector<int32_t>& tokens) const;
  void descend(const Place& place, int32_t trie, int64_t left, int64_t reserve, std::vector<int32_t>& tokens,
               const std::vector<int32_t>** known) const;

  std::shared_ptr<const Vocabulary> vocabulary_;
  Automaton a_;
  std::vector<int32_t> needs_;    // tokens that it takes at least to end from a node
  std::vector<uint8_t> pending_;  // whether a text that something must follow is still to come
};

}  // namespace dpo
