// Put in front of a .cu file (g++ -include) it makes the file ordinary C++ that the simulated device
// can run. Nothing in the .cu knows of it but for the macros KILN_KERNEL, KILN_KERNEL_BOUNDS,
// KILN_KERNEL_BLOCKS, KILN_CONSTANT and KILN_SHARED, whose CUDA halves are in cuda-kernels/include/kiln/kernel.h.
#pragma once

#define CUDASIM 1

#include <assert.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __managed__ static
#define __grid_constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(...)

// One copy for each OS thread that runs blocks, since such a thread runs one block at a time. The
// driver fills an image's thread-local bytes with NaN before a launch: shared memory starts unset.
#define __shared__ thread_local

#include "entry.h"
#include "threads.h"
#include "vectors.h"

#define threadIdx (cudasim_current->index)
#define blockIdx (cudasim_current->block->index)
#define blockDim (cudasim_current->block->threads)
#define gridDim (cudasim_current->block->grid)
static constexpr int warpSize = 32;

#include "atomics.h"
#include "collectives.h"
#include "half.h"
#include "intrinsics.h"

// A declaration, the exported record of the kernel, and the head of its definition.
#define KILN_KERNEL(name, ...) KILN_KERNEL_BOUNDS(1024, name, __VA_ARGS__)
#define KILN_KERNEL_BLOCKS(max_threads, blocks, name, ...) \
  KILN_KERNEL_BOUNDS(max_threads, name, __VA_ARGS__)
#define KILN_KERNEL_BOUNDS(max_threads, name, ...)                                            \
  static void name(__VA_ARGS__);                                                              \
  extern "C" __attribute__((visibility("default"))) const cudasim::KernelEntry                \
      cudasim_k_##name = cudasim::Entry<&name>::record(#name, max_threads);                   \
  static void name(__VA_ARGS__)

// A parameter that is read where it lies.
#define KILN_CONSTANT const

// The dynamic shared memory of the launch, as an array of the type.
#define KILN_SHARED(type, name) \
  type* const name = static_cast<type*>(cudasim_current->block->dynamic_shared)

// A failing assert() ends the launch, not the process.
extern "C" __attribute__((weak, noreturn, visibility("hidden"))) void __assert_fail(
    const char* condition, const char* file, unsigned line, const char*) noexcept {
  cudasim_assert(condition, file, line);
}
