// The engine's Node-API binding. Arguments are read and results made on JavaScript's thread. The work itself runs on a
// worker, so the event loop never waits. main/engine/native/engine.ts queues the calls.

// Electron's V8 keeps every ArrayBuffer in its memory cage and refuses memory from outside. With this, code that would hand out
// such memory does not compile.
#define NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED
#include <napi.h>

#include <algorithm>
#include <functional>
#include <map>
#include <thread>

#include "engine.h"
#include "errors.h"

namespace {

using dpo::AnyEngine;

// Runs work() on a worker thread, then settles a promise with finish(env).
class Job : public Napi::AsyncWorker {
 public:
  using Finish = std::function<Napi::Value(Napi::Env)>;

  static Napi::Value start(Napi::Env env, std::function<Finish()> work, std::vector<Napi::Value> held = {}) {
    Job* const job = new Job(env, std::move(work));
    // Keeps alive what the work reads in place, until it is done.
    Napi::Array keep = Napi::Array::New(env, held.size());
    for (uint32_t i = 0; i < held.size(); i++) keep.Set(i, held[i]);
    job->held_ = Napi::Persistent(keep.As<Napi::Object>());
    const Napi::Value promise = job->deferred_.Promise();
    job->Queue();
    return promise;
  }

 protected:
  void Execute() override {
    try {
      finish_ = work_();
    } catch (const std::bad_alloc&) {
      SetError("there is not enough memory for this batch; make it smaller");
    } catch (const dpo::Coded& error) {
      code_ = error.code();
      SetError(error.what());
    } catch (const std::exception& error) {
      SetError(error.what());
    }
  }
  void OnOK() override {
    const Napi::HandleScope scope(Env());
    try {
      deferred_.Resolve(finish_(Env()));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
  }
  void OnError(const Napi::Error& error) override {
    const Napi::Object value = error.Value();
    if (code_ != nullptr) value.Set("code", code_);
    deferred_.Reject(value);
  }

 private:
  Job(Napi::Env env, std::function<Finish()> work)
      : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)), work_(std::move(work)) {}

  Napi::Promise::Deferred deferred_;
  std::function<Finish()> work_;
  Finish finish_;
  const char* code_ = nullptr;  // of the error, for programs
  Napi::ObjectReference held_;
};

Napi::Value nothing(Napi::Env env) { return env.Undefined(); }

double number(const Napi::Object& from, const char* key) {
  const Napi::Value value = from.Get(key);
  if (!value.IsNumber()) throw Napi::TypeError::New(from.Env(), std::string(key) + " must be a number");
  return value.As<Napi::Number>().DoubleValue();
}

int64_t whole(const Napi::Object& from, const char* key) { return static_cast<int64_t>(number(from, key)); }

std::optional<std::string> optionalName(const Napi::Value& value) {
  if (value.IsNull() || value.IsUndefined()) return std::nullopt;
  return value.ToString().Utf8Value();
}

std::vector<int32_t> integers(const Napi::Value& value) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array)
    throw Napi::TypeError::New(value.Env(), "token ids must come as an Int32Array");
  const Napi::Int32Array array = value.As<Napi::Int32Array>();
  return std::vector<int32_t>(array.Data(), array.Data() + array.ElementLength());
}

// Tensors in JavaScript's memory, without a copy. The object must be kept alive while they are read.
dpo::GivenTensors tensors(const Napi::Value& value) {
  const Napi::Object object = value.As<Napi::Object>();
  dpo::GivenTensors out;
  for (const auto& entry : object) {
    const Napi::Value each = entry.second;
    const std::string name = entry.first.ToString().Utf8Value();
    if (!each.IsTypedArray() || each.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array)
      throw Napi::TypeError::New(value.Env(), "tensor '" + name + "' must be a Float32Array");
    const Napi::Float32Array array = each.As<Napi::Float32Array>();
    out[name] = {array.Data(), static_cast<int64_t>(array.ElementLength())};
  }
  return out;
}

dpo::Forest forest(const Napi::Value& value) {
  const Napi::Object object = value.As<Napi::Object>();
  return {integers(object.Get("tokens")), integers(object.Get("lengths")), integers(object.Get("parents")),
          integers(object.Get("targetStarts")), {}};
}

