#include "convolution.h"

#include <gemm.h>

#include <algorithm>
#include <vector>

using cudasim::Element;
using cudasim::PanelSource;
using cudasim::Rounding;
using cudasim::TileSink;

cudnnStatus_t make_geometry(cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                            cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y,
                            Geometry* geometry) {
  if (!x || !w || !convolution || !y) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  int n = x->dimensions;
  if (n < 3 || n > 5) return CUDNN_STATUS_NOT_SUPPORTED;
  if (w->dimensions != n || y->dimensions != n || convolution->dimensions != n - 2) {
    return CUDNN_STATUS_BAD_PARAM;
  }
  Geometry g = {};
  if (x->type != w->type || x->type != y->type) return CUDNN_STATUS_NOT_SUPPORTED;
  if (!element_of(x->type, &g.type)) return CUDNN_STATUS_NOT_SUPPORTED;
  bool in_double = x->type == CUDNN_DATA_DOUBLE;
  if (convolution->compute != (in_double ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT)) {
    return CUDNN_STATUS_NOT_SUPPORTED;
  }
  g.batch = x->size[0];
  g.in_channels = x->size[1];
  g.out_channels = w->size[0];
  g.groups = convolution->groups;
  if (w->size[1] * g.groups != g.in_channels || g.out_channels % g.groups ||
      y->size[0] != g.batch || y->size[1] != g.out_channels) {
    return CUDNN_STATUS_BAD_PARAM;
  }
  g.x_batch = x->stride[0];
  g.x_channel = x->stride[1];
  g.y_batch = y->stride[0];
  g.y_channel = y->stride[1];
  bool channels_last = w->format == CUDNN_TENSOR_NHWC;
  int64_t step = channels_last ? w->size[1] : 1;
  for (int d = 2; d >= 0; d--) {
    int i = d - (5 - n);  // the axis of the descriptors, or none
    bool there = i >= 0;
    g.in[d] = there ? x->size[i + 2] : 1;
    g.out[d] = there ? y->size[i + 2] : 1;
    g.taps[d] = there ? w->size[i + 2] : 1;
    g.pad[d] = there ? convolution->pad[i] : 0;
    g.stride[d] = there ? convolution->stride[i] : 1;
    g.dilation[d] = there ? convolution->dilation[i] : 1;
    g.x_space[d] = there ? x->stride[i + 2] : 0;
    g.y_space[d] = there ? y->stride[i + 2] : 0;
    g.w_space[d] = step;
    step *= g.taps[d];
    int room = g.in[d] + 2 * g.pad[d] - ((g.taps[d] - 1) * g.dilation[d] + 1);
    if (room < 0 || g.out[d] != room / g.stride[d] + 1) return CUDNN_STATUS_BAD_PARAM;
  }
  g.w_in = channels_last ? 1 : step;
  g.w_out = channels_last ? step : step * w->size[1];
  g.flipped = convolution->mode == CUDNN_CONVOLUTION;
  // Unless told otherwise, cuDNN multiplies floats on tensor cores, rounded to TF32.
  bool exact = convolution->math == CUDNN_FMA_MATH || x->type != CUDNN_DATA_FLOAT;
  g.rounding = exact ? Rounding::kNone : Rounding::kTf32;
  *geometry = g;
  return CUDNN_STATUS_SUCCESS;
}

namespace {

// One index of a product: a part of the address, and a part of the place in space.
struct Point {
  int64_t offset;
  int at[3];
};

// Element (row, column) of a gathered matrix is at offset(row) + offset(column) + the place
// at(row) + at(column), divided by the divisor; zero where that place does not exist.
struct Gather {
  const void* data;
  Element type;
  const std::vector<Point>* rows;
  const std::vector<Point>* columns;
  bool in_space = false;  // false: the offsets are all
  int size[3] = {1, 1, 1};
  int divisor[3] = {1, 1, 1};
  int64_t step[3] = {0, 0, 0};
};

template <class Number>
class GatheredSource : public PanelSource<Number> {
 public:
  GatheredSource(const Gather& gather, Rounding rounding) : gather_(gather), rounding_(rounding) {}

