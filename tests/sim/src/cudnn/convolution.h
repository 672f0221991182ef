// What a convolution is, apart from where it is called from, and how it is computed: each of the
// three directions is one matrix product over indices gathered from the tensors.
#pragma once

#include "cudnn_types.h"

enum class Direction { kForward, kBackwardData, kBackwardFilter };

// Sizes and steps, with space always three-dimensional (sizes of 1 in front). A plain struct: it
// travels in the arguments of the work.
struct Geometry {
  int batch, in_channels, out_channels, groups;  // channels of all groups
  int in[3], out[3], taps[3];
  int pad[3], stride[3], dilation[3];
  // Steps in elements: of x, of the filter, of y.
  int64_t x_batch, x_channel, x_space[3];
  int64_t w_out, w_in, w_space[3];
  int64_t y_batch, y_channel, y_space[3];
  bool flipped;  // a true convolution instead of a cross-correlation
  cudasim::Element type;
  cudasim::Rounding rounding;
};

// Checks that the descriptors fit together.
cudnnStatus_t make_geometry(cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                            cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y,
                            Geometry* geometry);

// What happens to each result: r = alpha * r + beta * old, and for the fused forward pass
// r = activation(alpha * r + beta * other + bias).
struct Epilogue {
  double alpha, beta;
  const void* bias = nullptr;   // one for each out-channel
  const void* other = nullptr;  // with the steps below; null: the old result
  int64_t other_batch = 0, other_channel = 0, other_space[3] = {};
  bool relu = false;
};

// Reads two of x, w and y and writes the third. `reversed` sums in the other order, as an algorithm
// that is not deterministic may.
void convolve(Direction direction, const Geometry& geometry, void* x, void* w, void* y,
              const Epilogue& epilogue, bool reversed);
