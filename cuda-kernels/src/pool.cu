// Pooling of image planes, and its gradients.
//
//   max        y = the largest of a window: the first of equals, the last NaN if there is one
//   avg        y = the mean of a window, by all its places or by those inside the image
//   adaptive   y = the mean of rows floor(i h / oh) to ceil((i + 1) h / oh), columns likewise
//
// as dev.kiln.backend.FusedOps describes them. A thread makes an element of the result. Gradients
// are gathered: an element of dx adds up what the windows that see it send, in the windows' order,
// so no two threads write to one place. Windows of 2 x 2 that tile the plane, the largest and the
// mean alike, go by packs of several windows. A launch takes as many planes as leave element numbers below 2^30.
#include "kiln/geometry.h"
#include "kiln/kernel.h"

namespace kiln {

// One axis: elements of a plane, windows over it.
struct PoolAxis {
  int32_t size;
  int32_t windows;
  int32_t kernel;
  int32_t padding;
  int32_t dilation;
  Divider stride;
};

struct PoolShape {
  PoolAxis rows;
  PoolAxis columns;
  Divider high;  // the result's rows
  Divider wide;  // and columns
  uint32_t count;
  int32_t count_padding;
};

struct AdaptiveShape {
  int32_t h, w, oh, ow;
  Divider high;        // the result's rows
  Divider wide;        // and columns
  Divider by_rows;     // oh
  Divider by_columns;  // ow
  uint32_t count;
  int32_t lanes;  // threads that share a window: 1 or 32
};

}  // namespace kiln

#if defined(KILN_DEVICE_CODE)
#include "kiln/block.cuh"
#include "kiln/load.cuh"

namespace kiln {

KILN_DEVICE int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }
KILN_DEVICE int32_t most(int32_t a, int32_t b) { return a > b ? a : b; }

// Which element of the result a number stands for.
struct Place {
  uint32_t plane;
  int32_t row;
  int32_t column;

  static KILN_DEVICE_MEMBER Place of(uint32_t number, const Divider& high, const Divider& wide) {
    uint32_t line = wide.divide(number);
    uint32_t plane = high.divide(line);
    return {plane, static_cast<int32_t>(line - plane * high.divisor),
            static_cast<int32_t>(number - line * wide.divisor)};
  }
};

// From (included) to (excluded).
struct Range {
  int32_t from;
  int32_t to;
};

// Where a window begins and ends, padding included.
KILN_DEVICE Range window(const PoolAxis& a, int32_t i) {
  int32_t from = i * static_cast<int32_t>(a.stride.divisor) - a.padding;
  return {from, from + a.dilation * (a.kernel - 1) + 1};
}

// The windows that may see an element; with dilation some of them do not.
KILN_DEVICE Range seen_by(const PoolAxis& a, int32_t at) {
  int32_t last = at + a.padding;
  int32_t first = last - a.dilation * (a.kernel - 1);
  int32_t from =
      first <= 0 ? 0 : static_cast<int32_t>(a.stride.divide(first + a.stride.divisor - 1));
  return {from, least(static_cast<int32_t>(a.stride.divide(last)) + 1, a.windows)};
}

// The first place of a window inside the image.
KILN_DEVICE int32_t first_inside(int32_t from, int32_t dilation) {
  return from >= 0 ? from
         : dilation == 1 ? 0
                         : from + (dilation - 1 - from) / dilation * dilation;
}

// ---- The largest ----

template <class T>
KILN_DEVICE void max_pool(T* y, int32_t* index, const T* x, const PoolShape& s) {
  const int64_t plane_size = int64_t{s.rows.size} * s.columns.size;
  const uint32_t step = gridDim.x * blockDim.x;
#pragma unroll 1
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < s.count; i += step) {
    Place p = Place::of(i, s.high, s.wide);
    Range rows = window(s.rows, p.row);
    Range columns = window(s.columns, p.column);
    const T* from = x + p.plane * plane_size;
    int32_t left = first_inside(columns.from, s.columns.dilation);
    int32_t right = least(columns.to, s.columns.size);
    int32_t bottom = least(rows.to, s.rows.size);
    MathOf<T> best = -INFINITY;
    int32_t at = -1;
#pragma unroll 1
    for (int32_t r = first_inside(rows.from, s.rows.dilation); r < bottom; r += s.rows.dilation) {
      for (int32_t c = left; c < right; c += s.columns.dilation) {
        int32_t here = r * s.columns.size + c;
        MathOf<T> v = Element<T>::get(from[here]);
        if (at < 0 || v > best || v != v) {
          best = v;
          at = here;
        }
      }
    }
    y[i] = Element<T>::put(best);
    index[i] = at;
  }
}

