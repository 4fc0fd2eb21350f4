// AdamW with decoupled decay (Loshchilov & Hutter 2019, arXiv:1711.05101) and clipping by the global norm, in the
// order and with the constants of torch.optim.AdamW and torch.nn.utils.clip_grad_norm_.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "engine.h"

namespace dpo {

namespace {

constexpr int64_t kPiece = 1 << 16;

void check(const AdamW& o) {
  const auto refuse = [](const char* what) { throw std::invalid_argument(what); };
  if (!(o.learningRate >= 0) || !std::isfinite(o.learningRate)) refuse("learning_rate must be a finite number, not negative");
  if (!(o.beta1 >= 0 && o.beta1 < 1) || !(o.beta2 >= 0 && o.beta2 < 1)) refuse("adam_beta1 and adam_beta2 must lie in [0, 1)");
  if (!(o.epsilon >= 0) || !std::isfinite(o.epsilon)) refuse("adam_epsilon must be a finite number, not negative");
  if (!(o.weightDecay >= 0) || !std::isfinite(o.weightDecay)) refuse("weight_decay must be a finite number, not negative");
  if (!(o.maxGradNorm >= 0)) refuse("max_grad_norm must not be negative; 0 never clips");
}

}  // namespace

template <class T>
double Engine<T>::step(const AdamW& options) {
  Parameters<T>& p = trained();
  check(options);
  pending_.reset();
  // Each piece has its own sum, and the sums are added in order, so the norm does not depend on the threads.
  const int64_t pieces = (p.total() + kPiece - 1) / kPiece;
  std::vector<double> sums(static_cast<size_t>(pieces));
  pool_.run(pieces, [&](int64_t i, int) {
    sums[static_cast<size_t>(i)] = kernels_.squares(std::min(kPiece, p.total() - i * kPiece), p.grad.data() + i * kPiece);
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  const double norm = std::sqrt(total);
  if (!std::isfinite(norm)) {
    p.grad.zero();
    throw GradientNotFinite();
  }

  step_++;
  const double n = static_cast<double>(step_);
  const bool clips = options.maxGradNorm > 0 && std::isfinite(options.maxGradNorm);
  AdamWFactors f;
  f.clip = clips ? std::min(1.0, options.maxGradNorm / (norm + 1e-6)) : 1.0;
  f.beta1 = options.beta1;
  f.beta2 = options.beta2;
  f.epsilon = options.epsilon;
  f.stepSize = options.learningRate / (1 - std::pow(options.beta1, n));
  f.sqrtCorrection2 = std::sqrt(1 - std::pow(options.beta2, n));

  struct Piece {
    int64_t begin, count;
    bool decay;
  };
  std::vector<Piece> work;
  for (const Parameter& each : p.list())
    for (int64_t i = 0; i < each.size; i += kPiece)
      work.push_back({each.offset + i, std::min(kPiece, each.size - i), each.decay});
  pool_.run(static_cast<int64_t>(work.size()), [&](int64_t i, int) {
    const Piece& piece = work[static_cast<size_t>(i)];
    AdamWFactors own = f;
    own.decay = piece.decay ? 1 - options.learningRate * options.weightDecay : 1;
    kernels_.adamw(piece.count, p.data.data() + piece.begin, p.grad.data() + piece.begin, p.expAvg.data() + piece.begin,
                   p.expAvgSq.data() + piece.begin, own);
  });
  p.grad.zero();
  pages_.clear();
  if (!target_) decoder_.forgetHidden();
  for (Linear<T>* linear : target_ ? find(target_)->linears() : base_.linears()) linear->changed();
  return norm;
}

template class Engine<float>;
template class Engine<double>;

}  // namespace dpo
