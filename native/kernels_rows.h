// Kernels that work along rows: norms, rotary positions, SwiGLU, softmax, AdamW.
#pragma once
#include <cmath>

#include "kernels.h"

namespace dpo {

// Calls f(offset, count) for whole vectors, then for the rest.
template <class V, class F>
inline void eachVector(int64_t n, F f) {
  int64_t i = 0;
  for (; i + V::lanes <= n; i += V::lanes) f(i, V::lanes);
  if (i < n) f(i, static_cast<int>(n - i));
}

template <class V, class T = typename V::Scalar>
inline V loadSome(const T* p, int count) {
  return count == V::lanes ? V::load(p) : V::loadPart(p, count);
}

template <class V, class T = typename V::Scalar>
inline void storeSome(V v, T* p, int count) {
  if (count == V::lanes) v.store(p);
  else v.storePart(p, count);
}

template <class V, class T = typename V::Scalar>
void rmsNormAgain(int64_t rows, int64_t n, const T* x, const T* w, const T* rstd, T* y) {
  for (int64_t r = 0; r < rows; r++, x += n, y += n) {
    const V scale = V::fill(rstd[r]);
    eachVector<V>(n, [&](int64_t i, int c) { storeSome(loadSome<V>(x + i, c) * scale * loadSome<V>(w + i, c), y + i, c); });
  }
}

template <class V, class T = typename V::Scalar>
void rmsNorm(int64_t rows, int64_t n, const T* x, const T* w, T eps, T* y, T* rstd) {
  for (int64_t r = 0; r < rows; r++) {
    V square = V::fill(T(0));
    eachVector<V>(n, [&](int64_t i, int c) {
      const V v = loadSome<V>(x + r * n + i, c);
      square = V::fma(v, v, square);
    });
    rstd[r] = T(1) / std::sqrt(square.sum() / static_cast<T>(n) + eps);
  }
  rmsNormAgain<V>(rows, n, x, w, rstd, y);
}

// y_i = x_i s w_i, s = rstd: dx_i = s (w_i dy_i - x_i s^2 mean(w dy x)).
template <class V, class T = typename V::Scalar>
void rmsNormBackward(int64_t rows, int64_t n, const T* x, const T* w, const T* rstd, const T* dy, const T* residual,
                     T* dx, T* dw) {
  for (int64_t r = 0; r < rows; r++, x += n, dy += n, dx += n) {
    const T* const before = residual == nullptr ? nullptr : residual + r * n;
    V dot = V::fill(T(0));
    eachVector<V>(n, [&](int64_t i, int c) {
      dot = V::fma(loadSome<V>(w + i, c) * loadSome<V>(dy + i, c), loadSome<V>(x + i, c), dot);
    });
    const T s = rstd[r];
    const V scale = V::fill(s), back = V::fill(-s * s * s * dot.sum() / static_cast<T>(n));
    eachVector<V>(n, [&](int64_t i, int c) {
      const V xi = loadSome<V>(x + i, c), g = loadSome<V>(dy + i, c);
      if (dw != nullptr) storeSome(V::fma(g * scale, xi, loadSome<V>(dw + i, c)), dw + i, c);
      const V through = V::fma(back, xi, scale * loadSome<V>(w + i, c) * g);
      storeSome(before == nullptr ? through : loadSome<V>(before + i, c) + through, dx + i, c);
    });
  }
}

template <class V, class T = typename V::Scalar>
void rotate(int64_t heads, int64_t headDim, T* x, const T* cos, const T* sin, T sign) {
  const int64_t half = headDim / 2;
  const V turn = V::fill(sign);
  for (int64_t h = 0; h < heads; h++, x += headDim) {
    eachVector<V>(half, [&](int64_t i, int c) {
      const V a = loadSome<V>(x + i, c), b = loadSome<V>(x + half + i, c);
      const V co = loadSome<V>(cos + i, c), si = turn * loadSome<V>(sin + i, c);
      storeSome(a * co - b * si, x + i, c);
      storeSome(b * co + a * si, x + half + i, c);
    });
  }
}

template <class V>
inline V sigmoid(V x) {
  using T = typename V::Scalar;
  return V::fill(T(1)) / (V::fill(T(1)) + V::exp(V::fill(T(0)) - x));
}

template <class V, class T = typename V::Scalar>
void swiglu(int64_t rows, int64_t n, const T* gateUp, T* act) {
  for (int64_t r = 0; r < rows; r++, gateUp += 2 * n, act += n) {
    eachVector<V>(n, [&](int64_t i, int c) {
      const V gate = loadSome<V>(gateUp + i, c), up = loadSome<V>(gateUp + n + i, c);
      storeSome(gate * sigmoid(gate) * up, act + i, c);
    });
  }
}

template <class V, class T = typename V::Scalar>
void swigluBackward(int64_t rows, int64_t n, const T* gateUp, const T* dAct, T* dGateUp, T* act) {
  for (int64_t r = 0; r < rows; r++, gateUp += 2 * n, dAct += n, dGateUp += 2 * n) {
    T* const actRow = act == nullptr ? nullptr : act + r * n;
    eachVector<V>(n, [&](int64_t i, int c) {
      const V gate = loadSome<V>(gateUp + i, c), up = loadSome<V>(gateUp + n + i, c), d = loadSome<V>(dAct + i, c);
      const V s = sigmoid(gate), one = V::fill(T(1)), silu = gate * s;
      storeSome(d * up * s * (one + gate * (one - s)), dGateUp + i, c);
      storeSome(d * silu, dGateUp + n + i, c);
      if (actRow != nullptr) storeSome(silu * up, actRow + i, c);
    });
  }
}

template <class V, class T = typename V::Scalar>
void logitStatistics(int64_t n, const T* logits, T* max, T* lse, T* entropy) {
  V top = V::fill(logits[0]);
  const int64_t whole = n / V::lanes * V::lanes;
  for (int64_t i = 0; i < whole; i += V::lanes) top = V::max(top, V::load(logits + i));
  T best = top.maxOf();
  for (int64_t i = whole; i < n; i++) best = logits[i] > best ? logits[i] : best;
  // With z = logit - best: lse = best + log sum e^z, entropy = log sum e^z - sum z e^z / sum e^z.
  V total = V::fill(T(0)), weighted = V::fill(T(0));
  const V shift = V::fill(best);
  for (int64_t i = 0; i < whole; i += V::lanes) {
    const V z = V::load(logits + i) - shift, e = V::exp(z);
    total = total + e;
    weighted = V::fma(z, e, weighted);
  }
  T sum = total.sum(), sumWeighted = weighted.sum();
  for (int64_t i = whole; i < n; i++) {
    const T z = logits[i] - best, e = std::exp(z);
    sum += e;
    sumWeighted += z * e;
  }
  *max = best;
  *lse = best + std::log(sum);
  *entropy = std::log(sum) - sumWeighted / sum;
}

template <class V, class T = typename V::Scalar>
void softmax(int64_t n, const T* logits, T lse, T factor, T* out) {
  const V shift = V::fill(lse), scale = V::fill(factor);
  eachVector<V>(n, [&](int64_t i, int c) { storeSome(scale * V::exp(loadSome<V>(logits + i, c) - shift), out + i, c); });
}

template <class V, class T = typename V::Scalar>
void add(int64_t n, const T* x, T* y) {
  eachVector<V>(n, [&](int64_t i, int c) { storeSome(loadSome<V>(x + i, c) + loadSome<V>(y + i, c), y + i, c); });
}

template <class V, class T = typename V::Scalar>
double squares(int64_t n, const T* x) {
  double total = 0;
  // Short runs are summed in T, their sums in double.
  for (int64_t i = 0; i < n; i += 1024) {
    V part = V::fill(T(0));
    eachVector<V>(n - i < 1024 ? n - i : 1024, [&](int64_t j, int c) {
      const V v = loadSome<V>(x + i + j, c);
      part = V::fma(v, v, part);
    });
    total += static_cast<double>(part.sum());
  }
  return total;
}

template <class V, class T = typename V::Scalar>
void adamw(int64_t n, T* w, const T* g, T* m, T* v, AdamWFactors f) {
  const auto fill = [](double x) { return V::fill(static_cast<T>(x)); };
  const V clip = fill(f.clip), beta1 = fill(f.beta1), rest1 = fill(1 - f.beta1), beta2 = fill(f.beta2),
          rest2 = fill(1 - f.beta2), epsilon = fill(f.epsilon), size = fill(f.stepSize), keep = fill(f.decay),
          correction = fill(1 / f.sqrtCorrection2);
  eachVector<V>(n, [&](int64_t i, int c) {
    const V gi = clip * loadSome<V>(g + i, c);
    const V mi = beta1 * loadSome<V>(m + i, c) + rest1 * gi;
    const V vi = beta2 * loadSome<V>(v + i, c) + rest2 * gi * gi;
    storeSome(mi, m + i, c);
    storeSome(vi, v + i, c);
    const V wi = keep * loadSome<V>(w + i, c) - size * mi / (V::sqrt(vi) * correction + epsilon);
    storeSome(wi, w + i, c);
  });
}

}  // namespace dpo
