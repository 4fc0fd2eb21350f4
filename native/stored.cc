#include "stored.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "errors.h"

namespace dpo {

const float kNf4Levels[16] = {-1.0f,
                              -0.6961928009986877f,
                              -0.5250730514526367f,
                              -0.39491748809814453f,
                              -0.28444138169288635f,
                              -0.18477343022823334f,
                              -0.09105003625154495f,
                              0.0f,
                              0.07958029955625534f,
                              0.16093020141124725f,
                              0.24611230194568634f,
                              0.33791524171829224f,
                              0.44070982933044434f,
                              0.5626170039176941f,
                              0.7229568362236023f,
                              1.0f};

namespace {

// Values that a task of the pool converts.
constexpr int64_t kChunk = 1 << 14;
// The byte of an int8 zero.
constexpr uint8_t kInt8Zero = 128;

// Midpoints of neighbouring levels: a value above t[i] is nearer to level i + 1.
std::array<float, 15> halfway(const float* levels) {
  std::array<float, 15> t{};
  for (size_t i = 0; i < t.size(); i++) t[i] = 0.5f * (levels[i] + levels[i + 1]);
  return t;
}

uint16_t toBf16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  // To the nearest, ties to even.
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

// The smallest half-precision number that is not below x >= 0; infinity if there is none.
uint16_t halfNotBelow(float x) {
  if (!(x > 0)) return 0;
  int exponent = std::max(std::ilogb(x), -14);
  if (exponent > 15) return 0x7c00u;
  // In units of the last place; of a normal number these are 1024 to 2048.
  const float units = std::ceil(std::ldexp(x, 10 - exponent));
  return static_cast<uint16_t>(((exponent + 14) << 10) + static_cast<int>(units));
}

// The index of the map's value that is nearest to x; of two equally near, the lower.
uint8_t nearest(const float* map, float x) {
  const float* const above = std::lower_bound(map, map + 256, x);
  if (above == map) return 0;
  if (above == map + 256) return 255;
  const int64_t at = above - map;
  return static_cast<uint8_t>(x - above[-1] <= above[0] - x ? at - 1 : at);
}

// torch.linspace(0.1, 1, n) in float: with fused multiply-adds, and the second half counted down from the end.
float spaced(int64_t i, int64_t n) {
  const float start = 0.1f, end = 1.0f, step = (end - start) / static_cast<float>(n - 1);
  return i < n / 2 ? std::fma(step, static_cast<float>(i), start) : std::fma(-step, static_cast<float>(n - 1 - i), end);
}

std::array<float, 256> makeDynamicMap() {
  std::array<float, 256> map{};
  size_t at = 0;
  // Seven decades; the k-th has 2^k fractions of each sign.
  for (int k = 0; k < 7; k++) {
    const int64_t bounds = (int64_t{1} << k) + 1;
    for (int64_t i = 0; i + 1 < bounds; i++) {
      const float mean = (spaced(i, bounds) + spaced(i + 1, bounds)) / 2.0f;
      const float value = static_cast<float>(std::pow(10.0, k - 6) * static_cast<double>(mean));
      map[at++] = value;
      map[at++] = -value;
    }
  }
  map[at++] = 0.0f;
  map[at] = 1.0f;
  std::sort(map.begin(), map.end());
  return map;
}

}  // namespace

const float* dynamicMap() {
  static const std::array<float, 256> map = makeDynamicMap();
  return map.data();
}

float fromHalf(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16, exponent = (half >> 10) & 31u, fraction = half & 1023u;
  float value;
  if (exponent == 0) {
    value = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -value : value;
  }
  const uint32_t bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112u) << 23) | fraction << 13;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float nf4Scale(const StoredView& w, int64_t block) {
  const float difference = w.map[w.absmax[block]] * w.nestedAbsmax[block / kNestedBlock];
  return difference + w.absmaxOffset;
}

