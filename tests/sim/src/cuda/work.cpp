#include "work.h"

#include <string.h>
#include <time.h>

#include "context.h"
#include "explain.h"
#include "graph.h"
#include "guard.h"
#include "memory.h"
#include "stream.h"

namespace cudasim {

// --- kernel arguments ---

void Arguments::lay_out(const KernelEntry& kernel) {
  size_t size = 0;
  for (unsigned i = 0; i < kernel.parameters; i++) {
    size_t alignment = kernel.alignments[i];
    size = (size + alignment - 1) / alignment * alignment;
    offsets_.push_back(size);
    size += kernel.sizes[i];
  }
  bytes_.resize(size);
}

Arguments::Arguments(const KernelEntry& kernel, void** values) {
  lay_out(kernel);
  std::vector<void*> places = this->values();
  for (unsigned i = 0; i < kernel.parameters; i++) memcpy(places[i], values[i], kernel.sizes[i]);
}

Arguments::Arguments(const KernelEntry& kernel, const void* buffer) {
  lay_out(kernel);
  std::vector<void*> places = this->values();
  for (unsigned i = 0; i < kernel.parameters; i++) {
    memcpy(places[i], static_cast<const char*>(buffer) + offsets_[i], kernel.sizes[i]);
  }
}

std::vector<void*> Arguments::values() {
  // The allocator aligns to 16 bytes, as much as any type of CUDA asks for.
  std::vector<void*> places(offsets_.size());
  for (size_t i = 0; i < offsets_.size(); i++) places[i] = bytes_.data() + offsets_[i];
  return places;
}

// --- doing it ---

namespace {

// Checks the canaries of whatever the bytes may point to.
bool damaged_behind(const std::vector<unsigned char>& bytes, std::string* text) {
  for (size_t i = 0; i + sizeof(uintptr_t) <= bytes.size(); i += sizeof(uintptr_t)) {
    uintptr_t word;
    memcpy(&word, bytes.data() + i, sizeof word);
    if (Memory::get().damaged_at(word, text)) return true;
  }
  return false;
}

// Work other than kernels runs in here, one at a time under the driver's lock.
bool run_guarded(const char* name, void (*body)(void*), void* argument, Context* context) {
  static auto* guard = new Guard();
  if (guard->run(body, argument)) return true;
  const HardwareFault& fault = guard->fault();
  context->fail(CUDA_ERROR_ILLEGAL_ADDRESS,
                std::string(name) + (fault.is_write ? ": writes to " : ": reads from ") +
                    explain_address(fault.address));
  return false;
}

void run(EmptyWork&, Context*) {}

void run(KernelWork& work, Context* context) {
  std::vector<void*> values = work.arguments.values();
  const std::vector<unsigned char>& bytes = work.arguments.bytes();
  Launch launch;
  launch.kernel = work.function->entry;
  launch.grid = work.grid;
  launch.block = work.block;
  launch.dynamic_shared = work.dynamic_shared;
  launch.values = values.data();
  launch.order = settings().order;
  launch.image = work.function->module->shared;
  launch.arguments = {reinterpret_cast<uintptr_t>(bytes.data()), bytes.size()};
  launch.addresses = {reinterpret_cast<uintptr_t>(values.data()), values.size() * sizeof(void*)};
  run_launch(launch, settings().os_threads);
  if (launch.status) {
    context->fail(CUresult(launch.status.load()), launch.report);
    return;
  }
  std::string text;
  if (damaged_behind(work.arguments.bytes(), &text)) {
    context->fail(CUDA_ERROR_ILLEGAL_ADDRESS, std::string(work.function->entry->name) + ": " + text);
  }
}

void run(CopyWork& work, Context* context) {
  run_guarded(
      "memcpy",
      [](void* argument) {
        auto& copy = *static_cast<CopyWork*>(argument);
        for (size_t z = 0; z < copy.depth; z++) {
          for (size_t y = 0; y < copy.height; y++) {
            memmove(reinterpret_cast<char*>(copy.to) + z * copy.to_slice + y * copy.to_pitch,
                    reinterpret_cast<char*>(copy.from) + z * copy.from_slice + y * copy.from_pitch,
                    copy.width);
          }
        }
      },
      &work, context);
}

void run(FillWork& work, Context* context) {
  run_guarded(
      "memset",
      [](void* argument) {
        auto& fill = *static_cast<FillWork*>(argument);
        for (size_t y = 0; y < fill.height; y++) {
          char* row = reinterpret_cast<char*>(fill.to) + y * fill.pitch;
          if (fill.element == 1) {
            memset(row, int(fill.value), fill.width);
          } else {
            for (size_t x = 0; x < fill.width; x++) {
              memcpy(row + x * fill.element, &fill.value, fill.element);
            }
          }
        }
      },
      &work, context);
}

void run(HostWork& work, Context*) { work.function(work.data); }

void run(CallbackWork& work, Context* context) {
  work.function(work.stream, context->error, work.data);
}

void run(LibraryWork& work, Context* context) {
  if (!run_guarded(work.name, work.run, work.arguments.data(), context)) return;
  std::string text;
  if (damaged_behind(work.arguments, &text)) {
    context->fail(CUDA_ERROR_ILLEGAL_ADDRESS, std::string(work.name) + ": " + text);
  }
}

void run(FreeWork& work, Context* context) {
  std::string text;
  if (Memory::get().damaged_at(work.address, &text)) {
    context->fail(CUDA_ERROR_ILLEGAL_ADDRESS, "cuMemFreeAsync: " + text);
  }
  if (Memory::get().release(work.address, false)) {
    context->fail(CUDA_ERROR_INVALID_VALUE, "cuMemFreeAsync: " + explain_address(work.address));
  }
}

void run(RecordWork& work, Context*) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  work.event->reached = work.version;
  work.event->time_ms = double(now.tv_sec) * 1e3 + double(now.tv_nsec) * 1e-6;
}

void run(WaitWork& work, Context*) { reach(work.event, work.version); }

void run(GraphWork& work, Context* context) {
  // The plan may be updated by a host node of its own; steps are taken as they are now.
  for (GraphPlan::Step& step : work.plan->steps) {
    if (context->error) return;
    Work copy = step.work;
    execute(copy, context);
  }
}

}  // namespace

void execute(Work& work, Context* context) {
  std::visit([context](auto& alternative) { run(alternative, context); }, work);
}

CUresult check_device_range(uintptr_t address, size_t bytes) {
  if (bytes == 0 || Memory::get().find(address, bytes)) return CUDA_SUCCESS;
  report(format("%zu bytes at ", bytes) + explain_address(address) +
         " are not all in one live allocation");
  return CUDA_ERROR_INVALID_VALUE;
}

}  // namespace cudasim
