// Packs of N elements, or single elements by the same code: one alone may be narrower than a word.
#pragma once

#include "kiln/device.cuh"

namespace kiln {

template <int N, class T>
KILN_DEVICE Pack<T, N> load(const T* from) {
  if constexpr (N == 1) {
    return {{*from}};
  } else {
    return Pack<T, N>::load(from);
  }
}

template <int N, class T>
KILN_DEVICE void store(const Pack<T, N>& pack, T* to) {
  if constexpr (N == 1) {
    *to = pack.at[0];
  } else {
    pack.store(to);
  }
}

}  // namespace kiln
