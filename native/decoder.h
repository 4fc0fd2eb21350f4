// The decoder on a forest of segments: forward, and backward by hand.
//
// All tokens of a batch are rows of one matrix. A layer is two passes over blocks of rows, with attention between them, by
// segment and head. One thread takes a block, with weights packed once and intermediate values in L2:
//
//     in:   normed = rmsNorm(x);  q, k, v = normed Wqkv + b;  q and k of Qwen3 normalised;  q and k rotated
//     attention
//     out:  mid = x + attended Wo;  x' = mid + swiglu(rmsNorm(mid) Wgu) Wd
//
// After the last layer's attention only rows that predict a target go on ("tail" rows).
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "adapter.h"
#include "base.h"
#include "forest.h"
#include "hidden.h"
#include "kernels.h"
#include "rotary.h"
#include "threadpool.h"

namespace dpo {

// What backward needs of a layer beside its input, [rows, .]. All layers share one if nothing is kept, or if backward
// recomputes it (activation checkpointing, Chen et al. 2016, arXiv:1604.06174).
template <class T>
struct LayerState {
  Buffer<T> rstd;      // [rows] of the input norm
  Buffer<T> attended;  // [rows, q]
  Buffer<T> lse;       // [rows, heads]
  Buffer<T> mid;       // [tail, hidden] after attention's residual
  Buffer<T> midRstd;   // [tail]
  Buffer<T> gateUp;    // [tail, 2 ff]
  Buffer<T> low[kSites];  // [rows, rank] scale A x of the adapter
};

// Derivatives of one layer at a time. The gradients of weights reuse arrays that backward has read for the last time:
// d gateUp takes the place of gateUp, act that of d act, and the norms those of input and mid.
template <class T>
struct LayerGradient {
  Buffer<T> next;          // [tail, hidden] d loss / d the layer's output
  Buffer<T> act;           // [tail, ff] d act, then act
  Buffer<T> dMid;          // [tail, hidden]
  Buffer<T> dAttended;     // [tail, q], of the last layer spread to [rows, q]
  Buffer<T> dQkv;          // [rows, q k v]
  Buffer<T> dx;            // [rows, hidden]
  Buffer<T> low[kSites];   // [rows, rank]
  Buffer<T> normPartials;  // [blocks, hidden]
  Buffer<T> qkNormPartials;  // [blocks, 2 headDim]
  Buffer<T> means;         // [pieces of the vocabulary, head rows of a chunk, hidden] parts of tailMean_
  Buffer<T> root;          // [rows of roots, k v] of each limb that has its own
};

// Working memory of a thread.
template <class T>
struct Scratch {
  Buffer<T> wide;    // [rows of a block, ff], or logits of a few rows
  Buffer<T> narrow;  // [rows of a block, hidden]
  Buffer<T> attention, panels;
  Buffer<int8_t> int8;  // rows rounded to int8, with their scales and offsets
  Buffer<float> int8Scale;
  Buffer<int32_t> int8Offset;
};

// Generation's part in a forward pass: it adds earlier keys and values, and takes those of this pass.
template <class T>
struct KvHooks {
  // Appends the runs of earlier keys and values that a branch of the batch sees before its root.
  std::function<void(const Branch&, int64_t layer, int64_t kvHead, int thread, std::vector<Run<T>>&)> before;
  // Takes a layer's keys and values [rows, q k v] before anything reads them. They last until the next layer's.
  std::function<void(int64_t layer, T* qkv)> computed;
};

// How the passes of a layer process rows. kBlocks: in blocks of many rows. kFew: few rows, so stored weights are multiplied
// in place. kWide: few rows, all in one call on the pool's own thread, and threads share the columns of each product. Then
// one thread reads each weight once, which pays if reading weights takes longer than starting threads.
enum class Passes { kBlocks, kFew, kWide };

// A block of rows, and the thread that has it.
struct Rows {
  int64_t index = 0, begin = 0, count = 0;
  int thread = 0;
};

template <class T>
class Decoder {
 public:
  // Backward keeps the states of as many layers, from the top down, as fit into `keptBytes`. It recomputes the others from
  // their inputs, to the same bits. Of layers below the lowest trained one nothing is kept.
  // The inputs of that layer stay from pass to pass, in about `hiddenBytes`.
  Decoder(const Kernels<T>& kernels, ThreadPool& pool, Base<T>& base, int64_t keptBytes, int64_t hiddenBytes);

  // Runs the layers over the batch. Then tail() holds the last layer's output at the head rows. With `keep`, keeps what
  // backward needs. Dropout needs a seed. Roots begin at position 0 unless there are `hooks`. Without these, tokens that came
  // after the same ones in an earlier pass begin at the adapter's lowest layer.
  void forward(const Layout& layout, Adapter<T>* adapter, std::optional<uint64_t> dropoutSeed, bool keep,
               const KvHooks<T>* hooks = nullptr);

