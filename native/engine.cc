#include "engine.h"

#include <cmath>
#include <stdexcept>

namespace dpo {

namespace {

void check(const Config& c) {
  const auto refuse = [](const std::string& what) { throw std::invalid_argument("the model's configuration: " + what); };
  for (const int64_t n : {c.vocab, c.hidden, c.ff, c.layers, c.heads, c.kvHeads, c.headDim})
    if (n <= 0) refuse("sizes must be positive whole numbers");
  if (c.headDim % 2 != 0) refuse("head_dim must be even, for rotary positions");
  if (c.heads % c.kvHeads != 0) refuse("num_attention_heads must be a multiple of num_key_value_heads");
  if (!(c.eps >= 0) || !(c.theta > 0)) refuse("rms_norm_eps and rope_theta must be positive");
}

}  // namespace

std::unique_ptr<AnyEngine> makeEngine(const Config& config, const Options& options) {
  check(config);
  if (options.doublePrecision) return std::make_unique<Engine<double>>(config, options);
  return std::make_unique<Engine<float>>(config, options);
}

template <class T>
void Engine<T>::fill(const std::string& name, int64_t offset, int64_t count, Dtype dtype, const uint8_t* bytes) {
  base_.fill(pool_, name, offset, count, dtype, bytes);
  for (Linear<T>* linear : base_.linears()) linear->changed();
  decoder_.forgetHidden();
}

template <class T>
std::vector<Section> Engine<T>::sections(const std::string& name) {
  const auto found = base_.frozen.find(name);
  return found == base_.frozen.end() ? std::vector<Section>{} : found->second->sections();
}

template <class T>
void Engine<T>::sectionsRead(const std::string& name) {
  base_.frozen.at(name)->sectionsRead();
  decoder_.forgetHidden();
}

template <class T>
Adapter<T>* Engine<T>::find(const std::optional<std::string>& name) {
  if (!name) return nullptr;
  const auto found = adapters_.find(*name);
  if (found == adapters_.end()) throw std::invalid_argument("there is no adapter '" + *name + "' in the engine");
  return found->second.get();
}

// The adapter of a pass that is no generation. Where such a pass keeps hidden states, generation's pages give up their memory;
// generate() takes it back.
template <class T>
Adapter<T>* Engine<T>::findForPass(const std::optional<std::string>& name) {
  Adapter<T>* const found = find(name);
  if (found != nullptr && found->lowest() > 0) pages_.clear();
  return found;
}

template <class T>
void Engine<T>::addAdapter(const std::string& name, const LoraConfig& lora, const GivenTensors& tensors) {
  if (adapters_.count(name) > 0) throw std::invalid_argument("the engine already has an adapter '" + name + "'");
  if (lora.modules.empty()) throw std::invalid_argument("adapter '" + name + "' adapts no module");
  for (const auto& [module, each] : lora.modules) {
    if (each.r <= 0) throw std::invalid_argument("adapter '" + name + "': r must be a positive whole number in " + module);
    if (!std::isfinite(static_cast<T>(each.scale)))
      throw std::invalid_argument("adapter '" + name + "': the scale must be finite in " + module);
  }
  if (!(lora.dropout >= 0 && lora.dropout < 1))
    throw std::invalid_argument("adapter '" + name + "': lora_dropout must lie in [0, 1)");
  adapters_[name] = std::make_unique<Adapter<T>>(base_.config, lora, tensors, !base_.precision.frozen);
}

template <class T>
void Engine<T>::removeAdapter(const std::string& name) {
  find(name);
  if (training_ && target_ == name) {
    training_ = false;
    decoder_.release();
  }
  pending_.reset();
  pages_.clear();
  adapters_.erase(name);
}

template <class T>
NamedTensors Engine<T>::copyOut(const Parameters<T>& parameters, const Buffer<T>& values) const {
  NamedTensors out;
  for (const Parameter& p : parameters.list())
    out.push_back({p.name, std::vector<float>(values.data() + p.offset, values.data() + p.offset + p.size)});
  return out;
}

template <class T>
NamedTensors Engine<T>::weights(const std::optional<std::string>& adapter) {
  const Parameters<T>& parameters = adapter ? find(adapter)->parameters : base_.parameters;
  NamedTensors out = copyOut(parameters, parameters.data);
  if (adapter) return out;
  for (const auto& [name, matrix] : base_.frozen) {
    std::vector<T> row(static_cast<size_t>(matrix->cols()));
    std::vector<float> values(static_cast<size_t>(matrix->rows() * matrix->cols()));
    for (int64_t r = 0; r < matrix->rows(); r++) {
      kernels_.unpack(matrix->view(), r, 0, matrix->cols(), row.data());
      std::copy(row.begin(), row.end(), values.begin() + r * matrix->cols());
    }
    out.push_back({name, std::move(values)});
  }
  return out;
}

template <class T>
Parameters<T>& Engine<T>::trained() {
  if (!training_) throw std::logic_error("nothing is being trained; call train() first");
  return target_ ? find(target_)->parameters : base_.parameters;
}

template <class T>
void Engine<T>::train(const std::optional<std::string>& adapter) {
  Adapter<T>* const found = find(adapter);
  if (found == nullptr && base_.precision.frozen)
    throw std::invalid_argument("the base model's weights are frozen at this precision; train an adapter, or set model.precision to fp32");
  if (training_) trained().prepareTraining(false);
  pending_.reset();
  pages_.clear();
  returnFreed();
  (found != nullptr ? found->parameters : base_.parameters).prepareTraining(true);
  training_ = true;
  target_ = adapter;
  step_ = 0;
}

template <class T>
Scores Engine<T>::score(const Layout& layout) {
  const size_t n = layout.targetTokens.size();
  std::vector<T> logprobs(n), entropies(n);
  Scores scores;
  scores.hits.resize(n);
  decoder_.score(layout, logprobs.data(), entropies.data(), scores.hits.data());
  scores.logprobs.assign(logprobs.begin(), logprobs.end());
  scores.entropies.assign(entropies.begin(), entropies.end());
  scores.starts = layout.starts;
  scores.counts = layout.counts;
  return scores;
}

template <class T>
Scores Engine<T>::logprobs(const Forest& forest, const std::optional<std::string>& adapter) {
  const Layout layout = layOut(forest, base_.config);
  pending_.reset();
  decoder_.forward(layout, findForPass(adapter), std::nullopt, false);
  return score(layout);
}

template <class T>
Scores Engine<T>::forward(const Forest& forest, std::optional<uint64_t> dropoutSeed) {
  trained();
  pending_.reset();
  Layout layout = layOut(forest, base_.config);
  decoder_.forward(layout, findForPass(target_), dropoutSeed, true);
  Scores scores = score(layout);
  pending_ = std::move(layout);
  return scores;
}

template <class T>
void Engine<T>::backward(const std::vector<double>& dLogprobs) {
  if (!pending_) throw std::logic_error("backward without a forward pass before it");
  if (dLogprobs.size() != pending_->targetTokens.size())
    throw std::invalid_argument("dLoss returned " + std::to_string(dLogprobs.size()) + " values for " +
                                std::to_string(pending_->targetTokens.size()) + " targets");
  for (size_t i = 0; i < dLogprobs.size(); i++)
    if (!std::isfinite(dLogprobs[i]))
      throw std::invalid_argument("dLoss returned a value that is not finite, for target " + std::to_string(i));
  const std::vector<T> d(dLogprobs.begin(), dLogprobs.end());
  decoder_.backward(*pending_, d.data());
  pending_.reset();
}

template <class T>
NamedTensors Engine<T>::gradients() {
  const Parameters<T>& parameters = trained();
  return copyOut(parameters, parameters.grad);
}

template <class T>
NamedTensors Engine<T>::moments(bool second) {
  const Parameters<T>& parameters = trained();
  return copyOut(parameters, second ? parameters.expAvgSq : parameters.expAvg);
}

template <class T>
void Engine<T>::setOptimizer(int64_t step, const GivenTensors& expAvg, const GivenTensors& expAvgSq) {
  Parameters<T>& parameters = trained();
  if (step < 0) throw std::invalid_argument("the optimiser state's step is negative");
  parameters.copyIn(expAvg, parameters.expAvg);
  parameters.copyIn(expAvgSq, parameters.expAvgSq);
  step_ = step;
}

template class Engine<float>;
template class Engine<double>;

}  // namespace dpo
