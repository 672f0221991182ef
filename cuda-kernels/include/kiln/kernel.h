// Included first by every kernel file. One .cu is compiled three times:
//   nvcc                      its kernels, to PTX and SASS            KILN_DEVICE_CODE
//   g++ with the simulator    its kernels, for tests without a GPU    KILN_DEVICE_CODE
//   g++                       its launchers, into Kiln's JNI library  KILN_HOST_CODE
#pragma once

#include <stdint.h>

#if defined(__CUDACC__)
#define KILN_DEVICE_CODE 1

// A kernel: KILN_KERNEL(kiln_twice_f32, float* out, const float* x, int64_t n) { ... }
#define KILN_KERNEL(name, ...) extern "C" __global__ void name(__VA_ARGS__)
// A kernel that is never launched with more threads to a block, so that it may use more registers.
#define KILN_KERNEL_BOUNDS(threads, name, ...) \
  extern "C" __global__ void __launch_bounds__(threads) name(__VA_ARGS__)
// The same, with so many blocks to a multiprocessor at least. Left to itself the compiler would rather
// spill two or three registers than have fewer blocks, or take so many that few blocks are left.
#define KILN_KERNEL_BLOCKS(threads, blocks, name, ...) \
  extern "C" __global__ void __launch_bounds__(threads, blocks) name(__VA_ARGS__)
// A parameter that is read where it lies. Left to itself the compiler copies one of up to 128 bytes
// into each thread's local memory if an array in it is indexed.
#define KILN_CONSTANT const __grid_constant__
// The block's dynamic shared memory, as an array: KILN_SHARED(float, partial);
#define KILN_SHARED(type, name)                                  \
  extern __shared__ __align__(16) unsigned char kiln_shared[];   \
  type* const name = reinterpret_cast<type*>(kiln_shared)

#elif defined(CUDASIM)
// The simulator comes before this file (g++ -include) and defines the same four macros.
#define KILN_DEVICE_CODE 1
#else
#define KILN_HOST_CODE 1
#endif
