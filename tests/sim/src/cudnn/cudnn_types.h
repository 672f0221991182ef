// The part of cuDNN 9's binary interface that the stand-in has.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "elements.h"

enum cudnnStatus_t : int {
  CUDNN_STATUS_SUCCESS = 0,
  CUDNN_STATUS_NOT_INITIALIZED = 1001,
  CUDNN_STATUS_BAD_PARAM = 2000,
  CUDNN_STATUS_BAD_PARAM_NULL_POINTER = 2002,
  CUDNN_STATUS_NOT_SUPPORTED = 3000,
  CUDNN_STATUS_INTERNAL_ERROR = 4000,
  CUDNN_STATUS_ALLOC_FAILED = 4003,
  CUDNN_STATUS_EXECUTION_FAILED = 5000,
};

enum cudnnDataType_t : int {
  CUDNN_DATA_FLOAT = 0,
  CUDNN_DATA_DOUBLE = 1,
  CUDNN_DATA_HALF = 2,
  CUDNN_DATA_BFLOAT16 = 9,
};

enum cudnnTensorFormat_t : int { CUDNN_TENSOR_NCHW = 0, CUDNN_TENSOR_NHWC = 1 };
enum cudnnConvolutionMode_t : int { CUDNN_CONVOLUTION = 0, CUDNN_CROSS_CORRELATION = 1 };
enum cudnnDeterminism_t : int { CUDNN_NON_DETERMINISTIC = 0, CUDNN_DETERMINISTIC = 1 };

enum cudnnMathType_t : int {
  CUDNN_DEFAULT_MATH = 0,
  CUDNN_TENSOR_OP_MATH = 1,
  CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION = 2,
  CUDNN_FMA_MATH = 3,
};

enum cudnnActivationMode_t : int { CUDNN_ACTIVATION_RELU = 1, CUDNN_ACTIVATION_IDENTITY = 5 };

constexpr int kMaxDimensions = 8;

struct cudnnContext {
  void* stream = nullptr;
};

struct cudnnTensorStruct {
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  int dimensions = 0;
  int size[kMaxDimensions] = {};
  int stride[kMaxDimensions] = {};
};

struct cudnnFilterStruct {
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  cudnnTensorFormat_t format = CUDNN_TENSOR_NCHW;
  int dimensions = 0;
  int size[kMaxDimensions] = {};  // out-channels, in-channels of a group, then space
};

struct cudnnConvolutionStruct {
  int dimensions = 0;  // of space
  int pad[kMaxDimensions] = {};
  int stride[kMaxDimensions] = {};
  int dilation[kMaxDimensions] = {};
  cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
  int groups = 1;
  int reorder = 0;
};

struct cudnnActivationStruct {
  int mode = CUDNN_ACTIVATION_RELU;
  int nan = 0;
  double coefficient = 0;
};

// Of the three directions alike: the algorithm is a number.
struct cudnnConvolutionAlgoPerf_t {
  int algo;
  cudnnStatus_t status;
  float time;
  size_t memory;
  cudnnDeterminism_t determinism;
  cudnnMathType_t mathType;
  int reserved[3];
};

typedef cudnnContext* cudnnHandle_t;
typedef cudnnTensorStruct* cudnnTensorDescriptor_t;
typedef cudnnFilterStruct* cudnnFilterDescriptor_t;
typedef cudnnConvolutionStruct* cudnnConvolutionDescriptor_t;
typedef cudnnActivationStruct* cudnnActivationDescriptor_t;

bool is_handle(cudnnHandle_t handle);
cudnnStatus_t from_driver(int status);
bool element_of(cudnnDataType_t type, cudasim::Element* element);

#define CUDNN_API extern "C" __attribute__((visibility("default")))

// Counts the call and lets an ordered failure strike.
#define CUDNN_ENTER(name)                            \
  static void* const site = cudasim_new_site(name);  \
  if (int ordered = cudasim_enter_library(site)) return cudnnStatus_t(ordered)

// The same with something to do before such a failure, which is called `status`.
#define CUDNN_ENTER_OR(name, failing)                \
  static void* const site = cudasim_new_site(name);  \
  if (int status = cudasim_enter_library(site)) {    \
    failing;                                         \
    return cudnnStatus_t(status);                    \
  }
