// The part of cuBLAS 12's binary interface that the stand-in has.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum cublasStatus_t : int {
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_NOT_INITIALIZED = 1,
  CUBLAS_STATUS_ALLOC_FAILED = 3,
  CUBLAS_STATUS_INVALID_VALUE = 7,
  CUBLAS_STATUS_ARCH_MISMATCH = 8,
  CUBLAS_STATUS_MAPPING_ERROR = 11,
  CUBLAS_STATUS_EXECUTION_FAILED = 13,
  CUBLAS_STATUS_INTERNAL_ERROR = 14,
  CUBLAS_STATUS_NOT_SUPPORTED = 15,
  CUBLAS_STATUS_LICENSE_ERROR = 16,
};

enum cublasOperation_t : int { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1, CUBLAS_OP_C = 2 };
enum cublasPointerMode_t : int { kPointersOnHost = 0, kPointersOnDevice = 1 };

enum cublasMath_t : int {
  CUBLAS_DEFAULT_MATH = 0,
  CUBLAS_TENSOR_OP_MATH = 1,
  CUBLAS_PEDANTIC_MATH = 2,
  CUBLAS_TF32_TENSOR_OP_MATH = 3,
  CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION = 16,
};

enum cudaDataType : int { CUDA_R_32F = 0, CUDA_R_64F = 1, CUDA_R_16F = 2, CUDA_R_16BF = 14 };

enum cublasComputeType_t : int {
  CUBLAS_COMPUTE_16F = 64,
  CUBLAS_COMPUTE_16F_PEDANTIC = 65,
  CUBLAS_COMPUTE_32F = 68,
  CUBLAS_COMPUTE_32F_PEDANTIC = 69,
  CUBLAS_COMPUTE_64F = 70,
  CUBLAS_COMPUTE_64F_PEDANTIC = 71,
  CUBLAS_COMPUTE_32F_FAST_16F = 74,
  CUBLAS_COMPUTE_32F_FAST_16BF = 75,
  CUBLAS_COMPUTE_32F_FAST_TF32 = 77,
};

struct cublasContext {
  void* stream = nullptr;
  cublasPointerMode_t pointer_mode = kPointersOnHost;
  int math_mode = CUBLAS_DEFAULT_MATH;
  int atomics_mode = 0;
  int sm_count_target = 0;
  void* workspace = nullptr;
  size_t workspace_bytes = 0;
};

typedef cublasContext* cublasHandle_t;

bool is_handle(cublasHandle_t handle);

// A status of the driver as cuBLAS would tell it.
cublasStatus_t from_driver(int status);

#define CUBLAS_API extern "C" __attribute__((visibility("default")))

// Counts the call, lets an ordered failure strike, and checks the handle.
#define CUBLAS_ENTER(name, handle)                                                          \
  static void* const site = cudasim_new_site(name);                                         \
  if (int ordered = cudasim_enter_library(site)) return cublasStatus_t(ordered);            \
  if (!is_handle(handle)) return CUBLAS_STATUS_NOT_INITIALIZED
