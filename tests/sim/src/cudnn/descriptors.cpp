// Descriptors of tensors, filters, convolutions and activations.
#include <cudasim_library.h>

#include <algorithm>

#include "cudnn_types.h"

namespace {

bool fits(int dimensions) { return dimensions >= 3 && dimensions <= kMaxDimensions; }

// Strides of a packed tensor in the format.
void pack(cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format) {
  int n = tensor->dimensions;
  if (format == CUDNN_TENSOR_NCHW) {
    tensor->stride[n - 1] = 1;
    for (int i = n - 2; i >= 0; i--) tensor->stride[i] = tensor->stride[i + 1] * tensor->size[i + 1];
    return;
  }
  tensor->stride[1] = 1;
  int step = tensor->size[1];
  for (int i = n - 1; i >= 2; i--) {
    tensor->stride[i] = step;
    step *= tensor->size[i];
  }
  tensor->stride[0] = step;
}

cudnnStatus_t set_tensor(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, int dimensions,
                         const int* size) {
  cudasim::Element element;
  if (!tensor || !size) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (!fits(dimensions)) return CUDNN_STATUS_NOT_SUPPORTED;
  if (!element_of(type, &element)) return CUDNN_STATUS_NOT_SUPPORTED;
  if (*std::min_element(size, size + dimensions) <= 0) return CUDNN_STATUS_BAD_PARAM;
  tensor->type = type;
  tensor->dimensions = dimensions;
  std::copy(size, size + dimensions, tensor->size);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t set_filter(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                         cudnnTensorFormat_t format, int dimensions, const int* size) {
  cudasim::Element element;
  if (!filter || !size) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (!fits(dimensions) || !element_of(type, &element)) return CUDNN_STATUS_NOT_SUPPORTED;
  if (format != CUDNN_TENSOR_NCHW && format != CUDNN_TENSOR_NHWC) return CUDNN_STATUS_NOT_SUPPORTED;
  if (*std::min_element(size, size + dimensions) <= 0) return CUDNN_STATUS_BAD_PARAM;
  filter->type = type;
  filter->format = format;
  filter->dimensions = dimensions;
  std::copy(size, size + dimensions, filter->size);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t set_convolution(cudnnConvolutionDescriptor_t convolution, int dimensions,
                              const int* pad, const int* stride, const int* dilation,
                              cudnnConvolutionMode_t mode, cudnnDataType_t compute) {
  if (!convolution || !pad || !stride || !dilation) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (dimensions < 1 || dimensions > 3) return CUDNN_STATUS_NOT_SUPPORTED;
  for (int i = 0; i < dimensions; i++) {
    if (pad[i] < 0 || stride[i] <= 0 || dilation[i] <= 0) return CUDNN_STATUS_BAD_PARAM;
  }
  if (mode != CUDNN_CROSS_CORRELATION && mode != CUDNN_CONVOLUTION) return CUDNN_STATUS_BAD_PARAM;
  convolution->dimensions = dimensions;
  std::copy(pad, pad + dimensions, convolution->pad);
  std::copy(stride, stride + dimensions, convolution->stride);
  std::copy(dilation, dilation + dimensions, convolution->dilation);
  convolution->mode = mode;
  convolution->compute = compute;
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

// A count for creations lets tests see descriptors that are never destroyed.
#define CUDNN_DESCRIPTOR(name, Struct)                                           \
  CUDNN_API cudnnStatus_t cudnnCreate##name##Descriptor(Struct** descriptor) {   \
    CUDNN_ENTER("cudnnCreate" #name "Descriptor");                               \
    if (!descriptor) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;                 \
    *descriptor = new Struct();                                                  \
    return CUDNN_STATUS_SUCCESS;                                                 \
  }                                                                              \
  CUDNN_API cudnnStatus_t cudnnDestroy##name##Descriptor(Struct* descriptor) {   \
    CUDNN_ENTER("cudnnDestroy" #name "Descriptor");                              \
    delete descriptor;                                                           \
    return CUDNN_STATUS_SUCCESS;                                                 \
  }

CUDNN_DESCRIPTOR(Tensor, cudnnTensorStruct)
CUDNN_DESCRIPTOR(Filter, cudnnFilterStruct)
CUDNN_DESCRIPTOR(Convolution, cudnnConvolutionStruct)
CUDNN_DESCRIPTOR(Activation, cudnnActivationStruct)

// --- tensors ---

CUDNN_API cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t tensor,
                                                   cudnnDataType_t type, int dimensions,
                                                   const int* size, const int* stride) {
  CUDNN_ENTER("cudnnSetTensorDescriptor");
  if (!stride) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  cudnnStatus_t status = set_tensor(tensor, type, dimensions, size);
  if (!status) std::copy(stride, stride + dimensions, tensor->stride);
  return status;
}

CUDNN_API cudnnStatus_t cudnnSetTensorNdDescriptorEx(cudnnTensorDescriptor_t tensor,
                                                     cudnnTensorFormat_t format,
                                                     cudnnDataType_t type, int dimensions,
                                                     const int* size) {
  CUDNN_ENTER("cudnnSetTensorDescriptor");
  if (format != CUDNN_TENSOR_NCHW && format != CUDNN_TENSOR_NHWC) return CUDNN_STATUS_NOT_SUPPORTED;
  cudnnStatus_t status = set_tensor(tensor, type, dimensions, size);
  if (!status) pack(tensor, format);
  return status;
}

CUDNN_API cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensor,
                                                   cudnnTensorFormat_t format,
                                                   cudnnDataType_t type, int n, int c, int h,
                                                   int w) {
  int size[] = {n, c, h, w};
  return cudnnSetTensorNdDescriptorEx(tensor, format, type, 4, size);
}

CUDNN_API cudnnStatus_t cudnnSetTensor4dDescriptorEx(cudnnTensorDescriptor_t tensor,
                                                     cudnnDataType_t type, int n, int c, int h,
                                                     int w, int n_stride, int c_stride,
                                                     int h_stride, int w_stride) {
  int size[] = {n, c, h, w};
  int stride[] = {n_stride, c_stride, h_stride, w_stride};
  return cudnnSetTensorNdDescriptor(tensor, type, 4, size, stride);
}

CUDNN_API cudnnStatus_t cudnnGetTensorNdDescriptor(cudnnTensorDescriptor_t tensor, int requested,
                                                   cudnnDataType_t* type, int* dimensions,
                                                   int* size, int* stride) {
  if (!tensor) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  int given = std::min(requested, tensor->dimensions);
  *type = tensor->type;
  *dimensions = tensor->dimensions;
  std::copy(tensor->size, tensor->size + given, size);
  std::copy(tensor->stride, tensor->stride + given, stride);
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnGetTensor4dDescriptor(cudnnTensorDescriptor_t tensor,
                                                   cudnnDataType_t* type, int* n, int* c, int* h,
                                                   int* w, int* n_stride, int* c_stride,
                                                   int* h_stride, int* w_stride) {
  if (!tensor) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (tensor->dimensions != 4) return CUDNN_STATUS_BAD_PARAM;
  *type = tensor->type;
  int* sizes[] = {n, c, h, w};
  int* strides[] = {n_stride, c_stride, h_stride, w_stride};
  for (int i = 0; i < 4; i++) {
    *sizes[i] = tensor->size[i];
    *strides[i] = tensor->stride[i];
  }
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnGetTensorSizeInBytes(cudnnTensorDescriptor_t tensor, size_t* bytes) {
  cudasim::Element element;
  if (!tensor || !bytes) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (!element_of(tensor->type, &element)) return CUDNN_STATUS_BAD_PARAM;
  size_t last = 0;
  for (int i = 0; i < tensor->dimensions; i++) {
    last += size_t(tensor->size[i] - 1) * size_t(tensor->stride[i]);
  }
  *bytes = (last + 1) * size_of(element);
  return CUDNN_STATUS_SUCCESS;
}

// --- filters ---

CUDNN_API cudnnStatus_t cudnnSetFilterNdDescriptor(cudnnFilterDescriptor_t filter,
                                                   cudnnDataType_t type,
                                                   cudnnTensorFormat_t format, int dimensions,
                                                   const int* size) {
  CUDNN_ENTER("cudnnSetFilterDescriptor");
  return set_filter(filter, type, format, dimensions, size);
}

CUDNN_API cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filter,
                                                   cudnnDataType_t type,
                                                   cudnnTensorFormat_t format, int k, int c, int h,
                                                   int w) {
  int size[] = {k, c, h, w};
  return cudnnSetFilterNdDescriptor(filter, type, format, 4, size);
}

CUDNN_API cudnnStatus_t cudnnGetFilterNdDescriptor(cudnnFilterDescriptor_t filter, int requested,
                                                   cudnnDataType_t* type,
                                                   cudnnTensorFormat_t* format, int* dimensions,
                                                   int* size) {
  if (!filter) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  *type = filter->type;
  *format = filter->format;
  *dimensions = filter->dimensions;
  std::copy(filter->size, filter->size + std::min(requested, filter->dimensions), size);
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnGetFilter4dDescriptor(cudnnFilterDescriptor_t filter,
                                                   cudnnDataType_t* type,
                                                   cudnnTensorFormat_t* format, int* k, int* c,
                                                   int* h, int* w) {
  if (!filter) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (filter->dimensions != 4) return CUDNN_STATUS_BAD_PARAM;
  *type = filter->type;
  *format = filter->format;
  int* sizes[] = {k, c, h, w};
  for (int i = 0; i < 4; i++) *sizes[i] = filter->size[i];
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnGetFilterSizeInBytes(cudnnFilterDescriptor_t filter, size_t* bytes) {
  cudasim::Element element;
  if (!filter || !bytes) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (!element_of(filter->type, &element)) return CUDNN_STATUS_BAD_PARAM;
  *bytes = size_of(element);
  for (int i = 0; i < filter->dimensions; i++) *bytes *= size_t(filter->size[i]);
  return CUDNN_STATUS_SUCCESS;
}

// --- convolutions ---

CUDNN_API cudnnStatus_t cudnnSetConvolutionNdDescriptor(
    cudnnConvolutionDescriptor_t convolution, int dimensions, const int* pad, const int* stride,
    const int* dilation, cudnnConvolutionMode_t mode, cudnnDataType_t compute) {
  CUDNN_ENTER("cudnnSetConvolutionDescriptor");
  return set_convolution(convolution, dimensions, pad, stride, dilation, mode, compute);
}

CUDNN_API cudnnStatus_t cudnnSetConvolution2dDescriptor(
    cudnnConvolutionDescriptor_t convolution, int pad_h, int pad_w, int stride_h, int stride_w,
    int dilation_h, int dilation_w, cudnnConvolutionMode_t mode, cudnnDataType_t compute) {
  int pad[] = {pad_h, pad_w}, stride[] = {stride_h, stride_w}, dilation[] = {dilation_h, dilation_w};
  return cudnnSetConvolutionNdDescriptor(convolution, 2, pad, stride, dilation, mode, compute);
}

CUDNN_API cudnnStatus_t cudnnGetConvolutionNdDescriptor(
    cudnnConvolutionDescriptor_t convolution, int requested, int* dimensions, int* pad,
    int* stride, int* dilation, cudnnConvolutionMode_t* mode, cudnnDataType_t* compute) {
  if (!convolution) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  int given = std::min(requested, convolution->dimensions);
  *dimensions = convolution->dimensions;
  std::copy(convolution->pad, convolution->pad + given, pad);
  std::copy(convolution->stride, convolution->stride + given, stride);
  std::copy(convolution->dilation, convolution->dilation + given, dilation);
  *mode = convolution->mode;
  *compute = convolution->compute;
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t convolution,
                                                      int groups) {
  if (!convolution) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (groups <= 0) return CUDNN_STATUS_BAD_PARAM;
  convolution->groups = groups;
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnGetConvolutionGroupCount(cudnnConvolutionDescriptor_t convolution,
                                                      int* groups) {
  if (!convolution || !groups) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  *groups = convolution->groups;
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convolution,
                                                    cudnnMathType_t math) {
  if (!convolution) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (math < CUDNN_DEFAULT_MATH || math > CUDNN_FMA_MATH) return CUDNN_STATUS_BAD_PARAM;
  convolution->math = math;
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnGetConvolutionMathType(cudnnConvolutionDescriptor_t convolution,
                                                    cudnnMathType_t* math) {
  if (!convolution || !math) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  *math = convolution->math;
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnSetConvolutionReorderType(cudnnConvolutionDescriptor_t convolution,
                                                       int reorder) {
  if (!convolution) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  convolution->reorder = reorder;
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnGetConvolutionReorderType(cudnnConvolutionDescriptor_t convolution,
                                                       int* reorder) {
  if (!convolution || !reorder) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  *reorder = convolution->reorder;
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnGetConvolutionNdForwardOutputDim(
    cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t x,
    cudnnFilterDescriptor_t filter, int dimensions, int* size) {
  if (!convolution || !x || !filter || !size) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (x->dimensions != dimensions || filter->dimensions != dimensions ||
      convolution->dimensions != dimensions - 2 ||
      x->size[1] != filter->size[1] * convolution->groups) {
    return CUDNN_STATUS_BAD_PARAM;
  }
  size[0] = x->size[0];
  size[1] = filter->size[0];
  for (int i = 0; i < dimensions - 2; i++) {
    int reach = (filter->size[i + 2] - 1) * convolution->dilation[i] + 1;
    int room = x->size[i + 2] + 2 * convolution->pad[i] - reach;
    if (room < 0) return CUDNN_STATUS_BAD_PARAM;
    size[i + 2] = room / convolution->stride[i] + 1;
  }
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnGetConvolution2dForwardOutputDim(
    cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t x,
    cudnnFilterDescriptor_t filter, int* n, int* c, int* h, int* w) {
  int size[4];
  cudnnStatus_t status = cudnnGetConvolutionNdForwardOutputDim(convolution, x, filter, 4, size);
  if (status) return status;
  int* sizes[] = {n, c, h, w};
  for (int i = 0; i < 4; i++) *sizes[i] = size[i];
  return CUDNN_STATUS_SUCCESS;
}

// --- activations ---

CUDNN_API cudnnStatus_t cudnnSetActivationDescriptor(cudnnActivationDescriptor_t activation,
                                                     int mode, int nan, double coefficient) {
  if (!activation) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  *activation = {mode, nan, coefficient};
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnGetActivationDescriptor(cudnnActivationDescriptor_t activation,
                                                     int* mode, int* nan, double* coefficient) {
  if (!activation) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  *mode = activation->mode;
  *nan = activation->nan;
  *coefficient = activation->coefficient;
  return CUDNN_STATUS_SUCCESS;
}
