// Compares the products of every table of kernels that this machine can run with double precision: random shapes with
// ragged edges between poisoned memory, then several threads at a time. Prints a line an entry; exits with 1 if one is wrong.
//
//   products_check [table...]    portable, avx2, avx512, avx512-bf16, amx, and for products of int8 int8-avx2, int8-avx-vnni,
//                                int8-avx512-vnni; named tables must be available
//
// It needs neither Node nor a file, so that it runs almost everywhere.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "kernels.h"
#include "stored.h"
#include "threadpool.h"

namespace {

using dpo::Kernels;
using Floats = std::vector<float>;

constexpr int kShapes = 40;
constexpr float kPoison = std::numeric_limits<float>::quiet_NaN();
// Poisoned elements after those that may be written.
constexpr int64_t kMargin = 7;
// The bound, relative to the sum of the products' magnitudes. Sums are fp32; a missing or doubled number is far beyond.
constexpr double kTolerance = 1e-5;

std::mt19937 generator(1);

int64_t upTo(int64_t n) { return std::uniform_int_distribution<int64_t>(1, n)(generator); }

// Sizes at, beside and between the edges of tiles and panels.
int64_t size(int64_t most) {
  constexpr int64_t edges[] = {1, 2, 11, 12, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65, 95, 96, 97, 511, 512, 513};
  const int64_t n = generator() % 2 == 0 ? edges[generator() % (sizeof edges / sizeof *edges)] : upTo(most);
  return n <= most ? n : upTo(most);
}

float toBf16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// Rows in wider memory, which is poisoned outside of them.
struct Matrix {
  int64_t rows, cols, ld;
  Floats data;

  Matrix(int64_t r, int64_t c) : rows(r), cols(c), ld(c + upTo(kMargin)) {
    data.assign(static_cast<size_t>(rows * ld + kMargin), kPoison);
  }
  static Matrix random(int64_t r, int64_t c) {
    std::normal_distribution<float> normal;
    Matrix made(r, c);
    for (int64_t i = 0; i < r; i++)
      for (int64_t j = 0; j < c; j++) made.at(i, j) = normal(generator);
    return made;
  }
  float& at(int64_t i, int64_t j) { return data[static_cast<size_t>(i * ld + j)]; }
  float at(int64_t i, int64_t j) const { return data[static_cast<size_t>(i * ld + j)]; }
  Matrix transposed() const {
    Matrix other(cols, rows);
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < cols; j++) other.at(j, i) = at(i, j);
    return other;
  }
  // Whether all is poison outside of the rows.
  bool tight() const {
    for (int64_t i = 0; i < static_cast<int64_t>(data.size()); i++)
      if ((i % ld >= cols || i / ld >= rows) && !std::isnan(data[static_cast<size_t>(i)])) return false;
    return true;
  }
};

// Memory of a known size with poison after it.
struct Guarded {
  Floats data;
  explicit Guarded(int64_t n) : data(static_cast<size_t>(n + kMargin), kPoison) {}
  bool tight() const {
    return std::all_of(data.end() - kMargin, data.end(), [](float x) { return std::isnan(x); });
  }
};

// The largest error of actual = init + a b (init: null is zero), relative to the summed magnitudes.
double errorOf(const Matrix& actual, const Matrix* init, const Matrix& a, const Matrix& b, bool rounded) {
  double worst = 0;
  for (int64_t i = 0; i < actual.rows; i++)
    for (int64_t j = 0; j < actual.cols; j++) {
      double sum = init == nullptr ? 0 : init->at(init->rows == 1 ? 0 : i, j), magnitude = std::abs(sum) + 1e-30;
      for (int64_t p = 0; p < a.cols; p++) {
        const double product = rounded ? double{toBf16(a.at(i, p))} * toBf16(b.at(p, j)) : double{a.at(i, p)} * b.at(p, j);
        sum += product;
        magnitude += std::abs(product);
      }
      const double error = std::abs(actual.at(i, j) - sum) / magnitude;
      if (!(error <= worst)) worst = std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
    }
  return worst;
}

// The result of an entry of a table, over all shapes.
struct Entry {
  const char* name;
  double worst = 0;
  bool tight = true;

