// The base model's weights, by the names of a Hugging Face checkpoint.
#pragma once
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "config.h"
#include "linear.h"
#include "parameters.h"

namespace dpo {

// How the matrices are held: as numbers that can be trained, or frozen in a stored form; embedding and head may have
// another form. Norms and biases are always numbers.
struct Precision {
  bool frozen = false;
  Format layers = Format::kBf16, head = Format::kBf16;
};

template <class T>
struct BaseLayer {
  int64_t inputNorm = 0, qkvWeight = 0, qkvBias = 0, qkNorm = 0, oWeight = 0, postNorm = 0, gateUpWeight = 0, downWeight = 0;
  // q, k, v share their input and lie side by side, as do gate and up: each is one product.
  Linear<T> qkv, o, gateUp, down;
};

template <class T>
struct Base {
  Config config;
  Precision precision;
  Parameters<T> parameters;
  std::map<std::string, std::unique_ptr<Stored>> frozen;  // matrices by name, if the precision is a stored form
  int64_t embedding = 0, finalNorm = 0, headWeight = 0;   // offsets; matrices have one only if they are not frozen
  const Stored* frozenEmbedding = nullptr;
  std::vector<BaseLayer<T>> layers;
  Linear<T> head;

  // Starts empty; fill() brings the weights.
  Base(const Config& c, const Precision& p) : config(c), precision(p), layers(static_cast<size_t>(c.layers)) {
    embedding = declareMatrix("model.embed_tokens.weight", c.vocab, c.hidden, p.head, nullptr);
    for (int64_t l = 0; l < c.layers; l++) declareLayer(layers[static_cast<size_t>(l)], l);
    finalNorm = parameters.declare("model.norm.weight", {c.hidden});
    if (p.frozen) frozenEmbedding = frozen.at("model.embed_tokens.weight").get();
    headWeight = embedding;
    if (!c.tied) headWeight = declareMatrix("lm_head.weight", c.vocab, c.hidden, p.head, &head);
    else if (p.frozen) head.stored = {frozenEmbedding};
    parameters.data.resize(parameters.total());
    for (BaseLayer<T>& layer : layers) {
      shape(layer.qkv, c.hidden, c.qkv(), layer.qkvWeight);
      if (c.qkvBias) layer.qkv.bias = at(layer.qkvBias);
      shape(layer.o, c.q(), c.hidden, layer.oWeight);
      shape(layer.gateUp, c.hidden, 2 * c.ff, layer.gateUpWeight);
      shape(layer.down, c.ff, c.hidden, layer.downWeight);
    }
    shape(head, c.hidden, c.vocab, headWeight);
  }

  // Takes `count` values of a tensor from index `offset` on. Pieces come in order, as for Stored::fill.
  void fill(ThreadPool& pool, const std::string& name, int64_t offset, int64_t count, Dtype dtype, const uint8_t* bytes) {
    const auto found = frozen.find(name);
    if (found != frozen.end()) found->second->fill(pool, offset, count, dtype, bytes);
    else parameters.fillPart(name, offset, count, dtype, bytes);
  }

  // Throws if a tensor is not complete.
  void checkComplete() const {
    for (const auto& [name, matrix] : frozen)
      if (!matrix->complete()) throw std::invalid_argument("tensor '" + name + "' is missing or not complete");
    parameters.checkComplete();
  }

  // The embedding of a token, [hidden].
  void embed(const Kernels<T>& kernels, int32_t token, T* to) const {
    const int64_t h = config.hidden;
    if (precision.frozen) kernels.unpack(frozenEmbedding->view(), token, 0, h, to);
    else std::copy_n(at(embedding) + token * h, h, to);
  }

  const T* at(int64_t offset) const { return parameters.data.data() + offset; }
  T* gradAt(int64_t offset) { return parameters.grad.data() + offset; }

  std::vector<Linear<T>*> linears() {
    std::vector<Linear<T>*> all;
    for (BaseLayer<T>& layer : layers) {
      for (Linear<T>* each : {&layer.qkv, &layer.o, &layer.gateUp, &layer.down}) all.push_back(each);
    }
    all.push_back(&head);
    return all;
  }

 private:
  // Returns the matrix's offset among the parameters, or gives `linear` a stored matrix.
  int64_t declareMatrix(const std::string& name, int64_t rows, int64_t cols, Format format, Linear<T>* linear) {
    if (!precision.frozen) return parameters.declare(name, {rows, cols});
    const auto added = frozen.emplace(name, std::make_unique<Stored>(name, format, rows, cols)).first;
    if (linear != nullptr) linear->stored.push_back(added->second.get());
    return 0;
  }

  void declareLayer(BaseLayer<T>& layer, int64_t index) {
    const Config& c = config;
    const Format f = precision.layers;
    const std::string prefix = "model.layers." + std::to_string(index) + ".";
    const std::string attention = prefix + "self_attn.", mlp = prefix + "mlp.";
    layer.inputNorm = parameters.declare(prefix + "input_layernorm.weight", {c.hidden});
    layer.qkvWeight = declareMatrix(attention + "q_proj.weight", c.q(), c.hidden, f, &layer.qkv);
    declareMatrix(attention + "k_proj.weight", c.kv(), c.hidden, f, &layer.qkv);
    declareMatrix(attention + "v_proj.weight", c.kv(), c.hidden, f, &layer.qkv);
    if (c.qkvBias) {
      layer.qkvBias = parameters.declare(attention + "q_proj.bias", {c.q()});
      parameters.declare(attention + "k_proj.bias", {c.kv()});
      parameters.declare(attention + "v_proj.bias", {c.kv()});
    }
    layer.oWeight = declareMatrix(attention + "o_proj.weight", c.hidden, c.q(), f, &layer.o);
    if (c.qkNorm) {
      layer.qkNorm = parameters.declare(attention + "q_norm.weight", {c.headDim});
      parameters.declare(attention + "k_norm.weight", {c.headDim});
    }
    layer.postNorm = parameters.declare(prefix + "post_attention_layernorm.weight", {c.hidden});
    layer.gateUpWeight = declareMatrix(mlp + "gate_proj.weight", c.ff, c.hidden, f, &layer.gateUp);
    declareMatrix(mlp + "up_proj.weight", c.ff, c.hidden, f, &layer.gateUp);
    layer.downWeight = declareMatrix(mlp + "down_proj.weight", c.hidden, c.ff, f, &layer.down);
  }

  void shape(Linear<T>& linear, int64_t in, int64_t out, int64_t offset) {
    linear.in = in;
    linear.out = out;
    if (!precision.frozen) linear.weight = at(offset);
  }
};

}  // namespace dpo
