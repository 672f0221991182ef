// Many pieces of memory as one operand, so that one launch goes over all gradients.
#pragma once

#include "kiln/geometry.h"

namespace kiln {

// What is passed to a kernel fits the 4096 bytes of its parameters.
constexpr int MOST_PARTS = 128;

// A block takes a slice at a time: so many elements of one part.
constexpr int64_t SLICE = 8192;

struct Parts {
  int32_t count;
  uint32_t slices;
  uint32_t first[MOST_PARTS];  // slice of each part
  int64_t address[MOST_PARTS];
  int64_t n[MOST_PARTS];

#if defined(KILN_DEVICE_CODE)
  // The part that a slice lies in: the last that does not begin behind it. Parts are not empty.
  __device__ __forceinline__ int32_t of(uint32_t slice) const {
    int32_t low = 0;
    int32_t high = count;
#pragma unroll 1
    while (high - low > 1) {
      int32_t middle = (low + high) / 2;
      if (first[middle] <= slice) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }
#endif
};

}  // namespace kiln