  // Log-probability, entropy and hit of every target, in the order of segments.
  void score(const Layout& layout, T* logprobs, T* entropies, uint8_t* hits);

  // Adds gradients of the trained weights (the forward pass's adapter if there was one, else the base) for
  // d loss / d logprobs [targets]. Follows a forward pass with `keep`.
  void backward(const Layout& layout, const T* dLogprobs);

  // Sets how passes process rows until the guard is destroyed, even by an exception: training needs blocks again.
  class PassesGuard {
   public:
    PassesGuard(Passes& current, Passes passes) : current_(current) { current_ = passes; }
    ~PassesGuard() { current_ = Passes::kBlocks; }
    PassesGuard(const PassesGuard&) = delete;
    PassesGuard& operator=(const PassesGuard&) = delete;

   private:
    Passes& current_;
  };
  [[nodiscard]] PassesGuard takePasses(Passes passes) { return PassesGuard(passes_, passes); }
  // For generation: embedding and the two passes of a layer. Attention of these rows is computed elsewhere.
  void embed(const Rows& rows, const int32_t* tokens, T* x) const;
  void layerIn(int64_t layer, const Rows& rows, const int32_t* positions, const T* x, T* qkv);
  // Final norm and head for rows of x [., hidden]: logits [., vocab].
  void logits(const Rows& rows, const T* x, T* out);
  // Without `next`, computes only what backward needs of the layer.
  void layerOut(int64_t layer, const Rows& rows, const T* x, T* attended, T* next);
  // Sizes the states that layerIn and layerOut also write, for `rows` rows.
  void reserve(int64_t rows, Adapter<T>* adapter);
  void eachBlock(int64_t rows, const std::function<void(const Rows&)>& work);

  // Frees the hidden states that passes have left. They are wrong once weights of the base change.
  void forgetHidden();

  // Frees all memory but that of weights and hidden states; the next pass allocates it again.
  void release();

  const T* tail() const { return tail_.data(); }
  Scratch<T>& scratch(int thread) { return scratch_[static_cast<size_t>(thread)]; }
  Rotary<T>& rotary() { return rotary_; }
  const Kernels<T>& kernels() const { return k_; }
  ThreadPool& pool() { return pool_; }
  const Base<T>& base() const { return base_; }

 private:
  // A product over all rows that adds to a weight's gradient: c [m, n] += a [k, m]^T b [k, n].
  struct Outer {
    int64_t m, n, k;
    const T* a;
    int64_t lda;
    const T* b;
    int64_t ldb;
    T* c;
  };
  // A few vectors of queries of one segment.
  struct QueryBlock {
    int64_t branch, laneBegin, laneEnd;
  };
  // Branches whose attention's backward is one task for each key/value head. Limbs that hang from one root are computed at
  // the same time, so all but the first sum the gradients of the root's keys and values in memory of their own.
  struct Limb {
    std::vector<int64_t> branches;
    int64_t root = -1;   // the branch above, if the limb has such memory
    int64_t memory = 0;  // where in g_.root that begins
  };
  struct Needs {
    bool gateUp, o, qkv, input;
  };

  LayerState<T>& state(int64_t layer) { return states_[own(layer)]; }
  // The place of a layer's state, keys and values: its own, or the first if they are not kept.
  size_t own(int64_t layer) const { return layer < firstKept_ ? 0 : static_cast<size_t>(layer); }
  // Whether backward must recompute the layer. The state of the last one still exists.
  bool isRemade(int64_t layer) const { return layer < firstKept_ && !last(layer); }
  int64_t firstKept() const;
  // [rows, hidden] the input of a layer. Backward needs those from the lowest trained layer on.
  T* input(int64_t layer) { return inputs_[keep_ ? static_cast<size_t>(std::max(layer, lowest_)) : 0].data(); }
  // [tail, q] the input of o_proj
  T* attended(int64_t layer) { return last(layer) ? tailAttended_.data() : state(layer).attended.data(); }
  T* qkv(int64_t layer) { return qkv_[own(layer)].data(); }
  // Whether backward needs q and k as they were before their norms. Then attention reads them from turned_.
  bool keepsRaw() const { return keep_ && base_.config.qkNorm; }
  // [rows, q k v] q and k as attention reads them.
  T* turned(int64_t layer) { return keepsRaw() ? turned_.data() : qkv(layer); }
  bool last(int64_t layer) const { return layer + 1 == base_.config.layers; }
  int64_t tailRows(int64_t layer) const { return last(layer) ? tailCount_ : rows_; }

