// A frozen weight matrix in a form that takes less memory than float: bf16; int8 with a scale in fp16 for each 32 numbers of
// a row, as in llama.cpp's Q8_0; or NF4 with double quantisation (Dettmers et al. 2023, QLoRA, arXiv:2305.14314), exactly as
// in bitsandbytes: 16 levels, blocks of 64 values with their largest magnitude, and blocks of 256 magnitudes as 8-bit numbers.
//
// It is filled in pieces, so that a checkpoint can be streamed into it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "buffer.h"
#include "stored_view.h"
#include "threadpool.h"

namespace dpo {

// The type of the numbers in a checkpoint.
enum class Dtype { kF32, kF16, kBf16 };

// The signed 8-bit dynamic map (Dettmers 2016, arXiv:1511.04561), ascending, [256].
const float* dynamicMap();

// A named part of a stored matrix, with its bytes as in a file.
struct Section {
  const char* name;
  uint8_t* data;
  int64_t bytes;
};

class Stored {
 public:
  Stored(std::string name, Format format, int64_t rows, int64_t cols);

  // Takes `count` values from index `offset` on, given as dtype. Pieces come in order. All but the last have whole rows and
  // a multiple of 64 values. Offset 0 starts again. Throws NotFinite if a value, or int8's scale of it, is not finite.
  void fill(ThreadPool& pool, int64_t offset, int64_t count, Dtype dtype, const uint8_t* bytes);
  // The stored bytes, to be written to a file or read from it.
  std::vector<Section> sections();
  // Call after the sections were read from a file. Throws if a scale in them is not finite.
  void sectionsRead();

  bool complete() const { return filled_ == rows_ * cols_; }
  const std::string& name() const { return name_; }
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  const StoredView& view() const { return view_; }

 private:
  int64_t size() const { return rows_ * cols_; }
  int64_t blocks() const { return (size() + kNf4Block - 1) / kNf4Block; }
  int64_t nestedBlocks() const { return (blocks() + kNestedBlock - 1) / kNestedBlock; }
  void fillChunk(int64_t begin, int64_t count, const float* values);
  void fillInt8(int64_t row, const float* values);
  void quantizeAbsmax();

  std::string name_;
  int64_t rows_, cols_;
  int64_t filled_ = 0;
  Buffer<uint16_t> bf16_;
  Buffer<uint8_t> int8_;
  Buffer<uint16_t> scale_;
  Buffer<float> nestedAbsmax_, exactAbsmax_;  // exactAbsmax_: until all blocks are known
  Buffer<uint8_t> nf4_, absmax_;
  Buffer<float> absmaxOffset_;
  StoredView view_;
};

// Widens `count` numbers of a checkpoint to float.
void widen(Dtype dtype, const uint8_t* bytes, int64_t count, float* to);

}  // namespace dpo
