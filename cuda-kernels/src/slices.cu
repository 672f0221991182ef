// Picking whole slices along an axis, and adding whole slices to places along one.
//
//   gather_slices        out[i][j][k] = x[i][index[j]][k]
//   scatter_add_slices   out[i][index[j]][k] += src[i][j][k], in ascending order of j
//
// All operands are dense; index is a vector. Picking moves bits, in the widest words that slices
// consist of and start at: an embedding's rows go by 16 bytes. For adding, the places are sorted
// once, equal ones in their order (sort.cu); then the threads of the first of equal places add up
// all that come there, pack by pack, so that no two threads write one element: the same bits every
// time, no atomics, and one rounding for 16-bit elements, whose sums are kept in float. Indices are
// checked; one outside is reported (report.h) and passed over.
#include "kiln/kernel.h"
#include "kiln/report.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/load.cuh"
#include "kiln/report.cuh"

namespace kiln {

// Operand 0 of the geometry is out, operand 1 is x with stride 0 along the axis, operand 2 is index,
// all from element `first` of index on. T is a word; a slice has so many in all, and so many
// elements, by which positions are told.
template <class T>
KILN_DEVICE void gather_slices(T* out, const T* x, const int64_t* index, const Geometry<3>& g,
                               int64_t first, int64_t words, int64_t elements,
                               const IndexReport& report) {
  constexpr int AHEAD = 4;  // of two reads that wait for each other
  uint32_t step = gridDim.x * blockDim.x;
#pragma unroll 1
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < g.count; i += step * AHEAD) {
    uint32_t numbers[AHEAD];
    int64_t at[3][AHEAD];
    int64_t picked[AHEAD];
    T moved[AHEAD];
#pragma unroll
    for (int u = 0; u < AHEAD; u++) {
      numbers[u] = i + u * step;
    }
    g.places(numbers, at);
#pragma unroll
    for (int u = 0; u < AHEAD; u++) {
      picked[u] = i + u * step < g.count ? index[at[2][u]] : -1;
    }
#pragma unroll
    for (int u = 0; u < AHEAD; u++) {
      bool inside = picked[u] >= 0 && picked[u] < report.size;
      moved[u] = inside ? x[at[1][u] + picked[u] * words] : T();
    }
#pragma unroll
    for (int u = 0; u < AHEAD; u++) {
      if (i + u * step < g.count) {
        check_index(report, picked[u], (first + at[2][u]) * elements);
        out[at[0][u]] = moved[u];
      }
    }
  }
}

constexpr uint64_t NO_PLACE = ~uint64_t{0};

KILN_DEVICE void slice_keys(uint64_t* keys, uint32_t* positions, const int64_t* index, int64_t n,
                            int64_t elements, const IndexReport& report) {
  for (int64_t j = thread_number(); j < n; j += thread_count()) {
    int64_t place = index[j];
    keys[j] = check_index(report, place, j * elements) ? bits64(place) : NO_PLACE;
    positions[j] = static_cast<uint32_t>(j);
  }
}