template <class T>
KILN_DEVICE void max_pool_grad(T* dx, const T* dy, const int32_t* index, const PoolShape& s) {
  const int64_t windows = int64_t{s.rows.windows} * s.columns.windows;
  const uint32_t step = gridDim.x * blockDim.x;
#pragma unroll 1
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < s.count; i += step) {
    Place p = Place::of(i, s.high, s.wide);
    Range rows = seen_by(s.rows, p.row);
    Range columns = seen_by(s.columns, p.column);
    int32_t here = p.row * s.columns.size + p.column;
    const T* from = dy + p.plane * windows;
    const int32_t* where = index + p.plane * windows;
    MathOf<T> sum = 0;
#pragma unroll 1
    for (int32_t r = rows.from; r < rows.to; r++) {
      for (int32_t c = columns.from; c < columns.to; c++) {
        int32_t at = r * s.columns.windows + c;
        if (where[at] == here) {
          sum += Element<T>::get(from[at]);
        }
      }
    }
    dx[i] = Element<T>::put(sum);
  }
}

// N windows of 2 x 2 beside each other to a thread; rows of x are whole multiples of 2 N elements,
// and all operands begin where packs may.
template <int N, class T>
KILN_DEVICE void max_pool_tiles(T* y, int32_t* index, const T* x, const PoolShape& s) {
  using M = MathOf<T>;
  const int32_t width = s.columns.size;
  const uint32_t step = gridDim.x * blockDim.x;
#pragma unroll 1
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < s.count; i += step) {
    Place p = Place::of(i, s.high, s.wide);
    int32_t corner = 2 * p.row * width + 2 * N * p.column;
    const T* from = x + p.plane * (int64_t{s.rows.size} * width) + corner;
    Pack<T, 2 * N> top = Pack<T, 2 * N>::load(from);
    Pack<T, 2 * N> bottom = Pack<T, 2 * N>::load(from + width);
    int64_t to = (p.plane * int64_t{s.rows.windows} + p.row) * s.columns.windows + N * p.column;
    Pack<T, N> largest;
    Pack<int32_t, N> places;
#pragma unroll
    for (int k = 0; k < N; k++) {
      const T four[4] = {top.at[2 * k], top.at[2 * k + 1], bottom.at[2 * k], bottom.at[2 * k + 1]};
      M best = Element<T>::get(four[0]);
      int32_t at = 0;
#pragma unroll
      for (int j = 1; j < 4; j++) {
        M v = Element<T>::get(four[j]);
        if (v > best || v != v) {
          best = v;
          at = j;
        }
      }
      largest.at[k] = Element<T>::put(best);
      places.at[k] = corner + 2 * k + (at & 1) + (at >> 1) * width;
    }
    store(largest, y + to);
    store(places, index + to);
  }
}

template <int N, class T>
KILN_DEVICE void max_pool_tiles_grad(T* dx, const T* dy, const int32_t* index,
                                     const PoolShape& s) {
  const int32_t width = s.columns.size;
  const uint32_t step = gridDim.x * blockDim.x;
#pragma unroll 1
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < s.count; i += step) {
    Place p = Place::of(i, s.high, s.wide);
    int32_t corner = 2 * p.row * width + 2 * N * p.column;
    int64_t from = (p.plane * int64_t{s.rows.windows} + p.row) * s.columns.windows + N * p.column;
    Pack<T, 2 * N> top = {};
    Pack<T, 2 * N> bottom = {};
    Pack<T, N> gradients = load<N>(dy + from);
    Pack<int32_t, N> places = load<N>(index + from);
#pragma unroll
    for (int k = 0; k < N; k++) {
      T g = gradients.at[k];
      int32_t at = places.at[k] - corner - 2 * k;
      top.at[2 * k] = at == 0 ? g : T();
      top.at[2 * k + 1] = at == 1 ? g : T();
      bottom.at[2 * k] = at == width ? g : T();
      bottom.at[2 * k + 1] = at == width + 1 ? g : T();
    }
    T* to = dx + p.plane * (int64_t{s.rows.size} * width) + corner;
    top.store(to);
    bottom.store(to + width);
  }
}

// ---- Means ----

