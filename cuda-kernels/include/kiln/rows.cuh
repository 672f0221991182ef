// Rows of a matrix, each worked on by a team of threads: some lanes of a warp, or a whole block. A
// row that fits is held in the team's registers (Held), so memory is read once; a longer one is
// walked through (walk) as often as it takes.
#pragma once

#include <type_traits>

#include "kiln/block.cuh"

namespace kiln {

// How many elements of a row a thread holds; rows.h has the same for launchers.
template <class T>
constexpr int HELD = sizeof(T) == 8 ? 8 : 16;

// The most threads of a block that works on a row: FLOAT64 needs more registers.
template <class T>
constexpr int MOST_THREADS = sizeof(T) == 8 ? 512 : 1024;

// ---- Teams ----
// rank and size of a team's threads; reduce(value, merge) gives every thread the merged value, in an
// order that depends on the size alone.

// `size` neighbouring lanes of a warp, a power of 2; all lanes of the warp take part at once.
struct LaneTeam {
  int size;
  int rank;

  explicit KILN_DEVICE_MEMBER LaneTeam(int size) : size(size), rank(threadIdx.x & (size - 1)) {}

  template <class V, class Merge>
  KILN_DEVICE_MEMBER V reduce(V value, Merge merge) {
#pragma unroll
    for (int mask = WARP / 2; mask > 0; mask /= 2) {
      if (mask < size) {
        value = merge(value, shuffle_xor(value, mask));
      }
    }
    return value;
  }
};

// A block, whose size is a power of 2 from 32 on.
struct BlockTeam {
  // Two values of up to 16 bytes for each warp: a reduction writes where the one before the last did,
  // which everybody has read by then.
  struct alignas(16) Exchange {
    unsigned char bytes[2][WARP][16];
  };

  int size;
  int rank;
  Exchange* exchange;
  int turn = 0;

  explicit KILN_DEVICE_MEMBER BlockTeam(Exchange* exchange)
      : size(blockDim.x), rank(threadIdx.x), exchange(exchange) {}

  template <class V, class Merge>
  KILN_DEVICE_MEMBER V reduce(V value, Merge merge) {
    static_assert(sizeof(V) <= 16, "a value of up to 16 bytes");
    value = warp_reduce(value, merge);
    V* shared = reinterpret_cast<V*>(exchange->bytes[turn][0]);
    turn ^= 1;
    if (rank % WARP == 0) {
      shared[rank / WARP] = value;
    }
    __syncthreads();
    int warps = size / WARP;
    value = shared[rank & (warps - 1)];
#pragma unroll
    for (int mask = WARP / 2; mask > 0; mask /= 2) {
      if (mask < warps) {
        value = merge(value, shuffle_xor(value, mask));
      }
    }
    return value;
  }
};

template <class Team, class V>
KILN_DEVICE V team_sum(Team& team, V value) {
  return team.reduce(value, add_of<V>);
}

// Calls f(team, row) for each row of this thread; a row of `rows` or more is none, but its team's
// threads must take part in the reductions of their warp all the same.
template <class F>
KILN_DEVICE void rows_by_lanes(int64_t rows, int size, F f) {
  LaneTeam team(size);
  int in_warp = WARP / size;
  int mine = threadIdx.x % WARP / size;
#pragma unroll 1
  for (int64_t first = thread_number() / WARP * in_warp; first < rows;
       first += thread_count() / WARP * in_warp) {
    f(team, first + mine);
  }
}

template <class F>
KILN_DEVICE void rows_by_block(int64_t rows, BlockTeam::Exchange* exchange, F f) {
  BlockTeam team(exchange);
#pragma unroll 1
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    f(team, row);
  }
}

// ---- Rows in registers ----

// How the rows of some operands are read: in packs of 16 bytes where all of them are aligned, or
// element by element.
template <class T, class... X>
KILN_DEVICE bool rows_of_packs(int64_t n, const T* x, const X*... others) {
  constexpr int V = LANES<T>;
  return n % V == 0 && aligned<V>(x) && (aligned<V>(others) && ... && true);
}

// How many elements a function is called for at once.
template <int N>
struct Many {
  static constexpr int value = N;
};

// A row's elements that one thread of the team has: every size-th pack or element, in order.
template <class T>
struct Held {
  using M = MathOf<T>;
  static constexpr int E = HELD<T>;
  static constexpr int GROUP = sizeof(T) == 8 ? 1 : 4;

  M at[E];
  int mine;  // how many of them are elements

