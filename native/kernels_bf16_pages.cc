// Generation's keys and values in bf16, and one token's attention to them. Pages take half the memory, and VDPBF16PS
// multiplies two numbers a lane. Queries and probabilities are rounded too; scores, sums and results are fp32.
//
// A page is its keys in pairs along the head, [headDim / 2, kPageTokens], then its values in pairs of tokens,
// [kPageTokens / 2, headDim rounded up to whole vectors].
//
// Compiled with -mavx512bf16; runs only where chooseKernels found it.
#include <immintrin.h>

#include <cmath>
#include <cstring>

#include "bf16_pairs.h"
#include "kernels.h"

namespace dpo {

namespace {

using bf16::kLanes, bf16::neighbours, bf16::pairsOf, bf16::roundRows;

constexpr int64_t kPageVecs = kPageTokens / kLanes;
constexpr int64_t kPagePairs = kPageTokens / 2;

int64_t paddedHead(int64_t headDim) { return (headDim + kLanes - 1) / kLanes * kLanes; }
const float* valuesOf(const float* page, int64_t headDim) { return page + pairsOf(headDim) * kPageTokens; }

inline __mmask16 first(int64_t n) { return n >= kLanes ? __mmask16{0xffff} : static_cast<__mmask16>((1u << n) - 1u); }
// Sixteen floats from sixteen bf16 in the low halves of the lanes.
inline __m512 widen(__m512i low) { return _mm512_castsi512_ps(_mm512_slli_epi32(low, 16)); }
inline __m512i narrow(__m512 x) { return _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(x)); }

int64_t pageSize(int64_t headDim) { return pairsOf(headDim) * kPageTokens + kPagePairs * paddedHead(headDim); }

void roundToPage(int64_t n, float* x) {
  for (int64_t i = 0; i < n; i += kLanes) {
    const __mmask16 mask = first(n - i);
    _mm512_mask_storeu_ps(x + i, mask, widen(narrow(_mm512_maskz_loadu_ps(mask, x + i))));
  }
}

void putToken(float* page, int64_t place, int64_t headDim, const float* key, const float* value) {
  const int64_t pairs = pairsOf(headDim);
  for (int64_t p = 0; p < pairs; p += kLanes) {
    const int64_t left = headDim - 2 * p;
    float rounded[kLanes];
    _mm512_storeu_ps(rounded, neighbours(_mm512_maskz_loadu_ps(first(left), key + 2 * p),
                                         left > kLanes ? _mm512_maskz_loadu_ps(first(left - kLanes), key + 2 * p + kLanes)
                                                       : _mm512_setzero_ps()));
    for (int64_t i = 0; i < kLanes && p + i < pairs; i++) page[(p + i) * kPageTokens + place] = rounded[i];
  }
  float* const to = page + pairs * kPageTokens + place / 2 * paddedHead(headDim);
  for (int64_t i = 0; i < headDim; i += kLanes) {
    const __m512i own = narrow(_mm512_maskz_loadu_ps(first(headDim - i), value + i));
    // A pair's first token clears the second token's place.
    _mm512_storeu_si512(to + i, place % 2 == 0
                                    ? own
                                    : _mm512_or_si512(_mm512_slli_epi32(own, 16), _mm512_loadu_si512(to + i)));
  }
}

void readPage(const float* page, int64_t headDim, int64_t n, float* keys, float* values) {
  const __m512i highHalves = _mm512_set1_epi32(static_cast<int>(0xffff0000u));
  const int64_t padded = paddedHead(headDim), pairs = pairsOf(headDim);
  for (int64_t t = 0; t < n; t++) {
    for (int64_t p = 0; p < pairs; p++) {
      uint32_t both;
      std::memcpy(&both, page + p * kPageTokens + t, sizeof both);
      const uint32_t low = both << 16, high = both & 0xffff0000u;
      std::memcpy(keys + t * headDim + 2 * p, &low, sizeof low);
      if (2 * p + 1 < headDim) std::memcpy(keys + t * headDim + 2 * p + 1, &high, sizeof high);
    }
    const float* const from = valuesOf(page, headDim) + t / 2 * padded;
    for (int64_t i = 0; i < headDim; i += kLanes) {
      const __m512i both = _mm512_loadu_si512(from + i);
      _mm512_mask_storeu_ps(values + t * headDim + i, first(headDim - i),
                            t % 2 == 0 ? widen(both) : _mm512_castsi512_ps(_mm512_and_si512(both, highHalves)));
    }
  }
}

inline __m512 multiplyPairs(__m512 sum, __m512 a, __m512 b) { return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b); }

