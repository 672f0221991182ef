// Values exchanged within a warp and a block, in an order that depends on the block's size alone.
#pragma once

#include "kiln/device.cuh"

namespace kiln {

constexpr unsigned WARP = 32;
constexpr unsigned ALL_LANES = 0xFFFFFFFFu;

// A value as the words in which it is exchanged.
template <class V>
union Exchanged {
  static_assert(sizeof(V) % sizeof(uint32_t) == 0, "a value of whole words");
  static constexpr int WORDS = sizeof(V) / sizeof(uint32_t);
  V value;
  uint32_t words[WORDS];
};

// The value of the lane whose number differs in the bits of `mask`.
template <class V>
KILN_DEVICE V shuffle_xor(V value, int mask) {
  Exchanged<V> u;
  u.value = value;
#pragma unroll
  for (int w = 0; w < Exchanged<V>::WORDS; w++) {
    u.words[w] = __shfl_xor_sync(ALL_LANES, u.words[w], mask);
  }
  return u.value;
}

// The value of a lane.
template <class V>
KILN_DEVICE V shuffle(V value, int lane) {
  Exchanged<V> u;
  u.value = value;
#pragma unroll
  for (int w = 0; w < Exchanged<V>::WORDS; w++) {
    u.words[w] = __shfl_sync(ALL_LANES, u.words[w], lane);
  }
  return u.value;
}

// Merges the values of a warp's lanes by merge(a, b), which must not mind the order of a and b;
// every lane gets the result.
template <class V, class Merge>
KILN_DEVICE V warp_reduce(V value, Merge merge) {
#pragma unroll
  for (int mask = WARP / 2; mask > 0; mask /= 2) {
    value = merge(value, shuffle_xor(value, mask));
  }
  return value;
}

// Merges the values of a block's threads; thread 0 gets the result. `shared` holds a value for each
// warp of the block (whole warps) and is free again after the next __syncthreads().
template <class V, class Merge>
KILN_DEVICE V block_reduce(V value, V* shared, Merge merge) {
  value = warp_reduce(value, merge);
  unsigned warps = blockDim.x / WARP;
  if (threadIdx.x % WARP == 0) {
    shared[threadIdx.x / WARP] = value;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
#pragma unroll 1
    for (unsigned w = 1; w < warps; w++) {
      value = merge(value, shared[w]);
    }
  }
  return value;
}

}  // namespace kiln