  // A table may compute a small product exactly, although it could round.
  void add(const Matrix& actual, const Matrix* init, const Matrix& a, const Matrix& b, bool rounds) {
    double error = errorOf(actual, init, a, b, false);
    if (rounds) error = std::min(error, errorOf(actual, init, a, b, true));
    worst = std::max(worst, error);
    tight = tight && actual.tight();
  }
  bool print() const {
    const bool good = worst <= kTolerance && tight;
    std::printf("  %-20s worst error %.2g%s%s\n", name, worst, tight ? "" : ", writes outside", good ? "" : "  WRONG");
    return good;
  }
};

Matrix scaled(Matrix m, float scale) {
  for (float& x : m.data) x *= scale;
  return m;
}

// All products of one random shape.
struct Entries {
  Entry pack{"pack, matmul"}, packTransposed{"packTransposed"}, transposed{"matmulTransposed"}, stored{"matmulStored"},
      packStored{"packStored"}, packStoredTransposed{"packStoredTransposed"},
      alone{"a row alone"};

  void tryShape(const Kernels<float>& k, bool rounds) {
    const int64_t m = size(110), n = size(110), depth = size(1100);
    const Matrix a = Matrix::random(m, depth), b = Matrix::random(depth, n), init = Matrix::random(m, n);
    const float scale = generator() % 2 == 0 ? 1.0f : 0.37f;
    Guarded packed(k.packedSize(depth, n));
    k.pack(depth, n, b.data.data(), b.ld, scale, packed.data.data());
    pack.tight = pack.tight && packed.tight();
    const Matrix right = scaled(b, scale);

    Matrix c(m, n);
    k.matmul(m, n, depth, a.data.data(), a.ld, packed.data.data(), c.data.data(), c.ld, nullptr, 0);
    pack.add(c, nullptr, a, right, rounds);
    Matrix one(1, n);
    const int64_t row = upTo(m) - 1;
    k.matmul(1, n, depth, a.data.data() + row * a.ld, a.ld, packed.data.data(), one.data.data(), one.ld, nullptr, 0);
    if (std::memcmp(&one.at(0, 0), &c.at(row, 0), static_cast<size_t>(n) * sizeof(float)) != 0) alone.worst = 1;

    // From the transpose, on top of a bias.
    const Matrix w = b.transposed(), bias = Matrix::random(1, n);
    k.packTransposed(n, depth, w.data.data(), w.ld, scale, packed.data.data());
    packTransposed.tight = packTransposed.tight && packed.tight();
    c = Matrix(m, n);
    k.matmul(m, n, depth, a.data.data(), a.ld, packed.data.data(), c.data.data(), c.ld, bias.data.data(), 0);
    packTransposed.add(c, &bias, a, right, rounds);

    // Added to the old values, in place.
    c = init;
    k.matmul(m, n, depth, a.data.data(), a.ld, packed.data.data(), c.data.data(), c.ld, c.data.data(), c.ld);
    pack.add(c, &init, a, right, rounds);

    const Matrix left = a.transposed();
    c = init;
    Guarded scratch(dpo::kPanelDepth * ((m + k.tileRows - 1) / k.tileRows * k.tileRows +
                                        (n + k.tileCols - 1) / k.tileCols * k.tileCols));
    k.matmulTransposed(m, n, depth, left.data.data(), left.ld, b.data.data(), b.ld, c.data.data(), c.ld,
                       scratch.data.data());
    transposed.add(c, &init, a, b, rounds);
    transposed.tight = transposed.tight && scratch.tight();

    // Rows of bf16 after one that is not requested.
    std::vector<uint16_t> numbers(static_cast<size_t>((n + 1) * depth));
    Matrix cut = b;
    for (int64_t j = 0; j < n; j++)
      for (int64_t i = 0; i < depth; i++) {
        uint32_t bits;
        std::memcpy(&bits, &cut.at(i, j), sizeof bits);
        numbers[static_cast<size_t>((j + 1) * depth + i)] = static_cast<uint16_t>(bits >> 16);
        bits &= 0xffff0000u;
        std::memcpy(&cut.at(i, j), &bits, sizeof bits);
      }
    dpo::StoredView view;
    view.cols = depth;
    view.bf16 = numbers.data();
    Guarded memory(dpo::storedScratch(m, depth));
    c = Matrix(m, n);
    k.matmulStored(m, n, depth, a.data.data(), a.ld, view, 1, c.data.data(), c.ld, init.data.data(), init.ld,
                   memory.data.data());
    stored.add(c, &init, a, cut, rounds);
    stored.tight = stored.tight && memory.tight();

    if (k.packStored == nullptr) return;
    const uint16_t* const rows = numbers.data() + depth;
    k.packStoredTransposed(n, depth, rows, depth, packed.data.data());
    packStoredTransposed.tight = packStoredTransposed.tight && packed.tight();
    k.matmul(m, n, depth, a.data.data(), a.ld, packed.data.data(), c.data.data(), c.ld, nullptr, 0);
    packStoredTransposed.add(c, nullptr, a, cut, rounds);

    // The same rows, not transposed: [n, depth] is the right operand of a product over n.
    const Matrix across = Matrix::random(m, n);
    Guarded other(k.packedSize(n, depth));
    k.packStored(n, depth, rows, depth, other.data.data());
    packStored.tight = packStored.tight && other.tight();
    Matrix wide(m, depth);
    k.matmul(m, depth, n, across.data.data(), across.ld, other.data.data(), wide.data.data(), wide.ld, nullptr, 0);
    packStored.add(wide, nullptr, across, cut.transposed(), rounds);
  }
};