  void pack(int64_t first_row, int64_t rows, int64_t first_column, int64_t columns, int64_t width,
            Number* to) const override {
    for (int64_t p = 0; p < columns; p++) {
      const Point& column = (*gather_.columns)[size_t(first_column + p)];
      for (int64_t i = 0; i < rows; i++) {
        to[p * width + i] = element((*gather_.rows)[size_t(first_row + i)], column);
      }
    }
  }

 private:
  Number element(const Point& row, const Point& column) const {
    int64_t offset = row.offset + column.offset;
    if (gather_.in_space) {
      for (int d = 0; d < 3; d++) {
        int place = row.at[d] + column.at[d];
        int divisor = gather_.divisor[d];
        if (place < 0) return 0;
        if (divisor != 1) {
          if (place % divisor) return 0;
          place /= divisor;
        }
        if (place >= gather_.size[d]) return 0;
        offset += place * gather_.step[d];
      }
    }
    Number x = cudasim::load<Number>(gather_.data, gather_.type, offset);
    return rounding_ == Rounding::kNone ? x : Number(cudasim::round_input(float(x), rounding_));
  }

  Gather gather_;
  Rounding rounding_;
};

template <class Number>
class ScatteredSink : public TileSink<Number> {
 public:
  ScatteredSink(void* data, Element type, const std::vector<Point>& rows,
                const std::vector<Point>& columns, const Epilogue& epilogue)
      : data_(data), type_(type), rows_(rows), columns_(columns), epilogue_(epilogue) {}

  // Where the fused pass reads: offsets of the other summand and of the bias.
  void read_other(std::vector<int64_t> rows, std::vector<int64_t> columns,
                  std::vector<int64_t> bias) {
    other_rows_ = std::move(rows);
    other_columns_ = std::move(columns);
    bias_ = std::move(bias);
  }

  void take(int64_t first_row, int64_t rows, int64_t first_column, int64_t columns,
            const Number* tile, int64_t tile_rows) override {
    for (int64_t j = 0; j < columns; j++) {
      auto column = size_t(first_column + j);
      for (int64_t i = 0; i < rows; i++) {
        auto row = size_t(first_row + i);
        int64_t to = rows_[row].offset + columns_[column].offset;
        Number x = Number(epilogue_.alpha) * tile[j * tile_rows + i];
        if (epilogue_.beta != 0) {
          Number old = epilogue_.other
                           ? cudasim::load<Number>(epilogue_.other, type_,
                                                   other_rows_[row] + other_columns_[column])
                           : cudasim::load<Number>(data_, type_, to);
          x += Number(epilogue_.beta) * old;
        }
        if (epilogue_.bias) x += cudasim::load<Number>(epilogue_.bias, type_, bias_[column]);
        if (epilogue_.relu && x < Number(0)) x = 0;
        cudasim::store(data_, type_, to, x);
      }
    }
  }

