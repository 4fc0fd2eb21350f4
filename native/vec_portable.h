// A vector of N numbers with the vector extension of GCC and Clang, which uses each machine's own instructions.
//
// A vector type `V` offers: Scalar, lanes, tileRows x tileVecs (the register tile of a matrix product), load, store,
// their partial forms, arithmetic, fma, min, max, sqrt, exp, whereLess, sum, maxOf, fromBf16, fromInt8, lookup,
// transpose. The kernels are written once over it.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "vec_exp.h"

namespace dpo {

template <class T, int N, int TileRows, int TileVecs>
struct VecPortable {
  using Scalar = T;
  static constexpr int lanes = N;
  static constexpr int tileRows = TileRows;
  static constexpr int tileVecs = TileVecs;
  typedef T Values __attribute__((vector_size(N * sizeof(T))));
  Values v;

  static VecPortable load(const T* p) {
    VecPortable out;
    std::memcpy(&out.v, p, sizeof(Values));
    return out;
  }
  static VecPortable loadPart(const T* p, int n) {
    VecPortable out = fill(T(0));
    for (int i = 0; i < n; i++) out.v[i] = p[i];
    return out;
  }
  static VecPortable fill(T x) { return {Values{} + x}; }
  void store(T* p) const { std::memcpy(p, &v, sizeof(Values)); }
  void storePart(T* p, int n) const {
    for (int i = 0; i < n; i++) p[i] = v[i];
  }
  friend VecPortable operator+(VecPortable a, VecPortable b) { return {a.v + b.v}; }
  friend VecPortable operator-(VecPortable a, VecPortable b) { return {a.v - b.v}; }
  friend VecPortable operator*(VecPortable a, VecPortable b) { return {a.v * b.v}; }
  friend VecPortable operator/(VecPortable a, VecPortable b) { return {a.v / b.v}; }
  // a * b + c, with one rounding if the machine can
  static VecPortable fma(VecPortable a, VecPortable b, VecPortable c) { return {a.v * b.v + c.v}; }
  static VecPortable min(VecPortable a, VecPortable b) { return {a.v < b.v ? a.v : b.v}; }
  static VecPortable max(VecPortable a, VecPortable b) { return {a.v > b.v ? a.v : b.v}; }
  // a < b ? x : y, lane by lane
  static VecPortable whereLess(VecPortable a, VecPortable b, VecPortable x, VecPortable y) {
    return {a.v < b.v ? x.v : y.v};
  }
  static VecPortable sqrt(VecPortable a) {
    for (int i = 0; i < N; i++) a.v[i] = std::sqrt(a.v[i]);
    return a;
  }
  static VecPortable exp(VecPortable a) {
    if constexpr (sizeof(T) == sizeof(float)) return expPolynomial(a);
    for (int i = 0; i < N; i++) a.v[i] = std::exp(a.v[i]);
    return a;
  }
  // To the nearest whole number: beyond 2^23 a float has no fraction left.
  static VecPortable round(VecPortable a) { return {(a.v + T(12582912)) - T(12582912)}; }
  // a times 2^n, by adding n to the exponent's bits
  static VecPortable scale(VecPortable a, VecPortable n) {
    typedef int32_t Bits __attribute__((vector_size(N * sizeof(int32_t))));
    const Bits exponent = (__builtin_convertvector(n.v, Bits) + 127) << 23;
    Values power;
    std::memcpy(&power, &exponent, sizeof(Values));
    return {a.v * power};
  }
  static VecPortable fromBf16(const uint16_t* p) {
    VecPortable out;
    for (int i = 0; i < N; i++) {
      const uint32_t bits = static_cast<uint32_t>(p[i]) << 16;
      float x;
      std::memcpy(&x, &bits, sizeof x);
      out.v[i] = static_cast<T>(x);
    }
    return out;
  }
  static VecPortable fromInt8(const int8_t* p) {
    VecPortable out;
    for (int i = 0; i < N; i++) out.v[i] = static_cast<T>(p[i]);
    return out;
  }
  // table[codes[i]] of a table of 16
  static VecPortable lookup(const T* table, const uint8_t* codes) {
    VecPortable out;
    for (int i = 0; i < N; i++) out.v[i] = table[codes[i]];
    return out;
  }
  // to [j][i] = from [i][j] for lanes x lanes numbers, rows `ld` and `ldTo` apart
  static void transpose(const T* from, int64_t ld, T* to, int64_t ldTo) {
    for (int j = 0; j < N; j++)
      for (int i = 0; i < N; i++) to[j * ldTo + i] = from[i * ld + j];
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
