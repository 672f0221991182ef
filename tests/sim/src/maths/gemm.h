// Matrix products on the CPU, blocked for its caches and written for its vector units. The order of
// the sums depends on nothing but the sizes, so results are the same every time.
#pragma once

#include <stdint.h>

#include "elements.h"

namespace cudasim {

// A matrix in memory: element (row, column) is data[row * row_step + column * column_step].
struct Matrix {
  const void* data;
  Element type;
  int64_t row_step;
  int64_t column_step;
};

// A product's inputs can be any function of the indices; the engine asks for whole panels.
template <class Number>
class PanelSource {
 public:
  virtual ~PanelSource() = default;

  // Writes to[p * width + i] = element (first_row + i, first_column + p) for `rows` rows and
  // `columns` columns; the engine has set the rest to zero.
  virtual void pack(int64_t first_row, int64_t rows, int64_t first_column, int64_t columns,
                    int64_t width, Number* to) const = 0;
};

// Where finished tiles go.
template <class Number>
class TileSink {
 public:
  virtual ~TileSink() = default;

  // Element (first_row + i, first_column + j) of the product is tile[j * tile_rows + i].
  virtual void take(int64_t first_row, int64_t rows, int64_t first_column, int64_t columns,
                    const Number* tile, int64_t tile_rows) = 0;
};

// Computes sum over p of a(i, p) * b(j, p) for all i < m and j < n: both sources are asked for rows
// of their own and columns along the sum.
void multiply(int64_t m, int64_t n, int64_t k, const PanelSource<float>& a,
              const PanelSource<float>& b, TileSink<float>& out);
void multiply(int64_t m, int64_t n, int64_t k, const PanelSource<double>& a,
              const PanelSource<double>& b, TileSink<double>& out);

// The usual source: a matrix in memory, rounded as tensor cores round it.
template <class Number>
class MatrixSource : public PanelSource<Number> {
 public:
  MatrixSource(Matrix matrix, Rounding rounding) : matrix_(matrix), rounding_(rounding) {}

  void pack(int64_t first_row, int64_t rows, int64_t first_column, int64_t columns, int64_t width,
            Number* to) const override;

 private:
  Matrix matrix_;
  Rounding rounding_;
};

// The usual sink: c = alpha * product + beta * c, where c is not read if beta is 0.
template <class Number>
class MatrixSink : public TileSink<Number> {
 public:
  MatrixSink(Matrix c, void* data, Number alpha, Number beta)
      : c_(c), data_(data), alpha_(alpha), beta_(beta) {}

  void take(int64_t first_row, int64_t rows, int64_t first_column, int64_t columns,
            const Number* tile, int64_t tile_rows) override;

 private:
  Matrix c_;
  void* data_;
  Number alpha_;
  Number beta_;
};

}  // namespace cudasim
