// Element-wise loops: a function applied to dense operands by 128-bit accesses, or to strided ones
// by their geometry. Outputs may be the very same memory as an input.
#pragma once

#include <stddef.h>

#include <utility>

#include "kiln/device.cuh"

namespace kiln {

// The least of some numbers, at compile time.
template <int FIRST, int... REST>
struct Least {
  static constexpr int rest = Least<REST...>::value;
  static constexpr int value = FIRST < rest ? FIRST : rest;
};
template <int LAST>
struct Least<LAST> {
  static constexpr int value = LAST;
};

// out[i] = f(x[i]...) for dense operands of n elements. Packs hold as many elements as make the
// narrowest type fill 16 bytes, or 8 bytes for bytes; unaligned operands and the tail go one by one.
template <class F, class O, class... X>
KILN_DEVICE void map_dense(F f, int64_t n, O* out, const X*... x) {
  constexpr int narrowest =
      Least<static_cast<int>(sizeof(O)), static_cast<int>(sizeof(X))...>::value;
  constexpr int N = narrowest == 1 ? 8 : 16 / narrowest;

  int64_t packs = (aligned<N>(out) && (aligned<N>(x) && ... && true)) ? n / N : 0;
#pragma unroll 1
  for (int64_t i = thread_number(); i < packs; i += thread_count()) {
    Pack<O, N> result;
    auto apply = [&](auto... in) {
#pragma unroll
      for (int k = 0; k < N; k++) {
        result.at[k] = f(in.at[k]...);
      }
    };
    apply(Pack<X, N>::load(x + i * N)...);
    result.store(out + i * N);
  }
#pragma unroll 1
  for (int64_t i = packs * N + thread_number(); i < n; i += thread_count()) {
    out[i] = f(x[i]...);
  }
}

// How many elements a thread of map_strided has in flight.
constexpr int STRIDED_UNROLL = 4;

// out = f(x...) for operands of any strides: operand 0 of the geometry is out, then x in order.
// Neighbouring threads take neighbouring elements in out's order.
template <class F, int OPERANDS, class O, class... X, size_t... K>
KILN_DEVICE void map_strided_at(std::index_sequence<K...>, F f, const Geometry<OPERANDS>& g, O* out,
                                const X*... x) {
  uint32_t step = gridDim.x * blockDim.x;
#pragma unroll 1
  for (uint32_t first = blockIdx.x * blockDim.x + threadIdx.x; first < g.count;
       first += step * STRIDED_UNROLL) {
    uint32_t numbers[STRIDED_UNROLL];
    int64_t at[OPERANDS][STRIDED_UNROLL];
    O results[STRIDED_UNROLL];
#pragma unroll
    for (int u = 0; u < STRIDED_UNROLL; u++) {
      numbers[u] = first + u * step;
    }
    g.places(numbers, at);
#pragma unroll
    for (int u = 0; u < STRIDED_UNROLL; u++) {
      if (first + u * step < g.count) {
        results[u] = f(x[at[K + 1][u]]...);
      }
    }
#pragma unroll
    for (int u = 0; u < STRIDED_UNROLL; u++) {
      if (first + u * step < g.count) {
        out[at[0][u]] = results[u];
      }
    }
  }
}

template <class F, int OPERANDS, class O, class... X>
KILN_DEVICE void map_strided(F f, const Geometry<OPERANDS>& g, O* out, const X*... x) {
  static_assert(OPERANDS == 1 + sizeof...(X), "one row of strides for each operand");
  map_strided_at(std::make_index_sequence<sizeof...(X)>(), f, g, out, x...);
}

}  // namespace kiln
