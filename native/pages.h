// Keys and values of generation, in pages of a few tokens (Kwon et al. 2023, arXiv:2309.06180). Whole pages of prompts
// stay after their last use, and are found again by their content. So a web page that many attempts see, or that the next
// step shows again, is computed once.
#pragma once
#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <vector>

#include "buffer.h"
#include "config.h"
#include "kernels.h"

namespace dpo {

template <class T>
struct Page {
  Buffer<T> data;
  int64_t users = 0;
  // It is found by the number of the page before it and its tokens. Its own number is 0 while it cannot be found.
  int64_t number = 0, before = 0;
  std::array<int32_t, kPageTokens> tokens{};
  typename std::list<Page*>::iterator idle;  // valid while it has no users but can be found
};

template <class T>
class Pages {
 public:
  // Holds about `bytes` at most, or more if more are in use at a time.
  Pages(const Kernels<T>& kernels, const Config& config, int64_t bytes)
      : config_(config),
        part_(kernels.pageSize(config.headDim)),
        most_(std::max<int64_t>(bytes / (elements() * static_cast<int64_t>(sizeof(T))), 1)) {}

  // A page's keys and values of a layer and head, in the kernels' layout.
  T* at(Page<T>& page, int64_t layer, int64_t head) const {
    return page.data.data() + (layer * config_.kvHeads + head) * part_;
  }

  // How many pages can be taken within the limit.
  int64_t available() const { return most_ - static_cast<int64_t>(all_.size()) + static_cast<int64_t>(free_.size() + idle_.size()); }

  // A page with unspecified contents, with one user.
  Page<T>* take() {
    if (free_.empty() && static_cast<int64_t>(all_.size()) >= most_ && !idle_.empty()) forget(idle_.front());
    if (free_.empty()) {
      all_.push_back(std::make_unique<Page<T>>());
      all_.back()->data.resize(elements());
      free_.push_back(all_.back().get());
    }
    Page<T>* const page = free_.back();
    free_.pop_back();
    page->users = 1;
    return page;
  }

  // The page with these kPageTokens tokens after `before` (null: at the beginning), with one more user; null if none.
  Page<T>* find(const Page<T>* before, const int32_t* tokens) {
    const auto found = known_.find(key(before, tokens));
    if (found == known_.end()) return nullptr;
    share(found->second);
    return found->second;
  }

  // Lets find() find a page in use. From now on the page must not change.
  void know(Page<T>* page, const Page<T>* before, const int32_t* tokens) {
    page->number = ++last_;
    page->before = before == nullptr ? 0 : before->number;
    std::copy_n(tokens, kPageTokens, page->tokens.begin());
    known_[{page->before, page->tokens}] = page;
  }

  void share(Page<T>* page) {
    if (page->users++ == 0) idle_.erase(page->idle);
  }

  void release(Page<T>* page) {
    if (--page->users > 0) return;
    if (page->number == 0) {
      free_.push_back(page);
    } else {
      page->idle = idle_.insert(idle_.end(), page);
    }
  }

  // Frees all pages. None may be in use.
  void clear() {
    known_.clear();
    idle_.clear();
    free_.clear();
    all_.clear();
  }

 private:
  using Key = std::pair<int64_t, std::array<int32_t, kPageTokens>>;

  int64_t elements() const { return config_.layers * config_.kvHeads * part_; }

  static Key key(const Page<T>* before, const int32_t* tokens) {
    Key made{before == nullptr ? 0 : before->number, {}};
    std::copy_n(tokens, kPageTokens, made.second.begin());
    return made;
  }

  void forget(Page<T>* page) {
    known_.erase({page->before, page->tokens});
    page->number = 0;
    idle_.erase(page->idle);
    free_.push_back(page);
  }

  const Config config_;
  const int64_t part_;  // elements of a layer and head
  const int64_t most_;
  std::vector<std::unique_ptr<Page<T>>> all_;
  std::vector<Page<T>*> free_;
  std::list<Page<T>*> idle_;  // can be found, without users; the longest unused first
  std::map<Key, Page<T>*> known_;
  int64_t last_ = 0;
};

}  // namespace dpo
