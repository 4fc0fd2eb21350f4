// A weight matrix in the two packed forms that forward (x W^T) and backward (dy W) multiply by. The packs are kept
// until the weight changes, so a frozen weight is packed once.
#pragma once
#include "buffer.h"
#include "kernels.h"

namespace dpo {

template <class T>
class Linear {
 public:
  int64_t in = 0;
  int64_t out = 0;
  const T* weight = nullptr;  // [out, in]
  const T* bias = nullptr;    // [out] or null
  T forwardScale = 1;         // folded into the packs
  T backwardScale = 1;

  void changed() { forwardFresh_ = backwardFresh_ = false; }

  void refresh(const Kernels<T>& kernels, bool backward) {
    if (!forwardFresh_) {
      forward_.resize(kernels.packedSize(in, out));
      kernels.packTransposed(out, in, weight, in, forwardScale, forward_.data());
      forwardFresh_ = true;
    }
    if (backward && !backwardFresh_) {
      backward_.resize(kernels.packedSize(out, in));
      kernels.pack(out, in, weight, in, backwardScale, backward_.data());
      backwardFresh_ = true;
    }
  }

  // y [m, out] = x [m, in] W^T + init, where init is null (the bias, if any) or [m, out] with rows initLd apart.
  void forward(const Kernels<T>& kernels, int64_t m, const T* x, int64_t ldx, T* y, int64_t ldy, const T* init,
               int64_t initLd) const {
    if (init == nullptr && bias != nullptr) kernels.matmul(m, out, in, x, ldx, forward_.data(), y, ldy, bias, 0);
    else kernels.matmul(m, out, in, x, ldx, forward_.data(), y, ldy, init, initLd);
  }

  // dx [m, in] = dy [m, out] W, added to dx where `add`.
  void backward(const Kernels<T>& kernels, int64_t m, const T* dy, int64_t lddy, T* dx, int64_t lddx,
                bool add = false) const {
    kernels.matmul(m, in, out, dy, lddy, backward_.data(), dx, lddx, add ? dx : nullptr, lddx);
  }

 private:
  Buffer<T> forward_, backward_;
  bool forwardFresh_ = false;
  bool backwardFresh_ = false;
};

}  // namespace dpo