// s [R, P pages] = q k for P pages side by side, q [R, pairs]; rows of s `lds` apart.
template <int R, int P>
void scores(int64_t pairs, const float* q, const float* const* pages, float* s, int64_t lds) {
  constexpr int kVecs = P * static_cast<int>(kPageVecs);
  __m512 sum[R][kVecs];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int j = 0; j < kVecs; j++) sum[r][j] = _mm512_setzero_ps();
  for (int64_t p = 0; p < pairs; p++) {
    __m512 key[kVecs];
#pragma GCC unroll 4
    for (int j = 0; j < kVecs; j++) key[j] = _mm512_loadu_ps(pages[j / kPageVecs] + p * kPageTokens + j % kPageVecs * kLanes);
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
      const __m512 left = _mm512_set1_ps(q[r * pairs + p]);
#pragma GCC unroll 4
      for (int j = 0; j < kVecs; j++) sum[r][j] = multiplyPairs(sum[r][j], left, key[j]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int j = 0; j < kVecs; j++) _mm512_storeu_ps(s + r * lds + j * kLanes, sum[r][j]);
}

// out [R, vectors of a head from `column` on] = p v / total over all pages; p [R, pairs of tokens] with rows ldp apart. If
// registers allow, even and odd pairs have a sum each, so that neither waits for the other.
template <int R, int N>
void mix(int64_t tokenPairs, const float* p, int64_t ldp, const float* const* pages, int64_t headDim, int64_t column,
         const float* totals, float* out) {
  constexpr int kSums = R * N <= 8 ? 2 : 1;
  const int64_t padded = paddedHead(headDim);
  __m512 sum[kSums][R][N];
#pragma GCC unroll 2
  for (int h = 0; h < kSums; h++)
#pragma GCC unroll 4
    for (int r = 0; r < R; r++)
#pragma GCC unroll 4
      for (int j = 0; j < N; j++) sum[h][r][j] = _mm512_setzero_ps();
  for (int64_t t = 0; t < tokenPairs; t += kPagePairs) {
    const float* v = valuesOf(pages[t / kPagePairs], headDim) + column;
    const int64_t count = tokenPairs - t < kPagePairs ? tokenPairs - t : kPagePairs;
    const auto add = [&](int h, int64_t i) {
      __m512 value[N];
#pragma GCC unroll 4
      for (int j = 0; j < N; j++) value[j] = _mm512_loadu_ps(v + i * padded + j * kLanes);
#pragma GCC unroll 4
      for (int r = 0; r < R; r++) {
        const __m512 left = _mm512_set1_ps(p[r * ldp + t + i]);
#pragma GCC unroll 4
        for (int j = 0; j < N; j++) sum[h][r][j] = multiplyPairs(sum[h][r][j], left, value[j]);
      }
    };
    int64_t i = 0;
    for (; i + kSums <= count; i += kSums) {
      add(0, i);
      if constexpr (kSums == 2) add(1, i + 1);
    }
    if (i < count) add(0, i);
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) {
    const __m512 share = _mm512_set1_ps(1.0f / totals[r]);
#pragma GCC unroll 4
    for (int j = 0; j < N; j++) {
      const __m512 whole = kSums == 2 ? _mm512_add_ps(sum[0][r][j], sum[kSums - 1][r][j]) : sum[0][r][j];
      const int64_t at = column + j * kLanes;
      _mm512_mask_storeu_ps(out + r * headDim + at, first(headDim - at), _mm512_mul_ps(whole, share));
    }
  }
}