// A window's part inside the image, and what its sum is divided by.
struct Window {
  Range rows;
  Range columns;
  int32_t divisor;

  static KILN_DEVICE_MEMBER Window of(const PoolShape& s, int32_t row, int32_t column) {
    Range r = window(s.rows, row);
    Range c = window(s.columns, column);
    // What hangs over the padding never counts.
    int32_t padded = (least(r.to, s.rows.size + s.rows.padding) - r.from) *
                     (least(c.to, s.columns.size + s.columns.padding) - c.from);
    r = {most(r.from, 0), least(r.to, s.rows.size)};
    c = {most(c.from, 0), least(c.to, s.columns.size)};
    return {r, c, s.count_padding != 0 ? padded : (r.to - r.from) * (c.to - c.from)};
  }
};

template <class T>
KILN_DEVICE void avg_pool(T* y, const T* x, const PoolShape& s) {
  const int64_t plane_size = int64_t{s.rows.size} * s.columns.size;
  const uint32_t step = gridDim.x * blockDim.x;
#pragma unroll 1
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < s.count; i += step) {
    Place p = Place::of(i, s.high, s.wide);
    Window w = Window::of(s, p.row, p.column);
    const T* from = x + p.plane * plane_size;
    MathOf<T> sum = 0;
#pragma unroll 1
    for (int32_t r = w.rows.from; r < w.rows.to; r++) {
      for (int32_t c = w.columns.from; c < w.columns.to; c++) {
        sum += Element<T>::get(from[r * s.columns.size + c]);
      }
    }
    bool empty = w.rows.from >= w.rows.to || w.columns.from >= w.columns.to;
    y[i] = Element<T>::put(empty ? MathOf<T>(0) : sum / static_cast<MathOf<T>>(w.divisor));
  }
}

template <class T>
KILN_DEVICE void avg_pool_grad(T* dx, const T* dy, const PoolShape& s) {
  const int64_t windows = int64_t{s.rows.windows} * s.columns.windows;
  const uint32_t step = gridDim.x * blockDim.x;
#pragma unroll 1
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < s.count; i += step) {
    Place p = Place::of(i, s.high, s.wide);
    Range rows = seen_by(s.rows, p.row);
    Range columns = seen_by(s.columns, p.column);
    const T* from = dy + p.plane * windows;
    MathOf<T> sum = 0;
#pragma unroll 1
    for (int32_t r = rows.from; r < rows.to; r++) {
#pragma unroll 1
      for (int32_t c = columns.from; c < columns.to; c++) {
        sum += Element<T>::get(from[r * s.columns.windows + c]) /
               static_cast<MathOf<T>>(Window::of(s, r, c).divisor);
      }
    }
    dx[i] = Element<T>::put(sum);
  }
}

// Of windows that tile the plane, as max_pool_tiles; the sums are those of avg_pool, in its order.
template <int N, class T>
KILN_DEVICE void avg_pool_tiles(T* y, const T* x, const PoolShape& s) {
  const int32_t width = s.columns.size;
  const uint32_t step = gridDim.x * blockDim.x;
#pragma unroll 1
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < s.count; i += step) {
    Place p = Place::of(i, s.high, s.wide);
    const T* from = x + p.plane * (int64_t{s.rows.size} * width) + 2 * p.row * width +
                    2 * N * p.column;
    Pack<T, 2 * N> top = Pack<T, 2 * N>::load(from);
    Pack<T, 2 * N> bottom = Pack<T, 2 * N>::load(from + width);
    Pack<T, N> means;
#pragma unroll
    for (int k = 0; k < N; k++) {
      MathOf<T> sum = 0;
      sum += Element<T>::get(top.at[2 * k]);
      sum += Element<T>::get(top.at[2 * k + 1]);
      sum += Element<T>::get(bottom.at[2 * k]);
      sum += Element<T>::get(bottom.at[2 * k + 1]);
      means.at[k] = Element<T>::put(sum * MathOf<T>(0.25));
    }
    store(means, y + (p.plane * int64_t{s.rows.windows} + p.row) * s.columns.windows +
                     N * p.column);
  }
}

