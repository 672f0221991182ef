// Picking elements along an axis, and bringing elements to places along one.
//
//   gather        out[i][j][k] = x[i][index[i][j][k]][k]
//   scatter_add   out[i][index[i][j][k]][k] += src[i][j][k], in ascending order of j
//   scatter       the same with the element itself, the product, the larger or the smaller
//
// (for axis 1 of three). Gathering moves bits: one kernel for each size of element. Scattering gives
// each line along the axis (each i, k) to one thread, which takes its elements in order: the same
// bits every time, at the cost of n dependent steps, n being the length of the axis in src. Where
// lines are few and long, scatter_add sorts each line's elements by their places first (sort.cu);
// then every place has a thread that adds its elements, in the same order and to the same bits.
// Indices are checked; one outside is reported (report.h) and passed over.
#include "kiln/kernel.h"
#include "kiln/report.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/report.cuh"

namespace kiln {

// Operand 0 of the geometry is out, operand 1 is x with stride 0 along the axis.
template <class T>
KILN_DEVICE void gather(T* out, const T* x, const int64_t* index, const Geometry<2>& g,
                        int64_t first, int64_t axis_stride, const IndexReport& report) {
  constexpr int AHEAD = 4;  // of two reads that wait for each other
  uint32_t step = gridDim.x * blockDim.x;
#pragma unroll 1
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < g.count; i += step * AHEAD) {
    uint32_t numbers[AHEAD];
    int64_t at[2][AHEAD];
    int64_t picked[AHEAD];
    T elements[AHEAD];
#pragma unroll
    for (int u = 0; u < AHEAD; u++) {
      numbers[u] = i + u * step;
    }
    g.places(numbers, at);
#pragma unroll
    for (int u = 0; u < AHEAD; u++) {
      picked[u] = i + u * step < g.count ? index[at[0][u]] : -1;
    }
#pragma unroll
    for (int u = 0; u < AHEAD; u++) {
      bool inside = picked[u] >= 0 && picked[u] < report.size;
      elements[u] = inside ? x[at[1][u] + picked[u] * axis_stride] : T();
    }
#pragma unroll
    for (int u = 0; u < AHEAD; u++) {
      if (i + u * step < g.count) {
        check_index(report, picked[u], first + at[0][u]);
        out[at[0][u]] = elements[u];
      }
    }
  }
}

// A line of scatter_add, from its first elements on.
struct Line {
  int64_t n;
  int64_t src_stride;
  int64_t out_stride;
};

// How an element meets what stands in its place.
struct Add {
  template <class M>
  static KILN_DEVICE_MEMBER M meet(M there, M v) { return add_of(there, v); }
};
struct Set {
  template <class M>
  static KILN_DEVICE_MEMBER M meet(M, M v) { return v; }
};
struct Prod {
  template <class M>
  static KILN_DEVICE_MEMBER M meet(M there, M v) { return mul_of(there, v); }
};
struct Max {
  template <class M>
  static KILN_DEVICE_MEMBER M meet(M there, M v) { return larger(there, v); }
};
struct Min {
  template <class M>
  static KILN_DEVICE_MEMBER M meet(M there, M v) { return smaller(there, v); }
};

// Operand 0 of the geometry is out, operand 1 is src (and index), both without the axis.
template <class Op, class T>
KILN_DEVICE void scatter(T* out, const T* src, const int64_t* index, const Geometry<2>& g,
                         int64_t first, const Line& line, const IndexReport& report) {
  uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < g.count; i += step) {
    uint32_t numbers[1] = {i};
    int64_t at[2][1];
    g.places(numbers, at);
    for (int64_t j = 0; j < line.n; j++) {
      int64_t from = at[1][0] + j * line.src_stride;
      int64_t place = index[from];
      if (check_index(report, place, first + from)) {
        T& there = out[at[0][0] + place * line.out_stride];
        there = Element<T>::put(Op::meet(Element<T>::get(there), Element<T>::get(src[from])));
      }
    }
  }
}

constexpr uint64_t NO_PLACE = ~uint64_t{0};

// The places of each line's elements as keys to sort by. Lines are the geometry's elements.
KILN_DEVICE void scatter_keys(uint64_t* keys, uint32_t* positions, const int64_t* index,
                              const Geometry<2>& g, const Line& line, const IndexReport& report) {
  int64_t count = g.count * line.n;
  Visit visit(line.n);
  for (int64_t i = thread_number(); i < count; i += thread_count(), visit.next()) {
    uint32_t numbers[1] = {static_cast<uint32_t>(visit.row)};
    int64_t at[2][1];
    g.places(numbers, at);
    int64_t j = visit.column;
    int64_t from = at[1][0] + j * line.src_stride;
    int64_t place = index[from];
    keys[i] = check_index(report, place, from) ? bits64(place) : NO_PLACE;
    positions[i] = static_cast<uint32_t>(j);
  }
}

