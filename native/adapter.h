// A LoRA adapter (Hu et al. 2021, arXiv:2106.09685): y += scale * B A dropout(x), by PEFT's tensor names.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "config.h"
#include "linear.h"
#include "parameters.h"

namespace dpo {

struct LoraConfig {
  int64_t r = 0;
  double alpha = 0;
  double dropout = 0;
  std::vector<std::string> targets;
};

// The four places of a layer whose matrices read one input: q, k, v; o; gate, up; down.
enum Site { kQkv = 0, kO = 1, kGateUp = 2, kDown = 3, kSites = 4 };

// One adapted projection of a site.
template <class T>
struct AdaptedPart {
  int64_t column = 0;  // where its output begins in the site's output
  int64_t bOffset = 0;
  Linear<T> b;  // [out, r]
};

// The adapted projections of a site share their input, so their A matrices are stacked to one.
template <class T>
struct AdaptedSite {
  int64_t rank = 0;  // r times the number of adapted projections; 0: none here
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
      const std::string prefix = "base_model.model.model.layers." + std::to_string(l) + ".";
      const int64_t h = config.hidden;
      AdaptedLayer<T>& layer = layers[static_cast<size_t>(l)];
      declareSite(layer.sites[kQkv], h, prefix + "self_attn.",
                  {{"q_proj", 0, h}, {"k_proj", h, config.kv()}, {"v_proj", h + config.kv(), config.kv()}});
      declareSite(layer.sites[kO], h, prefix + "self_attn.", {{"o_proj", 0, h}});
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

  T scale() const { return static_cast<T>(lora.alpha / static_cast<double>(lora.r)); }

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

  void declareSite(AdaptedSite<T>& site, int64_t in, const std::string& prefix, std::vector<Projection> projections) {
    for (const Projection& p : projections) {
      if (std::find(lora.targets.begin(), lora.targets.end(), p.name) == lora.targets.end()) continue;
      const int64_t offset = parameters.declare(prefix + p.name + ".lora_A.weight", {lora.r, in});
      if (site.rank == 0) site.aOffset = offset;
      site.rank += lora.r;
      site.parts.emplace_back();
      site.parts.back().column = p.column;
      site.parts.back().b.in = lora.r;
      site.parts.back().b.out = p.out;
      // u = scale A x is kept, and du = scale B^T dy: the scale is folded into A forward and into B backward.
      site.parts.back().b.backwardScale = scale();
    }
    site.a.in = in;
    site.a.out = site.rank;
    site.a.forwardScale = scale();
    size_t next = 0;
    for (const Projection& p : projections) {
      if (std::find(lora.targets.begin(), lora.targets.end(), p.name) == lora.targets.end()) continue;
      site.parts[next++].bOffset = parameters.declare(prefix + p.name + ".lora_B.weight", {p.out, lora.r});
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