// Whether threads that multiply at the same time, each with its own tiles and registers, get the result of one thread.
bool threadsAgree(const Kernels<float>& k) {
  constexpr int kThreads = 4, kTimes = 6;
  const int64_t m = 70, n = 90, depth = 530;
  const Matrix a = Matrix::random(m, depth), b = Matrix::random(depth, n);
  Floats packed(static_cast<size_t>(k.packedSize(depth, n)));
  k.pack(depth, n, b.data.data(), b.ld, 1, packed.data());
  const auto multiply = [&](int64_t rows, Floats& c) {
    c.assign(static_cast<size_t>(rows * n), kPoison);
    k.matmul(rows, n, depth, a.data.data(), a.ld, packed.data(), c.data(), n, nullptr, 0);
  };
  std::vector<char> same(kThreads, 1);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; t++) {
    const int64_t rows = m - 9 * t;
    Floats expected;
    multiply(rows, expected);
    threads.emplace_back([&, t, rows, expected] {
      Floats c;
      for (int i = 0; i < kTimes; i++) {
        multiply(rows, c);
        if (c != expected) same[static_cast<size_t>(t)] = 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return std::all_of(same.begin(), same.end(), [](char x) { return x != 0; });
}

// Products of int8 of one random shape: the rounding of rows, and products of the rounded numbers with stored ones.
struct Int8Entries {
  Entry rounding{"roundToInt8"}, product{"matmulInt8"}, alone{"a row alone"};

  void tryShape(const dpo::Int8Products<float>& k) {
    constexpr int64_t group = dpo::kInt8Group;
    const int64_t m = size(30), n = size(110), depth = size(700), groups = (depth + group - 1) / group;
    Matrix a = Matrix::random(m, depth), b = Matrix::random(n, depth);
    for (int64_t j = 0; j < depth; j++) {
      a.at(0, j) = 0;
      // The largest sums: all products of a row have the largest magnitude and one sign.
      a.at(m / 2, j) = 1;
      b.at(0, j) = 1;
      b.at(n - 1, j) = -1;
    }
    // An outlier must cost only its own group.
    a.at(m - 1, depth - 1) = 1e4f;
    dpo::Stored w("w", dpo::Format::kInt8, n, depth);
    dpo::ThreadPool pool(1);
    Floats flat;
    for (int64_t i = 0; i < n; i++) flat.insert(flat.end(), &b.at(i, 0), &b.at(i, 0) + depth);
    w.fill(pool, 0, n * depth, dpo::Dtype::kF32, reinterpret_cast<const uint8_t*>(flat.data()));
    for (int64_t i = 0; i < n; i++) {
      dpo::kPortable.unpack(w.view(), i, 0, depth, &b.at(i, 0));
      for (int64_t j = 0; j < depth; j++)
        rounding.worst = std::max(rounding.worst, std::abs(b.at(i, j) - double{flat[static_cast<size_t>(i * depth + j)]}) > 0.05 ? 1.0 : 0.0);
    }

    const size_t places = static_cast<size_t>(m * groups);
    std::vector<int8_t> numbers(places * group + kMargin, 99);
    Floats scale(places + kMargin, kPoison);
    std::vector<int32_t> offset(places + kMargin, 99);
    const dpo::Int8Rows rows{m, groups, numbers.data(), scale.data(), offset.data()};
    const int64_t middle = upTo(groups);
    for (int64_t panel = 0; panel * k.panelRows < m; panel++) {
      k.roundToInt8(depth, a.data.data(), a.ld, panel, 0, middle, rows);
      k.roundToInt8(depth, a.data.data(), a.ld, panel, middle, groups, rows);
    }
    rounding.tight = rounding.tight && numbers[places * group] == 99 && std::isnan(scale[places]) && offset[places] == 99;
    Matrix rounded(m, depth);
    for (int64_t r = 0; r < m; r++) {
      const int64_t first = r / k.panelRows * k.panelRows, count = std::min(k.panelRows, m - first);
      for (int64_t g = 0; g < groups; g++) {
        const size_t at = static_cast<size_t>(first * groups + g * count + r - first);
        int32_t sum = 0;
        float largest = 0;
        for (int64_t i = 0; i < group; i++) {
          const int64_t column = g * group + i;
          const int number = numbers[at * group + static_cast<size_t>(i)];
          sum += number;
          if (k.boundsPairs && i % 2 == 1) {
            if (std::abs(number + numbers[at * group + static_cast<size_t>(i) - 1]) > 128) rounding.worst = 1;
            if (column < depth) largest = std::max(largest, std::abs(a.at(r, column) + a.at(r, column - 1)));
          }
          if (column >= depth) {
            if (number != 0) rounding.worst = 1;
            continue;
          }
          rounded.at(r, column) = scale[at] * static_cast<float>(number);
          largest = std::max(largest, std::abs(a.at(r, column)));
        }
        if (offset[at] != -128 * sum) rounding.worst = 1;
        for (int64_t column = g * group; column < std::min(depth, (g + 1) * group); column++)
          if (!(std::abs(rounded.at(r, column) - a.at(r, column)) <= 0.5001f * largest / 127)) rounding.worst = 1;
      }
    }

    const Matrix init = Matrix::random(m, n), right = b.transposed();
    Matrix c(m, n);
    k.matmulInt8(rows, w.view(), 0, n, c.data.data(), c.ld, init.data.data(), init.ld);
    product.add(c, &init, rounded, right, false);
    if (n > dpo::kInt8Rows) {
      // The rows after the first tile, without a bias.
      const int64_t rest = n - dpo::kInt8Rows;
      Matrix part(m, rest), others(depth, rest);
      for (int64_t i = 0; i < depth; i++)
        for (int64_t j = 0; j < rest; j++) others.at(i, j) = right.at(i, j + dpo::kInt8Rows);
      k.matmulInt8(rows, w.view(), dpo::kInt8Rows, rest, part.data.data(), part.ld, nullptr, 0);
      product.add(part, nullptr, rounded, others, false);
    }
    const int64_t row = upTo(m) - 1;
    std::vector<int8_t> oneNumbers(static_cast<size_t>(groups * group));
    Floats oneScale(static_cast<size_t>(groups));
    std::vector<int32_t> oneOffset(static_cast<size_t>(groups));
    const dpo::Int8Rows one{1, groups, oneNumbers.data(), oneScale.data(), oneOffset.data()};
    k.roundToInt8(depth, &a.at(row, 0), a.ld, 0, 0, groups, one);
    Matrix single(1, n);
    k.matmulInt8(one, w.view(), 0, n, single.data.data(), single.ld, &init.data[static_cast<size_t>(row * init.ld)], 0);
    if (std::memcmp(&single.at(0, 0), &c.at(row, 0), static_cast<size_t>(n) * sizeof(float)) != 0) alone.worst = 1;

    // A number that is not finite must not vanish.
    a.at(row, upTo(depth) - 1) = generator() % 2 == 0 ? kPoison : std::numeric_limits<float>::infinity();
    k.roundToInt8(depth, &a.at(row, 0), a.ld, 0, 0, groups, one);
    k.matmulInt8(one, w.view(), 0, n, single.data.data(), single.ld, nullptr, 0);
    for (int64_t j = 0; j < n; j++)
      if (std::isfinite(single.at(0, j))) rounding.worst = 1;
  }
};

struct Table {
  const char* name;
  const char* instructions;
  bool rounds;
};
constexpr Table kTables[] = {{"portable", "portable", false},
                             {"avx2", "avx2", false},
                             {"avx512", "avx512", false},
                             {"avx512-bf16", "avx512", true},
                             {"amx", "amx", true}};

// The table, or null if this machine cannot run it.
const Kernels<float>* find(const Table& table) {
  try {
    const Kernels<float>& found = dpo::chooseKernels<float>(table.instructions, table.rounds);
    return table.rounds && found.roundToPage == nullptr ? nullptr : &found;
  } catch (const std::invalid_argument&) {
    return nullptr;
  }
}

bool check(const Table& table, const Kernels<float>& kernels) {
  std::printf("%s: %s\n", table.name, kernels.name);
  Entries entries;
  for (int i = 0; i < kShapes; i++) entries.tryShape(kernels, table.rounds);
  bool good = true;
  for (const Entry* entry :
       {&entries.pack, &entries.packTransposed, &entries.transposed, &entries.stored, &entries.alone})
    good = entry->print() && good;
  if (kernels.packStored != nullptr)
    for (const Entry* entry : {&entries.packStored, &entries.packStoredTransposed}) good = entry->print() && good;
  const bool agree = threadsAgree(kernels);
  std::printf("  %-20s %s\n", "threads", agree ? "agree" : "WRONG");
  return good && agree;
}

constexpr const char* kInt8Tables[] = {"int8-avx2", "int8-avx-vnni", "int8-avx512-vnni"};

bool checkInt8(const char* name, const dpo::Int8Products<float>& products) {
  std::printf("%s\n", name);
  Int8Entries entries;
  for (int i = 0; i < kShapes; i++) entries.tryShape(products);
  bool good = true;
  for (const Entry* entry : {&entries.rounding, &entries.product, &entries.alone}) good = entry->print() && good;
  return good;
}

}  // namespace

int main(int count, char** names) {
  const std::vector<std::string> wanted(names + 1, names + count);
  for (const std::string& name : wanted)
    if (std::none_of(std::begin(kTables), std::end(kTables), [&](const Table& table) { return name == table.name; }) &&
        std::find(std::begin(kInt8Tables), std::end(kInt8Tables), name) == std::end(kInt8Tables)) {
      std::fprintf(stderr, "there is no table '%s'\n", name.c_str());
      return 2;
    }
  bool good = true;
  for (const Table& table : kTables) {
    const bool named = std::find(wanted.begin(), wanted.end(), table.name) != wanted.end();
    if (!named && !wanted.empty()) continue;
    const Kernels<float>* const kernels = find(table);
    if (kernels != nullptr) {
      good = check(table, *kernels) && good;
    } else {
      std::printf("%s: not on this machine\n", table.name);
      good = good && !named;
    }
    std::fflush(stdout);
  }
  for (const char* name : kInt8Tables) {
    const bool named = std::find(wanted.begin(), wanted.end(), name) != wanted.end();
    if (!named && !wanted.empty()) continue;
    const dpo::Int8Products<float>* const products = dpo::findInt8(name + std::strlen("int8-"));
    if (products != nullptr) {
      good = checkInt8(name, *products) && good;
    } else {
      std::printf("%s: not on this machine\n", name);
      good = good && !named;
    }
  }
  std::printf("chosen for bf16: %s\n", dpo::chooseKernels<float>("", true).name);
  return good ? 0 : 1;
}
