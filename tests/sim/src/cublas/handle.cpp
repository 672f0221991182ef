// Handles and their settings.
#include <cudasim_library.h>

#include <mutex>
#include <set>

#include "cublas_types.h"

namespace {

std::mutex handles_lock;

std::set<cublasHandle_t>& handles() {
  static auto* all = new std::set<cublasHandle_t>();
  return *all;
}

constexpr int kMajor = 12, kMinor = 6, kPatch = 4;

}  // namespace

bool is_handle(cublasHandle_t handle) {
  std::lock_guard<std::mutex> hold(handles_lock);
  return handles().count(handle) > 0;
}

cublasStatus_t from_driver(int status) {
  switch (status) {
    case 0: return CUBLAS_STATUS_SUCCESS;
    case 2: return CUBLAS_STATUS_ALLOC_FAILED;
    case 3: case 201: return CUBLAS_STATUS_NOT_INITIALIZED;
    default: return CUBLAS_STATUS_EXECUTION_FAILED;
  }
}

CUBLAS_API cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
  static void* const site = cudasim_new_site("cublasCreate");
  if (int ordered = cudasim_enter_library(site)) return cublasStatus_t(ordered);
  if (!handle) return CUBLAS_STATUS_INVALID_VALUE;
  if (int status = cudasim_library_status(1)) return from_driver(status);
  std::lock_guard<std::mutex> hold(handles_lock);
  *handle = new cublasContext();
  handles().insert(*handle);
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  CUBLAS_ENTER("cublasDestroy", handle);
  std::lock_guard<std::mutex> hold(handles_lock);
  handles().erase(handle);
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API cublasStatus_t cublasGetVersion_v2(cublasHandle_t, int* version) {
  *version = kMajor * 10000 + kMinor * 100 + kPatch;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API cublasStatus_t cublasGetProperty(int property, int* value) {
  if (property < 0 || property > 2 || !value) return CUBLAS_STATUS_INVALID_VALUE;
  *value = property == 0 ? kMajor : property == 1 ? kMinor : kPatch;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API size_t cublasGetCudartVersion() { return 12060; }

// Setting a stream takes the workspace back, as in cuBLAS: a captured step must set it again.
CUBLAS_API cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, void* stream) {
  CUBLAS_ENTER("cublasSetStream", handle);
  handle->stream = stream;
  handle->workspace = nullptr;
  handle->workspace_bytes = 0;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API cublasStatus_t cublasGetStream_v2(cublasHandle_t handle, void** stream) {
  CUBLAS_ENTER("cublasGetStream", handle);
  *stream = handle->stream;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace,
                                                size_t bytes) {
  CUBLAS_ENTER("cublasSetWorkspace", handle);
  if (bytes && (!workspace || reinterpret_cast<uintptr_t>(workspace) % 256)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (bytes && cudasim_check_range(workspace, bytes)) return CUBLAS_STATUS_INVALID_VALUE;
  handle->workspace = workspace;
  handle->workspace_bytes = bytes;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t mode) {
  CUBLAS_ENTER("cublasSetPointerMode", handle);
  if (mode != kPointersOnHost && mode != kPointersOnDevice) return CUBLAS_STATUS_INVALID_VALUE;
  handle->pointer_mode = mode;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API cublasStatus_t cublasGetPointerMode_v2(cublasHandle_t handle,
                                                  cublasPointerMode_t* mode) {
  CUBLAS_ENTER("cublasGetPointerMode", handle);
  *mode = handle->pointer_mode;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API cublasStatus_t cublasSetMathMode(cublasHandle_t handle, int mode) {
  CUBLAS_ENTER("cublasSetMathMode", handle);
  int basic = mode & ~CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
  if (basic < CUBLAS_DEFAULT_MATH || basic > CUBLAS_TF32_TENSOR_OP_MATH) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  handle->math_mode = mode;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API cublasStatus_t cublasGetMathMode(cublasHandle_t handle, int* mode) {
  CUBLAS_ENTER("cublasGetMathMode", handle);
  *mode = handle->math_mode;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API cublasStatus_t cublasSetAtomicsMode(cublasHandle_t handle, int mode) {
  CUBLAS_ENTER("cublasSetAtomicsMode", handle);
  handle->atomics_mode = mode;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API cublasStatus_t cublasGetAtomicsMode(cublasHandle_t handle, int* mode) {
  CUBLAS_ENTER("cublasGetAtomicsMode", handle);
  *mode = handle->atomics_mode;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API cublasStatus_t cublasSetSmCountTarget(cublasHandle_t handle, int count) {
  CUBLAS_ENTER("cublasSetSmCountTarget", handle);
  handle->sm_count_target = count;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API cublasStatus_t cublasGetSmCountTarget(cublasHandle_t handle, int* count) {
  CUBLAS_ENTER("cublasGetSmCountTarget", handle);
  *count = handle->sm_count_target;
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_API const char* cublasGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS: return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_ALLOC_FAILED: return "CUBLAS_STATUS_ALLOC_FAILED";
    case CUBLAS_STATUS_INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_ARCH_MISMATCH: return "CUBLAS_STATUS_ARCH_MISMATCH";
    case CUBLAS_STATUS_MAPPING_ERROR: return "CUBLAS_STATUS_MAPPING_ERROR";
    case CUBLAS_STATUS_EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_INTERNAL_ERROR: return "CUBLAS_STATUS_INTERNAL_ERROR";
    case CUBLAS_STATUS_NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
    case CUBLAS_STATUS_LICENSE_ERROR: return "CUBLAS_STATUS_LICENSE_ERROR";
  }
  return "CUBLAS_STATUS_UNKNOWN";
}

CUBLAS_API const char* cublasGetStatusString(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS: return "the operation completed successfully";
    case CUBLAS_STATUS_NOT_INITIALIZED: return "the library was not initialized";
    case CUBLAS_STATUS_ALLOC_FAILED: return "the resource allocation failed";
    case CUBLAS_STATUS_INVALID_VALUE: return "an unsupported value or parameter was passed";
    case CUBLAS_STATUS_EXECUTION_FAILED: return "the function failed to launch on the GPU";
    case CUBLAS_STATUS_NOT_SUPPORTED: return "the functionality requested is not supported";
    default: return "an internal operation failed";
  }
}
