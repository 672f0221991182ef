#include "context.h"

#include <algorithm>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "explain.h"
#include "graph.h"
#include "memory.h"
#include "stream.h"

namespace cudasim {

namespace {

bool initialised = false;
std::string latest_report;

std::vector<Context*>& contexts() {
  static auto* list = new std::vector<Context*>();
  return *list;
}

Context* primary() {
  static auto* context = new Context();
  context->primary = true;
  return context;
}

thread_local std::vector<Context*> context_stack;

bool setting(const char* name, const char* value) {
  const char* text = getenv(name);
  return text && !strcmp(text, value);
}

void open_context(Context* context) {
  contexts().push_back(context);
  context->legacy = create_stream(context, 0, 0);
  context->per_thread = create_stream(context, 0, 0);
}

// Ends a context with all it owns, and tells what the program forgot to free.
void close_context(Context* context) {
  auto position = std::find(contexts().begin(), contexts().end(), context);
  if (position == contexts().end()) return;
  if (!context->error) drain_all(context);
  std::string text;
  if (Memory::get().any_damaged(&text)) report("found when the context was destroyed: " + text);
  std::string leaks;
  if (size_t count = Memory::get().release_all(context, &leaks)) {
    report(format("the context was destroyed with %zu allocations not freed:", count) + leaks);
  }
  while (!context->streams.empty()) destroy_stream(context->streams.back());
  contexts().erase(position);
  auto& stack = context_stack;
  stack.erase(std::remove(stack.begin(), stack.end(), context), stack.end());
}

}  // namespace

Settings& settings() {
  static Settings* all = [] {
    auto* fresh = new Settings();
    if (setting("CUDASIM_ORDER", "reverse")) fresh->order = Order::kReverse;
    if (setting("CUDASIM_ASYNC", "1")) fresh->deferred = true;
    if (setting("CUDASIM_QUIET", "1")) fresh->quiet = true;
    if (const char* threads = getenv("CUDASIM_THREADS")) {
      fresh->os_threads = unsigned(std::clamp(atoi(threads), 1, 16));
    }
    return fresh;
  }();
  return *all;
}

void Context::fail(CUresult status, const std::string& text) {
  report(text + format(" (error %d)", status));
  if (!error) error = status;
}

bool driver_initialised() { return initialised; }

Context* current_context() { return context_stack.empty() ? nullptr : context_stack.back(); }

bool is_context(const Context* context) {
  return std::find(contexts().begin(), contexts().end(), context) != contexts().end();
}

void report(const std::string& text) {
  latest_report = text;
  if (!settings().quiet) fprintf(stderr, "cudasim: %s\n", text.c_str());
}

std::string last_report() { return latest_report; }

void clear_report() { latest_report.clear(); }

void drain_everything() {
  for (Context* context : contexts()) drain_all(context);
}

void heal_contexts() {
  for (Context* context : contexts()) context->error = CUDA_SUCCESS;
}

}  // namespace cudasim

using namespace cudasim;

// --- the driver ---

