// A vector of N numbers in plain C++: what every machine has, and what double precision runs on.
//
// A vector type `V` offers: Scalar, lanes, tileRows x tileVecs (the register tile of a matrix product), load, store,
// their partial forms, arithmetic, fma, max, exp, whereLess, sum, maxOf. The kernels are written once over it.
#pragma once
#include <cmath>

namespace dpo {

template <class T, int N, int TileRows, int TileVecs>
struct VecPortable {
  using Scalar = T;
  static constexpr int lanes = N;
  static constexpr int tileRows = TileRows;
  static constexpr int tileVecs = TileVecs;
  T v[N];

  template <class F>
  static VecPortable each(F f) {
    VecPortable out;
    for (int i = 0; i < N; i++) out.v[i] = f(i);
    return out;
  }

  static VecPortable load(const T* p) { return each([&](int i) { return p[i]; }); }
  static VecPortable loadPart(const T* p, int n) { return each([&](int i) { return i < n ? p[i] : T(0); }); }
  static VecPortable fill(T x) { return each([&](int) { return x; }); }
  void store(T* p) const {
    for (int i = 0; i < N; i++) p[i] = v[i];
  }
  void storePart(T* p, int n) const {
    for (int i = 0; i < n; i++) p[i] = v[i];
  }
  friend VecPortable operator+(VecPortable a, VecPortable b) { return each([&](int i) { return a.v[i] + b.v[i]; }); }
  friend VecPortable operator-(VecPortable a, VecPortable b) { return each([&](int i) { return a.v[i] - b.v[i]; }); }
  friend VecPortable operator*(VecPortable a, VecPortable b) { return each([&](int i) { return a.v[i] * b.v[i]; }); }
  friend VecPortable operator/(VecPortable a, VecPortable b) { return each([&](int i) { return a.v[i] / b.v[i]; }); }
  // a * b + c
  static VecPortable fma(VecPortable a, VecPortable b, VecPortable c) {
    return each([&](int i) { return a.v[i] * b.v[i] + c.v[i]; });
  }
  static VecPortable max(VecPortable a, VecPortable b) {
    return each([&](int i) { return a.v[i] > b.v[i] ? a.v[i] : b.v[i]; });
  }
  static VecPortable sqrt(VecPortable a) {
    return each([&](int i) { return std::sqrt(a.v[i]); });
  }
  static VecPortable exp(VecPortable a) {
    return each([&](int i) { return std::exp(a.v[i]); });
  }
  // a < b ? x : y, lane by lane
  static VecPortable whereLess(VecPortable a, VecPortable b, VecPortable x, VecPortable y) {
    return each([&](int i) { return a.v[i] < b.v[i] ? x.v[i] : y.v[i]; });
  }
  T sum() const {
    T total = 0;
    for (int i = 0; i < N; i++) total += v[i];
    return total;
  }
  T maxOf() const {
    T best = v[0];
    for (int i = 1; i < N; i++) best = v[i] > best ? v[i] : best;
    return best;
  }
};

}  // namespace dpo
