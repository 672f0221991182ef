// A device as launchers see it: its driver's functions, its kernels' images, its stream.
#include <dlfcn.h>

#include <atomic>
#include <fstream>
#include <iterator>

#include "kiln/launch.h"

namespace kiln {

namespace {

thread_local std::string last_error;
thread_local int64_t current = 0;  // serial number of the context that this thread works in

constexpr int ATTRIBUTE_DYNAMIC_SHARED = 8;  // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
constexpr unsigned SHARED_WITHOUT_ASKING = 48 * 1024;
constexpr int OPTION_ERROR_LOG = 5;          // CU_JIT_ERROR_LOG_BUFFER
constexpr int OPTION_ERROR_LOG_BYTES = 6;    // CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES

int families = 0;
std::atomic<int64_t> contexts{0};

template <class F>
bool find_call(void* library, const char* name, F& f) {
  f = reinterpret_cast<F>(dlsym(library, name));
  if (f == nullptr) {
    last_error = std::string("libcuda has no function ") + name;
  }
  return f != nullptr;
}

bool find_calls(void* library, DriverCalls& d) {
  return find_call(library, "cuCtxSetCurrent", d.set_current) &&
         find_call(library, "cuModuleLoadDataEx", d.load_module) &&
         find_call(library, "cuModuleUnload", d.unload_module) &&
         find_call(library, "cuModuleGetFunction", d.get_function) &&
         find_call(library, "cuFuncSetAttribute", d.set_function_attribute) &&
         find_call(library, "cuLaunchKernel", d.launch_kernel) &&
         find_call(library, "cuMemcpyDtoDAsync_v2", d.copy_on_device) &&
         find_call(library, "cuMemsetD8Async", d.set_bytes) &&
         find_call(library, "cuStreamSynchronize", d.synchronize);
}

// One image file; KILN_NO_IMAGE if there is none.
int load_image(Context& context, const std::string& path, void*& module) {
  std::ifstream file(path, std::ios::binary);
  std::string image((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (image.empty()) {
    return fail(KILN_NO_IMAGE, "cannot read the kernels in " + path);
  }
  char log[4096] = {};
  int keys[] = {OPTION_ERROR_LOG, OPTION_ERROR_LOG_BYTES};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
  int status = context.driver.load_module(&module, image.c_str(), 2, keys, values);
  std::string said = log[0] != 0 ? std::string(", which says: ") + log : "";
  return status == 0 ? KILN_OK : fail(status, "cuModuleLoadDataEx(" + path + ")" + said);
}

// The element type that a kernel's name ends with, KILN_TYPES if it ends with none.
int type_of(const std::string& kernel) {
  std::string end = kernel.substr(kernel.rfind('_') + 1);
  for (int type = 0; type < KILN_TYPES; type++) {
    if (end == TYPE_NAMES[type]) {
      return type;
    }
  }
  return KILN_TYPES;
}

// The first file of an image that loads: machine code may be of other GPUs, PTX is of all.
int load(Context& context, const std::string& image, void*& module) {
  int status = KILN_NO_IMAGE;
  for (size_t start = 0; start <= context.extensions.size();) {
    size_t end = context.extensions.find(',', start);
    end = end == std::string::npos ? context.extensions.size() : end;
    std::string extension = context.extensions.substr(start, end - start);
    status = load_image(context, context.images + "/" + image + "." + extension, module);
    if (status == KILN_OK) {
      break;
    }
    module = nullptr;
    start = end + 1;
  }
  return status;
}

}  // namespace

int fail(int status, const std::string& text) {
  last_error = text;
  return status;
}

int Context::make_current() {
  if (current == serial) {
    return KILN_OK;
  }
  int status = driver.set_current(cu_context);
  if (status != KILN_OK) {
    return fail(status, "cuCtxSetCurrent");
  }
  current = serial;
  return KILN_OK;
}

Family::Family(const char* name) : name_(name), number_(families++) {}

Kernel Family::find(Context& context, int slot, const char* name) const {
  int status = context.make_current();
  if (status != KILN_OK) {
    return {nullptr, status};
  }
  if (static_cast<size_t>(number_) >= context.modules.size()) {
    context.modules.resize(number_ + 1);
  }
  Modules& modules = context.modules[number_];
  int type = type_of(name);
  std::string image = type < KILN_TYPES ? std::string(name_) + "." + TYPE_NAMES[type] : name_;
  void*& module = modules.handles[type];
  if (module == nullptr) {
    status = load(context, image, module);
    if (status != KILN_OK) {
      return {nullptr, status};
    }
  }
  void* function = nullptr;
  status = context.driver.get_function(&function, module, name);
  if (status != KILN_OK) {
    return {nullptr,
            fail(KILN_NO_KERNEL, std::string("no kernel ") + name + " in " + image +
                                     ": cuModuleGetFunction returns error " +
                                     std::to_string(status))};
  }
  if (static_cast<size_t>(slot) >= modules.functions.size()) {
    modules.functions.resize(slot + 1);
  }
  modules.functions[slot] = function;
  return {function, KILN_OK};
}

int launch_raw(Context& context, const Kernel& kernel, unsigned grid_x, unsigned grid_y,
               unsigned block, unsigned shared, void** parameters) {
  if (kernel.status != KILN_OK || grid_x == 0 || grid_y == 0) {
    return kernel.status;
  }
  int status = context.make_current();
  if (status != KILN_OK) {
    return status;
  }
  if (shared > SHARED_WITHOUT_ASKING) {
    status = context.driver.set_function_attribute(kernel.function, ATTRIBUTE_DYNAMIC_SHARED,
                                                   static_cast<int>(shared));
    if (status != KILN_OK) {
      return fail(status, "cuFuncSetAttribute");
    }
  }
  status = context.driver.launch_kernel(kernel.function, grid_x, grid_y, 1, block, 1, 1, shared,
                                        context.stream, parameters, nullptr);
  if (status != KILN_OK) {
    return fail(status, "cuLaunchKernel");
  }
  if (context.sync) {
    status = context.driver.synchronize(context.stream);
  }
  return status == KILN_OK ? KILN_OK : fail(status, "cuStreamSynchronize");
}

int copy_on_device(Context& context, int64_t to, int64_t from, int64_t bytes) {
  if (bytes == 0 || to == from) {
    return KILN_OK;
  }
  int status = context.make_current();
  if (status != KILN_OK) {
    return status;
  }
  status = context.driver.copy_on_device(static_cast<uint64_t>(to), static_cast<uint64_t>(from),
                                         static_cast<size_t>(bytes), context.stream);
  return status == KILN_OK ? KILN_OK : fail(status, "cuMemcpyDtoDAsync");
}

}  // namespace kiln

extern "C" {

int64_t kiln_open(const char* libcuda, const char* images, const char* extensions,
                  int64_t cu_context, int64_t cu_stream, int multiprocessors, int sync) {
  void* library = dlopen(libcuda, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    kiln::fail(0, dlerror());
    return 0;
  }
  auto* context = new kiln::Context();
  if (!kiln::find_calls(library, context->driver)) {
    delete context;
    return 0;
  }
  context->serial = ++kiln::contexts;
  context->cu_context = reinterpret_cast<void*>(cu_context);
  context->stream = reinterpret_cast<void*>(cu_stream);
  context->images = images;
  context->extensions = extensions;
  context->multiprocessors = multiprocessors;
  context->sync = sync != 0;
  return reinterpret_cast<int64_t>(context);
}

void kiln_close(int64_t handle) {
  kiln::Context& context = kiln::Context::of(handle);
  if (context.make_current() == KILN_OK) {
    for (const kiln::Modules& modules : context.modules) {
      for (void* module : modules.handles) {
        if (module != nullptr) {
          context.driver.unload_module(module);
        }
      }
    }
  }
  delete &context;
}

int kiln_make_current(int64_t context) { return kiln::Context::of(context).make_current(); }

const char* kiln_last_error() { return kiln::last_error.c_str(); }

int64_t kiln_address(void* buffer) { return reinterpret_cast<int64_t>(buffer); }

void kiln_report_to(int64_t context, int64_t record, int64_t flag) {
  kiln::Context& c = kiln::Context::of(context);
  c.index_record = reinterpret_cast<kiln::IndexRecord*>(record);
  c.index_flag = reinterpret_cast<int32_t*>(flag);
}

}  // extern "C"
