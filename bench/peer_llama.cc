// The peer of `npm run bench` for llama.cpp. It uses the C interface, so that only llama.cpp is timed, and the weights of a
// GGUF file. bench/peer.ts compiles it against the libraries of node-llama-cpp.
//
//   peer_llama <folder of ggml's backends> <name>
//
// Reads one JSON request a line from stdin ({"do": method, ...arguments}) and answers each with one line on stdout, as
// bench/peer_torch.py does. It makes the choices of a user who wants speed: threads that are kept between calls, a cache for
// each sequence, prompts one after the other and then all sequences in one call, logits of last tokens only, and the
// likeliest token by hand. Attention is either the fused one, or products and a softmax with keys and values in fp32, which
// is faster for small heads.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "llama.h"
#include "nlohmann/json.hpp"

using json = nlohmann::json;
using Tokens = std::vector<llama_token>;

// The most tokens of a sequence, prompt and completion.
constexpr int kContext = 2048;
// The most tokens that are computed at a time, llama.cpp's default.
constexpr int kAtATime = 512;

class Batch {
 public:
  explicit Batch(int most) : batch_(llama_batch_init(most, 0, 1)) {}
  ~Batch() { llama_batch_free(batch_); }
  Batch(const Batch&) = delete;

  void clear() { batch_.n_tokens = 0; }
  // Returns the token's index in the batch, which identifies its logits.
  int add(llama_token token, int position, int sequence, bool logits) {
    const int i = batch_.n_tokens++;
    batch_.token[i] = token;
    batch_.pos[i] = position;
    batch_.n_seq_id[i] = 1;
    batch_.seq_id[i][0] = sequence;
    batch_.logits[i] = logits;
    return i;
  }
  void decode(llama_context* context) {
    if (llama_decode(context, batch_) != 0) throw std::runtime_error("llama_decode failed");
  }

 private:
  llama_batch batch_;
};

class Peer {
 public:
  explicit Peer(std::string name) : name_(std::move(name)) {}
  ~Peer() {
    unload();
    ggml_backend_free(idle_);
  }

  json answer(const json& request) {
    const std::string what = request.at("do");
    if (what == "hello") return {{"name", name_}, {"threads", std::thread::hardware_concurrency()}};
    if (what == "load") return load(request.at("model"), request.value("adapter", ""));
    if (what == "settings") return set(request.at("threads"), request.at("flash"));
    if (what == "generate") return generate(request.at("prompts"), request.at("count"));
    if (what == "logprobs") return logprobs(request.at("sequences"));
    if (what == "distribution") return distribution(request.at("tokens"));
    if (what == "tokenize") return tokenize(request.at("texts"), request.at("special"));
    throw std::runtime_error("no such request: " + what);
  }

 private:
  // `adapter` is a file with LoRA that is added to the model; empty for none.
  json load(const std::string& file, const std::string& adapter) {
    unload();
    model_ = llama_model_load_from_file(file.c_str(), llama_model_default_params());
    if (model_ == nullptr) throw std::runtime_error("llama.cpp does not load " + file);
    if (adapter.empty()) return json::object();
    adapter_ = llama_adapter_lora_init(model_, adapter.c_str());
    if (adapter_ == nullptr) throw std::runtime_error("llama.cpp does not load " + adapter);
    return json::object();
  }

  void unload() {
    for (auto& [key, context] : contexts_) llama_free(context);
    contexts_.clear();
    // Its adapter goes with it.
    if (model_ != nullptr) llama_model_free(model_);
    model_ = nullptr;
    adapter_ = nullptr;
  }

  json set(int threads, bool flash) {
    threads_ = threads;
    flash_ = flash;
    ggml_threadpool*& pool = pools_[threads];
    if (pool == nullptr) {
      ggml_threadpool_params params = ggml_threadpool_params_default(threads);
      pool = function<decltype(ggml_threadpool_new)>("ggml_threadpool_new")(&params);
    }
    return json::object();
  }

  // Makes the pool's threads sleep. Otherwise they would look for work for a while and take a core from the next
  // contestant. A backend does that only when it gets another pool.
  void rest() {
    const auto give = function<decltype(ggml_backend_cpu_set_threadpool)>("ggml_backend_cpu_set_threadpool");
    give(idle_, pools_[threads_]);
    give(idle_, nullptr);
  }

  template <class F>
  F* function(const char* name) const {
    const auto registry = ggml_backend_dev_backend_reg(ggml_backend_get_device(idle_));
    return reinterpret_cast<F*>(ggml_backend_reg_get_proc_address(registry, name));
  }

  // A context with this many sequences, all empty.
  llama_context* context(int sequences) {
    if (threads_ == 0) set(static_cast<int>(std::thread::hardware_concurrency()), true);
    llama_context*& found = contexts_[{sequences, flash_}];
    if (found == nullptr) {
      llama_context_params params = llama_context_default_params();
      params.n_ctx = static_cast<uint32_t>(sequences * kContext);
      params.n_batch = kContext;
      params.n_ubatch = kAtATime;
      params.n_seq_max = static_cast<uint32_t>(sequences);
      params.flash_attn_type = flash_ ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
      if (!flash_) params.type_k = params.type_v = GGML_TYPE_F32;
      params.no_perf = true;
      found = llama_init_from_model(model_, params);
      if (found == nullptr) throw std::runtime_error("llama.cpp makes no context");
      float scale = 1;
      if (adapter_ != nullptr) llama_set_adapters_lora(found, &adapter_, 1, &scale);
    }
    llama_set_n_threads(found, threads_, threads_);
    llama_attach_threadpool(found, pools_[threads_], nullptr);
    llama_memory_clear(llama_get_memory(found), false);
    return found;
  }