void widen(Dtype dtype, const uint8_t* bytes, int64_t count, float* to) {
  if (dtype == Dtype::kF32) {
    std::memcpy(to, bytes, static_cast<size_t>(count) * sizeof(float));
    return;
  }
  for (int64_t i = 0; i < count; i++) {
    uint16_t half;
    std::memcpy(&half, bytes + 2 * i, sizeof half);
    if (dtype == Dtype::kF16) {
      to[i] = fromHalf(half);
    } else {
      const uint32_t bits = static_cast<uint32_t>(half) << 16;
      std::memcpy(to + i, &bits, sizeof bits);
    }
  }
}

Stored::Stored(std::string name, Format format, int64_t rows, int64_t cols)
    : name_(std::move(name)), rows_(rows), cols_(cols) {
  view_.format = format;
  view_.cols = cols;
  if (format == Format::kBf16) {
    bf16_.resize(size());
  } else if (format == Format::kInt8) {
    const int64_t tiles = (rows + kInt8Rows - 1) / kInt8Rows;
    scale_.resize(tiles * int8Groups(view_) * kInt8Rows);
    int8_.resize(scale_.size() * kInt8Group);
  } else {
    nf4_.resize((size() + 1) / 2);
    nf4_.zero();
    absmax_.resize(blocks());
    nestedAbsmax_.resize(nestedBlocks());
    absmaxOffset_.resize(1);
  }
  view_.bf16 = bf16_.data();
  view_.int8 = int8_.data();
  view_.scale = scale_.data();
  view_.nf4 = nf4_.data();
  view_.absmax = absmax_.data();
  view_.nestedAbsmax = nestedAbsmax_.data();
  view_.map = dynamicMap();
}

void Stored::fill(ThreadPool& pool, int64_t offset, int64_t count, Dtype dtype, const uint8_t* bytes) {
  if (offset == 0) {
    filled_ = 0;
    // What fills up tiles and groups may have come from a file.
    scale_.zero();
    std::fill_n(int8_.data(), int8_.size(), kInt8Zero);
  }
  if (offset != filled_ || count < 0 || count > size() - offset)
    throw std::invalid_argument("tensor '" + name_ + "' was given values " + std::to_string(offset) + " to " +
                                std::to_string(offset + count) + " where " + std::to_string(filled_) + " of " +
                                std::to_string(size()) + " are known");
  if (offset + count < size() && (count % kNf4Block != 0 || count % cols_ != 0))
    throw std::invalid_argument("tensor '" + name_ + "' must be given in whole rows, a multiple of 64 values at a time");
  if (view_.format == Format::kNf4 && exactAbsmax_.empty()) exactAbsmax_.resize(blocks());
  const int64_t width = dtype == Dtype::kF32 ? 4 : 2;
  // Rows for int8, whole blocks for NF4, so that each task has its own scales.
  const int64_t chunk = view_.format == Format::kInt8 ? kInt8Rows * cols_ : kChunk;
  pool.run((count + chunk - 1) / chunk, [&](int64_t i, int) {
    const int64_t begin = i * chunk, n = std::min(chunk, count - begin);
    std::vector<float> values(static_cast<size_t>(n));
    widen(dtype, bytes + begin * width, n, values.data());
    for (int64_t j = 0; j < n; j++)
      if (!std::isfinite(values[static_cast<size_t>(j)]))
        throw NotFinite(name_, offset + begin + j);
    fillChunk(offset + begin, n, values.data());
  });
  filled_ += count;
  if (view_.format == Format::kNf4 && complete()) quantizeAbsmax();
}

void Stored::fillChunk(int64_t begin, int64_t count, const float* values) {
  if (view_.format == Format::kBf16) {
    for (int64_t i = 0; i < count; i++) bf16_[begin + i] = toBf16(values[i]);
    return;
  }
  if (view_.format == Format::kInt8) {
    for (int64_t at = 0; at < count; at += cols_) fillInt8((begin + at) / cols_, values + at);
    return;
  }
  static const std::array<float, 15> above = halfway(kNf4Levels);
  for (int64_t at = 0; at < count; at += kNf4Block) {
    const int64_t n = std::min(kNf4Block, count - at);
    float largest = 0;
    for (int64_t i = 0; i < n; i++) largest = std::max(largest, std::fabs(values[at + i]));
    exactAbsmax_[(begin + at) / kNf4Block] = largest;
    const float inverse = largest > 0 ? 1.0f / largest : 0.0f;
    int32_t codes[kNf4Block] = {};
    for (int64_t i = 0; i < n; i++) {
      const float x = values[at + i] * inverse;
      int32_t code = 0;
      for (const float t : above) code += x > t ? 1 : 0;
      codes[i] = code;
    }
    uint8_t* const to = nf4_.data() + (begin + at) / 2;
    for (int64_t i = 0; i < n; i += 2) to[i / 2] = static_cast<uint8_t>(codes[i] << 4 | codes[i + 1]);
  }
}