template <class Array, class From>
Napi::Value array(Napi::Env env, const std::vector<From>& values) {
  Array out = Array::New(env, values.size());
  for (size_t i = 0; i < values.size(); i++) out[i] = values[i];
  return out;
}

// Each tensor is freed once it is copied, so that a large adapter is not in memory twice.
Napi::Value object(Napi::Env env, dpo::NamedTensors& tensors) {
  Napi::Object out = Napi::Object::New(env);
  for (dpo::NamedTensor& each : tensors) {
    Napi::Float32Array copy = Napi::Float32Array::New(env, each.data.size());
    std::copy(each.data.begin(), each.data.end(), copy.Data());
    out.Set(each.name, copy);
    std::vector<float>().swap(each.data);
  }
  return out;
}

Napi::Value object(Napi::Env env, const dpo::Scores& scores) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("logprobs", array<Napi::Float64Array>(env, scores.logprobs));
  out.Set("entropies", array<Napi::Float64Array>(env, scores.entropies));
  out.Set("hits", array<Napi::Uint8Array>(env, scores.hits));
  out.Set("starts", array<Napi::Int32Array>(env, scores.starts));
  out.Set("counts", array<Napi::Int32Array>(env, scores.counts));
  return out;
}

Napi::Value object(Napi::Env env, const std::vector<dpo::News>& news) {
  Napi::Array out = Napi::Array::New(env, news.size());
  for (uint32_t i = 0; i < news.size(); i++) {
    Napi::Object each = Napi::Object::New(env);
    each.Set("id", static_cast<double>(news[i].id));
    each.Set("tokens", array<Napi::Int32Array>(env, news[i].tokens));
    each.Set("logprobs", array<Napi::Float32Array>(env, news[i].logprobs));
    each.Set("done", news[i].done);
    each.Set("stopped", news[i].stopped);
    out.Set(i, each);
  }
  return out;
}

template <class T>
using Names = std::map<std::string, T>;

// The value with this name. Throws if there is none.
template <class T>
T named(const char* what, const Napi::Value& value, const Names<T>& names) {
  const std::string name = value.ToString();
  const auto found = names.find(name);
  if (found != names.end()) return found->second;
  std::string known;
  for (const auto& each : names) known += (known.empty() ? "" : ", ") + each.first;
  throw Napi::TypeError::New(value.Env(), std::string(what) + " must be one of " + known + ", not '" + name + "'");
}

struct Weights {
  bool frozen = false;
  dpo::Format format = dpo::Format::kBf16;  // of frozen ones
  bool doublePrecision = false;
};

const Names<Weights> kWeights{{"float32", {}},
                              {"float64", {false, dpo::Format::kBf16, true}},
                              {"bf16", {true, dpo::Format::kBf16, false}},
                              {"int8", {true, dpo::Format::kInt8, false}},
                              {"nf4", {true, dpo::Format::kNf4, false}}};
const Names<dpo::Format> kHeads{{"bf16", dpo::Format::kBf16}, {"int8", dpo::Format::kInt8}, {"nf4", dpo::Format::kNf4}};
const Names<bool> kNormalisesQk{{"qwen2", false}, {"qwen3", true}, {"llama", false}};
const Names<bool> kProductsInBf16{{"fp32", false}, {"bf16", true}};
const Names<dpo::Dtype> kDtypes{{"F32", dpo::Dtype::kF32}, {"F16", dpo::Dtype::kF16}, {"BF16", dpo::Dtype::kBf16}};

dpo::Config config(const Napi::Object& from) {
  dpo::Config c;
  c.vocab = whole(from, "vocab_size");
  c.hidden = whole(from, "hidden_size");
  c.ff = whole(from, "intermediate_size");
  c.layers = whole(from, "num_hidden_layers");
  c.heads = whole(from, "num_attention_heads");
  c.kvHeads = whole(from, "num_key_value_heads");
  c.eps = number(from, "rms_norm_eps");
  c.headDim = whole(from, "head_dim");
  c.theta = number(from, "rope_theta");
  if (from.Get("rope_scaling").IsObject()) {
    const Napi::Object scaling = from.Get("rope_scaling").As<Napi::Object>();
    c.ropeScaling = {number(scaling, "factor"), number(scaling, "low_freq_factor"), number(scaling, "high_freq_factor"),
                     number(scaling, "original_max_position_embeddings")};
  }
  c.qkvBias = from.Get("attention_bias").ToBoolean();
  c.qkNorm = named("model_type", from.Get("model_type"), kNormalisesQk);
  c.tied = from.Get("tie_word_embeddings").ToBoolean();
  return c;
}

