#include "gemm.h"

#include <algorithm>
#include <string.h>
#include <vector>

namespace cudasim {

namespace {

// A register tile of two vectors by six broadcast numbers keeps 12 of 16 registers busy.
constexpr int64_t kTileColumns = 6;
constexpr int64_t kVectorBytes = 32;

template <class Number>
struct Blocking {
  static constexpr int64_t kTileRows = 2 * kVectorBytes / int64_t(sizeof(Number));
  static constexpr int64_t kRows = 6 * kTileRows;       // of a packed block of a: fits the L2
  static constexpr int64_t kColumns = 16 * kTileColumns;  // of b
  static constexpr int64_t kDepth = 256;
};

// tile[j * tile_rows + i] += sum over p of a[p * kTileRows + i] * b[p * kTileColumns + j]
template <class Number>
void multiply_tile(int64_t depth, const Number* a, const Number* b, Number* tile,
                   int64_t tile_rows) {
  typedef Number Vector __attribute__((vector_size(kVectorBytes)));
  constexpr int64_t lanes = kVectorBytes / int64_t(sizeof(Number));
  Vector sums[kTileColumns][2] = {};
  for (int64_t p = 0; p < depth; p++) {
    Vector low, high;
    memcpy(&low, a, sizeof low);
    memcpy(&high, a + lanes, sizeof high);
    for (int64_t j = 0; j < kTileColumns; j++) {
      sums[j][0] += low * b[j];
      sums[j][1] += high * b[j];
    }
    a += 2 * lanes;
    b += kTileColumns;
  }
  for (int64_t j = 0; j < kTileColumns; j++) {
    for (int half = 0; half < 2; half++) {
      Vector old;
      memcpy(&old, tile + j * tile_rows + half * lanes, sizeof old);
      old += sums[j][half];
      memcpy(tile + j * tile_rows + half * lanes, &old, sizeof old);
    }
  }
}

// Packs rows [first, first + rows) in panels of `width` rows each.
template <class Number>
void pack_panels(const PanelSource<Number>& source, int64_t first, int64_t rows, int64_t start,
                 int64_t depth, int64_t width, Number* to) {
  for (int64_t i = 0; i < rows; i += width) {
    int64_t there = std::min(width, rows - i);
    if (there < width) std::fill(to, to + depth * width, Number(0));
    source.pack(first + i, there, start, depth, width, to);
    to += depth * width;
  }
}

template <class Number>
void multiply_blocks(int64_t m, int64_t n, int64_t k, const PanelSource<Number>& a,
                     const PanelSource<Number>& b, TileSink<Number>& out) {
  using Block = Blocking<Number>;
  std::vector<Number> packed_a(size_t(Block::kRows * Block::kDepth));
  std::vector<Number> packed_b(size_t(Block::kColumns * Block::kDepth));
  std::vector<Number> sums(size_t(Block::kRows * Block::kColumns));
  for (int64_t column = 0; column < n; column += Block::kColumns) {
    int64_t columns = std::min(Block::kColumns, n - column);
    for (int64_t row = 0; row < m; row += Block::kRows) {
      int64_t rows = std::min(Block::kRows, m - row);
      std::fill(sums.begin(), sums.end(), Number(0));
      for (int64_t start = 0; start < k; start += Block::kDepth) {
        int64_t depth = std::min(Block::kDepth, k - start);
        pack_panels(a, row, rows, start, depth, Block::kTileRows, packed_a.data());
        pack_panels(b, column, columns, start, depth, kTileColumns, packed_b.data());
        for (int64_t j = 0; j < columns; j += kTileColumns) {
          for (int64_t i = 0; i < rows; i += Block::kTileRows) {
            multiply_tile(depth, packed_a.data() + i * depth, packed_b.data() + j * depth,
                          sums.data() + j * Block::kRows + i, Block::kRows);
          }
        }
      }
      out.take(row, rows, column, columns, sums.data(), Block::kRows);
    }
  }
}

}  // namespace

void multiply(int64_t m, int64_t n, int64_t k, const PanelSource<float>& a,
              const PanelSource<float>& b, TileSink<float>& out) {
  multiply_blocks(m, n, k, a, b, out);
}

void multiply(int64_t m, int64_t n, int64_t k, const PanelSource<double>& a,
              const PanelSource<double>& b, TileSink<double>& out) {
  multiply_blocks(m, n, k, a, b, out);
}

template <class Number>
void MatrixSource<Number>::pack(int64_t first_row, int64_t rows, int64_t first_column,
                                int64_t columns, int64_t width, Number* to) const {
  for (int64_t p = 0; p < columns; p++) {
    int64_t from = first_row * matrix_.row_step + (first_column + p) * matrix_.column_step;
    for (int64_t i = 0; i < rows; i++) {
      to[p * width + i] = load<Number>(matrix_.data, matrix_.type, from + i * matrix_.row_step);
    }
  }
  if (rounding_ == Rounding::kNone) return;
  for (int64_t i = 0; i < columns * width; i++) {
    to[i] = Number(round_input(float(to[i]), rounding_));
  }
}

template <class Number>
void MatrixSink<Number>::take(int64_t first_row, int64_t rows, int64_t first_column,
                              int64_t columns, const Number* tile, int64_t tile_rows) {
  for (int64_t j = 0; j < columns; j++) {
    int64_t to = first_row * c_.row_step + (first_column + j) * c_.column_step;
    for (int64_t i = 0; i < rows; i++, to += c_.row_step) {
      Number x = alpha_ * tile[j * tile_rows + i];
      if (beta_ != Number(0)) x += beta_ * load<Number>(data_, c_.type, to);
      store(data_, c_.type, to, x);
    }
  }
}

template class MatrixSource<float>;
template class MatrixSource<double>;
template class MatrixSink<float>;
template class MatrixSink<double>;

}  // namespace cudasim
