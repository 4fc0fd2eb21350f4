// The base model's weights, by the names of a Hugging Face checkpoint.
#pragma once
#include <string>
#include <vector>

#include "config.h"
#include "linear.h"
#include "parameters.h"

namespace dpo {

template <class T>
struct BaseLayer {
  int64_t inputNorm = 0, qkvWeight = 0, qkvBias = 0, oWeight = 0, postNorm = 0, gateUpWeight = 0, downWeight = 0;
  // q, k, v share their input and lie side by side, as do gate and up: each is one product.
  Linear<T> qkv, o, gateUp, down;
};

template <class T>
struct Base {
  Config config;
  Parameters<T> parameters;
  int64_t embedding = 0, finalNorm = 0, headWeight = 0;  // offsets
  std::vector<BaseLayer<T>> layers;
  Linear<T> head;

  Base(const Config& c, const GivenTensors& given) : config(c), layers(static_cast<size_t>(c.layers)) {
    embedding = parameters.declare("model.embed_tokens.weight", {c.vocab, c.hidden});
    for (int64_t l = 0; l < c.layers; l++) declareLayer(layers[static_cast<size_t>(l)], l);
    finalNorm = parameters.declare("model.norm.weight", {c.hidden});
    headWeight = c.tied ? embedding : parameters.declare("lm_head.weight", {c.vocab, c.hidden});
    parameters.fill(given);
    for (BaseLayer<T>& layer : layers) {
      connect(layer.qkv, c.hidden, c.qkv(), layer.qkvWeight);
      layer.qkv.bias = parameters.data.data() + layer.qkvBias;
      connect(layer.o, c.hidden, c.hidden, layer.oWeight);
      connect(layer.gateUp, c.hidden, 2 * c.ff, layer.gateUpWeight);
      connect(layer.down, c.ff, c.hidden, layer.downWeight);
    }
    connect(head, c.hidden, c.vocab, headWeight);
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
  void declareLayer(BaseLayer<T>& layer, int64_t index) {
    const Config& c = config;
    const std::string prefix = "model.layers." + std::to_string(index) + ".";
    const std::string attention = prefix + "self_attn.", mlp = prefix + "mlp.";
    layer.inputNorm = parameters.declare(prefix + "input_layernorm.weight", {c.hidden});
    layer.qkvWeight = parameters.declare(attention + "q_proj.weight", {c.hidden, c.hidden});
    parameters.declare(attention + "k_proj.weight", {c.kv(), c.hidden});
    parameters.declare(attention + "v_proj.weight", {c.kv(), c.hidden});
    layer.qkvBias = parameters.declare(attention + "q_proj.bias", {c.hidden});
    parameters.declare(attention + "k_proj.bias", {c.kv()});
    parameters.declare(attention + "v_proj.bias", {c.kv()});
    layer.oWeight = parameters.declare(attention + "o_proj.weight", {c.hidden, c.hidden});
    layer.postNorm = parameters.declare(prefix + "post_attention_layernorm.weight", {c.hidden});
    layer.gateUpWeight = parameters.declare(mlp + "gate_proj.weight", {c.ff, c.hidden});
    parameters.declare(mlp + "up_proj.weight", {c.ff, c.hidden});
    layer.downWeight = parameters.declare(mlp + "down_proj.weight", {c.hidden, c.ff});
  }

  void connect(Linear<T>& linear, int64_t in, int64_t out, int64_t offset) {
    linear.in = in;
    linear.out = out;
    linear.weight = parameters.data.data() + offset;
  }
};

}  // namespace dpo
