// What a kernel's thread knows about itself, and how it meets the other threads of its block. Shared
// by the module images (compiled .cu files) and the simulated driver that runs them.
#pragma once

#include <stdint.h>

#include "vectors.h"

namespace cudasim {

// The part of a running block that its threads may read.
struct BlockView {
  uint3 index;           // blockIdx
  dim3 threads;          // blockDim
  dim3 grid;             // gridDim
  void* dynamic_shared;  // the bytes asked for at the launch, ending at an inaccessible page
};

// The part of a running thread that it may read itself.
struct Thread {
  uint3 index;      // threadIdx
  unsigned linear;  // its number in the block; lane = linear & 31
  BlockView* block;
};

enum BarrierOp : int { kBarrierCount, kBarrierOr, kBarrierAnd };

enum WarpOp : int {
  kShuffle,
  kShuffleUp,
  kShuffleDown,
  kShuffleXor,
  kBallot,
  kAny,
  kAll,
  kMatchAny,
  kSyncWarp,
  kReduceAdd,
  kReduceMinSigned,
  kReduceMaxSigned,
  kReduceMinUnsigned,
  kReduceMaxUnsigned,
  kReduceAnd,
  kReduceOr,
  kReduceXor,
};

}  // namespace cudasim

#pragma GCC visibility push(default)
extern "C" {
// The thread that runs now on this OS thread. __thread, not thread_local: no initialiser to call.
// The model makes each access one instruction; it works for a library that is loaded late because
// the C library keeps some room for such variables, and this is a single one.
extern __thread cudasim::Thread* cudasim_current __attribute__((tls_model("initial-exec")));

// Waits for all living threads of the block; the line tells barriers apart in divergent code.
unsigned cudasim_barrier(int op, unsigned value, int line);

// Waits for all living lanes of the mask, then gives each its result.
uint64_t cudasim_warp(int op, uint32_t mask, uint64_t value, int argument, int width);

// The lanes of the caller's warp that have not returned from the kernel yet.
uint32_t cudasim_active_lanes(void);

// Ends the launch as a failed assertion (CUDA_ERROR_ASSERT) or a trap (CUDA_ERROR_LAUNCH_FAILED).
[[noreturn]] void cudasim_assert(const char* condition, const char* file, unsigned line);
[[noreturn]] void cudasim_trap(void);
}
#pragma GCC visibility pop