template <int N, class T>
KILN_DEVICE void avg_pool_tiles_grad(T* dx, const T* dy, const PoolShape& s) {
  const int32_t width = s.columns.size;
  const uint32_t step = gridDim.x * blockDim.x;
#pragma unroll 1
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < s.count; i += step) {
    Place p = Place::of(i, s.high, s.wide);
    Pack<T, N> gradients = load<N>(
        dy + (p.plane * int64_t{s.rows.windows} + p.row) * s.columns.windows + N * p.column);
    Pack<T, 2 * N> shares;
#pragma unroll
    for (int k = 0; k < N; k++) {
      T share = Element<T>::put(Element<T>::get(gradients.at[k]) * MathOf<T>(0.25));
      shares.at[2 * k] = share;
      shares.at[2 * k + 1] = share;
    }
    T* to = dx + p.plane * (int64_t{s.rows.size} * width) + 2 * p.row * width + 2 * N * p.column;
    shares.store(to);
    shares.store(to + width);
  }
}

// The part of an axis of `size` elements that the i-th of so many parts covers.
KILN_DEVICE Range part(const Divider& parts, int32_t size, int32_t i) {
  uint32_t from = parts.divide(static_cast<uint32_t>(i) * size);
  uint32_t to = parts.divide(static_cast<uint32_t>(i + 1) * size + parts.divisor - 1);
  return {static_cast<int32_t>(from), static_cast<int32_t>(to)};
}

// The parts that cover an element of an axis.
KILN_DEVICE Range covered_by(const Divider& size, int32_t parts, int32_t at) {
  uint32_t from = size.divide(static_cast<uint32_t>(at) * parts);
  uint32_t to = size.divide(static_cast<uint32_t>(at + 1) * parts + size.divisor - 1);
  return {static_cast<int32_t>(from), static_cast<int32_t>(to)};
}

// Long sums are kept in double: memory is what this waits for.
template <class T>
KILN_DEVICE void adaptive_avg(T* y, const T* x, const AdaptiveShape& s) {
  const int64_t plane_size = int64_t{s.h} * s.w;
  const int32_t lane = s.lanes == 1 ? 0 : threadIdx.x % WARP;
#pragma unroll 1
  for (int64_t task = thread_number() / s.lanes; task < s.count;
       task += thread_count() / s.lanes) {
    uint32_t i = static_cast<uint32_t>(task);
    Place p = Place::of(i, s.high, s.wide);
    Range rows = part(s.by_rows, s.h, p.row);
    Range columns = part(s.by_columns, s.w, p.column);
    const T* from = x + p.plane * plane_size;
    double sum = 0;
#pragma unroll 1
    for (int32_t r = rows.from; r < rows.to; r++) {
      for (int32_t c = columns.from + lane; c < columns.to; c += s.lanes) {
        sum += Element<T>::get(from[r * s.w + c]);
      }
    }
    if (s.lanes > 1) {
      sum = warp_reduce(sum, [](double a, double b) { return a + b; });
    }
    if (lane == 0) {
      int32_t area = (rows.to - rows.from) * (columns.to - columns.from);
      y[i] = Element<T>::put(static_cast<MathOf<T>>(sum / area));
    }
  }
}

template <class T>
KILN_DEVICE void adaptive_avg_grad(T* dx, const T* dy, const AdaptiveShape& s) {
  const int64_t windows = int64_t{s.oh} * s.ow;
  const uint32_t step = gridDim.x * blockDim.x;
#pragma unroll 1
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < s.count; i += step) {
    Place p = Place::of(i, s.high, s.wide);
    Range rows = covered_by(s.high, s.oh, p.row);
    Range columns = covered_by(s.wide, s.ow, p.column);
    const T* from = dy + p.plane * windows;
    MathOf<T> sum = 0;
#pragma unroll 1
    for (int32_t r = rows.from; r < rows.to; r++) {
      Range high = part(s.by_rows, s.h, r);
#pragma unroll 1
      for (int32_t c = columns.from; c < columns.to; c++) {
        Range wide = part(s.by_columns, s.w, c);
        int32_t area = (high.to - high.from) * (wide.to - wide.from);
        sum += Element<T>::get(from[r * s.ow + c]) / static_cast<MathOf<T>>(area);
      }
    }
    dx[i] = Element<T>::put(sum);
  }
}

}  // namespace kiln