void Stored::fillInt8(int64_t row, const float* values) {
  for (int64_t group = 0; group < int8Groups(view_); group++) {
    const int64_t first = group * kInt8Group, n = std::min(kInt8Group, cols_ - first);
    float largest = 0;
    for (int64_t i = 0; i < n; i++) largest = std::max(largest, std::fabs(values[first + i]));
    const uint16_t half = halfNotBelow(largest / 127.0f);
    const float scale = fromHalf(half), inverse = scale > 0 ? 1.0f / scale : 0.0f;
    if (!std::isfinite(scale)) throw NotFinite(name_, row * cols_ + first);
    scale_[int8Scale(view_, row, group) - view_.scale] = half;
    uint8_t* const to = int8_.data() + (int8Group(view_, row, group) - view_.int8);
    for (int64_t i = 0; i < n; i++) {
      const long number = std::clamp(std::lrint(values[first + i] * inverse), -127l, 127l);
      to[i / 4 * 4 * kInt8Rows + i % 4] = static_cast<uint8_t>(number + kInt8Zero);
    }
  }
}

// The second quantisation: the magnitudes' differences from their mean, relative to the largest of 256.
void Stored::quantizeAbsmax() {
  double sum = 0;
  for (int64_t i = 0; i < blocks(); i++) sum += static_cast<double>(exactAbsmax_[i]);
  const float offset = static_cast<float>(sum / static_cast<double>(blocks()));
  const float* const map = dynamicMap();
  for (int64_t n = 0; n < nestedBlocks(); n++) {
    const int64_t begin = n * kNestedBlock, end = std::min(begin + kNestedBlock, blocks());
    float largest = 0;
    for (int64_t i = begin; i < end; i++) largest = std::max(largest, std::fabs(exactAbsmax_[i] - offset));
    const float inverse = largest > 0 ? 1.0f / largest : 0.0f;
    nestedAbsmax_[n] = largest;
    for (int64_t i = begin; i < end; i++) absmax_[i] = nearest(map, (exactAbsmax_[i] - offset) * inverse);
  }
  absmaxOffset_[0] = view_.absmaxOffset = offset;
  exactAbsmax_.release();
}

std::vector<Section> Stored::sections() {
  const auto section = [](const char* name, auto& buffer) {
    return Section{name, reinterpret_cast<uint8_t*>(buffer.data()),
                   buffer.size() * static_cast<int64_t>(sizeof(*buffer.data()))};
  };
  if (view_.format == Format::kBf16) return {section("bf16", bf16_)};
  if (view_.format == Format::kInt8) return {section("int8", int8_), section("scale", scale_)};
  return {section("nf4", nf4_), section("absmax", absmax_), section("nested_absmax", nestedAbsmax_),
          section("offset", absmaxOffset_)};
}

void Stored::sectionsRead() {
  bool finite = true;
  for (const Buffer<float>* each : {&nestedAbsmax_, &absmaxOffset_})
    for (int64_t i = 0; i < each->size(); i++) finite = finite && std::isfinite((*each)[i]);
  for (int64_t i = 0; i < scale_.size(); i++) finite = finite && (scale_[i] & 0x7c00u) != 0x7c00u;
  for (int64_t i = 0; i < bf16_.size(); i++) finite = finite && (bf16_[i] & 0x7f80u) != 0x7f80u;
  if (!finite) throw NotFinite(name_);
  if (!absmaxOffset_.empty()) view_.absmaxOffset = absmaxOffset_[0];
  filled_ = size();
}

}  // namespace dpo
