// exp in single precision, for vector types with round and scale (times 2^n).
//
// Cephes' expf: x = n ln 2 + r with |r| <= ln 2 / 2, then a polynomial in r. Relative error below 2e-7; 0 below -87.3.
#pragma once

namespace dpo {

template <class V>
inline V expPolynomial(V x) {
  const V low = V::fill(-87.33f), high = V::fill(88.37f);
  const V y = V::min(V::max(x, low), high);
  const V n = V::round(y * V::fill(1.44269504088896341f));
  // ln 2 in two pieces, the first exact in few bits, so that r is exact.
  V r = V::fma(n, V::fill(-0.693359375f), y);
  r = V::fma(n, V::fill(2.12194440e-4f), r);
  V p = V::fill(1.9875691500e-4f);
  p = V::fma(p, r, V::fill(1.3981999507e-3f));
  p = V::fma(p, r, V::fill(8.3334519073e-3f));
  p = V::fma(p, r, V::fill(4.1665795894e-2f));
  p = V::fma(p, r, V::fill(1.6666665459e-1f));
  p = V::fma(p, r, V::fill(5.0000001201e-1f));
  p = V::fma(p, r * r, r + V::fill(1.0f));
  return V::whereLess(x, low, V::fill(0.0f), V::scale(p, n));
}

}  // namespace dpo