// Operand 0 of the geometry is src and operand 1 out, both with stride 0 along the axis, operand 2
// is the sorted places, from place `first` of n on; in packs of N elements, so many to a slice.
template <int N, class T>
KILN_DEVICE void scatter_add_slices(T* out, const T* src, const uint64_t* keys,
                                    const uint32_t* positions, const Geometry<3>& g, int64_t first,
                                    int64_t n, int64_t packs) {
  constexpr int AHEAD = 4;  // of two reads that wait for each other, where many come to one place
  uint32_t step = gridDim.x * blockDim.x;
#pragma unroll 1
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < g.count; i += step) {
    uint32_t numbers[1] = {i};
    int64_t at[3][1];
    g.places(numbers, at);
    int64_t j = first + at[2][0];
    uint64_t place = keys[j];
    if (place == NO_PLACE || (j > 0 && keys[j - 1] == place)) {
      continue;
    }
    const T* from = src + at[0][0] * N;
    T* there = out + (at[1][0] + wrap(place) * packs) * N;
    Pack<T, N> pack = load<N>(static_cast<const T*>(there));
    MathOf<T> sums[N];
#pragma unroll
    for (int k = 0; k < N; k++) {
      sums[k] = Element<T>::get(pack.at[k]);
    }
    bool more = true;
#pragma unroll 1
    for (; more; j += AHEAD) {
      bool same[AHEAD];
      Pack<T, N> added[AHEAD];
#pragma unroll
      for (int u = 0; u < AHEAD; u++) {
        same[u] = j + u < n && keys[j + u] == place;
      }
#pragma unroll
      for (int u = 0; u < AHEAD; u++) {
        if (same[u]) {
          added[u] = load<N>(from + positions[j + u] * packs * N);
        }
      }
#pragma unroll
      for (int u = 0; u < AHEAD; u++) {
        if (same[u]) {
#pragma unroll
          for (int k = 0; k < N; k++) {
            sums[k] = add_of(sums[k], Element<T>::get(added[u].at[k]));
          }
        }
      }
      more = same[AHEAD - 1];
    }
#pragma unroll
    for (int k = 0; k < N; k++) {
      pack.at[k] = Element<T>::put(sums[k]);
    }
    store(pack, there);
  }
}

}  // namespace kiln

#define GATHER(bytes, T)                                                                        \
  KILN_KERNEL(kiln_gather_slices_##bytes, T* out, const T* x, const int64_t* index,             \
              const kiln::Geometry<3> g, int64_t first, int64_t words, int64_t elements,        \
              const kiln::IndexReport report) {                                                 \
    kiln::gather_slices(out, x, index, g, first, words, elements, report);                      \
  }
GATHER(1, uint8_t)
GATHER(2, uint16_t)
GATHER(4, uint32_t)
GATHER(8, uint2)
GATHER(16, uint4)

KILN_KERNEL(kiln_slice_keys, uint64_t* keys, uint32_t* positions, const int64_t* index, int64_t n,
            int64_t elements, const kiln::IndexReport report) {
  kiln::slice_keys(keys, positions, index, n, elements, report);
}

// Bytes are summed in 64 bits: eight of them fill enough registers.
#define SCATTER_ADD(type, T)                                                                    \
  KILN_KERNEL(kiln_scatter_add_slices_##type, T* out, const T* src, const uint64_t* keys,       \
              const uint32_t* positions, const kiln::Geometry<3> g, int64_t first, int64_t n,   \
              int64_t packs, int per_pack) {                                                    \
    constexpr int N = sizeof(T) == 1 ? 8 : kiln::LANES<T>;                                      \
    if (per_pack == N) {                                                                        \
      kiln::scatter_add_slices<N>(out, src, keys, positions, g, first, n, packs);               \
    } else {                                                                                    \
      kiln::scatter_add_slices<1>(out, src, keys, positions, g, first, n, packs);               \
    }                                                                                           \
  }
KILN_ALL_TYPES(SCATTER_ADD)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include "kiln/sort.h"

static kiln::Family family("slices");

namespace {

// Slots: picking by bytes to a word, the keys, adding by type.
constexpr int KEYS = 17;
constexpr int ADD = KEYS + 1;

// Slices of so many words, [outer][n][words]: one operand steps by `step` words along the axis, the
// next stands still there, having `size` slices, and the last is a vector along it.
class Slices {
 public:
  Slices(int64_t outer, int64_t n, int64_t size, int64_t words, int64_t step) {
    axis(outer, n * words, size * words, 0);
    axis(n, step, 0, 1);
    axis(words, 1, 1, 0);
    if (longs_[0] == 0) {
      longs_[0] = longs_[1] = 1;
    }
  }