#define KERNELS(type, T)                                                                        \
  KILN_KERNEL(kiln_max_pool_##type, T* y, int32_t* index, const T* x,                           \
              const kiln::PoolShape shape) {                                                    \
    kiln::max_pool(y, index, x, shape);                                                         \
  }                                                                                             \
  KILN_KERNEL(kiln_max_pool_grad_##type, T* dx, const T* dy, const int32_t* index,              \
              const kiln::PoolShape shape) {                                                    \
    kiln::max_pool_grad(dx, dy, index, shape);                                                  \
  }                                                                                             \
  KILN_KERNEL(kiln_avg_pool_##type, T* y, const T* x, const kiln::PoolShape shape) {            \
    kiln::avg_pool(y, x, shape);                                                                \
  }                                                                                             \
  KILN_KERNEL(kiln_avg_pool_grad_##type, T* dx, const T* dy, const kiln::PoolShape shape) {     \
    kiln::avg_pool_grad(dx, dy, shape);                                                         \
  }                                                                                             \
  KILN_KERNEL(kiln_adaptive_avg_##type, T* y, const T* x, const kiln::AdaptiveShape shape) {    \
    kiln::adaptive_avg(y, x, shape);                                                            \
  }                                                                                             \
  KILN_KERNEL(kiln_adaptive_avg_grad_##type, T* dx, const T* dy,                                \
              const kiln::AdaptiveShape shape) {                                                \
    kiln::adaptive_avg_grad(dx, dy, shape);                                                     \
  }
KILN_FLOAT_TYPES(KERNELS)

// So many windows to a thread: as fill 16 bytes of a row with their elements, or one.
#define TILES(type, T, windows)                                                                 \
  KILN_KERNEL(kiln_max_pool_tiles##windows##_##type, T* y, int32_t* index, const T* x,          \
              const kiln::PoolShape shape) {                                                    \
    kiln::max_pool_tiles<windows>(y, index, x, shape);                                          \
  }                                                                                             \
  KILN_KERNEL(kiln_max_pool_tiles##windows##_grad_##type, T* dx, const T* dy,                   \
              const int32_t* index, const kiln::PoolShape shape) {                              \
    kiln::max_pool_tiles_grad<windows>(dx, dy, index, shape);                                   \
  }                                                                                             \
  KILN_KERNEL(kiln_avg_pool_tiles##windows##_##type, T* y, const T* x,                          \
              const kiln::PoolShape shape) {                                                    \
    kiln::avg_pool_tiles<windows>(y, x, shape);                                                 \
  }                                                                                             \
  KILN_KERNEL(kiln_avg_pool_tiles##windows##_grad_##type, T* dx, const T* dy,                   \
              const kiln::PoolShape shape) {                                                    \
    kiln::avg_pool_tiles_grad<windows>(dx, dy, shape);                                          \
  }
TILES(f32, float, 1)
TILES(f32, float, 2)
TILES(f64, double, 1)
TILES(bf16, kiln::BFloat16, 1)
TILES(bf16, kiln::BFloat16, 4)
TILES(f16, kiln::Float16, 1)
TILES(f16, kiln::Float16, 4)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include "kiln/launch.h"

static kiln::Family family("pool");

namespace {

// The sizes as Java wrote them.
struct Sizes {
  int64_t planes, h, w, oh, ow;
  int64_t kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w;
  int64_t count_padding;

  static const Sizes& of(int64_t address) { return *reinterpret_cast<const Sizes*>(address); }

