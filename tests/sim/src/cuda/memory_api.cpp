// The driver's functions for memory: allocation, pools, pinned memory, copies and fills.
#include <string.h>

#include <algorithm>
#include <set>

#include "calls.h"
#include "context.h"
#include "explain.h"
#include "graph.h"
#include "memory.h"
#include "stream.h"
#include "work.h"

namespace cudasim {

// Pools hand out and take back at once: what a real one keeps cached would hide use after free.
struct Pool {
  uint64_t release_threshold = 0;
  uint64_t used = 0;
  uint64_t used_high = 0;
};

namespace {

Pool* default_pool() {
  static auto* pool = new Pool();
  return pool;
}

std::set<const Pool*>& pools() {
  static auto* all = new std::set<const Pool*>();
  return *all;
}

bool is_pool(const Pool* pool) { return pool == default_pool() || pools().count(pool); }

CUresult allocate(CUdeviceptr* address, size_t bytes, MemoryKind kind, Pool* pool = nullptr) {
  if (!address) return CUDA_ERROR_INVALID_VALUE;
  uintptr_t start = 0;
  CUresult status = Memory::get().allocate(bytes, kind, current_context(), pool, &start);
  if (status) return status;
  *address = start;
  if (pool) {
    pool->used += bytes;
    pool->used_high = std::max(pool->used_high, pool->used);
  }
  return CUDA_SUCCESS;
}

CUresult allocate_async(CUdeviceptr* address, size_t bytes, Pool* pool, CUstream handle) {
  Stream* stream = resolve_stream(handle, current_context());
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  // A graph can allocate on a GPU; a recorded step must not, so here it breaks the capture.
  if (CUresult status = forbid_captured(stream)) return status;
  return allocate(address, bytes, MemoryKind::kDevice, pool);
}

// Says in the report what the caller gave.
CUresult not_allocated(const char* function, uintptr_t address) {
  report(std::string(function) + ": " + explain_address(address) +
         ", is not the start of a live allocation");
  return CUDA_ERROR_INVALID_VALUE;
}

// --- copies ---

CopyWork linear_copy(uintptr_t to, uintptr_t from, size_t bytes) {
  return {to, from, bytes, 1, 1, bytes, bytes, bytes, bytes};
}

// Sides of a copy that are device memory must lie in one allocation.
enum CopySides { kHostToDevice, kDeviceToHost, kDeviceToDevice, kAnyToAny };

CUresult check_copy(uintptr_t to, uintptr_t from, size_t bytes, CopySides sides) {
  if (bytes == 0) return CUDA_SUCCESS;
  if (!to || !from) return CUDA_ERROR_INVALID_VALUE;
  if (sides == kHostToDevice || sides == kDeviceToDevice) {
    if (CUresult status = check_device_range(to, bytes)) return status;
  }
  if (sides == kDeviceToHost || sides == kDeviceToDevice) {
    if (CUresult status = check_device_range(from, bytes)) return status;
  }
  // Pinned memory is known too, so the host's side can be checked where it is pinned.
  for (uintptr_t side : {to, from}) {
    const Allocation* allocation = Memory::get().find(side);
    if (allocation && side < allocation->end()) {
      if (CUresult status = check_device_range(side, bytes)) return status;
    }
  }
  return CUDA_SUCCESS;
}

CUresult copy_now(uintptr_t to, uintptr_t from, size_t bytes, CopySides sides) {
  if (CUresult status = check_copy(to, from, bytes, sides)) return status;
  if (bytes == 0) return CUDA_SUCCESS;
  Context* context = current_context();
  if (CUresult status = submit(context->legacy, linear_copy(to, from, bytes))) return status;
  drain(context->legacy);
  return context->error;
}

CUresult copy_later(uintptr_t to, uintptr_t from, size_t bytes, CopySides sides, CUstream handle) {
  Stream* stream = resolve_stream(handle, current_context());
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (CUresult status = check_copy(to, from, bytes, sides)) return status;
  if (bytes == 0) return CUDA_SUCCESS;
  return submit(stream, linear_copy(to, from, bytes));
}

uintptr_t host(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

// --- fills ---

CUresult fill(uintptr_t to, unsigned value, unsigned element, size_t width, size_t height,
              size_t pitch, CUstream handle, bool wait) {
  Context* context = current_context();
  Stream* stream = resolve_stream(handle, context);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (width == 0 || height == 0) return CUDA_SUCCESS;
  if (to % element || (height > 1 && pitch % element)) return CUDA_ERROR_INVALID_VALUE;
  if (height > 1 && pitch < width * element) return CUDA_ERROR_INVALID_VALUE;
  size_t bytes = (height - 1) * pitch + width * element;
  if (CUresult status = check_device_range(to, bytes)) return status;
  CUresult status = submit(stream, FillWork{to, value, element, width, height, pitch});
  if (status || !wait) return status;
  drain(stream);
  return context->error;
}

}  // namespace

// Turns the driver's description of a copy into work; arrays do not exist here.
CUresult make_copy_work(const CUDA_MEMCPY3D& copy, CopyWork* work) {
  bool from_host = copy.srcMemoryType == kMemoryHost;
  bool to_host = copy.dstMemoryType == kMemoryHost;
  if (copy.srcMemoryType == kMemoryArray || copy.dstMemoryType == kMemoryArray) {
    return CUDA_ERROR_NOT_SUPPORTED;
  }
  size_t from_pitch = copy.srcPitch ? copy.srcPitch : copy.WidthInBytes;
  size_t to_pitch = copy.dstPitch ? copy.dstPitch : copy.WidthInBytes;
  size_t from_slice = from_pitch * (copy.srcHeight ? copy.srcHeight : copy.Height);
  size_t to_slice = to_pitch * (copy.dstHeight ? copy.dstHeight : copy.Height);
  if (copy.Height > 1 && (from_pitch < copy.WidthInBytes || to_pitch < copy.WidthInBytes)) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  work->from = (from_host ? host(copy.srcHost) : copy.srcDevice) + copy.srcZ * from_slice +
               copy.srcY * from_pitch + copy.srcXInBytes;
  work->to = (to_host ? host(copy.dstHost) : copy.dstDevice) + copy.dstZ * to_slice +
             copy.dstY * to_pitch + copy.dstXInBytes;
  work->width = copy.WidthInBytes;
  work->height = copy.Height;
  work->depth = copy.Depth;
  work->from_pitch = from_pitch;
  work->from_slice = from_slice;
  work->to_pitch = to_pitch;
  work->to_slice = to_slice;
  if (!copy.WidthInBytes || !copy.Height || !copy.Depth) return CUDA_SUCCESS;
  auto extent = [&](size_t slice, size_t pitch) {
    return (copy.Depth - 1) * slice + (copy.Height - 1) * pitch + copy.WidthInBytes;
  };
  if (copy.srcMemoryType == kMemoryDevice) {
    CUresult status = check_device_range(work->from, extent(from_slice, from_pitch));
    if (status) return status;
  }
  if (copy.dstMemoryType == kMemoryDevice) {
    return check_device_range(work->to, extent(to_slice, to_pitch));
  }
  return CUDA_SUCCESS;
}

}  // namespace cudasim

using namespace cudasim;

// --- device memory ---

CUDASIM_API CUresult cuMemAlloc_v2(CUdeviceptr* address, size_t bytes) {
  CUDASIM_ENTER("cuMemAlloc", kSynchronous);
  return allocate(address, bytes, MemoryKind::kDevice);
}

CUDASIM_API CUresult cuMemAllocPitch_v2(CUdeviceptr* address, size_t* pitch, size_t width,
                                        size_t height, unsigned) {
  CUDASIM_ENTER("cuMemAllocPitch", kSynchronous);
  *pitch = (width + 511) / 512 * 512;
  return allocate(address, *pitch * height, MemoryKind::kDevice);
}

CUDASIM_API CUresult cuMemAllocManaged(CUdeviceptr* address, size_t bytes, unsigned) {
  CUDASIM_ENTER("cuMemAllocManaged", kSynchronous);
  return allocate(address, bytes, MemoryKind::kManaged);
}

CUDASIM_API CUresult cuMemFree_v2(CUdeviceptr address) {
  CUDASIM_ENTER("cuMemFree", kSynchronous);
  if (!address) return CUDA_SUCCESS;
  Context* context = current_context();
  drain_all(context);  // a free waits for all that may still use the memory
  std::string text;
  if (Memory::get().damaged_at(address, &text)) {
    context->fail(CUDA_ERROR_ILLEGAL_ADDRESS, "found by cuMemFree: " + text);
  }
  if (Memory::get().release(address, false)) return not_allocated("cuMemFree", address);
  return context->error;
}

CUDASIM_API CUresult cuMemGetInfo_v2(size_t* free, size_t* total) {
  CUDASIM_ENTER("cuMemGetInfo", kHealthy);
  if (total) *total = Memory::get().total();
  if (free) *free = Memory::get().total() - Memory::get().device_bytes_used();
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuMemGetAddressRange_v2(CUdeviceptr* start, size_t* bytes,
                                             CUdeviceptr address) {
  CUDASIM_ENTER("cuMemGetAddressRange", kHealthy);
  const Allocation* allocation = Memory::get().find(address);
  if (!allocation) return CUDA_ERROR_NOT_FOUND;
  if (start) *start = allocation->start;
  if (bytes) *bytes = allocation->size;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuPointerGetAttribute(void* data, int attribute, CUdeviceptr address) {
  CUDASIM_ENTER("cuPointerGetAttribute", kHealthy);
  const Allocation* allocation = Memory::get().find(address);
  if (!data || !allocation) return CUDA_ERROR_INVALID_VALUE;
  bool on_host =
      allocation->kind == MemoryKind::kPinned || allocation->kind == MemoryKind::kRegistered;
  switch (attribute) {
    case 1: *static_cast<CUcontext*>(data) = allocation->owner; break;
    case 2: *static_cast<unsigned*>(data) = on_host ? kMemoryHost : kMemoryDevice; break;
    case 3: *static_cast<CUdeviceptr*>(data) = address; break;
    case 4: *static_cast<CUdeviceptr*>(data) = on_host ? address : 0; break;
    case 8: *static_cast<unsigned*>(data) = allocation->kind == MemoryKind::kManaged; break;
    case 9: *static_cast<int*>(data) = 0; break;
    case 11: *static_cast<CUdeviceptr*>(data) = allocation->start; break;
    case 12: *static_cast<size_t*>(data) = allocation->size; break;
    case 13: *static_cast<unsigned*>(data) = 1; break;
    default: return CUDA_ERROR_NOT_SUPPORTED;
  }
  return CUDA_SUCCESS;
}

// --- stream-ordered memory ---

CUDASIM_API CUresult cuMemAllocAsync(CUdeviceptr* address, size_t bytes, CUstream stream) {
  CUDASIM_ENTER("cuMemAllocAsync", kHealthy);
  return allocate_async(address, bytes, default_pool(), stream);
}

CUDASIM_API CUresult cuMemAllocFromPoolAsync(CUdeviceptr* address, size_t bytes, CUmemoryPool pool,
                                             CUstream stream) {
  CUDASIM_ENTER("cuMemAllocAsync", kHealthy);
  if (!is_pool(pool)) return CUDA_ERROR_INVALID_VALUE;
  return allocate_async(address, bytes, pool, stream);
}

CUDASIM_API CUresult cuMemFreeAsync(CUdeviceptr address, CUstream handle) {
  CUDASIM_ENTER("cuMemFreeAsync", kHealthy);
  Stream* stream = resolve_stream(handle, current_context());
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (CUresult status = forbid_captured(stream)) return status;
  if (!address) return CUDA_SUCCESS;
  const Allocation* allocation = Memory::get().find(address);
  if (!allocation || allocation->start != address || allocation->kind != MemoryKind::kDevice) {
    return not_allocated("cuMemFreeAsync", address);
  }
  if (allocation->pool) allocation->pool->used -= allocation->size;
  return submit(stream, FreeWork{address});
}

CUDASIM_API CUresult cuMemPoolCreate(CUmemoryPool* pool, const void*) {
  CUDASIM_ENTER("cuMemPoolCreate", kDriver);
  *pool = new Pool();
  pools().insert(*pool);
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuMemPoolDestroy(CUmemoryPool pool) {
  CUDASIM_ENTER("cuMemPoolDestroy", kDriver);
  if (!pools().count(pool)) return CUDA_ERROR_INVALID_VALUE;
  pools().erase(pool);  // the object stays: allocations may still name it
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t) {
  CUDASIM_ENTER("cuMemPoolTrimTo", kDriver);
  return is_pool(pool) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUDASIM_API CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* pool, CUdevice device) {
  CUDASIM_ENTER("cuDeviceGetDefaultMemPool", kDriver);
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  *pool = default_pool();
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDeviceGetMemPool(CUmemoryPool* pool, CUdevice device) {
  return cuDeviceGetDefaultMemPool(pool, device);
}

enum PoolAttribute : int {
  kReleaseThreshold = 4,
  kReservedCurrent = 5,
  kReservedHigh = 6,
  kUsedCurrent = 7,
  kUsedHigh = 8,
};

CUDASIM_API CUresult cuMemPoolSetAttribute(CUmemoryPool pool, int attribute, void* value) {
  CUDASIM_ENTER("cuMemPoolSetAttribute", kDriver);
  if (!is_pool(pool) || !value) return CUDA_ERROR_INVALID_VALUE;
  switch (attribute) {
    case 1: case 2: case 3: break;  // ways of reuse, of which there is none here
    case kReleaseThreshold: memcpy(&pool->release_threshold, value, 8); break;
    case kReservedHigh: case kUsedHigh: pool->used_high = pool->used; break;
    default: return CUDA_ERROR_INVALID_VALUE;
  }
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuMemPoolGetAttribute(CUmemoryPool pool, int attribute, void* value) {
  CUDASIM_ENTER("cuMemPoolGetAttribute", kDriver);
  if (!is_pool(pool) || !value) return CUDA_ERROR_INVALID_VALUE;
  uint64_t number;
  switch (attribute) {
    case 1: case 2: case 3: {
      int on = 1;
      memcpy(value, &on, sizeof on);
      return CUDA_SUCCESS;
    }
    case kReleaseThreshold: number = pool->release_threshold; break;
    case kReservedCurrent: case kUsedCurrent: number = pool->used; break;
    case kReservedHigh: case kUsedHigh: number = pool->used_high; break;
    default: return CUDA_ERROR_INVALID_VALUE;
  }
  memcpy(value, &number, sizeof number);
  return CUDA_SUCCESS;
}

// --- pinned host memory ---

static CUresult allocate_pinned(void** pointer, size_t bytes) {
  CUdeviceptr address = 0;
  CUresult status = allocate(&address, bytes, MemoryKind::kPinned);
  if (!status) *pointer = reinterpret_cast<void*>(address);
  return status;
}

CUDASIM_API CUresult cuMemHostAlloc(void** pointer, size_t bytes, unsigned) {
  CUDASIM_ENTER("cuMemHostAlloc", kSynchronous);
  return allocate_pinned(pointer, bytes);
}

CUDASIM_API CUresult cuMemAllocHost_v2(void** pointer, size_t bytes) {
  CUDASIM_ENTER("cuMemAllocHost", kSynchronous);
  return allocate_pinned(pointer, bytes);
}

CUDASIM_API CUresult cuMemFreeHost(void* pointer) {
  CUDASIM_ENTER("cuMemFreeHost", kSynchronous);
  if (!pointer) return CUDA_ERROR_INVALID_VALUE;
  drain_all(current_context());
  std::string text;
  if (Memory::get().damaged_at(host(pointer), &text)) report("found by cuMemFreeHost: " + text);
  if (Memory::get().release(host(pointer), true)) {
    return not_allocated("cuMemFreeHost", host(pointer));
  }
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuMemHostRegister_v2(void* pointer, size_t bytes, unsigned) {
  CUDASIM_ENTER("cuMemHostRegister", kSynchronous);
  return Memory::get().register_host(host(pointer), bytes, current_context());
}

CUDASIM_API CUresult cuMemHostUnregister(void* pointer) {
  CUDASIM_ENTER("cuMemHostUnregister", kSynchronous);
  drain_all(current_context());
  return Memory::get().unregister_host(host(pointer));
}

CUDASIM_API CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* address, void* pointer, unsigned) {
  CUDASIM_ENTER("cuMemHostGetDevicePointer", kHealthy);
  if (!Memory::get().find(host(pointer))) return CUDA_ERROR_INVALID_VALUE;
  *address = host(pointer);
  return CUDA_SUCCESS;
}

// --- copies ---

CUDASIM_API CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes) {
  CUDASIM_ENTER("cuMemcpyHtoD", kSynchronous);
  return copy_now(to, host(from), bytes, kHostToDevice);
}

CUDASIM_API CUresult cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t bytes) {
  CUDASIM_ENTER("cuMemcpyDtoH", kSynchronous);
  return copy_now(host(to), from, bytes, kDeviceToHost);
}

CUDASIM_API CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  CUDASIM_ENTER("cuMemcpyDtoD", kSynchronous);
  return copy_now(to, from, bytes, kDeviceToDevice);
}

CUDASIM_API CUresult cuMemcpy(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  CUDASIM_ENTER("cuMemcpy", kSynchronous);
  return copy_now(to, from, bytes, kAnyToAny);
}

CUDASIM_API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes,
                                          CUstream stream) {
  CUDASIM_ENTER("cuMemcpyHtoDAsync", kHealthy);
  return copy_later(to, host(from), bytes, kHostToDevice, stream);
}

CUDASIM_API CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes,
                                          CUstream stream) {
  CUDASIM_ENTER("cuMemcpyDtoHAsync", kHealthy);
  return copy_later(host(to), from, bytes, kDeviceToHost, stream);
}

CUDASIM_API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                                          CUstream stream) {
  CUDASIM_ENTER("cuMemcpyDtoDAsync", kHealthy);
  return copy_later(to, from, bytes, kDeviceToDevice, stream);
}

