// A LoRA adapter (Hu et al. 2021, arXiv:2106.09685): y += scale * B A dropout(x), by PEFT's tensor names.
#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "config.h"
#include "linear.h"
#include "parameters.h"

namespace dpo {

// What an adapter adds to one projection: scale * B A.
struct LoraModule {
  int64_t r = 0;
  double scale = 0;
};

struct LoraConfig {
  double dropout = 0;
  std::map<std::string, LoraModule> modules;  // by the projections' names in the checkpoint
};

// The four places of a layer whose matrices read one input: q, k, v; o; gate, up; down.
enum Site { kQkv = 0, kO = 1, kGateUp = 2, kDown = 3, kSites = 4 };

// One adapted projection of a site.
template <class T>
struct AdaptedPart {
  int64_t column = 0;  // where its output begins in the site's output
  int64_t low = 0;     // where its rank begins in the site's
  T scale = 1;
  int64_t bOffset = 0;
  Linear<T> b;  // [out, r]
};

// The adapted projections of a site share their input, so their A matrices are stacked to one.
template <class T>
struct AdaptedSite {
  int64_t rank = 0;  // the sum of the adapted projections' r; 0: none here
  bool oneScale = true;
  int64_t aOffset = 0;
  Linear<T> a;  // [rank, in]
  std::vector<AdaptedPart<T>> parts;
};

template <class T>
struct AdaptedLayer {
  AdaptedSite<T> sites[kSites];
};

template <class T>
struct Adapter {
  LoraConfig lora;
  Parameters<T> parameters;
  std::vector<AdaptedLayer<T>> layers;

  // `keepPacks`: see Linear.
  Adapter(const Config& config, const LoraConfig& given, const GivenTensors& tensors, bool keepPacks)
      : lora(given), layers(static_cast<size_t>(config.layers)), keepsPacks_(keepPacks) {
    for (int64_t l = 0; l < config.layers; l++) {
      const std::string prefix = "model.layers." + std::to_string(l) + ".";
      const int64_t h = config.hidden;
      AdaptedLayer<T>& layer = layers[static_cast<size_t>(l)];
      declareSite(layer.sites[kQkv], h, prefix + "self_attn.",
                  {{"q_proj", 0, config.q()}, {"k_proj", config.q(), config.kv()}, {"v_proj", config.qk(), config.kv()}});
      declareSite(layer.sites[kO], config.q(), prefix + "self_attn.", {{"o_proj", 0, h}});
      declareSite(layer.sites[kGateUp], h, prefix + "mlp.", {{"gate_proj", 0, config.ff}, {"up_proj", config.ff, config.ff}});
      declareSite(layer.sites[kDown], config.ff, prefix + "mlp.", {{"down_proj", 0, h}});
    }
    parameters.fill(tensors);
    for (Linear<T>* linear : linears()) {
      linear->weight = parameters.data.data() + offsetOf(linear);
      linear->keep = keepPacks;
    }
  }

  // Keeps packs even if the adapter was made without, or stops that: for a phase that uses few rows at a time.
  void keepPacksMeanwhile(bool meanwhile) {
    if (keepsPacks_) return;
    for (Linear<T>* linear : linears()) {
      linear->keep = meanwhile;
      if (!meanwhile) linear->forget();
    }
  }

  // The most of any layer.
  int64_t rank(Site site) const {
    int64_t most = 0;
    for (const AdaptedLayer<T>& layer : layers) most = std::max(most, layer.sites[site].rank);
    return most;
  }

  // The lowest layer with an adapted projection. Gradients need not go below it.
  int64_t lowest() const {
    int64_t layer = 0;
    for (; layer + 1 < static_cast<int64_t>(layers.size()); layer++)
      for (const AdaptedSite<T>& site : layers[static_cast<size_t>(layer)].sites)
        if (site.rank > 0) return layer;
    return layer;
  }

  std::vector<Linear<T>*> linears() {
    std::vector<Linear<T>*> all;
    for (AdaptedLayer<T>& layer : layers) {
      for (AdaptedSite<T>& site : layer.sites) {
        if (site.rank == 0) continue;
        all.push_back(&site.a);
        for (AdaptedPart<T>& part : site.parts) all.push_back(&part.b);
      }
    }
    return all;
  }

 private:
  struct Projection {
    const char* name;
    int64_t column, out;
  };

  void declareSite(AdaptedSite<T>& site, int64_t in, const std::string& prefix, const std::vector<Projection>& projections) {
    const std::string file = "base_model.model.";
    std::vector<std::string> names;
    for (const Projection& p : projections) {
      const auto found = lora.modules.find(prefix + p.name);
      if (found == lora.modules.end()) continue;
      const LoraModule& module = found->second;
      const int64_t offset = parameters.declare(file + found->first + ".lora_A.weight", {module.r, in});
      if (site.rank == 0) site.aOffset = offset;
      names.push_back(found->first);
      site.parts.emplace_back();
      AdaptedPart<T>& part = site.parts.back();
      part.column = p.column;
      part.low = site.rank;
      part.scale = static_cast<T>(module.scale);
      part.b.in = module.r;
      part.b.out = p.out;
      // u = scale A x is kept, and du = scale B^T dy. If all scales are equal, they are folded into A forward; they always
      // are into B backward.
      part.b.backwardScale = part.scale;
      site.rank += module.r;
      site.oneScale = site.oneScale && part.scale == site.parts.front().scale;
    }
    site.a.in = in;
    site.a.out = site.rank;
    if (!site.parts.empty() && site.oneScale) site.a.forwardScale = site.parts.front().scale;
    for (size_t i = 0; i < site.parts.size(); i++) {
      Linear<T>& b = site.parts[i].b;
      site.parts[i].bOffset = parameters.declare(file + names[i] + ".lora_B.weight", {b.out, b.in});
    }
  }

  int64_t offsetOf(const Linear<T>* linear) const {
    for (const AdaptedLayer<T>& layer : layers) {
      for (const AdaptedSite<T>& site : layer.sites) {
        if (&site.a == linear) return site.aOffset;
        for (const AdaptedPart<T>& part : site.parts)
          if (&part.b == linear) return part.bOffset;
      }
    }
    return 0;
  }

  const bool keepsPacks_;
};

}  // namespace dpo