template <class Array, class T>
std::vector<T> numbers(const Napi::Object& from, const char* key) {
  const Array array = from.Get(key).As<Array>();
  return std::vector<T>(array.Data(), array.Data() + array.ElementLength());
}

// A tokenizer's vocabulary: new Vocabulary(bytes, offsets).
class VocabularyHandle : public Napi::ObjectWrap<VocabularyHandle> {
 public:
  static Napi::Function define(Napi::Env env) { return DefineClass(env, "Vocabulary", {}); }

  explicit VocabularyHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<VocabularyHandle>(info) {
    const Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
    vocabulary_ = std::make_shared<const dpo::Vocabulary>(
        std::vector<uint8_t>(bytes.Data(), bytes.Data() + bytes.ElementLength()), integers(info[1]));
  }

  std::shared_ptr<const dpo::Vocabulary> vocabulary() const { return vocabulary_; }

 private:
  std::shared_ptr<const dpo::Vocabulary> vocabulary_;
};

// What completions may be: new Constraint(vocabulary, automaton).
class ConstraintHandle : public Napi::ObjectWrap<ConstraintHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Constraint", {InstanceAccessor<&ConstraintHandle::shortest>("shortest")});
  }

  explicit ConstraintHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ConstraintHandle>(info) {
    const Napi::Object from = info[1].As<Napi::Object>();
    constraint_ = std::make_shared<const dpo::Constraint>(
        VocabularyHandle::Unwrap(info[0].As<Napi::Object>())->vocabulary(),
        dpo::Automaton{numbers<Napi::Uint8Array, uint8_t>(from, "bytes"), numbers<Napi::Uint8Array, uint8_t>(from, "ends"),
                       integers(from.Get("children")), integers(from.Get("siblings")), integers(from.Get("texts"))});
    reserve_ = static_cast<int32_t>(whole(from, "reserve"));
  }

  std::shared_ptr<const dpo::Constraint> constraint() const { return constraint_; }
  int32_t reserve() const { return reserve_; }

 private:
  Napi::Value shortest(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), constraint_->shortest()); }

  std::shared_ptr<const dpo::Constraint> constraint_;
  int32_t reserve_ = 0;
};

// Takes requests for completions, also while the engine works on others.
class InboxHandle : public Napi::ObjectWrap<InboxHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Inbox",
                       {InstanceMethod<&InboxHandle::submit>("submit"), InstanceMethod<&InboxHandle::cancel>("cancel")});
  }

  explicit InboxHandle(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<InboxHandle>(info), inbox_(std::make_shared<dpo::Inbox>()) {}

  std::shared_ptr<dpo::Inbox> inbox() const { return inbox_; }

 private:
  // submit(request) -> whether the generation will read it
  Napi::Value submit(const Napi::CallbackInfo& info) {
    const Napi::Object from = info[0].As<Napi::Object>();
    dpo::Request request;
    request.id = whole(from, "id");
    request.prompt = integers(from.Get("prompt"));
    request.streams = from.Get("streams").ToBoolean();
    dpo::Sampling& sampling = request.sampling;
    sampling.temperature = number(from, "temperature");
    sampling.topP = number(from, "top_p");
    sampling.maxNewTokens = whole(from, "max_new_tokens");
    sampling.seed = static_cast<uint64_t>(whole(from, "seed"));
    const Napi::Array stops = from.Get("stop_token_ids").As<Napi::Array>();
    for (uint32_t i = 0; i < stops.Length(); i++) sampling.stopTokens.push_back(stops.Get(i).ToNumber().Int32Value());
    const Napi::Value held = from.Get("constraint");
    if (held.IsObject()) {
      const ConstraintHandle* const handle = ConstraintHandle::Unwrap(held.As<Napi::Object>());
      request.constraint = handle->constraint();
      request.reserve = handle->reserve();
    }
    return Napi::Boolean::New(info.Env(), inbox_->submit(std::move(request)));
  }

  // cancel(id): stops the request, no more news of it follows
  void cancel(const Napi::CallbackInfo& info) { inbox_->cancel(info[0].As<Napi::Number>().Int64Value()); }

  std::shared_ptr<dpo::Inbox> inbox_;
};