CUDASIM_API CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                                   CUstream stream) {
  CUDASIM_ENTER("cuMemcpyAsync", kHealthy);
  return copy_later(to, from, bytes, kAnyToAny, stream);
}

namespace {

CUDA_MEMCPY3D as_3d(const CUDA_MEMCPY2D& copy) {
  CUDA_MEMCPY3D wide = {};
  wide.srcXInBytes = copy.srcXInBytes;
  wide.srcY = copy.srcY;
  wide.srcMemoryType = copy.srcMemoryType;
  wide.srcHost = copy.srcHost;
  wide.srcDevice = copy.srcDevice;
  wide.srcPitch = copy.srcPitch;
  wide.dstXInBytes = copy.dstXInBytes;
  wide.dstY = copy.dstY;
  wide.dstMemoryType = copy.dstMemoryType;
  wide.dstHost = copy.dstHost;
  wide.dstDevice = copy.dstDevice;
  wide.dstPitch = copy.dstPitch;
  wide.WidthInBytes = copy.WidthInBytes;
  wide.Height = copy.Height;
  wide.Depth = 1;
  return wide;
}

CUresult copy_box(const CUDA_MEMCPY3D& copy, CUstream handle, bool wait) {
  Stream* stream = resolve_stream(handle, current_context());
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  CopyWork work;
  if (CUresult status = make_copy_work(copy, &work)) return status;
  CUresult status = submit(stream, work);
  if (status || !wait) return status;
  drain(stream);
  return current_context()->error;
}

}  // namespace

