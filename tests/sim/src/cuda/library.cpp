#include <cudasim_library.h>

#include "calls.h"
#include "context.h"
#include "stream.h"
#include "work.h"

using namespace cudasim;

CUDASIM_API void* cudasim_new_site(const char* name) { return new CallSite(name); }

CUDASIM_API int cudasim_enter_library(void* site) {
  std::lock_guard<std::recursive_mutex> hold(driver_lock());
  auto* called = static_cast<CallSite*>(site);
  called->count();
  bool later = false;
  int status = called->ordered_failure(&later);
  if (!status || !later) return status;
  if (Context* context = current_context()) {
    context->fail(CUresult(status), "a failure ordered by the test");
  }
  return 0;
}

CUDASIM_API int cudasim_library_status(int synchronous) {
  std::lock_guard<std::recursive_mutex> hold(driver_lock());
  if (!driver_initialised()) return CUDA_ERROR_NOT_INITIALIZED;
  Context* context = current_context();
  if (!context) return CUDA_ERROR_INVALID_CONTEXT;
  if (context->error) return context->error;
  return synchronous ? forbid_in_capture(context) : CUDA_SUCCESS;
}

CUDASIM_API int cudasim_enqueue(void* handle, const char* name, void (*run)(void*),
                                const void* arguments, size_t bytes) {
  std::lock_guard<std::recursive_mutex> hold(driver_lock());
  if (int status = cudasim_library_status(0)) return status;
  Stream* stream = resolve_stream(static_cast<CUstream>(handle), current_context());
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  const auto* first = static_cast<const unsigned char*>(arguments);
  return submit(stream, LibraryWork{name, run, {first, first + bytes}});
}

CUDASIM_API int cudasim_check_range(const void* address, size_t bytes) {
  std::lock_guard<std::recursive_mutex> hold(driver_lock());
  return check_device_range(reinterpret_cast<uintptr_t>(address), bytes);
}

CUDASIM_API void cudasim_report(const char* text) {
  std::lock_guard<std::recursive_mutex> hold(driver_lock());
  report(text);
}
