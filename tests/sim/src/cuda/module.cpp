#include "module.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <set>

#include "calls.h"
#include "context.h"
#include "explain.h"
#include "graph.h"
#include "stream.h"
#include "work.h"

namespace cudasim {

namespace {

std::set<const Module*>& modules() {
  static auto* all = new std::set<const Module*>();
  return *all;
}

std::set<const Function*>& functions() {
  static auto* all = new std::set<const Function*>();
  return *all;
}

// The bytes of an image whose length nobody tells: an ELF file ends with its section headers.
size_t image_size(const void* image) {
  Elf64_Ehdr header;
  memcpy(&header, image, sizeof header);
  return header.e_shoff + size_t(header.e_shnum) * header.e_shentsize;
}

// Finds the thread-local and the other bytes of the loaded image that is called `name`.
SharedImage find_shared(const char* name) {
  struct Search {
    const char* name;
    SharedImage found;
  } search = {name, {}};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto* search = static_cast<Search*>(data);
        if (strcmp(info->dlpi_name, search->name)) return 0;
        search->found.module = info->dlpi_tls_modid;
        for (int i = 0; i < info->dlpi_phnum; i++) {
          const ElfW(Phdr)& header = info->dlpi_phdr[i];
          if (header.p_type == PT_TLS) search->found.bytes = header.p_memsz;
          if (header.p_type == PT_LOAD) {
            Range& range = search->found.range;
            if (!range.bytes) range.start = info->dlpi_addr + header.p_vaddr;
            range.bytes = info->dlpi_addr + header.p_vaddr + header.p_memsz - range.start;
          }
        }
        return 1;
      },
      &search);
  return search.found;
}

CUresult load(Module** module, const void* image) {
  if (!module || !image) return CUDA_ERROR_INVALID_VALUE;
  const auto* bytes = static_cast<const unsigned char*>(image);
  if (memcmp(bytes, ELFMAG, SELFMAG) || bytes[18] != EM_X86_64) {
    report("a module image that is no shared object made from a .cu file for the simulator");
    return CUDA_ERROR_INVALID_IMAGE;
  }
  size_t size = image_size(image);
  int file = memfd_create("cudasim-module", MFD_CLOEXEC);
  if (file < 0 || write(file, image, size) != ssize_t(size)) return CUDA_ERROR_OUT_OF_MEMORY;
  std::string path = format("/proc/self/fd/%d", file);
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    report(std::string("a module image cannot be loaded: ") + dlerror());
    close(file);
    return CUDA_ERROR_INVALID_IMAGE;
  }
  auto* loaded = new Module();
  loaded->image = handle;
  loaded->file = file;
  loaded->shared = find_shared(path.c_str());
  modules().insert(loaded);
  *module = loaded;
  return CUDA_SUCCESS;
}

bool fits(const Function& function, const dim3& grid, const dim3& block, unsigned shared) {
  uint64_t threads = uint64_t(block.x) * block.y * block.z;
  return grid.x >= 1 && grid.y >= 1 && grid.z >= 1 && grid.x <= 2147483647u && grid.y <= 65535 &&
         grid.z <= 65535 && threads >= 1 && block.z <= 64 && threads <= kMaxThreads &&
         threads <= function.entry->max_threads && shared <= function.max_dynamic_shared;
}

}  // namespace

bool is_function(const Function* function) { return functions().count(function) > 0; }

}  // namespace cudasim

using namespace cudasim;

CUDASIM_API CUresult cuModuleLoadData(CUmodule* module, const void* image) {
  CUDASIM_ENTER("cuModuleLoadData", kSynchronous);
  return load(module, image);
}

CUDASIM_API CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned, int*,
                                        void**) {
  CUDASIM_ENTER("cuModuleLoadData", kSynchronous);
  return load(module, image);
}

CUDASIM_API CUresult cuModuleLoadFatBinary(CUmodule* module, const void* image) {
  CUDASIM_ENTER("cuModuleLoadData", kSynchronous);
  return load(module, image);
}

CUDASIM_API CUresult cuModuleLoad(CUmodule* module, const char* path) {
  CUDASIM_ENTER("cuModuleLoad", kSynchronous);
  std::ifstream file(path, std::ios::binary);
  if (!file) return CUDA_ERROR_FILE_NOT_FOUND;
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (bytes.size() < sizeof(Elf64_Ehdr)) return CUDA_ERROR_INVALID_IMAGE;
  return load(module, bytes.data());
}