CUDASIM_API CUresult cuMemcpy2D_v2(const CUDA_MEMCPY2D* copy) {
  CUDASIM_ENTER("cuMemcpy2D", kSynchronous);
  return copy_box(as_3d(*copy), nullptr, true);
}

CUDASIM_API CUresult cuMemcpy2DUnaligned_v2(const CUDA_MEMCPY2D* copy) {
  return cuMemcpy2D_v2(copy);
}

CUDASIM_API CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D* copy, CUstream stream) {
  CUDASIM_ENTER("cuMemcpy2DAsync", kHealthy);
  return copy_box(as_3d(*copy), stream, false);
}

CUDASIM_API CUresult cuMemcpy3D_v2(const CUDA_MEMCPY3D* copy) {
  CUDASIM_ENTER("cuMemcpy3D", kSynchronous);
  return copy_box(*copy, nullptr, true);
}

CUDASIM_API CUresult cuMemcpy3DAsync_v2(const CUDA_MEMCPY3D* copy, CUstream stream) {
  CUDASIM_ENTER("cuMemcpy3DAsync", kHealthy);
  return copy_box(*copy, stream, false);
}

// --- fills ---

#define CUDASIM_FILL(bits, type)                                                                 \
  CUDASIM_API CUresult cuMemsetD##bits##_v2(CUdeviceptr to, type value, size_t count) {          \
    CUDASIM_ENTER("cuMemsetD" #bits, kSynchronous);                                              \
    return fill(to, value, sizeof(type), count, 1, 0, nullptr, true);                            \
  }                                                                                              \
  CUDASIM_API CUresult cuMemsetD##bits##Async(CUdeviceptr to, type value, size_t count,          \
                                              CUstream stream) {                                 \
    CUDASIM_ENTER("cuMemsetD" #bits "Async", kHealthy);                                          \
    return fill(to, value, sizeof(type), count, 1, 0, stream, false);                            \
  }                                                                                              \
  CUDASIM_API CUresult cuMemsetD2D##bits##_v2(CUdeviceptr to, size_t pitch, type value,          \
                                              size_t width, size_t height) {                     \
    CUDASIM_ENTER("cuMemsetD2D" #bits, kSynchronous);                                            \
    return fill(to, value, sizeof(type), width, height, pitch, nullptr, true);                   \
  }                                                                                              \
  CUDASIM_API CUresult cuMemsetD2D##bits##Async(CUdeviceptr to, size_t pitch, type value,        \
                                                size_t width, size_t height, CUstream stream) {  \
    CUDASIM_ENTER("cuMemsetD2D" #bits "Async", kHealthy);                                        \
    return fill(to, value, sizeof(type), width, height, pitch, stream, false);                   \
  }

CUDASIM_FILL(8, unsigned char)
CUDASIM_FILL(16, unsigned short)
CUDASIM_FILL(32, unsigned)