// JavaScript's handle of the engine. Jobs share the engine, so that it outlives running work.
class Handle : public Napi::ObjectWrap<Handle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeEngine",
                       {InstanceMethod<&Handle::open>("open"), InstanceMethod<&Handle::fill>("fill"),
                        InstanceMethod<&Handle::sections>("sections"), InstanceMethod<&Handle::sectionsRead>("sectionsRead"),
                        InstanceMethod<&Handle::writeSection>("writeSection"),
                        InstanceMethod<&Handle::readSection>("readSection"), InstanceMethod<&Handle::ready>("ready"),
                        InstanceMethod<&Handle::addAdapter>("addAdapter"),
                        InstanceMethod<&Handle::removeAdapter>("removeAdapter"), InstanceMethod<&Handle::weights>("weights"),
                        InstanceMethod<&Handle::train>("train"), InstanceMethod<&Handle::logprobs>("logprobs"),
                        InstanceMethod<&Handle::forward>("forward"), InstanceMethod<&Handle::backward>("backward"),
                        InstanceMethod<&Handle::gradients>("gradients"), InstanceMethod<&Handle::step>("step"),
                        InstanceMethod<&Handle::optimizerState>("optimizerState"),
                        InstanceMethod<&Handle::setOptimizerState>("setOptimizerState"),
                        InstanceMethod<&Handle::generate>("generate"), InstanceMethod<&Handle::interrupt>("interrupt"),
                        InstanceMethod<&Handle::close>("close")});
  }

  explicit Handle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Handle>(info), engine_(std::make_shared<Slot>()) {}

 private:
  using Slot = std::unique_ptr<AnyEngine>;
  using Info = Napi::CallbackInfo;

  // A job on the engine. It is refused once the engine is closed.
  Napi::Value job(const Info& info, std::function<Job::Finish(AnyEngine&)> work, std::vector<Napi::Value> held = {}) {
    if (*engine_) (*engine_)->forgetInterrupt();
    return Job::start(
        info.Env(),
        [engine = engine_, work = std::move(work)] {
          if (!*engine) throw std::logic_error("the engine is closed");
          return work(**engine);
        },
        std::move(held));
  }

  // open(config, options) -> { kernels, threads }
  Napi::Value open(const Info& info) {
    const dpo::Config c = config(info[0].As<Napi::Object>());
    const Napi::Object from = info[1].As<Napi::Object>();
    dpo::Options options;
    options.instructions = from.Get("instructions").ToString();
    const Weights weights = named("precision", from.Get("precision"), kWeights);
    options.doublePrecision = weights.doublePrecision;
    options.bf16 = named("products", from.Get("products"), kProductsInBf16);
    options.precision.frozen = weights.frozen;
    options.precision.layers = weights.format;
    options.precision.head = named("headPrecision", from.Get("headPrecision"), kHeads);
    options.keptBytes = whole(from, "keptBytes");
    options.cacheBytes = whole(from, "cacheBytes");
    const int threads = static_cast<int>(whole(from, "threads"));
    options.threads = threads > 0 ? threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    return Job::start(
        info.Env(),
        [engine = engine_, c, options]() -> Job::Finish {
          *engine = dpo::makeEngine(c, options);
          return [kernels = (*engine)->kernels(), threads = (*engine)->threads()](Napi::Env env) {
            Napi::Object opened = Napi::Object::New(env);
            opened.Set("kernels", kernels);
            opened.Set("threads", threads);
            return opened;
          };
        });
  }

  // fill(name, offset, dtype, bytes)
  Napi::Value fill(const Info& info) {
    const dpo::Dtype dtype = named("dtype", info[2], kDtypes);
    const Napi::Uint8Array bytes = info[3].As<Napi::Uint8Array>();
    const int64_t count = static_cast<int64_t>(bytes.ByteLength()) / (dtype == dpo::Dtype::kF32 ? 4 : 2);
    return job(info, [name = info[0].ToString().Utf8Value(), offset = info[1].ToNumber().Int64Value(), dtype, count,
                      data = bytes.Data()](AnyEngine& engine) -> Job::Finish {
      engine.fill(name, offset, count, dtype, data);
      return nothing;
    }, {info[3]});
  }

  Napi::Value ready(const Info& info) {
    return job(info, [](AnyEngine& engine) -> Job::Finish {
      engine.ready();
      return nothing;
    });
  }

  // sections(name) -> [{ name, bytes }], the stored sections of a matrix and their lengths
  Napi::Value sections(const Info& info) {
    return job(info, [name = info[0].ToString().Utf8Value()](AnyEngine& engine) -> Job::Finish {
      return [list = engine.sections(name)](Napi::Env env) {
        Napi::Array out = Napi::Array::New(env, list.size());
        for (uint32_t i = 0; i < list.size(); i++) {
          Napi::Object each = Napi::Object::New(env);
          each.Set("name", list[i].name);
          each.Set("bytes", static_cast<double>(list[i].bytes));
          out.Set(i, each);
        }
        return out;
      };
    });
  }

  // readSection(name, section, offset, bytes) copies a part of a section into bytes, writeSection copies bytes into the
  // section.
  Napi::Value copySection(const Info& info, bool write) {
    Napi::Uint8Array bytes = info[3].As<Napi::Uint8Array>();
    return job(info, [name = info[0].ToString().Utf8Value(), index = static_cast<size_t>(info[1].ToNumber().Int64Value()),
                      offset = info[2].ToNumber().Int64Value(), count = static_cast<int64_t>(bytes.ByteLength()),
                      data = bytes.Data(), write](AnyEngine& engine) -> Job::Finish {
      const dpo::Section section = engine.sections(name).at(index);
      if (offset < 0 || count > section.bytes - offset) throw std::invalid_argument("a section of '" + name + "' is shorter");
      if (write) std::memcpy(section.data + offset, data, static_cast<size_t>(count));
      else std::memcpy(data, section.data + offset, static_cast<size_t>(count));
      return nothing;
    }, {info[3]});
  }
  Napi::Value readSection(const Info& info) { return copySection(info, false); }
  Napi::Value writeSection(const Info& info) { return copySection(info, true); }

  Napi::Value sectionsRead(const Info& info) {
    return job(info, [name = info[0].ToString().Utf8Value()](AnyEngine& engine) -> Job::Finish {
      engine.sectionsRead(name);
      return nothing;
    });
  }

  Napi::Value addAdapter(const Info& info) {
    const std::string name = info[0].ToString();
    const Napi::Object from = info[1].As<Napi::Object>();
    dpo::LoraConfig lora;
    lora.dropout = number(from, "lora_dropout");
    const Napi::Array modules = from.Get("modules").As<Napi::Array>();
    for (uint32_t i = 0; i < modules.Length(); i++) {
      const Napi::Object module = modules.Get(i).As<Napi::Object>();
      lora.modules[module.Get("name").ToString()] = {whole(module, "r"), number(module, "scale")};
    }
    return job(info, [name, lora, given = tensors(info[2])](AnyEngine& engine) -> Job::Finish {
      engine.addAdapter(name, lora, given);
      return nothing;
    }, {info[2]});
  }

  Napi::Value removeAdapter(const Info& info) {
    return job(info, [name = info[0].ToString().Utf8Value()](AnyEngine& engine) -> Job::Finish {
      engine.removeAdapter(name);
      return nothing;
    });
  }

  Napi::Value weights(const Info& info) {
    return job(info, [name = optionalName(info[0])](AnyEngine& engine) -> Job::Finish {
      return [result = engine.weights(name)](Napi::Env env) mutable { return object(env, result); };
    });
  }

  Napi::Value train(const Info& info) {
    return job(info, [name = optionalName(info[0])](AnyEngine& engine) -> Job::Finish {
      engine.train(name);
      return nothing;
    });
  }

  Napi::Value logprobs(const Info& info) {
    return job(info, [batch = forest(info[0]), name = optionalName(info[1])](AnyEngine& engine) -> Job::Finish {
      return [result = engine.logprobs(batch, name)](Napi::Env env) { return object(env, result); };
    });
  }

  Napi::Value forward(const Info& info) {
    std::optional<uint64_t> seed;
    if (info[1].IsNumber()) seed = static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value());
    return job(info, [batch = forest(info[0]), seed](AnyEngine& engine) -> Job::Finish {
      return [result = engine.forward(batch, seed)](Napi::Env env) { return object(env, result); };
    });
  }

  Napi::Value backward(const Info& info) {
    const Napi::Float32Array from = info[0].As<Napi::Float32Array>();
    const std::vector<double> d(from.Data(), from.Data() + from.ElementLength());
    return job(info, [d](AnyEngine& engine) -> Job::Finish {
      engine.backward(d);
      return nothing;
    });
  }

  Napi::Value gradients(const Info& info) {
    return job(info, [](AnyEngine& engine) -> Job::Finish {
      return [result = engine.gradients()](Napi::Env env) mutable { return object(env, result); };
    });
  }

  Napi::Value step(const Info& info) {
    const Napi::Object from = info[0].As<Napi::Object>();
    const dpo::AdamW options{number(from, "learning_rate"), number(from, "adam_beta1"),   number(from, "adam_beta2"),
                             number(from, "adam_epsilon"),  number(from, "weight_decay"), number(from, "max_grad_norm")};
    return job(info, [options](AnyEngine& engine) -> Job::Finish {
      return [norm = engine.step(options)](Napi::Env env) { return Napi::Number::New(env, norm); };
    });
  }

  Napi::Value optimizerState(const Info& info) {
    return job(info, [](AnyEngine& engine) -> Job::Finish {
      return [step = engine.optimizerStep(), first = engine.moments(false), second = engine.moments(true)](Napi::Env env) mutable {
        Napi::Object out = Napi::Object::New(env);
        out.Set("step", static_cast<double>(step));
        out.Set("exp_avg", object(env, first));
        out.Set("exp_avg_sq", object(env, second));
        return out;
      };
    });
  }

  Napi::Value setOptimizerState(const Info& info) {
    const int64_t step = info[0].As<Napi::Number>().Int64Value();
    return job(info, [step, first = tensors(info[1]), second = tensors(info[2])](AnyEngine& engine) -> Job::Finish {
      engine.setOptimizer(step, first, second);
      return nothing;
    }, {info[1], info[2]});
  }

  // generate(inbox, adapter, listener): resolves when the inbox is closed. The listener may get the last news later.
  Napi::Value generate(const Info& info) {
    const std::shared_ptr<dpo::Inbox> inbox = InboxHandle::Unwrap(info[0].As<Napi::Object>())->inbox();
    const std::shared_ptr<Napi::ThreadSafeFunction> listener(
        new Napi::ThreadSafeFunction(
            Napi::ThreadSafeFunction::New(info.Env(), info[2].As<Napi::Function>(), "generate", 0, 1)),
        [](Napi::ThreadSafeFunction* function) {
          function->Release();
          delete function;
        });
    return job(info, [inbox, listener, name = optionalName(info[1])](AnyEngine& engine) -> Job::Finish {
      engine.generate(*inbox, name, [&](std::vector<dpo::News> news) {
        auto given = std::make_unique<std::vector<dpo::News>>(std::move(news));
        const napi_status status = listener->BlockingCall(given.get(), [](Napi::Env env, Napi::Function call, std::vector<dpo::News>* told) {
          const std::unique_ptr<std::vector<dpo::News>> owned(told);
          call.Call({object(env, *owned)});
        });
        if (status == napi_ok) given.release();
      });
      return nothing;
    });
  }

  // interrupt(): ends the logprobs, forward, backward or generate at work; it rejects with the code INTERRUPTED
  void interrupt(const Info&) {
    if (*engine_) (*engine_)->interrupt();
  }

  Napi::Value close(const Info& info) {
    return Job::start(info.Env(), [engine = engine_]() -> Job::Finish {
      engine->reset();
      return nothing;
    });
  }

  std::shared_ptr<Slot> engine_;
};

Napi::Object init(Napi::Env env, Napi::Object exports) {
  // Raise it here and in addon.ts when a function's name, arguments or results change: an older build is then refused.
  exports.Set("interface", Napi::Number::New(env, 4));
  exports.Set("NativeEngine", Handle::define(env));
  const bool bf16 = dpo::chooseKernels<float>("", true).name != dpo::chooseKernels<float>("", false).name;
  exports.Set("bf16Products", Napi::Boolean::New(env, bf16));
  exports.Set("Inbox", InboxHandle::define(env));
  exports.Set("Vocabulary", VocabularyHandle::define(env));
  exports.Set("Constraint", ConstraintHandle::define(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(dpo_driver, init)