  void refresh(bool backward);
  void runLayers(const Layout& layout, int64_t from, int64_t to, const KvHooks<T>* hooks);
  void multiply(const Linear<T>& linear, const Rows& rows, const T* x, T* y, const T* init);
  Int8Rows roundToInt8(const Rows& rows, int64_t k, const T* x);
  void resizeStates(bool wide);
  void gatherTail();
  void spreadTail(int64_t n, T* x) const;
  void turn(int64_t layer, const Rows& rows, const int32_t* positions, const T* raw, T* to);

  // recall.cc
  int64_t recalled(bool keep);
  void recall(const Layout& layout, int64_t layer);
  int64_t computeBelow(const Layout& layout, int64_t layer, const std::vector<uint8_t>& computed);

  // attention.cc
  void planAttention(const Layout& layout);
  void attention(const Layout& layout, int64_t layer, const KvHooks<T>* hooks);
  bool anyHeadRow(const Branch& branch, const Attention<T>& at) const;
  void planLimbs(const Layout& layout);
  void attentionBackward(const Layout& layout, int64_t layer);
  void limbBackward(const Layout& layout, int64_t layer, const Limb& limb, int64_t kvHead, int thread);

  // lora.cc
  void adapt(int64_t layer, Site site, const Rows& rows, T* x, T* y, int64_t ldy);
  void adaptBackward(int64_t layer, Site site, const Rows& rows, const T* dy, int64_t lddy, T* dx);
  bool drops() const { return dropoutSeed_ && adapter_ != nullptr && adapter_->lora.dropout > 0; }
  void dropOut(int64_t layer, Site site, const Rows& rows, int64_t n, T* x) const;
  void adapterGradients(int64_t layer, std::vector<Outer>& outers);
  AdaptedSite<T>* site(int64_t layer, Site which) const;

  // backward.cc
  void remake(const Layout& layout, int64_t layer);
  Needs needs(int64_t layer) const;
  void outBackward(int64_t layer, const Rows& rows, const Needs& needs);
  void inBackward(const Layout& layout, int64_t layer, const Rows& rows, const T* dMid, bool input);
  void baseGradients(int64_t layer, std::vector<Outer>& outers);
  void runOuters(const std::vector<Outer>& outers);
  void addColumnSums(int64_t rows, int64_t n, const T* x, T* to);
  void embeddingGradients(const Layout& layout);

  // head.cc
  void headBackward(const Layout& layout, const T* dLogprobs);
  int64_t headBlock() const;

  // head_frozen.cc
  void scoreFrozen(const Layout& layout, T* logprobs, T* entropies, uint8_t* hits);
  void headBackwardFrozen(const Layout& layout, const T* dLogprobs);

  const Kernels<T>& k_;
  ThreadPool& pool_;
  Base<T>& base_;
  Rotary<T> rotary_;
  Adapter<T>* adapter_ = nullptr;
  std::optional<uint64_t> dropoutSeed_;
  const int64_t keptBytes_;
  Passes passes_ = Passes::kBlocks;
  bool keep_ = false;
  int64_t lowest_ = 0;                // the lowest trained layer
  int64_t firstKept_ = 0;             // the lowest layer whose state is kept
  int64_t mostRows_ = 0;              // of any batch since memory was freed
  bool rounds_ = false;  // whether products may round activations to int8: in generation, never in training
  int64_t rows_ = 0, tailCount_ = 0;
  std::vector<int64_t> tailRow_;      // row of each tail row
  HiddenStates<T> hidden_;
  int64_t hiddenLayer_ = 0;           // the layer whose inputs these are; 0: none
  std::vector<Buffer<T>> inputs_;
  std::vector<LayerState<T>> states_;
  std::vector<Buffer<T>> qkv_;        // a layer each: [rows, q k v], turned unless backward needs them raw
  Buffer<T> turned_;                  // [rows, q k v] q and k of the layer at work, if they are kept raw
  Buffer<T> qkRstd_;                  // [rows, heads + kvHeads] of their norms
  Buffer<T> tailX_, tailAttended_;    // [tail, hidden], [tail, q] the last layer's input and attention at head rows
  Buffer<T> tail_;                    // [tail, hidden] the last layer's output
  Buffer<T> tailNormed_, tailRstd_;   // of the final norm
  Buffer<T> tailMean_;                // [tail, hidden] mean row of a frozen head under the row's softmax
  Buffer<T> dLogits_;                 // [head rows of a chunk, vocab]
  std::vector<QueryBlock> queryBlocks_;
  std::vector<Limb> limbs_;
  std::vector<uint8_t> isHeadRow_;
  LayerGradient<T> g_;
  std::vector<Scratch<T>> scratch_;
};

}  // namespace dpo