  kiln::Layout layout() const { return kiln::Layout(reinterpret_cast<int64_t>(longs_)); }

 private:
  void axis(int64_t size, int64_t first, int64_t second, int64_t third) {
    if (size != 1) {
      int64_t* at = longs_ + 1 + longs_[0]++;
      at[0] = size;
      at[kiln::MAX_RANK] = first;
      at[2 * kiln::MAX_RANK] = second;
      at[3 * kiln::MAX_RANK] = third;
    }
  }

  int64_t longs_[1 + 4 * kiln::MAX_RANK] = {};
};

}  // namespace

extern "C" int kiln_gather_slices(int64_t context, int bytes, int64_t out, int64_t x,
                                  int64_t index, int axis, int64_t outer, int64_t n, int64_t inner,
                                  int64_t size) {
  kiln::Context& c = kiln::Context::of(context);
  int64_t word = 16;
  while (((out | x | inner * bytes) & (word - 1)) != 0) {
    word /= 2;
  }
  int64_t words = inner * bytes / word;
  kiln::Kernel kernel = family.kernel(c, static_cast<int>(word), "kiln_gather_slices_%d",
                                      static_cast<int>(word));
  kiln::IndexReport report = c.report(KILN_OP_GATHER, axis, size);
  Slices slices(outer, n, size, words, words);
  return kiln::for_each_piece<3>(
      slices.layout(), [&](const kiln::Geometry<3>& g, const int64_t* offsets) {
        return kiln::launch(c, kernel, kiln::grid_for_strided(c, g.count), kiln::BLOCK, 0,
                            out + offsets[0] * word, x + offsets[1] * word, index + offsets[2] * 8,
                            g, offsets[2], words, inner, report);
      });
}

extern "C" int64_t kiln_scatter_add_slices_scratch(int64_t n) {
  return kiln::SortBuffers::bytes(n);
}

extern "C" int kiln_scatter_add_slices(int64_t context, int type, int64_t out, int64_t src,
                                       int64_t index, int64_t scratch, int axis, int64_t outer,
                                       int64_t n, int64_t inner, int64_t size) {
  kiln::Context& c = kiln::Context::of(context);
  if (outer * n * inner == 0) {
    return KILN_OK;
  }
  if (n >= int64_t{1} << 31) {
    return kiln::fail(KILN_BAD_ARGUMENT, "2^31 slices or more");
  }
  kiln::SortBuffers buffers(scratch, n);
  int status = kiln::launch(c, family.kernel(c, KEYS, "kiln_slice_keys"), kiln::grid_for(c, n),
                            kiln::BLOCK, 0, buffers.keys, buffers.positions, index, n, inner,
                            c.report(KILN_OP_SCATTER_ADD, axis, size));
  if (status == KILN_OK) {
    status = kiln::sort_rows(c, buffers, 1, n);
  }
  if (status != KILN_OK) {
    return status;
  }
  int64_t bytes = kiln::TYPE_BYTES[type];
  int per_pack = bytes == 1 ? 8 : static_cast<int>(16 / bytes);
  if (((out | src | inner * bytes) & (per_pack * bytes - 1)) != 0) {
    per_pack = 1;
  }
  int64_t packs = inner / per_pack;
  kiln::Kernel kernel =
      family.kernel(c, ADD + type, "kiln_scatter_add_slices_%s", kiln::TYPE_NAMES[type]);
  Slices slices(outer, n, size, packs, 0);
  return kiln::for_each_piece<3>(
      slices.layout(), [&](const kiln::Geometry<3>& g, const int64_t* offsets) {
        return kiln::launch(c, kernel, kiln::grid_for(c, g.count), kiln::BLOCK, 0,
                            out + offsets[1] * per_pack * bytes,
                            src + offsets[0] * per_pack * bytes, buffers.keys, buffers.positions,
                            g, offsets[2], n, packs, per_pack);
      });
}

#endif  // KILN_HOST_CODE