CUDASIM_API CUresult cuInit(unsigned flags) {
  CUDASIM_ENTER("cuInit", kNothing);
  if (flags) return CUDA_ERROR_INVALID_VALUE;
  initialised = true;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDriverGetVersion(int* version) {
  CUDASIM_ENTER("cuDriverGetVersion", kNothing);
  if (!version) return CUDA_ERROR_INVALID_VALUE;
  const char* text = getenv("CUDASIM_DRIVER_VERSION");
  *version = text ? atoi(text) : 12060;
  return CUDA_SUCCESS;
}

// --- the device ---

namespace {

struct Attribute {
  int number, value;
};

// Those of a small GPU of compute capability 8.0; all others are 0.
constexpr Attribute kAttributes[] = {
    {1, 1024},         // threads in a block
    {2, 1024},         // block size x
    {3, 1024},         // block size y
    {4, 64},           // block size z
    {5, 2147483647},   // grid size x
    {6, 65535},        // grid size y
    {7, 65535},        // grid size z
    {8, 48 * 1024},    // shared memory of a block
    {9, 64 * 1024},    // constant memory
    {10, 32},          // warp size
    {11, 2147483647},  // pitch
    {12, 65536},       // registers of a block
    {13, 1000000},     // clock, kHz
    {14, 512},         // texture alignment
    {15, 1},           // copies overlap kernels
    {16, 4},           // multiprocessors: few, so that grids chosen by their number stay small
    {19, 1},           // can map host memory
    {31, 1},           // concurrent kernels
    {36, 1000000},     // memory clock, kHz
    {37, 256},         // memory bus, bits
    {38, 4 << 20},     // L2 cache
    {39, 2048},        // threads of a multiprocessor
    {40, 2},           // copy engines
    {41, 1},           // unified addresses
    {78, 1},           // stream priorities
    {81, 164 * 1024},  // shared memory of a multiprocessor
    {82, 65536},       // registers of a multiprocessor
    {83, 1},           // managed memory
    {97, 163 * 1024},  // shared memory of a block that asks for more
    {99, 1},           // host memory can be registered
    {106, 32},         // blocks of a multiprocessor
    {111, 1024},       // shared memory reserved in each block
    {115, 1},          // memory pools
};

// Ten times the major number, and the minor.
int capability() {
  const char* text = getenv("CUDASIM_CAPABILITY");
  return text ? atoi(text) : 80;
}

}  // namespace

CUDASIM_API CUresult cuDeviceGetCount(int* count) {
  CUDASIM_ENTER("cuDeviceGetCount", kDriver);
  if (!count) return CUDA_ERROR_INVALID_VALUE;
  const char* text = getenv("CUDASIM_DEVICES");
  *count = text && atoi(text) == 0 ? 0 : 1;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  CUDASIM_ENTER("cuDeviceGet", kDriver);
  if (!device) return CUDA_ERROR_INVALID_VALUE;
  if (ordinal != 0) return CUDA_ERROR_INVALID_DEVICE;
  *device = 0;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDeviceGetName(char* name, int length, CUdevice device) {
  CUDASIM_ENTER("cuDeviceGetName", kDriver);
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  if (!name || length <= 0) return CUDA_ERROR_INVALID_VALUE;
  snprintf(name, size_t(length), "Simulated CUDA device");
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDeviceGetUuid(unsigned char* uuid, CUdevice device) {
  CUDASIM_ENTER("cuDeviceGetUuid", kDriver);
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  if (!uuid) return CUDA_ERROR_INVALID_VALUE;
  for (int i = 0; i < 16; i++) uuid[i] = (unsigned char)i;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDeviceGetPCIBusId(char* text, int length, CUdevice device) {
  CUDASIM_ENTER("cuDeviceGetPCIBusId", kDriver);
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  if (!text || length <= 0) return CUDA_ERROR_INVALID_VALUE;
  snprintf(text, size_t(length), "0000:00:00.0");
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
  CUDASIM_ENTER("cuDeviceTotalMem", kDriver);
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  if (!bytes) return CUDA_ERROR_INVALID_VALUE;
  *bytes = Memory::get().total();
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDeviceGetAttribute(int* value, int attribute, CUdevice device) {
  CUDASIM_ENTER("cuDeviceGetAttribute", kDriver);
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  if (!value || attribute <= 0) return CUDA_ERROR_INVALID_VALUE;
  *value = 0;
  for (const Attribute& known : kAttributes) {
    if (known.number == attribute) *value = known.value;
  }
  if (attribute == 75) *value = capability() / 10;
  if (attribute == 76) *value = capability() % 10;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDeviceComputeCapability(int* major, int* minor, CUdevice device) {
  CUDASIM_ENTER("cuDeviceComputeCapability", kDriver);
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  *major = capability() / 10;
  *minor = capability() % 10;
  return CUDA_SUCCESS;
}

// --- contexts ---

CUDASIM_API CUresult cuCtxCreate_v2(CUcontext* context, unsigned flags, CUdevice device) {
  CUDASIM_ENTER("cuCtxCreate", kDriver);
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  if (!context) return CUDA_ERROR_INVALID_VALUE;
  auto* fresh = new Context();
  fresh->flags = flags;
  open_context(fresh);
  context_stack.push_back(fresh);
  *context = fresh;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuCtxDestroy_v2(CUcontext context) {
  CUDASIM_ENTER("cuCtxDestroy", kDriver);
  if (!is_context(context)) return CUDA_ERROR_INVALID_CONTEXT;
  if (context->primary) return CUDA_ERROR_INVALID_CONTEXT;
  // The Context itself stays, so that a thread which still has it current is told so.
  close_context(context);
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
  CUDASIM_ENTER("cuDevicePrimaryCtxRetain", kDriver);
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  if (!context) return CUDA_ERROR_INVALID_VALUE;
  if (primary()->users++ == 0) open_context(primary());
  *context = primary();
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDevicePrimaryCtxReset_v2(CUdevice device) {
  CUDASIM_ENTER("cuDevicePrimaryCtxReset", kDriver);
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  close_context(primary());
  primary()->error = CUDA_SUCCESS;
  if (primary()->users > 0) open_context(primary());
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  CUDASIM_ENTER("cuDevicePrimaryCtxRelease", kDriver);
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  if (primary()->users == 0) return CUDA_ERROR_INVALID_CONTEXT;
  if (--primary()->users == 0) {
    close_context(primary());
    primary()->error = CUDA_SUCCESS;
  }
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned* flags, int* active) {
  CUDASIM_ENTER("cuDevicePrimaryCtxGetState", kDriver);
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  *flags = primary()->flags;
  *active = primary()->users > 0;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned flags) {
  CUDASIM_ENTER("cuDevicePrimaryCtxSetFlags", kDriver);
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  primary()->flags = flags;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuCtxSetCurrent(CUcontext context) {
  CUDASIM_ENTER("cuCtxSetCurrent", kDriver);
  if (context && !is_context(context)) return CUDA_ERROR_INVALID_CONTEXT;
  if (!context_stack.empty()) context_stack.pop_back();
  if (context) context_stack.push_back(context);
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuCtxGetCurrent(CUcontext* context) {
  CUDASIM_ENTER("cuCtxGetCurrent", kDriver);
  if (!context) return CUDA_ERROR_INVALID_VALUE;
  *context = current_context();
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuCtxPushCurrent_v2(CUcontext context) {
  CUDASIM_ENTER("cuCtxPushCurrent", kDriver);
  if (!is_context(context)) return CUDA_ERROR_INVALID_CONTEXT;
  context_stack.push_back(context);
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuCtxPopCurrent_v2(CUcontext* context) {
  CUDASIM_ENTER("cuCtxPopCurrent", kDriver);
  if (context_stack.empty()) return CUDA_ERROR_INVALID_CONTEXT;
  if (context) *context = context_stack.back();
  context_stack.pop_back();
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuCtxGetDevice(CUdevice* device) {
  CUDASIM_ENTER("cuCtxGetDevice", kContext);
  if (!device) return CUDA_ERROR_INVALID_VALUE;
  *device = 0;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuCtxGetApiVersion(CUcontext, unsigned* version) {
  CUDASIM_ENTER("cuCtxGetApiVersion", kDriver);
  *version = 3020;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuCtxGetFlags(unsigned* flags) {
  CUDASIM_ENTER("cuCtxGetFlags", kContext);
  *flags = current_context()->flags;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  CUDASIM_ENTER("cuCtxGetStreamPriorityRange", kContext);
  if (least) *least = 0;
  if (greatest) *greatest = -5;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuCtxSetLimit(int, size_t) {
  CUDASIM_ENTER("cuCtxSetLimit", kContext);
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuCtxSynchronize(void) {
  CUDASIM_ENTER("cuCtxSynchronize", kHealthy);
  Context* context = current_context();
  if (CUresult status = forbid_any_capture(context)) return status;
  drain_all(context);
  std::string text;
  if (!context->error && Memory::get().any_damaged(&text)) {
    context->fail(CUDA_ERROR_ILLEGAL_ADDRESS, "found by cuCtxSynchronize: " + text);
  }
  return context->error;
}