  int64_t in() const { return h * w; }
  int64_t out() const { return oh * ow; }
};

constexpr int64_t MOST = int64_t{1} << 30;

// Slots: the ops, each with its gradient beside it, for each type; those of MAX and AVG for tiles
// follow, of one window and of several.
enum { MAX, MAX_GRAD, AVG, AVG_GRAD, ADAPTIVE, ADAPTIVE_GRAD, TILE, TILES = TILE + 4 };
constexpr const char* NAMES[] = {"max_pool",          "max_pool_grad", "avg_pool", "avg_pool_grad",
                                 "adaptive_avg", "adaptive_avg_grad"};

kiln::Kernel kernel(kiln::Context& c, int op, int type) {
  return family.kernel(c, op * KILN_TYPES + type, "kiln_%s_%s", NAMES[op], kiln::TYPE_NAMES[type]);
}

uint32_t u32(int64_t v) { return static_cast<uint32_t>(v); }
int32_t i32(int64_t v) { return static_cast<int32_t>(v); }

kiln::PoolShape shape_of(const Sizes& s, int64_t high, int64_t wide) {
  kiln::PoolShape shape = {};
  shape.rows = {i32(s.h),         i32(s.oh),         i32(s.kernel_h),
                i32(s.padding_h), i32(s.dilation_h), kiln::Divider::of(u32(s.stride_h))};
  shape.columns = {i32(s.w),         i32(s.ow),         i32(s.kernel_w),
                   i32(s.padding_w), i32(s.dilation_w), kiln::Divider::of(u32(s.stride_w))};
  shape.high = kiln::Divider::of(u32(high));
  shape.wide = kiln::Divider::of(u32(wide));
  shape.count_padding = i32(s.count_padding);
  return shape;
}

// Calls f(first plane, planes) for pieces of the planes in which all numbers stay small.
template <class F>
int for_planes(const Sizes& s, F f) {
  int64_t larger = s.in() > s.out() ? s.in() : s.out();
  if (larger > MOST) {
    return kiln::fail(KILN_BAD_ARGUMENT, "planes of more than 2^30 elements");
  }
  int64_t each = larger == 0 ? s.planes : MOST / larger;
  for (int64_t first = 0; first < s.planes; first += each) {
    int status = f(first, s.planes - first < each ? s.planes - first : each);
    if (status != KILN_OK) {
      return status;
    }
  }
  return KILN_OK;
}

bool tiles(const Sizes& s) {
  return s.kernel_h == 2 && s.kernel_w == 2 && s.stride_h == 2 && s.stride_w == 2 &&
         s.padding_h == 0 && s.padding_w == 0 && s.dilation_h == 1 && s.dilation_w == 1 &&
         s.w == 2 * s.ow && s.h >= 2 * s.oh;
}

// Windows to a thread of the kernels for tiles; 0 if they do not fit.
int64_t windows_to_a_thread(const Sizes& s, int type, int64_t x, int64_t y, int64_t index) {
  int64_t bytes = kiln::TYPE_BYTES[type];
  int64_t most = type == KILN_F64 ? 1 : 8 / bytes;
  for (int64_t n : {most, int64_t{1}}) {
    if (s.ow % n == 0 && x % (2 * n * bytes) == 0 && y % (n * bytes) == 0 && index % (4 * n) == 0) {
      return n;
    }
  }
  return 0;
}

// Launches the kernel for tiles of MAX or AVG, or of its gradient.
template <class... Arguments>
int launch_tiles(kiln::Context& c, int op, const Sizes& s, int type, int64_t each, int64_t planes,
                 Arguments... arguments) {
  kiln::PoolShape shape = shape_of(s, s.oh, s.ow / each);
  shape.count = u32(planes * s.oh * (s.ow / each));
  bool grad = op == MAX_GRAD || op == AVG_GRAD;
  int slot = ((each == 1 ? TILE : TILES) + op) * KILN_TYPES + type;
  kiln::Kernel k = family.kernel(c, slot, "kiln_%s_tiles%d%s_%s", NAMES[grad ? op - 1 : op],
                                 static_cast<int>(each), grad ? "_grad" : "",
                                 kiln::TYPE_NAMES[type]);
  return kiln::launch(c, k, kiln::grid_for(c, shape.count), kiln::BLOCK, 0, arguments..., shape);
}

// Launches a kernel with a thread for each element of a result of high x wide planes.
template <class... Arguments>
int launch_pool(kiln::Context& c, int op, const Sizes& s, int type, int64_t high, int64_t wide,
                int64_t planes, Arguments... arguments) {
  kiln::PoolShape shape = shape_of(s, high, wide);
  shape.count = u32(planes * high * wide);
  return kiln::launch(c, kernel(c, op, type), kiln::grid_for(c, shape.count), kiln::BLOCK, 0,
                      arguments..., shape);
}

}  // namespace

extern "C" int kiln_max_pool(int64_t context, int type, int64_t y, int64_t index, int64_t x,
                             int64_t sizes) {
  kiln::Context& c = kiln::Context::of(context);
  const Sizes& s = Sizes::of(sizes);
  int bytes = kiln::TYPE_BYTES[type];
  if (s.out() == 0) {
    return KILN_OK;
  }
  int64_t each = tiles(s) ? windows_to_a_thread(s, type, x, y, index) : 0;
  return for_planes(s, [&](int64_t first, int64_t planes) {
    int64_t to = y + first * s.out() * bytes;
    int64_t at = index + first * s.out() * 4;
    int64_t from = x + first * s.in() * bytes;
    return each > 0 ? launch_tiles(c, MAX, s, type, each, planes, to, at, from)
                    : launch_pool(c, MAX, s, type, s.oh, s.ow, planes, to, at, from);
  });
}