  // How many elements of a row of n a thread has; without a row none.
  template <class Team>
  static KILN_DEVICE_MEMBER int share(const Team& team, int n, bool is_row, bool packs) {
    constexpr int V = LANES<T>;
    int units = packs ? n / V : n;
    return is_row ? (units - team.rank + team.size - 1) / team.size * (packs ? V : 1) : 0;
  }

  // Reads the row of n elements; what is beyond becomes `none`. Without a row all is.
  template <class Team>
  KILN_DEVICE_MEMBER void load(const Team& team, const T* row, int n, bool is_row, bool packs,
                               M none = M(0)) {
    constexpr int V = LANES<T>;
    mine = share(team, n, is_row, packs);
    if (packs) {
#pragma unroll
      for (int i = 0; i < E; i += V) {
        Pack<T, V> pack;
        if (i < mine) {
          pack = Pack<T, V>::load(row + i * team.size + team.rank * V);
        }
#pragma unroll
        for (int k = 0; k < V; k++) {
          at[i + k] = i < mine ? Element<T>::get(pack.at[k]) : none;
        }
      }
    } else {
#pragma unroll
      for (int i = 0; i < E; i++) {
        at[i] = i < mine ? Element<T>::get(row[i * team.size + team.rank]) : none;
      }
    }
  }

  // Writes the elements to a row.
  template <class Team>
  KILN_DEVICE_MEMBER void store(const Team& team, T* row, bool packs) const {
    constexpr int V = LANES<T>;
    if (packs) {
#pragma unroll
      for (int i = 0; i < E; i += V) {
        if (i < mine) {
          Pack<T, V> pack;
#pragma unroll
          for (int k = 0; k < V; k++) {
            pack.at[k] = Element<T>::put(at[i + k]);
          }
          pack.store(row + i * team.size + team.rank * V);
        }
      }
    } else {
#pragma unroll
      for (int i = 0; i < E; i++) {
        if (i < mine) {
          row[i * team.size + team.rank] = Element<T>::put(at[i]);
        }
      }
    }
  }

  // As Kept has them.
  KILN_DEVICE_MEMBER M get(int i) const { return at[i]; }
  KILN_DEVICE_MEMBER void forget() {}

  // Which element of the row at[i] is.
  template <class Team>
  static KILN_DEVICE_MEMBER int place(const Team& team, int i, bool packs) {
    constexpr int V = LANES<T>;
    return packs ? (i / V * team.size + team.rank) * V + i % V : i * team.size + team.rank;
  }

  // Calls f(i) for each element at[i], and for up to three places beyond.
  template <class F>
  KILN_DEVICE_MEMBER void each(F f) const {
#pragma unroll
    for (int i = 0; i < E; i += GROUP) {
      if (i < mine) {
#pragma unroll
        for (int k = 0; k < GROUP; k++) {
          f(i + k);
        }
      }
    }
  }

  // Calls f(Many<N>(), i, j) for all elements at[i] ... at[i + N - 1], which are elements j ... of
  // the row: a pack at a time, or one.
  template <class Team, class F>
  KILN_DEVICE_MEMBER void pieces(const Team& team, bool packs, F f) const {
    constexpr int V = LANES<T>;
    if (packs) {
#pragma unroll
      for (int i = 0; i < E; i += V) {
        if (i < mine) {
          f(Many<V>(), i, place(team, i, true));
        }
      }
    } else {
#pragma unroll
      for (int i = 0; i < E; i++) {
        if (i < mine) {
          f(Many<1>(), i, place(team, i, false));
        }
      }
    }
  }
};

// A row of 16-bit elements that is only read, as it lies in memory: half the registers of Held. An
// element is widened each time it is asked for.
template <class T>
struct Kept {
  static constexpr int E = HELD<T>;

  uint32_t words[E / 2];

  // As Held reads; what is beyond the row becomes 0.
  template <class Team>
  KILN_DEVICE_MEMBER void load(const Team& team, const T* row, int n, bool is_row, bool packs) {
    int mine = Held<T>::share(team, n, is_row, packs);
    if (packs) {
#pragma unroll
      for (int i = 0; i < E; i += LANES<T>) {
        uint4 four = {0, 0, 0, 0};
        if (i < mine) {
          four = *reinterpret_cast<const uint4*>(row + Held<T>::place(team, i, true));
        }
        words[i / 2] = four.x;
        words[i / 2 + 1] = four.y;
        words[i / 2 + 2] = four.z;
        words[i / 2 + 3] = four.w;
      }
    } else {
#pragma unroll
      for (int i = 0; i < E; i += 2) {
        uint32_t low = i < mine ? row[Held<T>::place(team, i, false)].bits : 0;
        uint32_t high = i + 1 < mine ? row[Held<T>::place(team, i + 1, false)].bits : 0;
        words[i / 2] = high << 16 | low;
      }
    }
  }

