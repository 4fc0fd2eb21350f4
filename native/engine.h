// One decoder with its adapters, its optimiser and its thread pool: main/engine/engine.ts's contract, without JavaScript.
// No method may run while another does.
#pragma once
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "decoder.h"
#include "inbox.h"
#include "pages.h"

namespace dpo {

struct Scores {
  std::vector<double> logprobs, entropies;
  std::vector<uint8_t> hits;
  std::vector<int32_t> starts, counts;
};

struct AdamW {
  double learningRate, beta1, beta2, epsilon, weightDecay, maxGradNorm;
};

// The progress of a request since its last news.
struct News {
  int64_t id = 0;
  std::vector<int32_t> tokens;
  std::vector<float> logprobs;
  bool done = false;
  bool stopped = false;  // by a stop token
};

struct NamedTensor {
  std::string name;
  std::vector<float> data;
};
using NamedTensors = std::vector<NamedTensor>;

// The interface of the engine in either precision.
class AnyEngine {
 public:
  virtual ~AnyEngine() = default;
  // Another thread may call interrupt() while a method runs. logprobs(), forward(), backward() and generate() then end
  // soon and throw Interrupted; after that, gradients are undefined. forgetInterrupt() comes before the next method.
  virtual void interrupt() = 0;
  virtual void forgetInterrupt() = 0;
  // The name of the table of kernels, and the number of threads.
  virtual std::string kernels() const = 0;
  virtual int threads() const = 0;
  // Loads the base model: pieces of every tensor, in order, as for Base::fill, then ready().
  virtual void fill(const std::string& name, int64_t offset, int64_t count, Dtype dtype, const uint8_t* bytes) = 0;
  virtual void ready() = 0;
  // The stored bytes of a frozen matrix, to be written to a file; none if it is not frozen.
  virtual std::vector<Section> sections(const std::string& name) = 0;
  // Call after reading them from a file, instead of fill().
  virtual void sectionsRead(const std::string& name) = 0;
  virtual void addAdapter(const std::string& name, const LoraConfig& lora, const GivenTensors& tensors) = 0;
  virtual void removeAdapter(const std::string& name) = 0;
  // The tensors of an adapter, or without a name of the base, as float.
  virtual NamedTensors weights(const std::optional<std::string>& adapter) = 0;
  virtual void train(const std::optional<std::string>& adapter) = 0;
  virtual Scores logprobs(const Forest& forest, const std::optional<std::string>& adapter) = 0;
  // The first half of a gradient: scores with the trained weights. Keeps what backward needs.
  virtual Scores forward(const Forest& forest, std::optional<uint64_t> dropoutSeed) = 0;
  // The second half, from d loss / d logprobs.
  virtual void backward(const std::vector<double>& dLogprobs) = 0;
  virtual NamedTensors gradients() = 0;
  // Throws GradientNotFinite.
  virtual double step(const AdamW& options) = 0;
  virtual int64_t optimizerStep() const = 0;
  virtual NamedTensors moments(bool second) = 0;
  virtual void setOptimizer(int64_t step, const GivenTensors& expAvg, const GivenTensors& expAvgSq) = 0;
  // Completes the requests in the inbox, and those that come meanwhile, until none is left. Then closes the inbox.
  // Reports the tokens of streaming requests as they come, of others when they are done.
  virtual void generate(Inbox& inbox, const std::optional<std::string>& adapter,
                        const std::function<void(std::vector<News>)>& tell) = 0;
};

struct Options {
  int threads = 1;
  std::string instructions;  // as in chooseKernels
  bool bf16 = false;         // whether products may round their operands, as in chooseKernels
  bool doublePrecision = false;
  Precision precision;
  int64_t keptBytes = std::numeric_limits<int64_t>::max();  // of activations; backward recomputes what is beyond
  int64_t cacheBytes = 0;    // the approximate limit on keys and values in generation, and on hidden states in training
};

// Makes an engine without weights. Throws std::invalid_argument if configuration and options do not fit.
std::unique_ptr<AnyEngine> makeEngine(const Config& config, const Options& options);

template <class T>
class Engine final : public AnyEngine {
 public:
  Engine(const Config& config, const Options& options)
      : kernels_(chooseKernels<T>(options.instructions.c_str(), options.bf16)),
        pool_(options.threads),
        base_(config, options.precision),
        decoder_(kernels_, pool_, base_, options.keptBytes, options.cacheBytes),
        pages_(kernels_, config, options.cacheBytes) {}

  void interrupt() override { pool_.interrupt(); }
  void forgetInterrupt() override { pool_.forgetInterrupt(); }
  std::string kernels() const override { return kernels_.name; }
  int threads() const override { return pool_.threads(); }
  void fill(const std::string& name, int64_t offset, int64_t count, Dtype dtype, const uint8_t* bytes) override;
  void ready() override { base_.checkComplete(); }
  std::vector<Section> sections(const std::string& name) override;
  void sectionsRead(const std::string& name) override;
  void addAdapter(const std::string& name, const LoraConfig& lora, const GivenTensors& tensors) override;
  void removeAdapter(const std::string& name) override;
  NamedTensors weights(const std::optional<std::string>& adapter) override;
  void train(const std::optional<std::string>& adapter) override;
  Scores logprobs(const Forest& forest, const std::optional<std::string>& adapter) override;
  Scores forward(const Forest& forest, std::optional<uint64_t> dropoutSeed) override;
  void backward(const std::vector<double>& dLogprobs) override;
  NamedTensors gradients() override;
  double step(const AdamW& options) override;
  int64_t optimizerStep() const override { return step_; }
  NamedTensors moments(bool second) override;
  void setOptimizer(int64_t step, const GivenTensors& expAvg, const GivenTensors& expAvgSq) override;
  void generate(Inbox& inbox, const std::optional<std::string>& adapter,
                const std::function<void(std::vector<News>)>& tell) override;

 private:
  Adapter<T>* find(const std::optional<std::string>& name);
  Parameters<T>& trained();
  Adapter<T>* findForPass(const std::optional<std::string>& name);
  Scores score(const Layout& layout);
  NamedTensors copyOut(const Parameters<T>& parameters, const Buffer<T>& values) const;

  const Kernels<T>& kernels_;
  ThreadPool pool_;
  Base<T> base_;
  Decoder<T> decoder_;
  Pages<T> pages_;
  std::optional<std::string> pagesOf_;  // the adapter that the keys and values in the pages are from
  std::map<std::string, std::unique_ptr<Adapter<T>>> adapters_;
  bool training_ = false;
  std::optional<std::string> target_;  // what is trained; none: the base
  int64_t step_ = 0;
  std::optional<Layout> pending_;  // between forward and backward
};

}  // namespace dpo
