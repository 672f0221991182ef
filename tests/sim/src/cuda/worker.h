// A worker runs the blocks of a launch, one at a time, on one OS thread: it schedules the block's
// threads, lets them meet at barriers, and finds out when they never will.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include <cudasim/entry.h>

#include "checked.h"
#include "driver_types.h"
#include "explain.h"
#include "fiber.h"
#include "guard.h"
#include "memory.h"
#include "warp.h"

namespace cudasim {

// In which order the threads of a block and the blocks of a grid start. A kernel that depends on it
// has a race.
enum class Order { kForward, kReverse };

// Where the C library keeps an image's static shared memory, which is thread-local (kernel.h).
struct SharedImage {
  struct Index {
    unsigned long module, offset;
  };
  unsigned long module = 0;
  size_t bytes = 0;
  Range range;  // the image's own bytes, with its constants
};

// One kernel launch, shared by the workers that run its blocks.
struct Launch {
  const KernelEntry* kernel;
  dim3 grid;
  dim3 block;
  size_t dynamic_shared;
  void** values;
  Order order;
  SharedImage image;
  Range arguments;  // the bytes that the values point to
  Range addresses;  // and the values themselves
  std::atomic<uint64_t> next_block{0};
  std::atomic<int> status{CUDA_SUCCESS};
  std::string report;  // of the first error
};

constexpr unsigned kMaxThreads = 1024;
constexpr size_t kMaxDynamicShared = 227 * 1024;

class Worker {
 public:
  Worker();
  ~Worker();

  // Runs blocks until none is left or one has failed.
  void run(Launch& launch);

  // --- called by the threads of the running block ---
  unsigned barrier(BarrierOp op, unsigned value, int line);
  uint64_t warp_op(WarpOp op, uint32_t mask, uint64_t value, int argument, int width);
  uint32_t active_lanes() const;
  void check_access(uintptr_t address, size_t size, Access access);
  [[noreturn]] void fail(CUresult status, const std::string& what);

  static Worker* current() { return static_cast<Fiber*>(cudasim_current)->worker; }

 private:
  static void thread_loop();
  void run_blocks();
  void run_block(uint64_t number);
  void run_threads(Fiber* self);
  void finish_thread(Fiber* fiber);
  void yield();
  void release_barrier();
  bool try_complete(Warp& warp, uint32_t mask, int self);
  Fiber* idle_fiber();
  void prepare_shared_memory();
  Range find_static_shared() const;
  void check_race(uintptr_t address, size_t size, Access access, size_t first_byte);
  void explain_fault();
  void reset_fibers();
  std::string where(const Thread* thread) const;
  [[noreturn]] void fail_deadlock();

  Launch* launch_ = nullptr;
  BlockView block_;
  unsigned threads_ = 0;
  unsigned started_ = 0;
  unsigned alive_ = 0;
  unsigned blocks_run_ = 0;

  // The block-wide barrier.
  unsigned arrived_ = 0;
  unsigned barrier_value_ = 0;
  unsigned barrier_result_ = 0;
  BarrierOp barrier_op_ = kBarrierCount;
  int barrier_line_ = 0;
  std::vector<Fiber*> at_barrier_;

  Warp warps_[kMaxThreads / 32];
  Fiber main_;
  std::vector<Fiber*> fibers_;
  std::vector<Fiber*> idle_;
  std::vector<Fiber*> runnable_;
  size_t next_runnable_ = 0;

  // For kernels that announce their accesses.
  Range static_shared_;
  Range latest_;  // the device memory of the latest access
  RaceDetector races_;
  uint32_t block_time_ = 0;

  char* shared_ = nullptr;  // dynamic shared memory, with an inaccessible page behind
  Guard guard_;
};

// Runs all blocks of the launch on so many OS threads; fills in status and report.
void run_launch(Launch& launch, unsigned os_threads);

}  // namespace cudasim
