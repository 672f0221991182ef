// Sorting along the last axis.
//
//   values[r][i] = x[r][index[r][i]], ascending or descending in i; equal elements keep their order
//
// Elements become unsigned 64-bit keys of the same order (NaN last, -0 as 0; all bits turned for
// descending), each with its position. Tiles of up to 1024 keys are sorted by a bitonic network in
// shared memory; then sorted runs are merged, twice as long each time: an element's place among the
// other run's is found by binary search, so every element moves by itself. About log2(n) - 10 passes
// over the keys; stable, and without atomics.
//
// K. E. Batcher: Sorting networks and their applications. 1968. N. Satish, M. Harris, M. Garland:
// Designing efficient sorting algorithms for manycore GPUs. IPDPS 2009.
#include "kiln/kernel.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/device.cuh"

namespace kiln {

// ---- Keys ----

KILN_DEVICE uint64_t order_key(int64_t v) { return bits64(v) ^ 0x8000000000000000ull; }

KILN_DEVICE uint64_t order_key(float v) {
  // Adding 0 makes -0 equal to 0.
  uint32_t bits = v != v ? 0x7FC00000u : bits_of(v + 0.0f);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

KILN_DEVICE uint64_t order_key(double v) {
  uint64_t bits = v != v ? 0x7FF8000000000000ull : bits64(__double_as_longlong(v + 0.0));
  return (bits >> 63) != 0 ? ~bits : bits | 0x8000000000000000ull;
}

template <class T>
KILN_DEVICE void make_keys(uint64_t* keys, uint32_t* positions, const T* x, int64_t count,
                           int64_t n, uint64_t turned) {
  Visit visit(n);
  for (int64_t i = thread_number(); i < count; i += thread_count(), visit.next()) {
    keys[i] = order_key(Element<T>::get(x[i])) ^ turned;
    positions[i] = static_cast<uint32_t>(visit.column);
  }
}

// ---- Tiles ----

constexpr int TILE_KEYS = 1024;

// Sorts segments of `tile` keys, a power of two, TILE_KEYS / tile of them to a block at a time.
// A row has `segments` of them, the last may be short.
KILN_DEVICE void sort_tiles(uint64_t* keys, uint32_t* positions, int64_t rows, int64_t n,
                            int64_t segments, int tile, uint64_t* key, uint32_t* position) {
  int64_t all = rows * segments;
  int64_t per_block = TILE_KEYS / tile;
  for (int64_t first = blockIdx.x * per_block; first < all; first += gridDim.x * per_block) {
    for (int s = threadIdx.x; s < TILE_KEYS; s += blockDim.x) {
      int64_t segment = first + s / tile;
      int64_t at = segment % segments * tile + s % tile;
      bool inside = segment < all && at < n;
      // What pads a tile comes last.
      key[s] = inside ? keys[segment / segments * n + at] : ~0ull;
      position[s] = inside ? positions[segment / segments * n + at] : ~0u;
    }
    __syncthreads();
    for (int run = 2; run <= tile; run *= 2) {
      for (int step = run / 2; step > 0; step /= 2) {
        for (int pair = threadIdx.x; pair < TILE_KEYS / 2; pair += blockDim.x) {
          // Runs, steps and tiles are powers of two: masks do for quotients and rests.
          int a = 2 * pair - (pair & (step - 1));
          int b = a + step;
          bool up = (a & (tile - 1) & run) == 0;
          bool above = key[a] > key[b] || (key[a] == key[b] && position[a] > position[b]);
          if (above == up) {
            uint64_t k = key[a];
            key[a] = key[b];
            key[b] = k;
            uint32_t p = position[a];
            position[a] = position[b];
            position[b] = p;
          }
        }
        __syncthreads();
      }
    }
    for (int s = threadIdx.x; s < TILE_KEYS; s += blockDim.x) {
      int64_t segment = first + s / tile;
      int64_t at = segment % segments * tile + s % tile;
      if (segment < all && at < n) {
        keys[segment / segments * n + at] = key[s];
        positions[segment / segments * n + at] = position[s];
      }
    }
    __syncthreads();
  }
}

// ---- Merging ----

// How many of `count` sorted keys are below a key, or not above it.
KILN_DEVICE int64_t rank(const uint64_t* sorted, int64_t count, uint64_t key, bool or_equal) {
  int64_t low = 0;
  while (count > 0) {
    int64_t half = count / 2;
    uint64_t middle = sorted[low + half];
    bool before = or_equal ? middle <= key : middle < key;
    low = before ? low + half + 1 : low;
    count = before ? count - half - 1 : half;
  }
  return low;
}

}  // namespace kiln

#define KEYS(type, T)                                                                         \
  KILN_KERNEL(kiln_sort_keys_##type, uint64_t* keys, uint32_t* positions, const T* x,         \
              int64_t count, int64_t n, uint64_t turned) {                                    \
    kiln::make_keys(keys, positions, x, count, n, turned);                                    \
  }
KILN_ALL_TYPES(KEYS)

KILN_KERNEL_BOUNDS(512, kiln_sort_tiles, uint64_t* keys, uint32_t* positions, int64_t rows,
                   int64_t n, int64_t segments, int tile) {
  __shared__ uint64_t key[kiln::TILE_KEYS];
  __shared__ uint32_t position[kiln::TILE_KEYS];
  kiln::sort_tiles(keys, positions, rows, n, segments, tile, key, position);
}

KILN_KERNEL(kiln_sort_merge, uint64_t* to_keys, uint32_t* to_positions, const uint64_t* keys,
            const uint32_t* positions, int64_t count, int64_t n, int64_t run) {
  kiln::Visit visit(n);
  for (int64_t i = kiln::thread_number(); i < count; i += kiln::thread_count(), visit.next()) {
    int64_t at = visit.column;
    int64_t row = i - at;
    int64_t begin = at & ~(2 * run - 1);  // a run's length is a power of two
    int64_t middle = begin + run < n ? begin + run : n;
    int64_t end = begin + 2 * run < n ? begin + 2 * run : n;
    uint64_t key = keys[i];
    // Equal keys of the first run stand before those of the second.
    int64_t to = at < middle
                     ? at + kiln::rank(keys + row + middle, end - middle, key, false)
                     : begin + at - middle +
                           kiln::rank(keys + row + begin, middle - begin, key, true);
    to_keys[row + to] = key;
    to_positions[row + to] = positions[i];
  }
}

#define PICK(bytes, T)                                                                        \
  KILN_KERNEL(kiln_sort_pick_##bytes, T* values, int64_t* index, const T* x,                  \
              const uint32_t* positions, int64_t rows, int64_t n, int64_t k) {                \
    kiln::Visit visit(k);                                                                     \
    for (int64_t i = kiln::thread_number(); i < rows * k;                                     \
         i += kiln::thread_count(), visit.next()) {                                           \
      uint32_t position = positions[visit.row * n + visit.column];                            \
      values[i] = x[visit.row * n + position];                                                \
      index[i] = position;                                                                    \
    }                                                                                         \
  }
PICK(1, uint8_t)
PICK(2, uint16_t)
PICK(4, uint32_t)
PICK(8, uint64_t)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include "kiln/sort.h"

static kiln::Family family("sort");

static constexpr int TILES = KILN_TYPES;
static constexpr int MERGE = KILN_TYPES + 1;
static constexpr int PICK = KILN_TYPES + 2;
static constexpr int64_t TILE_KEYS = 1024;

int kiln::sort_rows(kiln::Context& context, kiln::SortBuffers& b, int64_t rows, int64_t n) {
  int64_t tile = 32;
  while (tile < n && tile < TILE_KEYS) {
    tile *= 2;
  }
  int64_t segments = (n + tile - 1) / tile;
  int64_t blocks = (rows * segments + TILE_KEYS / tile - 1) / (TILE_KEYS / tile);
  int status = kiln::launch(context, family.kernel(context, TILES, "kiln_sort_tiles"),
                            kiln::grid_for(context, blocks * kiln::BLOCK), 512, 0, b.keys,
                            b.positions, rows, n, segments, static_cast<int>(tile));
  for (int64_t run = tile; run < n && status == KILN_OK; run *= 2) {
    status = kiln::launch(context, family.kernel(context, MERGE, "kiln_sort_merge"),
                          kiln::grid_for(context, rows * n), kiln::BLOCK, 0, b.spare_keys,
                          b.spare_positions, b.keys, b.positions, rows * n, n, run);
    std::swap(b.keys, b.spare_keys);
    std::swap(b.positions, b.spare_positions);
  }
  return status;
}

extern "C" int64_t kiln_sort_scratch(int64_t rows, int64_t n) {
  return kiln::SortBuffers::bytes(rows * n);
}

extern "C" int kiln_sort(int64_t context, int type, int64_t values, int64_t index, int64_t x,
                         int64_t scratch, int64_t rows, int64_t n, int64_t k, int descending) {
  kiln::Context& c = kiln::Context::of(context);
  if (rows * k == 0) {
    return KILN_OK;
  }
  if (n >= int64_t{1} << 31) {
    return kiln::fail(KILN_BAD_ARGUMENT, "rows of 2^31 elements or more");
  }
  kiln::SortBuffers buffers(scratch, rows * n);
  uint64_t turned = descending != 0 ? ~uint64_t{0} : 0;
  int status = kiln::launch(c, family.kernel(c, type, "kiln_sort_keys_%s", kiln::TYPE_NAMES[type]),
                            kiln::grid_for(c, rows * n), kiln::BLOCK, 0, buffers.keys,
                            buffers.positions, x, rows * n, n, turned);
  if (status == KILN_OK) {
    status = kiln::sort_rows(c, buffers, rows, n);
  }
  if (status != KILN_OK) {
    return status;
  }
  int bytes = kiln::TYPE_BYTES[type];
  return kiln::launch(c, family.kernel(c, PICK + bytes, "kiln_sort_pick_%d", bytes),
                      kiln::grid_for(c, rows * k), kiln::BLOCK, 0, values, index, x,
                      buffers.positions, rows, n, k);
}

#endif  // KILN_HOST_CODE
