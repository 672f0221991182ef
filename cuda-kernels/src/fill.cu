// Filling and copying, for any strides and between all element types.
//
//   out[i] = value          out[i] = convert(x[i])
//
// Conversions are Java's, as dev.kiln.cpu.CpuStorage does them: floats to integers are cut off and
// saturate, integers narrow modulo their range, BOOL is v != 0, 16-bit floats round to nearest even.
#include "kiln/geometry.h"
#include "kiln/kernel.h"

namespace kiln {

// Planes to be turned: out's columns lie side by side, x's rows do. Each plane is cut into tiles.
struct Turned {
  uint32_t rows;
  uint32_t columns;
  int64_t out_row;   // from one row to the next
  int64_t x_column;  // from one column to the next
  Geometry<2> planes;
  Divider tiles_high;
  Divider tiles_wide;
  uint32_t tasks;
};

constexpr uint32_t TILE = 32;
constexpr uint32_t TURN_ROWS = 8;

}  // namespace kiln

#if defined(KILN_DEVICE_CODE)
#include "kiln/map.cuh"

namespace {

template <class T>
struct Constant {
  T value;
  KILN_DEVICE_MEMBER T operator()() const { return value; }
};

template <class To, class From>
struct Convert {
  KILN_DEVICE_MEMBER To operator()(From v) const {
    return kiln::Element<To>::put(kiln::Element<From>::get(v));
  }
};

}  // namespace

namespace kiln {

// Copies planes whose rows are out's columns, tile by tile through shared memory, so that
// neighbouring threads read neighbours and write neighbours. A block has 32 x 8 threads.
template <class T>
KILN_DEVICE void transpose(T* out, const T* x, const Turned& s, T (&tile)[TILE][TILE + 1]) {
  const uint32_t lane = threadIdx.x % TILE;
  const uint32_t first = threadIdx.x / TILE;
#pragma unroll 1
  for (uint32_t task = blockIdx.x; task < s.tasks; task += gridDim.x) {
    uint32_t band = s.tiles_wide.divide(task);
    uint32_t plane = s.tiles_high.divide(band);
    uint32_t column = (task - band * s.tiles_wide.divisor) * TILE;
    uint32_t row = (band - plane * s.tiles_high.divisor) * TILE;
    uint32_t numbers[1] = {plane};
    int64_t at[2][1];
    s.planes.places(numbers, at);
    const T* from = x + at[1][0];
    T* to = out + at[0][0];
#pragma unroll
    for (uint32_t j = first; j < TILE; j += TURN_ROWS) {
      if (column + j < s.columns && row + lane < s.rows) {
        tile[j][lane] = from[(column + j) * s.x_column + (row + lane)];
      }
    }
    __syncthreads();
#pragma unroll
    for (uint32_t j = first; j < TILE; j += TURN_ROWS) {
      if (row + j < s.rows && column + lane < s.columns) {
        to[(row + j) * s.out_row + (column + lane)] = tile[lane][j];
      }
    }
    __syncthreads();
  }
}

}  // namespace kiln

#define FILL(name, T)                                                                      \
  KILN_KERNEL(kiln_fill_##name, T* out, int64_t n, double value) {                         \
    kiln::map_dense(Constant<T>{kiln::Element<T>::put(value)}, n, out);                    \
  }                                                                                        \
  KILN_KERNEL(kiln_fill_strided_##name, T* out, KILN_CONSTANT kiln::Geometry<1> g,         \
              double value) {                                                              \
    kiln::map_strided(Constant<T>{kiln::Element<T>::put(value)}, g, out);                  \
  }
KILN_ALL_TYPES(FILL)

#define COPY(to, To, from, From)                                                           \
  KILN_KERNEL(kiln_copy_##from##_to_##to, To* out, const From* x, int64_t n) {             \
    kiln::map_dense(Convert<To, From>(), n, out, x);                                       \
  }                                                                                        \
  KILN_KERNEL(kiln_copy_strided_##from##_to_##to, To* out, const From* x,                  \
              kiln::Geometry<2> g) {                                                       \
    kiln::map_strided(Convert<To, From>(), g, out, x);                                     \
  }
#define COPY_FROM_ALL(to, To)                                                              \
  COPY(to, To, f32, float)                                                                 \
  COPY(to, To, f64, double)                                                                \
  COPY(to, To, i32, int32_t)                                                               \
  COPY(to, To, i64, int64_t)                                                               \
  COPY(to, To, u8, uint8_t)                                                                \
  COPY(to, To, bool, kiln::Bool)                                                           \
  COPY(to, To, bf16, kiln::BFloat16)                                                       \
  COPY(to, To, f16, kiln::Float16)
KILN_ALL_TYPES(COPY_FROM_ALL)

// Elements are moved without being looked at: one kernel for each size.
#define TRANSPOSE(bytes, T)                                                                \
  KILN_KERNEL_BOUNDS(256, kiln_transpose_##bytes, T* out, const T* x,                      \
                     const kiln::Turned shape) {                                           \
    __shared__ T tile[kiln::TILE][kiln::TILE + 1];                                         \
    kiln::transpose(out, x, shape, tile);                                                  \
  }
TRANSPOSE(1, uint8_t)
TRANSPOSE(2, uint16_t)
TRANSPOSE(4, uint32_t)
TRANSPOSE(8, uint64_t)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include "kiln/launch.h"

static kiln::Family family("fill");