// The thread of the first element of each place adds them all.
template <class T>
KILN_DEVICE void scatter_add_runs(T* out, const T* src, const uint64_t* keys,
                                  const uint32_t* positions, const Geometry<2>& g,
                                  const Line& line) {
  int64_t count = g.count * line.n;
  Visit visit(line.n);
  for (int64_t i = thread_number(); i < count; i += thread_count(), visit.next()) {
    int64_t j = visit.column;
    uint64_t place = keys[i];
    if (place == NO_PLACE || (j > 0 && keys[i - 1] == place)) {
      continue;
    }
    uint32_t numbers[1] = {static_cast<uint32_t>(visit.row)};
    int64_t at[2][1];
    g.places(numbers, at);
    T& there = out[at[0][0] + wrap(place) * line.out_stride];
    MathOf<T> sum = Element<T>::get(there);
    for (int64_t k = i; j < line.n && keys[k] == place; j++, k++) {
      sum = add_of(sum, Element<T>::get(src[at[1][0] + positions[k] * line.src_stride]));
    }
    there = Element<T>::put(sum);
  }
}

}  // namespace kiln

#define GATHER(bytes, T)                                                                       \
  KILN_KERNEL(kiln_gather_##bytes, T* out, const T* x, const int64_t* index,                   \
              const kiln::Geometry<2> g, int64_t first, int64_t axis_stride,                   \
              const kiln::IndexReport report) {                                                \
    kiln::gather(out, x, index, g, first, axis_stride, report);                                \
  }
GATHER(1, uint8_t)
GATHER(2, uint16_t)
GATHER(4, uint32_t)
GATHER(8, uint64_t)

#define SCATTER(name, Op, type, T)                                                             \
  KILN_KERNEL(kiln_##name##_##type, T* out, const T* src, const int64_t* index,                \
              const kiln::Geometry<2> g, int64_t first, int64_t n, int64_t src_stride,         \
              int64_t out_stride, const kiln::IndexReport report) {                            \
    kiln::scatter<kiln::Op>(out, src, index, g, first, kiln::Line{n, src_stride, out_stride},  \
                            report);                                                           \
  }

// 16-bit sums would be rounded at each addition: Java widens them to FLOAT32 first. (The bits of a
// sum to BOOL are those of "or".)
#define SCATTER_ADD(type, T)                                                                   \
  SCATTER(scatter_add, Add, type, T)                                                           \
  KILN_KERNEL(kiln_scatter_add_runs_##type, T* out, const T* src, const uint64_t* keys,        \
              const uint32_t* positions, const kiln::Geometry<2> g, int64_t n,                 \
              int64_t src_stride, int64_t out_stride) {                                        \
    kiln::scatter_add_runs(out, src, keys, positions, g,                                       \
                           kiln::Line{n, src_stride, out_stride});                             \
  }
SCATTER_ADD(f32, float)
SCATTER_ADD(f64, double)
KILN_INTEGER_TYPES(SCATTER_ADD)
SCATTER_ADD(bool, kiln::Bool)

KILN_KERNEL(kiln_scatter_keys, uint64_t* keys, uint32_t* positions, const int64_t* index,
            const kiln::Geometry<2> g, int64_t n, int64_t src_stride,
            const kiln::IndexReport report) {
  kiln::scatter_keys(keys, positions, index, g, kiln::Line{n, src_stride, 0}, report);
}

#define SCATTER_OPS(type, T)               \
  SCATTER(scatter_set, Set, type, T)       \
  SCATTER(scatter_prod, Prod, type, T)     \
  SCATTER(scatter_max, Max, type, T)       \
  SCATTER(scatter_min, Min, type, T)
KILN_ALL_TYPES(SCATTER_OPS)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include <string.h>

#include "kiln/sort.h"

static kiln::Family family("gather");

