// The table of compute kernels. Each instruction set has one, and the engine chooses one when it is made.
//
// A new instruction set (AMX, another scalar type for the packed weights, a GPU) is a new table.
#pragma once
#include <cstdint>
#include <string>

#include "stored_view.h"

namespace dpo {

// Rows of the contraction in a packed panel: 256 x 32 floats of B and 12 x 256 of A fit a 48 KB L1.
constexpr int64_t kPanelDepth = 256;

// A run of keys and values that queries attend to, all of one key/value head. Rows are `ld` apart.
template <class T>
struct Run {
  const T* k = nullptr;  // [n, headDim]
  const T* v = nullptr;  // [n, headDim]
  int64_t ld = 0;
  int64_t n = 0;
  int64_t columns = 0;  // if not 0, k is transposed: [headDim, n] with rows this far apart; forward only
  T* dk = nullptr;  // gradients, added to; backward only
  T* dv = nullptr;
  int64_t dld = 0;
};

// Attention of some queries of one segment and one key/value head. A lane is one query of one head:
// lane = token * group + head within the group, so that the heads sharing keys fill the vector together.
template <class T>
struct Attention {
  int64_t headDim = 0;
  int64_t group = 0;      // query heads a key/value head
  int64_t laneBegin = 0;  // first lane, counted from the segment's first token
  int64_t laneCount = 0;  // at most tileCols
  // The last run is the segment's own: token i sees its first ownOffset + i + 1 rows. It sees all of the other runs.
  const Run<T>* runs = nullptr;
  int64_t runCount = 0;
  int64_t ownOffset = 0;
  const T* q = nullptr;  // [tokens, group, headDim], tokens qLd apart
  int64_t qLd = 0;
  T* out = nullptr;  // as q, tokens outLd apart
  int64_t outLd = 0;
  T* lse = nullptr;  // log of the sum of exponentials, [tokens, group], tokens lseLd apart; may be null
  int64_t lseLd = 0;
  const T* dOut = nullptr;  // as out; backward only
  T* dq = nullptr;          // written, tokens dqLd apart; backward only
  int64_t dqLd = 0;
  T* scratch = nullptr;  // attentionScratch() elements
};

// Tokens in a page of keys and values: a vector tile of every table covers them.
constexpr int64_t kPageTokens = 32;

// In generation, the attention of one new token and one group of heads to all of its context.
template <class T>
struct Decode {
  int64_t headDim = 0;
  int64_t group = 0;
  const T* const* pages = nullptr;  // of this layer and head; all but the last are full
  int64_t context = 0;              // tokens
  const T* q = nullptr;             // [group, headDim]
  T* out = nullptr;                 // [group, headDim]
  T* scratch = nullptr;             // decodeScratch() elements
};

struct AdamWFactors {
  double clip, beta1, beta2, epsilon, stepSize, decay, sqrtCorrection2;
};

// Products of matrices. A packed operand is opaque: only the table that packed it can read it.
template <class T>
struct Products {
  // Elements of memory that a packed [k, n] operand takes.
  int64_t (*packedSize)(int64_t k, int64_t n);
  // Packs W [n, k] (rows ld apart) times `scale` as the right operand of x W^T.
  void (*packTransposed)(int64_t n, int64_t k, const T* w, int64_t ld, T scale, T* packed);
  // Packs W [k, n] (rows ld apart) times `scale` as the right operand of x W.
  void (*pack)(int64_t k, int64_t n, const T* w, int64_t ld, T scale, T* packed);
  // C [m, n] = init + A [m, k] B, B packed. init: null is zero; initLd 0 repeats one row (a bias); may be C itself.
  void (*matmul)(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* packed, T* c, int64_t ldc,
                 const T* init, int64_t initLd);
  // C [m, n] += A [k, m]^T B [k, n]. Scratch: kPanelDepth * (m + n rounded up to whole tiles).
  void (*matmulTransposed)(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* b, int64_t ldb, T* c,
                           int64_t ldc, T* scratch);
  // As matmul, with rows [row, row + n) of a stored matrix as W [n, k], read in place. For few rows of A, where packing
  // would take longer than multiplying. Scratch: storedScratch() elements.
  void (*matmulStored)(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const StoredView& w, int64_t row, T* c,
                       int64_t ldc, const T* init, int64_t initLd, T* scratch);
  // As packTransposed and pack, of rows of bf16 and without a scale.
  void (*packStoredTransposed)(int64_t n, int64_t k, const uint16_t* w, int64_t ld, T* packed);
  void (*packStored)(int64_t k, int64_t n, const uint16_t* w, int64_t ld, T* packed);
};

// Rows whose numbers are int8 with a scale for each kInt8Group of them. They lie in panels of a table's `panelRows` rows (the
// last has what is left), in each panel its groups, in each group its rows.
struct Int8Rows {
  int64_t rows = 0;
  int64_t groups = 0;
  int8_t* numbers = nullptr;   // [.., kInt8Group]
  float* scale = nullptr;
  int32_t* offset = nullptr;   // -128 times the sum of the numbers, because the bytes of a stored matrix are 128 too large
};

// Products of rows rounded to int8 with stored int8 matrices, summed exactly within a group and in fp32 over groups. A row's
// result does not depend on the other rows.
template <class T>
struct Int8Products {
  int64_t panelRows;
  // Whether rounded numbers that are neighbours in a row sum to 128 at most. Scales are then up to twice as large.
  bool boundsPairs;
  // Both are null in a table without such products.
  // Rounds groups [group, end) of a panel of x [rows, k], the columns after k as zeros. A group with a number that is not
  // finite gets the scale NaN.
  void (*roundToInt8)(int64_t k, const T* x, int64_t ldx, int64_t panel, int64_t group, int64_t end, const Int8Rows& to);
  // C [rows, n] = init + A W^T with n rows of W from `row` on, a multiple of kInt8Rows. init as in matmul.
  void (*matmulInt8)(const Int8Rows& a, const StoredView& w, int64_t row, int64_t n, T* c, int64_t ldc, const T* init,
                     int64_t initLd);
};

// Keys and values of generation. Only the table knows the layout of a page.
template <class T>
struct Paging {
  // Elements of a page, for the keys and values of one layer and head.
  int64_t (*pageSize)(int64_t headDim);
  // Rounds numbers as a page does. Null if a page does not round.
  void (*roundToPage)(int64_t n, T* x);
  // Writes a token's key and value [headDim]. A page is filled from the front.
  void (*putToken)(T* page, int64_t place, int64_t headDim, const T* key, const T* value);
  // The first n keys and values, [n, headDim] each.
  void (*readPage)(const T* page, int64_t headDim, int64_t n, T* keys, T* values);
  void (*decodeAttention)(const Decode<T>&);
};

template <class T>
struct Kernels : Products<T>, Paging<T>, Int8Products<T> {
  const char* name;
  int64_t tileRows;
  int64_t tileCols;