 private:
  void* data_;
  Element type_;
  const std::vector<Point>& rows_;
  const std::vector<Point>& columns_;
  Epilogue epilogue_;
  std::vector<int64_t> other_rows_, other_columns_, bias_;
};

// All images and places of a tensor; each axis of `at` is place * scale + shift.
std::vector<Point> places(int batch, const int size[3], int64_t batch_step,
                          const int64_t space_step[3], const int scale[3], const int shift[3]) {
  std::vector<Point> points;
  points.reserve(size_t(batch) * size_t(size[0]) * size_t(size[1]) * size_t(size[2]));
  for (int b = 0; b < batch; b++) {
    for (int i = 0; i < size[0]; i++) {
      for (int j = 0; j < size[1]; j++) {
        for (int k = 0; k < size[2]; k++) {
          points.push_back({b * batch_step + i * space_step[0] + j * space_step[1] +
                                k * space_step[2],
                            {i * scale[0] + shift[0], j * scale[1] + shift[1],
                             k * scale[2] + shift[2]}});
        }
      }
    }
  }
  return points;
}

// All pairs of a channel and a tap of the filter; `sign` is that of the tap's shift.
std::vector<Point> channels_and_taps(const Geometry& g, int channels, int64_t channel_step,
                                     const int64_t tap_step[3], int sign) {
  std::vector<Point> points;
  for (int c = 0; c < channels; c++) {
    for (int i = 0; i < g.taps[0]; i++) {
      for (int j = 0; j < g.taps[1]; j++) {
        for (int k = 0; k < g.taps[2]; k++) {
          int tap[3] = {i, j, k};
          Point point = {c * channel_step, {0, 0, 0}};
          for (int d = 0; d < 3; d++) {
            point.offset += tap[d] * tap_step[d];
            int at = g.flipped ? g.taps[d] - 1 - tap[d] : tap[d];
            point.at[d] = sign * at * g.dilation[d];
          }
          points.push_back(point);
        }
      }
    }
  }
  return points;
}

std::vector<Point> channels(int count, int64_t step) {
  std::vector<Point> points;
  for (int c = 0; c < count; c++) points.push_back({c * step, {0, 0, 0}});
  return points;
}

constexpr int64_t kNoSteps[3] = {0, 0, 0};
constexpr int kOnes[3] = {1, 1, 1};
constexpr int kZeros[3] = {0, 0, 0};

void* at(void* data, Element type, int64_t offset) {
  return static_cast<char*>(data) + offset * int64_t(size_of(type));
}

// y: a row for each image and place, a column for each out-channel.
template <class Number>
void forward(const Geometry& g, void* x, void* w, void* y, const Epilogue& epilogue) {
  int ins = g.in_channels / g.groups, outs = g.out_channels / g.groups;
  int minus_pad[3] = {-g.pad[0], -g.pad[1], -g.pad[2]};
  auto x_rows = places(g.batch, g.out, g.x_batch, kNoSteps, g.stride, minus_pad);
  auto x_columns = channels_and_taps(g, ins, g.x_channel, kNoSteps, 1);
  auto w_rows = channels(outs, g.w_out);
  auto w_columns = channels_and_taps(g, ins, g.w_in, g.w_space, 1);
  auto y_rows = places(g.batch, g.out, g.y_batch, g.y_space, kOnes, kZeros);
  auto y_columns = channels(outs, g.y_channel);
  for (int group = 0; group < g.groups; group++) {
    Gather image = {at(x, g.type, group * ins * g.x_channel), g.type, &x_rows, &x_columns};
    image.in_space = true;
    std::copy(g.in, g.in + 3, image.size);
    std::copy(g.x_space, g.x_space + 3, image.step);
    Gather filter = {at(w, g.type, group * outs * g.w_out), g.type, &w_rows, &w_columns};
    ScatteredSink<Number> sink(at(y, g.type, group * outs * g.y_channel), g.type, y_rows,
                               y_columns, epilogue);
    if (epilogue.other || epilogue.bias) {
      std::vector<int64_t> rows, columns, bias;
      for (const Point& point : places(g.batch, g.out, epilogue.other_batch, epilogue.other_space,
                                       kOnes, kZeros)) {
        rows.push_back(point.offset);
      }
      for (int c = group * outs; c < (group + 1) * outs; c++) {
        columns.push_back(c * epilogue.other_channel);
        bias.push_back(c);
      }
      sink.read_other(std::move(rows), std::move(columns), std::move(bias));
    }
    cudasim::multiply(int64_t(y_rows.size()), outs, int64_t(x_columns.size()),
                      GatheredSource<Number>(image, g.rounding),
                      GatheredSource<Number>(filter, g.rounding), sink);
  }
}

// dx: a row for each image and place, a column for each in-channel; dy exists only where the stride
// leads to.
template <class Number>
void backward_data(const Geometry& g, void* dx, void* w, void* dy, const Epilogue& epilogue,
                   bool reversed) {
  int ins = g.in_channels / g.groups, outs = g.out_channels / g.groups;
  auto dy_rows = places(g.batch, g.in, g.y_batch, kNoSteps, kOnes, g.pad);
  auto dy_columns = channels_and_taps(g, outs, g.y_channel, kNoSteps, -1);
  auto w_rows = channels(ins, g.w_in);
  auto w_columns = channels_and_taps(g, outs, g.w_out, g.w_space, -1);
  auto dx_rows = places(g.batch, g.in, g.x_batch, g.x_space, kOnes, kZeros);
  auto dx_columns = channels(ins, g.x_channel);
  if (reversed) {
    std::reverse(dy_columns.begin(), dy_columns.end());
    std::reverse(w_columns.begin(), w_columns.end());
  }
  for (int group = 0; group < g.groups; group++) {
    Gather gradient = {at(dy, g.type, group * outs * g.y_channel), g.type, &dy_rows,
                       &dy_columns};
    gradient.in_space = true;
    std::copy(g.out, g.out + 3, gradient.size);
    std::copy(g.stride, g.stride + 3, gradient.divisor);
    std::copy(g.y_space, g.y_space + 3, gradient.step);
    Gather filter = {at(w, g.type, group * outs * g.w_out), g.type, &w_rows, &w_columns};
    ScatteredSink<Number> sink(at(dx, g.type, group * ins * g.x_channel), g.type, dx_rows,
                               dx_columns, epilogue);
    cudasim::multiply(int64_t(dx_rows.size()), ins, int64_t(dy_columns.size()),
                      GatheredSource<Number>(gradient, g.rounding),
                      GatheredSource<Number>(filter, g.rounding), sink);
  }
}

// dw: a row for each out-channel, a column for each in-channel and tap; the sum is over all images
// and places of y.
template <class Number>
void backward_filter(const Geometry& g, void* x, void* dw, void* dy, const Epilogue& epilogue,
                     bool reversed) {
  int ins = g.in_channels / g.groups, outs = g.out_channels / g.groups;
  int minus_pad[3] = {-g.pad[0], -g.pad[1], -g.pad[2]};
  auto dy_rows = channels(outs, g.y_channel);
  auto dy_columns = places(g.batch, g.out, g.y_batch, g.y_space, kOnes, kZeros);
  auto x_rows = channels_and_taps(g, ins, g.x_channel, kNoSteps, 1);
  auto x_columns = places(g.batch, g.out, g.x_batch, kNoSteps, g.stride, minus_pad);
  auto dw_rows = channels(outs, g.w_out);
  auto dw_columns = channels_and_taps(g, ins, g.w_in, g.w_space, 1);
  if (reversed) {
    std::reverse(dy_columns.begin(), dy_columns.end());
    std::reverse(x_columns.begin(), x_columns.end());
  }
  for (int group = 0; group < g.groups; group++) {
    Gather gradient = {at(dy, g.type, group * outs * g.y_channel), g.type, &dy_rows,
                       &dy_columns};
    Gather image = {at(x, g.type, group * ins * g.x_channel), g.type, &x_rows, &x_columns};
    image.in_space = true;
    std::copy(g.in, g.in + 3, image.size);
    std::copy(g.x_space, g.x_space + 3, image.step);
    ScatteredSink<Number> sink(at(dw, g.type, group * outs * g.w_out), g.type, dw_rows,
                               dw_columns, epilogue);
    cudasim::multiply(outs, int64_t(x_rows.size()), int64_t(dy_columns.size()),
                      GatheredSource<Number>(gradient, g.rounding),
                      GatheredSource<Number>(image, g.rounding), sink);
  }
}

template <class Number>
void convolve_in(Direction direction, const Geometry& g, void* x, void* w, void* y,
                 const Epilogue& epilogue, bool reversed) {
  switch (direction) {
    case Direction::kForward: forward<Number>(g, x, w, y, epilogue); break;
    case Direction::kBackwardData: backward_data<Number>(g, x, w, y, epilogue, reversed); break;
    case Direction::kBackwardFilter:
      backward_filter<Number>(g, x, w, y, epilogue, reversed);
      break;
  }
}

}  // namespace

void convolve(Direction direction, const Geometry& geometry, void* x, void* w, void* y,
              const Epilogue& epilogue, bool reversed) {
  if (geometry.type == Element::kF64) {
    convolve_in<double>(direction, geometry, x, w, y, epilogue, reversed);
  } else {
    convolve_in<float>(direction, geometry, x, w, y, epilogue, reversed);
  }
}