namespace {

// Slots: gather by bytes, the keys of scatter_add, its runs, the ways to scatter.
constexpr int KEYS = 9;
constexpr int RUNS = 10;
constexpr int SCATTER = RUNS + KILN_TYPES;

// The constants of dev.kiln.backend.ScatterOp after the sum, which has a method of its own.
constexpr const char* JAVA_NAMES[] = {"", "SET", "PROD", "MAX", "MIN"};
constexpr const char* NAMES[] = {"scatter_add", "scatter_set", "scatter_prod", "scatter_max",
                                 "scatter_min"};
constexpr int OPS = sizeof NAMES / sizeof NAMES[0];

// Lines are few and long: one thread to each would leave the device idle.
bool worth_sorting(int64_t lines, int64_t n) {
  return n >= 1024 && n < (int64_t{1} << 31) && lines <= 4096;
}

int scatter(kiln::Context& c, int op, int type, int64_t out, int64_t src, int64_t index, int64_t n,
            int64_t src_stride, int64_t out_stride, const kiln::Layout& layout,
            const kiln::IndexReport& report) {
  int bytes = kiln::TYPE_BYTES[type];
  kiln::Kernel kernel = family.kernel(c, SCATTER + op * KILN_TYPES + type, "kiln_%s_%s", NAMES[op],
                                      kiln::TYPE_NAMES[type]);
  return kiln::for_each_piece<2>(layout, [&](const kiln::Geometry<2>& g, const int64_t* offsets) {
    return kiln::launch(c, kernel, kiln::grid_for(c, g.count), kiln::BLOCK, 0,
                        out + offsets[0] * bytes, src + offsets[1] * bytes,
                        index + offsets[1] * 8, g, offsets[1], n, src_stride, out_stride, report);
  });
}

}  // namespace

extern "C" int kiln_gather(int64_t context, int bytes, int64_t out, int64_t x, int64_t index,
                           int op, int64_t axis, int64_t size, int64_t axis_stride,
                           int64_t geometry) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Kernel kernel = family.kernel(c, bytes, "kiln_gather_%d", bytes);
  kiln::IndexReport report = c.report(op, axis, size);
  return kiln::for_each_piece<2>(
      kiln::Layout(geometry), [&](const kiln::Geometry<2>& g, const int64_t* offsets) {
        return kiln::launch(c, kernel, kiln::grid_for_strided(c, g.count), kiln::BLOCK, 0,
                            out + offsets[0] * bytes, x + offsets[1] * bytes,
                            index + offsets[0] * 8, g, offsets[0], axis_stride, report);
      });
}

extern "C" int64_t kiln_scatter_add_scratch(int64_t n, int64_t geometry) {
  int64_t lines = kiln::Layout(geometry).count();
  return worth_sorting(lines, n) ? kiln::SortBuffers::bytes(lines * n) : 0;
}

extern "C" int kiln_scatter_add(int64_t context, int type, int64_t out, int64_t src, int64_t index,
                                int64_t scratch, int axis, int64_t size, int64_t n,
                                int64_t src_stride, int64_t out_stride, int64_t geometry) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Layout layout(geometry);
  kiln::IndexReport report = c.report(KILN_OP_SCATTER_ADD, axis, size);
  int64_t lines = layout.count();
  if (!worth_sorting(lines, n)) {
    return scatter(c, 0, type, out, src, index, n, src_stride, out_stride, layout, report);
  }
  kiln::SortBuffers buffers(scratch, lines * n);
  // So few lines are one piece.
  return kiln::for_each_piece<2>(layout, [&](const kiln::Geometry<2>& g, const int64_t*) {
    unsigned grid = kiln::grid_for(c, lines * n);
    int status = kiln::launch(c, family.kernel(c, KEYS, "kiln_scatter_keys"), grid, kiln::BLOCK, 0,
                              buffers.keys, buffers.positions, index, g, n, src_stride, report);
    if (status == KILN_OK) {
      status = kiln::sort_rows(c, buffers, lines, n);
    }
    if (status != KILN_OK) {
      return status;
    }
    return kiln::launch(
        c, family.kernel(c, RUNS + type, "kiln_scatter_add_runs_%s", kiln::TYPE_NAMES[type]), grid,
        kiln::BLOCK, 0, out, src, buffers.keys, buffers.positions, g, n, src_stride, out_stride);
  });
}

extern "C" int kiln_scatter_op(const char* name) {
  for (int op = 1; op < OPS; op++) {
    if (strcmp(JAVA_NAMES[op], name) == 0) {
      return op;
    }
  }
  return -1;
}

extern "C" int kiln_scatter(int64_t context, int op, int type, int64_t out, int64_t src,
                            int64_t index, int axis, int64_t size, int64_t n, int64_t src_stride,
                            int64_t out_stride, int64_t geometry) {
  kiln::Context& c = kiln::Context::of(context);
  return scatter(c, op, type, out, src, index, n, src_stride, out_stride, kiln::Layout(geometry),
                 c.report(KILN_OP_SCATTER, axis, size));
}

#endif  // KILN_HOST_CODE
