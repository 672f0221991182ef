// A piece of work for the device: what a stream queues and what a graph's node repeats.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "driver_types.h"
#include "module.h"
#include "worker.h"

namespace cudasim {

// Copies of a kernel's arguments, as the driver takes them at the call.
class Arguments {
 public:
  Arguments() = default;
  Arguments(const KernelEntry& kernel, void** values);
  // From one buffer, where each argument stands at its alignment.
  Arguments(const KernelEntry& kernel, const void* buffer);

  // One pointer for each argument, into this object.
  std::vector<void*> values();
  const std::vector<unsigned char>& bytes() const { return bytes_; }

 private:
  void lay_out(const KernelEntry& kernel);
  std::vector<unsigned char> bytes_;
  std::vector<size_t> offsets_;
};

struct KernelWork {
  Function* function;
  dim3 grid, block;
  unsigned dynamic_shared;
  Arguments arguments;
};

struct CopyWork {
  uintptr_t to, from;
  size_t width, height, depth;  // in bytes, rows, slices
  size_t to_pitch, to_slice, from_pitch, from_slice;
};

struct FillWork {
  uintptr_t to;
  unsigned value, element;
  size_t width, height, pitch;  // in elements, rows, bytes
};

struct HostWork {
  CUhostFn function;
  void* data;
};

struct CallbackWork {
  CUstreamCallback function;
  CUstream stream;
  void* data;
};

// The work of another stand-in library: a function and a copy of its arguments.
struct LibraryWork {
  const char* name;
  void (*run)(void* arguments);
  std::vector<unsigned char> arguments;
};

struct FreeWork {
  uintptr_t address;
};

struct RecordWork {
  Event* event;
  uint64_t version;
};

struct WaitWork {
  Event* event;
  uint64_t version;
};

struct EmptyWork {};

struct GraphPlan;  // a graph in the order of its execution

struct GraphWork {
  std::shared_ptr<GraphPlan> plan;
};

using Work = std::variant<EmptyWork, KernelWork, CopyWork, FillWork, HostWork, CallbackWork,
                          LibraryWork, FreeWork, RecordWork, WaitWork, GraphWork>;

// The work of a launch, its arguments copied; INVALID_VALUE where the kernel cannot run that way.
CUresult make_kernel_work(Function* function, dim3 grid, dim3 block, unsigned shared, void** values,
                          void** extra, KernelWork* work);

// Does the work now. A failure stays in the context, to be returned by its next call.
void execute(Work& work, Context* context);

// Checks that the ranges lie in device memory where they must; the status for the caller.
CUresult check_device_range(uintptr_t address, size_t bytes);

}  // namespace cudasim