  KILN_DEVICE_MEMBER MathOf<T> get(int i) const {
    return widen(T{static_cast<uint16_t>(words[i / 2] >> (i % 2 * 16))});
  }

  // Between two uses of all elements: what was widened for the first is not kept for the second.
  KILN_DEVICE_MEMBER void forget() {
#pragma unroll
    for (int w = 0; w < E / 2; w++) {
      asm volatile("" : "+r"(words[w]));
    }
  }
};

// A row that is only read.
template <class T>
using RowRead = std::conditional_t<sizeof(T) == 2, Kept<T>, Held<T>>;

// ---- Rows that are walked through ----

// As many elements as lie before the first that a pack may start at; n where no packs may be, since
// the operands lie differently. All operands are of one type.
template <class T, class... X>
KILN_DEVICE int64_t before_packs(int64_t n, const T* row, const X*... others) {
  constexpr uintptr_t bytes = sizeof(T);
  uintptr_t at = reinterpret_cast<uintptr_t>(row) % 16;
  if (!((reinterpret_cast<uintptr_t>(others) % 16 == at) && ... && true)) {
    return n;
  }
  int64_t first = static_cast<int64_t>((16 - at) % 16 / bytes);
  return first < n ? first : n;
}

// Calls f(Many<N>(), j) for elements j ... j + N - 1 of a row, so that the team visits each element
// once: packs after the first `head` elements, the others one by one.
template <class T, class Team, class F>
KILN_DEVICE void walk(const Team& team, int64_t n, int64_t head, F f) {
  constexpr int V = LANES<T>;
  int64_t packs = (n - head) / V;
#pragma unroll 1
  for (int64_t j = team.rank; j < head; j += team.size) {
    f(Many<1>(), j);
  }
#pragma unroll 1
  for (int64_t p = team.rank; p < packs; p += team.size) {
    f(Many<V>(), head + p * V);
  }
#pragma unroll 1
  for (int64_t j = head + packs * V + team.rank; j < n; j += team.size) {
    f(Many<1>(), j);
  }
}

// N elements in the type they are computed in.
template <int N, class T>
KILN_DEVICE void load_many(MathOf<T>* to, const T* from) {
  if constexpr (N == 1) {
    to[0] = Element<T>::get(*from);
  } else {
    Pack<T, N> pack = Pack<T, N>::load(from);
#pragma unroll
    for (int k = 0; k < N; k++) {
      to[k] = Element<T>::get(pack.at[k]);
    }
  }
}

template <int N, class T>
KILN_DEVICE void store_many(T* to, const MathOf<T>* from) {
  if constexpr (N == 1) {
    *to = Element<T>::put(from[0]);
  } else {
    Pack<T, N> pack;
#pragma unroll
    for (int k = 0; k < N; k++) {
      pack.at[k] = Element<T>::put(from[k]);
    }
    pack.store(to);
  }
}

}  // namespace kiln

// The three kernels of an op on rows of T: kiln_<name>_lanes_<type> and _block_ hold a row, _long_
// walks through it; RowPlan of rows.h chooses. Their parameters are those given, then rows, n and
// the size of a team of lanes. `held` and `walked` work on row `row` with `team`; `packs` is what
// `packs_of` says.
#define KILN_ROW_KERNELS(name, type, T, packs_of, held, walked, ...)                             \
  KILN_KERNEL_BLOCKS(128, 6, kiln_##name##_lanes_##type, __VA_ARGS__, int64_t rows, int64_t n,   \
                     int32_t size) {                                                             \
    bool packs = packs_of;                                                                       \
    kiln::rows_by_lanes(rows, size, [&](kiln::LaneTeam& team, int64_t row) { held; });           \
  }                                                                                              \
  KILN_KERNEL_BLOCKS(kiln::MOST_THREADS<T>, 1, kiln_##name##_block_##type, __VA_ARGS__,          \
                     int64_t rows, int64_t n, int32_t size) {                                    \
    __shared__ kiln::BlockTeam::Exchange exchange;                                               \
    bool packs = packs_of;                                                                       \
    kiln::rows_by_block(rows, &exchange, [&](kiln::BlockTeam& team, int64_t row) { held; });     \
  }                                                                                              \
  KILN_KERNEL_BLOCKS(kiln::MOST_THREADS<T>, 1, kiln_##name##_long_##type, __VA_ARGS__,           \
                     int64_t rows, int64_t n, int32_t size) {                                    \
    __shared__ kiln::BlockTeam::Exchange exchange;                                               \
    kiln::rows_by_block(rows, &exchange, [&](kiln::BlockTeam& team, int64_t row) { walked; });   \
  }