extern "C" int kiln_max_pool_grad(int64_t context, int type, int64_t dx, int64_t dy, int64_t index,
                                  int64_t sizes) {
  kiln::Context& c = kiln::Context::of(context);
  const Sizes& s = Sizes::of(sizes);
  int bytes = kiln::TYPE_BYTES[type];
  if (s.in() == 0) {
    return KILN_OK;
  }
  // The kernel for tiles writes all of dx only where they cover it.
  int64_t each = tiles(s) && s.h == 2 * s.oh ? windows_to_a_thread(s, type, dx, dy, index) : 0;
  return for_planes(s, [&](int64_t first, int64_t planes) {
    int64_t to = dx + first * s.in() * bytes;
    int64_t from = dy + first * s.out() * bytes;
    int64_t at = index + first * s.out() * 4;
    return each > 0 ? launch_tiles(c, MAX_GRAD, s, type, each, planes, to, from, at)
                    : launch_pool(c, MAX_GRAD, s, type, s.h, s.w, planes, to, from, at);
  });
}

extern "C" int kiln_avg_pool(int64_t context, int type, int64_t y, int64_t x, int64_t sizes) {
  kiln::Context& c = kiln::Context::of(context);
  const Sizes& s = Sizes::of(sizes);
  int bytes = kiln::TYPE_BYTES[type];
  if (s.out() == 0) {
    return KILN_OK;
  }
  int64_t each = tiles(s) ? windows_to_a_thread(s, type, x, y, 0) : 0;
  return for_planes(s, [&](int64_t first, int64_t planes) {
    int64_t to = y + first * s.out() * bytes;
    int64_t from = x + first * s.in() * bytes;
    return each > 0 ? launch_tiles(c, AVG, s, type, each, planes, to, from)
                    : launch_pool(c, AVG, s, type, s.oh, s.ow, planes, to, from);
  });
}

extern "C" int kiln_avg_pool_grad(int64_t context, int type, int64_t dx, int64_t dy,
                                  int64_t sizes) {
  kiln::Context& c = kiln::Context::of(context);
  const Sizes& s = Sizes::of(sizes);
  int bytes = kiln::TYPE_BYTES[type];
  if (s.in() == 0) {
    return KILN_OK;
  }
  // As for the largest.
  int64_t each = tiles(s) && s.h == 2 * s.oh ? windows_to_a_thread(s, type, dx, dy, 0) : 0;
  return for_planes(s, [&](int64_t first, int64_t planes) {
    int64_t to = dx + first * s.in() * bytes;
    int64_t from = dy + first * s.out() * bytes;
    return each > 0 ? launch_tiles(c, AVG_GRAD, s, type, each, planes, to, from)
                    : launch_pool(c, AVG_GRAD, s, type, s.h, s.w, planes, to, from);
  });
}

extern "C" int kiln_adaptive_avg_pool(int64_t context, int type, int grad, int64_t result,
                                      int64_t operand, int64_t sizes) {
  kiln::Context& c = kiln::Context::of(context);
  const Sizes& s = Sizes::of(sizes);
  int bytes = kiln::TYPE_BYTES[type];
  int64_t made = grad != 0 ? s.in() : s.out();
  int64_t read = grad != 0 ? s.out() : s.in();
  if (made == 0 || read == 0) {
    return KILN_OK;
  }
  kiln::AdaptiveShape shape = {};
  shape.h = i32(s.h);
  shape.w = i32(s.w);
  shape.oh = i32(s.oh);
  shape.ow = i32(s.ow);
  shape.high = kiln::Divider::of(u32(grad != 0 ? s.h : s.oh));
  shape.wide = kiln::Divider::of(u32(grad != 0 ? s.w : s.ow));
  shape.by_rows = kiln::Divider::of(u32(s.oh));
  shape.by_columns = kiln::Divider::of(u32(s.ow));
  shape.lanes = grad == 0 && s.w / s.ow >= 16 ? 32 : 1;
  return for_planes(s, [&](int64_t first, int64_t planes) {
    shape.count = u32(planes * made);
    return kiln::launch(c, kernel(c, grad != 0 ? ADAPTIVE_GRAD : ADAPTIVE, type),
                        kiln::grid_for(c, int64_t{shape.count} * shape.lanes), kiln::BLOCK, 0,
                        result + first * made * bytes, operand + first * read * bytes, shape);
  });
}

#endif  // KILN_HOST_CODE