  // Values [column, column + count) of a row of a stored matrix.
  void (*unpack)(const StoredView& w, int64_t row, int64_t column, int64_t count, T* out);

  void (*attentionForward)(const Attention<T>&);
  void (*attentionBackward)(const Attention<T>&);

  // y = x * rstd * w with rstd = 1 / sqrt(mean(x^2) + eps). x, y [rows, n]; rstd [rows].
  void (*rmsNorm)(int64_t rows, int64_t n, const T* x, const T* w, T eps, T* y, T* rstd);
  // y = x * rstd * w, from the stored rstd; y may be x itself.
  void (*rmsNormAgain)(int64_t rows, int64_t n, const T* x, const T* w, const T* rstd, T* y);
  // dx = residual (null: 0; may be dx itself) + gradient through rmsNorm; adds to dw unless it is null.
  void (*rmsNormBackward)(int64_t rows, int64_t n, const T* x, const T* w, const T* rstd, const T* dy,
                          const T* residual, T* dx, T* dw);
  // Rotates `heads` heads of headDim at x by cos, sin [headDim / 2]; half-split pairs. sign -1 turns back.
  void (*rotate)(int64_t heads, int64_t headDim, T* x, const T* cos, const T* sin, T sign);
  // act = silu(gate) * up. gateUp [rows, 2 n], act [rows, n].
  void (*swiglu)(int64_t rows, int64_t n, const T* gateUp, T* act);
  // From d act [rows, n]: d gateUp [rows, 2 n], and act unless that is null. They may overwrite gateUp and d act.
  void (*swigluBackward)(int64_t rows, int64_t n, const T* gateUp, const T* dAct, T* dGateUp, T* act);
  // Largest logit, log-sum-exp and entropy of a row.
  void (*logitStatistics)(int64_t n, const T* logits, T* max, T* lse, T* entropy);
  // out = factor * exp(logits - lse).
  void (*softmax)(int64_t n, const T* logits, T lse, T factor, T* out);
  // y += x.
  void (*add)(int64_t n, const T* x, T* y);
  // sum of x^2, in double.
  double (*squares)(int64_t n, const T* x);
  void (*adamw)(int64_t n, T* w, const T* g, T* m, T* v, AdamWFactors f);
};

// Elements of scratch that attention over `context` rows needs.
template <class T>
int64_t attentionScratch(const Kernels<T>& kernels, int64_t context, int64_t headDim) {
  const int64_t lanes = kernels.tileCols;
  const int64_t padded = (headDim + lanes - 1) / lanes * lanes;
  return (2 * context + 8 * padded + 8) * lanes;
}

// Elements of scratch that matmulStored needs.
inline int64_t storedScratch(int64_t m, int64_t k) { return (m + 8) * (k + kNf4Block); }

// Elements of scratch that decodeAttention needs.
inline int64_t decodeScratch(int64_t context, int64_t headDim, int64_t group) {
  return group * (2 * headDim + 2 + context + kPageTokens);
}

extern const Kernels<float> kPortable;
extern const Kernels<double> kPortable64;
#if defined(DPO_X86)
extern const Kernels<float> kAvx2;
extern const Kernels<float> kAvx512;
extern const Products<float> kAvx512Bf16;
extern const Paging<float> kAvx512Bf16Pages;
extern const Int8Products<float> kAvx2Int8;
extern const Int8Products<float> kAvx512Int8;
#if defined(DPO_AVX_VNNI)
extern const Int8Products<float> kAvxVnniInt8;
#endif
#if defined(DPO_AMX)
extern const Products<float> kAmx;  // where null, kAvx512Bf16's are used
#endif
#endif

// The best table that this machine can run, or the named one ("portable", "avx2", "avx-vnni", "avx512", "amx"). Throws if it
// cannot run. "avx-vnni" is AVX2 with products of int8 by AVX-VNNI.
// With `bf16`, products round their operands to bf16 if the processor has instructions for that, and sum in T: "avx512"
// uses AVX512-BF16, "amx" uses AMX. Without a name, AMX is used if it is faster on this machine. Only then the table has
// products of int8.
template <class T>
const Kernels<T>& chooseKernels(const char* name, bool bf16);

// Products of int8 by the instructions that they use: "avx2", "avx-vnni" or "avx512-vnni". Null if this machine cannot run
// them.
const Int8Products<float>* findInt8(const std::string& instructions);

}  // namespace dpo
