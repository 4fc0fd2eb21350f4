// The kernel table of a vector type.
#pragma once
#include "kernels_attention.h"
#include "kernels_decode.h"
#include "kernels_rows.h"
#include "kernels_stored.h"

namespace dpo {

template <class V, class T = typename V::Scalar>
constexpr Kernels<T> kernelTable(const char* name) {
  return {{&packedSize<V>, &packTransposed<V>, &pack<V>, &matmul<V>, &matmulTransposed<V>, &matmulStored<V>,
           &packStoredTransposed<V>, &packStored<V>},
          {&pageSize<V>, nullptr, &putToken<V>, &readPage<V>, &decodeAttention<V>},
          {},
          name,
          V::tileRows,
          V::lanes * V::tileVecs,
          &unpack<V>,
          &attentionForward<V>,
          &attentionBackward<V>,
          &rmsNorm<V>,
          &rmsNormAgain<V>,
          &rmsNormBackward<V>,
          &rotate<V>,
          &swiglu<V>,
          &swigluBackward<V>,
          &logitStatistics<V>,
          &softmax<V>,
          &add<V>,
          &squares<V>,
          &adamw<V>};
}

}  // namespace dpo
