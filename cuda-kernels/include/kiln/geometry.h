// How the operands of an element-wise op lie in memory, for kernels and launchers.
#pragma once

#include <stdint.h>

#include "kiln/kernel.h"

namespace kiln {

constexpr int MAX_RANK = 6;

// Division by a number that is fixed for a launch: n / d = (high(n * factor) + n) >> shift for all
// 0 <= n < 2^31. Granlund and Montgomery: Division by invariant integers using multiplication. PLDI
// 1994.
struct Divider {
  uint32_t divisor;
  uint32_t factor;
  uint32_t shift;

  static Divider of(uint32_t d) {
    uint32_t shift = 0;
    while ((uint64_t{1} << shift) < d) {
      shift++;
    }
    uint64_t factor = ((uint64_t{1} << 32) * ((uint64_t{1} << shift) - d)) / d + 1;
    return {d, static_cast<uint32_t>(factor), shift};
  }

#if defined(KILN_DEVICE_CODE)
  __device__ __forceinline__ uint32_t divide(uint32_t n) const {
    return (__umulhi(n, factor) + n) >> shift;
  }
#endif
};

// Sizes of up to six axes, the outermost first, and each operand's strides in elements; passed to
// kernels by value. Fewer than 2^31 elements, so that an element's number fits 32 bits.
template <int OPERANDS>
struct Geometry {
  int32_t rank;
  uint32_t count;
  Divider sizes[MAX_RANK];
  int64_t strides[OPERANDS][MAX_RANK];

#if defined(KILN_DEVICE_CODE)
  // Finds where COUNT elements, numbered in row-major order, stand in each operand: at[k][u] for
  // element numbers[u] of operand k. One pass over the axes for all of them, so that their
  // divisions overlap. The rank is at least 1.
  template <int COUNT>
  __device__ __forceinline__ void places(uint32_t (&numbers)[COUNT],
                                         int64_t (&at)[OPERANDS][COUNT]) const {
#pragma unroll
    for (int k = 0; k < OPERANDS; k++) {
#pragma unroll
      for (int u = 0; u < COUNT; u++) {
        at[k][u] = 0;
      }
    }
#pragma unroll 1
    for (int axis = rank - 1; axis > 0; axis--) {
      Divider size = sizes[axis];
#pragma unroll
      for (int u = 0; u < COUNT; u++) {
        uint32_t rest = size.divide(numbers[u]);
        step(at, u, axis, numbers[u] - rest * size.divisor);
        numbers[u] = rest;
      }
    }
    // What is left is the index in the outermost axis.
#pragma unroll
    for (int u = 0; u < COUNT; u++) {
      step(at, u, 0, numbers[u]);
    }
  }

  // Where one element stands in operand 0.
  __device__ __forceinline__ int64_t place(uint32_t number) const {
    uint32_t numbers[1] = {number};
    int64_t at[OPERANDS][1];
    places(numbers, at);
    return at[0][0];
  }

 private:
  template <int COUNT>
  __device__ __forceinline__ void step(int64_t (&at)[OPERANDS][COUNT], int u, int axis,
                                       uint32_t index) const {
#pragma unroll
    for (int k = 0; k < OPERANDS; k++) {
      at[k][u] += static_cast<int64_t>(index) * strides[k][axis];
    }
  }
#endif
};

}  // namespace kiln