// to [tokens / 2] = exp(s - its largest) in pairs of bf16, 0 beyond `context`. Returns the sum of the rounded numbers.
// `tokens` is the context rounded up to whole pages.
float probabilities(int64_t context, int64_t tokens, float* s, float* to) {
  const __m512 hidden = _mm512_set1_ps(-1e30f);
  __m512 top = hidden;
  for (int64_t t = 0; t < tokens; t += kLanes) {
    const __mmask16 seen = context > t ? first(context - t) : __mmask16{0};
    const __m512 x = _mm512_mask_loadu_ps(hidden, seen, s + t);
    _mm512_storeu_ps(s + t, x);
    top = _mm512_max_ps(top, x);
  }
  kAvx512.softmax(tokens, s, _mm512_reduce_max_ps(top), 1, s);
  const __m512 ones = _mm512_castsi512_ps(_mm512_set1_epi16(0x3f80));
  __m512 total = _mm512_setzero_ps();
  for (int64_t t = 0; t < tokens; t += 2 * kLanes) {
    const __m512 pair = neighbours(_mm512_loadu_ps(s + t), _mm512_loadu_ps(s + t + kLanes));
    _mm512_storeu_ps(to + t / 2, pair);
    total = multiplyPairs(total, pair, ones);
  }
  return _mm512_reduce_add_ps(total);
}

// Heads that are computed together.
constexpr int kHeads = 4;

using Scores = void (*)(int64_t, const float*, const float* const*, float*, int64_t);
constexpr Scores kScores[2][kHeads] = {{&scores<1, 1>, &scores<2, 1>, &scores<3, 1>, &scores<4, 1>},
                                       {&scores<1, 2>, &scores<2, 2>, &scores<3, 2>, &scores<4, 2>}};
using Mix = void (*)(int64_t, const float*, int64_t, const float* const*, int64_t, int64_t, const float*, float*);
template <int R>
constexpr Mix kMix[4] = {&mix<R, 1>, &mix<R, 2>, &mix<R, 3>, &mix<R, 4>};
constexpr const Mix* kMixes[kHeads] = {kMix<1>, kMix<2>, kMix<3>, kMix<4>};

void decodeAttention(const Decode<float>& at) {
  const int64_t d = at.headDim, pairs = pairsOf(d), pages = (at.context + kPageTokens - 1) / kPageTokens;
  const int64_t tokens = pages * kPageTokens, tokenPairs = pairsOf(at.context);
  float* const q = at.scratch;                // [group, pairs]
  float* const totals = q + at.group * pairs;  // [group]
  float* const s = totals + at.group;         // [group, tokens], then its probabilities in pairs, in place
  const float scale = 1.0f / std::sqrt(static_cast<float>(d));
  float* const scaled = s;
  for (int64_t i = 0; i < at.group * d; i++) scaled[i] = scale * at.q[i];
  roundRows(at.group, d, scaled, d, q);
  for (int64_t g = 0; g < at.group; g += kHeads) {
    const int rows = static_cast<int>(at.group - g < kHeads ? at.group - g : kHeads);
    float* const own = s + g * tokens;
    for (int64_t i = 0; i < pages; i += 2) {
      const int64_t beside = pages - i < 2 ? 1 : 2;
      kScores[beside - 1][rows - 1](pairs, q + g * pairs, at.pages + i, own + i * kPageTokens, tokens);
    }
    for (int r = 0; r < rows; r++) totals[g + r] = probabilities(at.context, tokens, own + r * tokens, own + r * tokens);
    for (int64_t column = 0; column < d; column += 4 * kLanes) {
      const int64_t vecs = (d - column + kLanes - 1) / kLanes;
      kMixes[rows - 1][(vecs < 4 ? vecs : 4) - 1](tokenPairs, own, tokens, at.pages, d, column, totals + g,
                                                  at.out + g * d);
    }
  }
}

}  // namespace

const Paging<float> kAvx512Bf16Pages = {&pageSize, &roundToPage, &putToken, &readPage, &decodeAttention};

}  // namespace dpo