  const llama_vocab* vocab() const { return llama_model_get_vocab(model_); }
  int vocabulary() const { return llama_vocab_n_tokens(vocab()); }

  // Greedy completions of `count` tokens. `first` is the seconds until every completion has its first token; `processor` and
  // `processorFirst` are the same in processor time of all threads.
  json generate(const std::vector<Tokens>& prompts, int count) {
    const int n = static_cast<int>(prompts.size()), vocabulary = this->vocabulary();
    llama_context* const context = this->context(n);
    const auto start = std::chrono::steady_clock::now();
    const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
    const std::clock_t begun = std::clock();
    const auto processor = [&] { return static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC; };
    std::vector<Tokens> completions(prompts.size());
    Batch batch(kContext);
    for (int s = 0; s < n; s++) {
      const Tokens& prompt = prompts[static_cast<size_t>(s)];
      const int length = static_cast<int>(prompt.size());
      batch.clear();
      for (int t = 0; t < length; t++) batch.add(prompt[static_cast<size_t>(t)], t, s, t == length - 1);
      batch.decode(context);
      completions[static_cast<size_t>(s)].push_back(likeliest(llama_get_logits_ith(context, -1), vocabulary));
    }
    const double first = seconds(), processorFirst = processor();
    for (int made = 1; made < count; made++) {
      batch.clear();
      for (size_t s = 0; s < completions.size(); s++)
        batch.add(completions[s].back(), static_cast<int>(prompts[s].size()) + made - 1, static_cast<int>(s), true);
      batch.decode(context);
      for (size_t s = 0; s < completions.size(); s++)
        completions[s].push_back(likeliest(llama_get_logits_ith(context, static_cast<int>(s)), vocabulary));
    }
    const double taken = seconds(), processorTaken = processor();
    rest();
    return {{"tokens", completions}, {"seconds", taken}, {"first", first}, {"processor", processorTaken},
            {"processorFirst", processorFirst}};
  }

  static llama_token likeliest(const float* logits, int count) {
    float best = logits[0];
    for (int i = 1; i < count; i++) best = std::max(best, logits[i]);
    return static_cast<llama_token>(std::find(logits, logits + count, best) - logits);
  }

  // Log-probabilities of all completion tokens, one sequence after the other.
  json logprobs(const json& sequences) {
    std::vector<double> found;
    for (const json& sequence : sequences) {
      const Tokens prompt = sequence.at("prompt"), completion = sequence.at("completion");
      llama_context* const context = this->context(1);
      Batch batch(kContext);
      std::vector<int> places;
      int position = 0;
      for (const Tokens* part : {&prompt, &completion})
        for (const llama_token token : *part) {
          const int place = batch.add(token, position, 0, position + 1 >= static_cast<int>(prompt.size()));
          if (++position >= static_cast<int>(prompt.size())) places.push_back(place);
        }
      batch.decode(context);
      for (size_t i = 0; i < completion.size(); i++)
        found.push_back(logprob(llama_get_logits_ith(context, places[i]), vocabulary(), completion[i]));
    }
    rest();
    return {{"logprobs", found}};
  }

  // The log-probability of every token of the vocabulary behind these.
  json distribution(const Tokens& tokens) {
    llama_context* const context = this->context(1);
    Batch batch(kContext);
    const int length = static_cast<int>(tokens.size());
    for (int t = 0; t < length; t++) batch.add(tokens[static_cast<size_t>(t)], t, 0, t == length - 1);
    batch.decode(context);
    const float* const logits = llama_get_logits_ith(context, -1);
    std::vector<double> found;
    const double off = logprob(logits, vocabulary(), 0) - logits[0];
    for (int token = 0; token < vocabulary(); token++) found.push_back(logits[token] + off);
    rest();
    return {{"logprobs", found}};
  }

  // The tokens of each text. With `special`, names of special tokens become these.
  json tokenize(const std::vector<std::string>& texts, bool special) {
    json found = json::array();
    for (const std::string& text : texts) {
      Tokens tokens(text.size() + 2);
      const auto size = [](const auto& of) { return static_cast<int32_t>(of.size()); };
      const int count = llama_tokenize(vocab(), text.data(), size(text), tokens.data(), size(tokens), true, special);
      if (count < 0) throw std::runtime_error("llama_tokenize failed");
      tokens.resize(static_cast<size_t>(count));
      found.push_back(tokens);
    }
    return {{"tokens", found}};
  }

  static double logprob(const float* logits, int count, llama_token token) {
    const float most = *std::max_element(logits, logits + count);
    double sum = 0;
    for (int i = 0; i < count; i++) sum += std::exp(static_cast<double>(logits[i] - most));
    return logits[token] - most - std::log(sum);
  }

  const std::string name_;
  ggml_backend_t idle_ = ggml_backend_init_by_type(GGML_BACKEND_DEVICE_TYPE_CPU, nullptr);
  llama_model* model_ = nullptr;
  llama_adapter_lora* adapter_ = nullptr;
  std::map<std::pair<int, bool>, llama_context*> contexts_;  // by their number of sequences and form of attention
  std::map<int, ggml_threadpool*> pools_;                    // by their number of threads
  int threads_ = 0;
  bool flash_ = true;
};

int main(int, char** arguments) {
  llama_log_set([](ggml_log_level level, const char* text, void*) { if (level >= GGML_LOG_LEVEL_ERROR) std::cerr << text; }, nullptr);
  ggml_backend_load_all_from_path(arguments[1]);
  try {
    Peer peer(arguments[2]);
    std::string line;
    while (std::getline(std::cin, line)) std::cout << peer.answer(json::parse(line)).dump() << std::endl;
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