// Slots: fills, strided fills, copies, strided copies, turned ones by their bytes.
static constexpr int FILL_STRIDED = KILN_TYPES;
static constexpr int COPY = 2 * KILN_TYPES;
static constexpr int COPY_STRIDED = COPY + KILN_TYPES * KILN_TYPES;
static constexpr int TRANSPOSE = COPY_STRIDED + KILN_TYPES * KILN_TYPES;

// Whether a copy turns planes that are worth tiles, and how: out's innermost axis is not x's.
static bool turns(const kiln::Layout& layout, kiln::Turned& s) {
  constexpr int64_t LEAST = 8;
  constexpr int64_t MOST = int64_t{1} << 30;
  int inner = layout.rank() - 1;
  int other = inner - 1;
  while (other >= 0 && layout.stride(1, other) != 1) {
    other--;
  }
  if (other < 0 || layout.stride(0, inner) != 1 || layout.stride(1, inner) == 1) {
    return false;
  }
  int64_t rows = layout.size(other);
  int64_t columns = layout.size(inner);
  int64_t high = (rows + kiln::TILE - 1) / kiln::TILE;
  int64_t wide = (columns + kiln::TILE - 1) / kiln::TILE;
  int64_t planes = layout.count() / (rows * columns == 0 ? 1 : rows * columns);
  if (rows < LEAST || columns < LEAST || rows > MOST || columns > MOST ||
      static_cast<double>(planes) * static_cast<double>(high) * static_cast<double>(wide) > MOST) {
    return false;
  }
  kiln::Geometry<2> g = {};
  for (int axis = 0; axis < inner; axis++) {
    if (axis != other) {
      g.sizes[g.rank] = kiln::Divider::of(static_cast<uint32_t>(layout.size(axis)));
      g.strides[0][g.rank] = layout.stride(0, axis);
      g.strides[1][g.rank] = layout.stride(1, axis);
      g.rank++;
    }
  }
  if (g.rank == 0) {
    g.sizes[0] = kiln::Divider::of(1);
    g.rank = 1;
  }
  g.count = static_cast<uint32_t>(planes);
  s.rows = static_cast<uint32_t>(rows);
  s.columns = static_cast<uint32_t>(columns);
  s.out_row = layout.stride(0, other);
  s.x_column = layout.stride(1, inner);
  s.planes = g;
  s.tiles_high = kiln::Divider::of(static_cast<uint32_t>(high));
  s.tiles_wide = kiln::Divider::of(static_cast<uint32_t>(wide));
  s.tasks = static_cast<uint32_t>(planes * high * wide);
  return true;
}

extern "C" int kiln_fill(int64_t context, int type, int64_t out, double value, int64_t geometry) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Layout layout(geometry);
  const char* name = kiln::TYPE_NAMES[type];
  if (layout.dense(1)) {
    int64_t n = layout.count();
    return kiln::launch(c, family.kernel(c, type, "kiln_fill_%s", name),
                        kiln::grid_for_bytes(c, n * kiln::TYPE_BYTES[type]), kiln::BLOCK, 0, out, n,
                        value);
  }
  kiln::Kernel kernel = family.kernel(c, FILL_STRIDED + type, "kiln_fill_strided_%s", name);
  return kiln::for_each_piece<1>(layout, [&](const kiln::Geometry<1>& g, const int64_t* offsets) {
    return kiln::launch(c, kernel, kiln::grid_for_strided(c, g.count), kiln::BLOCK, 0,
                        out + offsets[0] * kiln::TYPE_BYTES[type], g, value);
  });
}

extern "C" int kiln_copy(int64_t context, int out_type, int x_type, int64_t out, int64_t x,
                         int64_t geometry) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Layout layout(geometry);
  const char* to = kiln::TYPE_NAMES[out_type];
  const char* from = kiln::TYPE_NAMES[x_type];
  int slot = out_type * KILN_TYPES + x_type;
  if (layout.dense(2)) {
    int64_t n = layout.count();
    if (out_type == x_type) {
      return kiln::copy_on_device(c, out, x, n * kiln::TYPE_BYTES[x_type]);
    }
    return kiln::launch(c, family.kernel(c, COPY + slot, "kiln_copy_%s_to_%s", from, to),
                        kiln::grid_for_bytes(c, n * kiln::TYPE_BYTES[x_type]), kiln::BLOCK, 0, out,
                        x, n);
  }
  kiln::Turned turned = {};
  if (out_type == x_type && layout.count() > 0 && turns(layout, turned)) {
    int bytes = kiln::TYPE_BYTES[x_type];
    return kiln::launch(c, family.kernel(c, TRANSPOSE + bytes, "kiln_transpose_%d", bytes),
                        kiln::grid_for(c, int64_t{turned.tasks} * kiln::BLOCK), kiln::BLOCK, 0, out,
                        x, turned);
  }
  kiln::Kernel kernel =
      family.kernel(c, COPY_STRIDED + slot, "kiln_copy_strided_%s_to_%s", from, to);
  return kiln::for_each_piece<2>(layout, [&](const kiln::Geometry<2>& g, const int64_t* offsets) {
    return kiln::launch(c, kernel, kiln::grid_for_strided(c, g.count), kiln::BLOCK, 0,
                        out + offsets[0] * kiln::TYPE_BYTES[out_type],
                        x + offsets[1] * kiln::TYPE_BYTES[x_type], g);
  });
}

#endif  // KILN_HOST_CODE
