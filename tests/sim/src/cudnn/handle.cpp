// Handles, versions and the texts of statuses.
#include <cudasim_library.h>
#include <stdlib.h>

#include <mutex>
#include <set>

#include "cudnn_types.h"

namespace {

std::mutex handles_lock;

std::set<cudnnHandle_t>& handles() {
  static auto* all = new std::set<cudnnHandle_t>();
  return *all;
}

constexpr int kMajor = 9, kMinor = 5, kPatch = 1;

}  // namespace

bool is_handle(cudnnHandle_t handle) {
  std::lock_guard<std::mutex> hold(handles_lock);
  return handles().count(handle) > 0;
}

cudnnStatus_t from_driver(int status) {
  switch (status) {
    case 0: return CUDNN_STATUS_SUCCESS;
    case 2: return CUDNN_STATUS_ALLOC_FAILED;
    case 3: case 201: return CUDNN_STATUS_NOT_INITIALIZED;
    default: return CUDNN_STATUS_EXECUTION_FAILED;
  }
}

bool element_of(cudnnDataType_t type, cudasim::Element* element) {
  switch (type) {
    case CUDNN_DATA_FLOAT: *element = cudasim::Element::kF32; return true;
    case CUDNN_DATA_DOUBLE: *element = cudasim::Element::kF64; return true;
    case CUDNN_DATA_HALF: *element = cudasim::Element::kF16; return true;
    case CUDNN_DATA_BFLOAT16: *element = cudasim::Element::kBf16; return true;
  }
  return false;
}

CUDNN_API cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  CUDNN_ENTER("cudnnCreate");
  if (!handle) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (int status = cudasim_library_status(1)) return from_driver(status);
  std::lock_guard<std::mutex> hold(handles_lock);
  *handle = new cudnnContext();
  handles().insert(*handle);
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  CUDNN_ENTER("cudnnDestroy");
  if (!is_handle(handle)) return CUDNN_STATUS_NOT_INITIALIZED;
  std::lock_guard<std::mutex> hold(handles_lock);
  handles().erase(handle);
  delete handle;
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, void* stream) {
  CUDNN_ENTER("cudnnSetStream");
  if (!is_handle(handle)) return CUDNN_STATUS_NOT_INITIALIZED;
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API cudnnStatus_t cudnnGetStream(cudnnHandle_t handle, void** stream) {
  CUDNN_ENTER("cudnnGetStream");
  if (!is_handle(handle)) return CUDNN_STATUS_NOT_INITIALIZED;
  *stream = handle->stream;
  return CUDNN_STATUS_SUCCESS;
}

// CUDASIM_CUDNN_VERSION lets it be another, such as 8907 for 8.9.7.
CUDNN_API size_t cudnnGetVersion() {
  const char* text = getenv("CUDASIM_CUDNN_VERSION");
  return text ? size_t(atoi(text)) : kMajor * 10000 + kMinor * 100 + kPatch;
}
CUDNN_API size_t cudnnGetCudartVersion() { return 12060; }
CUDNN_API size_t cudnnGetMaxDeviceVersion() { return 900; }

CUDNN_API cudnnStatus_t cudnnGetProperty(int property, int* value) {
  if (property < 0 || property > 2 || !value) return CUDNN_STATUS_BAD_PARAM;
  *value = property == 0 ? kMajor : property == 1 ? kMinor : kPatch;
  return CUDNN_STATUS_SUCCESS;
}

CUDNN_API const char* cudnnGetErrorString(cudnnStatus_t status) {
  switch (status) {
    case CUDNN_STATUS_SUCCESS: return "CUDNN_STATUS_SUCCESS";
    case CUDNN_STATUS_NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
    case CUDNN_STATUS_BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
    case CUDNN_STATUS_BAD_PARAM_NULL_POINTER: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
    case CUDNN_STATUS_NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
    case CUDNN_STATUS_INTERNAL_ERROR: return "CUDNN_STATUS_INTERNAL_ERROR";
    case CUDNN_STATUS_ALLOC_FAILED: return "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED";
    case CUDNN_STATUS_EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
  }
  return "CUDNN_UNKNOWN_STATUS";
}