CUDASIM_API CUresult cuModuleUnload(CUmodule module) {
  CUDASIM_ENTER("cuModuleUnload", kContext);
  if (!modules().count(module)) return CUDA_ERROR_INVALID_HANDLE;
  drain_all(current_context());
  for (auto& entry : module->functions) functions().erase(entry.second.get());
  modules().erase(module);
  dlclose(module->image);
  close(module->file);
  delete module;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  CUDASIM_ENTER("cuModuleGetFunction", kHealthy);
  if (!function || !name) return CUDA_ERROR_INVALID_VALUE;
  if (!modules().count(module)) return CUDA_ERROR_INVALID_HANDLE;
  auto known = module->functions.find(name);
  if (known == module->functions.end()) {
    std::string symbol = std::string("cudasim_k_") + name;
    auto* entry = static_cast<const KernelEntry*>(dlsym(module->image, symbol.c_str()));
    if (!entry) return CUDA_ERROR_NOT_FOUND;
    if (entry->version != kEntryVersion) {
      report(format("kernel %s was compiled for another version of the simulator", name));
      return CUDA_ERROR_INVALID_IMAGE;
    }
    auto fresh = std::make_unique<Function>();
    fresh->module = module;
    fresh->entry = entry;
    functions().insert(fresh.get());
    known = module->functions.emplace(name, std::move(fresh)).first;
  }
  *function = known->second.get();
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuModuleGetGlobal_v2(CUdeviceptr* address, size_t*, CUmodule module,
                                          const char* name) {
  CUDASIM_ENTER("cuModuleGetGlobal", kHealthy);
  if (!modules().count(module)) return CUDA_ERROR_INVALID_HANDLE;
  void* symbol = dlsym(module->image, name);
  if (!symbol) return CUDA_ERROR_NOT_FOUND;
  if (address) *address = reinterpret_cast<CUdeviceptr>(symbol);
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuModuleGetLoadingMode(int* mode) {
  CUDASIM_ENTER("cuModuleGetLoadingMode", kDriver);
  *mode = 1;  // eager
  return CUDA_SUCCESS;
}

// --- functions ---

enum FunctionAttribute : int {
  kMaxThreadsPerBlock = 0,
  kSharedSize = 1,
  kLocalSize = 3,
  kRegisters = 4,
  kPtxVersion = 5,
  kBinaryVersion = 6,
  kMaxDynamicSharedSize = 8,
  kCarveout = 9,
};

CUDASIM_API CUresult cuFuncSetAttribute(CUfunction function, int attribute, int value) {
  CUDASIM_ENTER("cuFuncSetAttribute", kHealthy);
  if (!is_function(function)) return CUDA_ERROR_INVALID_HANDLE;
  switch (attribute) {
    case kMaxDynamicSharedSize:
      if (value < 0 || value > 163 * 1024) return CUDA_ERROR_INVALID_VALUE;
      function->max_dynamic_shared = unsigned(value);
      return CUDA_SUCCESS;
    case kCarveout:
      if (value < -1 || value > 100) return CUDA_ERROR_INVALID_VALUE;
      function->carveout = value;
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

CUDASIM_API CUresult cuFuncGetAttribute(int* value, int attribute, CUfunction function) {
  CUDASIM_ENTER("cuFuncGetAttribute", kHealthy);
  if (!value) return CUDA_ERROR_INVALID_VALUE;
  if (!is_function(function)) return CUDA_ERROR_INVALID_HANDLE;
  switch (attribute) {
    case kMaxThreadsPerBlock: *value = int(function->entry->max_threads); break;
    case kRegisters: *value = 32; break;
    case kPtxVersion: *value = 80; break;
    case kBinaryVersion: *value = 80; break;
    case kMaxDynamicSharedSize: *value = int(function->max_dynamic_shared); break;
    case kCarveout: *value = function->carveout; break;
    default: *value = 0; break;
  }
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuFuncSetCacheConfig(CUfunction function, int) {
  CUDASIM_ENTER("cuFuncSetCacheConfig", kHealthy);
  return is_function(function) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUDASIM_API CUresult cuFuncGetModule(CUmodule* module, CUfunction function) {
  CUDASIM_ENTER("cuFuncGetModule", kHealthy);
  if (!is_function(function)) return CUDA_ERROR_INVALID_HANDLE;
  *module = function->module;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction function,
                                                                 int threads, size_t) {
  CUDASIM_ENTER("cuOccupancyMaxActiveBlocksPerMultiprocessor", kHealthy);
  if (!blocks || threads <= 0) return CUDA_ERROR_INVALID_VALUE;
  if (!is_function(function)) return CUDA_ERROR_INVALID_HANDLE;
  *blocks = 2048 / threads;
  return CUDA_SUCCESS;
}

// --- launching ---

namespace cudasim {

// Shared by launches and by kernel nodes of graphs.
CUresult make_kernel_work(Function* function, dim3 grid, dim3 block, unsigned shared, void** values,
                          void** extra, KernelWork* work) {
  if (!is_function(function)) return CUDA_ERROR_INVALID_HANDLE;
  if (!fits(*function, grid, block, shared)) {
    report(format("%s: grid (%u,%u,%u), block (%u,%u,%u) and %u bytes of dynamic shared memory "
                  "do not fit (block at most %u threads, shared at most %u bytes)",
                  function->entry->name, grid.x, grid.y, grid.z, block.x, block.y, block.z, shared,
                  function->entry->max_threads, function->max_dynamic_shared));
    return CUDA_ERROR_INVALID_VALUE;
  }
  const KernelEntry& entry = *function->entry;
  *work = {function, grid, block, shared, {}};
  if (values) {
    work->arguments = Arguments(entry, values);
    return CUDA_SUCCESS;
  }
  const void* buffer = nullptr;
  for (void** key = extra; key && *key != CU_LAUNCH_PARAM_END; key += 2) {
    if (*key == CU_LAUNCH_PARAM_BUFFER_POINTER) buffer = key[1];
  }
  if (buffer) work->arguments = Arguments(entry, buffer);
  return buffer || entry.parameters == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace cudasim

CUDASIM_API CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y,
                                    unsigned grid_z, unsigned block_x, unsigned block_y,
                                    unsigned block_z, unsigned shared, CUstream handle,
                                    void** values, void** extra) {
  CUDASIM_ENTER("cuLaunchKernel", kHealthy);
  Stream* stream = resolve_stream(handle, current_context());
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  KernelWork work;
  CUresult status = make_kernel_work(function, {grid_x, grid_y, grid_z}, {block_x, block_y, block_z},
                                     shared, values, extra, &work);
  return status ? status : submit(stream, std::move(work));
}
