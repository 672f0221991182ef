// Reductions over any axes.
//
//   out[j] = op over r of x[kept(j) + reduced(r)]
//
// Three ways to read, for where the innermost axis of x is:
//   rows      reduced, many elements: a block of threads for each output (or slice of one)
//   warps     reduced, few elements:  a warp for each output
//   columns   kept:                   neighbouring threads take neighbouring outputs
// Where there are too few outputs to fill a GPU, each is cut into slices, and a second kernel
// (finish) merges their partial results. What is cut, and the order of merging, follow from the
// shape alone, so results are the same bits on every device and at every run.
//
// Floating sums and products are formed in double, whatever the type: memory is what these kernels
// wait for, and a mean of far-off numbers keeps its digits. Integers are formed in int64_t.
#include "kiln/kernel.h"
#include "kiln/reduce_shape.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/block.cuh"

namespace kiln {

// ---- What is accumulated ----
// Each op has: Partial, its accumulator; Result, the element type of out; none(), of no elements;
// take(p, v, r), p with element r of value v added; merge(p, q); result(p, divisor).

#define FOLD(name, Accumulator, first, with_element, with_partial)                            \
  template <class T>                                                                          \
  struct name {                                                                               \
    using M = MathOf<T>;                                                                      \
    using Partial = Accumulator;                                                              \
    using Result = T;                                                                         \
    static KILN_DEVICE_MEMBER Partial none() { return first; }                                \
    static KILN_DEVICE_MEMBER Partial take(Partial p, M element, int64_t) {                   \
      Partial v = element;                                                                    \
      return with_element;                                                                    \
    }                                                                                         \
    static KILN_DEVICE_MEMBER Partial merge(Partial p, Partial q) { return with_partial; }    \
    static KILN_DEVICE_MEMBER T result(Partial p, double divisor) {                           \
      return Element<T>::put(divided(p, divisor));                                            \
    }                                                                                         \
  };

KILN_DEVICE float divided(float v, double) { return v; }
KILN_DEVICE double divided(double v, double by) { return v / by; }
KILN_DEVICE int64_t divided(int64_t v, double) { return v; }

// The least and the largest number of a Math type.
template <class M>
KILN_DEVICE M lowest() { return -M(INFINITY); }
template <class M>
KILN_DEVICE M highest() { return M(INFINITY); }
template <>
KILN_DEVICE_MEMBER int64_t lowest() { return INT64_MIN; }
template <>
KILN_DEVICE_MEMBER int64_t highest() { return INT64_MAX; }

FOLD(Sum, RunningOf<T>, Partial(0), add_of(p, v), add_of(p, q))
FOLD(SumSquares, RunningOf<T>, Partial(0), add_of(p, mul_of(v, v)), add_of(p, q))
FOLD(Prod, RunningOf<T>, Partial(1), mul_of(p, v), mul_of(p, q))
FOLD(Max, M, lowest<M>(), larger(p, v), larger(p, q))
FOLD(Min, M, highest<M>(), smaller(p, v), smaller(p, q))

template <class T>
struct Any {
  using M = MathOf<T>;
  using Partial = int32_t;
  using Result = Bool;
  static KILN_DEVICE_MEMBER int32_t none() { return 0; }
  static KILN_DEVICE_MEMBER int32_t take(int32_t p, M v, int64_t) { return p | (v != M(0)); }
  static KILN_DEVICE_MEMBER int32_t merge(int32_t p, int32_t q) { return p | q; }
  static KILN_DEVICE_MEMBER Bool result(int32_t p, double) { return {static_cast<uint8_t>(p)}; }
};

template <class T>
struct All {
  using M = MathOf<T>;
  using Partial = int32_t;
  using Result = Bool;
  static KILN_DEVICE_MEMBER int32_t none() { return 1; }
  static KILN_DEVICE_MEMBER int32_t take(int32_t p, M v, int64_t) { return p & (v != M(0)); }
  static KILN_DEVICE_MEMBER int32_t merge(int32_t p, int32_t q) { return p & q; }
  static KILN_DEVICE_MEMBER Bool result(int32_t p, double) { return {static_cast<uint8_t>(p)}; }
};

// A value and where it stands; -1 for none.
template <class M>
struct alignas(16) Found {
  M value;
  int64_t at;
};

// The index of the first best; a NaN is better than every number. SIGN 1 for the largest, -1 for
// the smallest.
template <class T, int SIGN>
struct Arg {
  using M = MathOf<T>;
  using Partial = Found<M>;
  using Result = int64_t;

  static KILN_DEVICE_MEMBER Partial none() { return {M(0), -1}; }

  static KILN_DEVICE_MEMBER Partial merge(Partial p, Partial q) {
    if (p.at < 0 || q.at < 0) {
      return p.at < 0 ? q : p;
    }
    bool p_nan = p.value != p.value;
    bool q_nan = q.value != q.value;
    if (p_nan || q_nan) {
      return p_nan && (!q_nan || p.at < q.at) ? p : q;
    }
    bool better = SIGN > 0 ? q.value > p.value : q.value < p.value;
    return better || (q.value == p.value && q.at < p.at) ? q : p;
  }

  // Elements come in ascending order: an equal one never wins.
  static KILN_DEVICE_MEMBER Partial take(Partial p, M v, int64_t r) {
    bool better = SIGN > 0 ? v > p.value : v < p.value;
    bool wins = p.at < 0 || (p.value == p.value && (better || v != v));
    return wins ? Partial{v, r} : p;
  }

  static KILN_DEVICE_MEMBER int64_t result(Partial p, double) { return p.at; }
};

template <class T>
using ArgMax = Arg<T, 1>;
template <class T>
using ArgMin = Arg<T, -1>;

// ---- How elements are read ----

// Adds every `step`-th element of [first, end) to p; *x is the output's first element.
template <class Op, class T>
KILN_DEVICE typename Op::Partial take_all(typename Op::Partial p, const T* x,
                                          const Geometry<1>& reduced, int64_t first, int64_t end,
                                          int64_t step) {
  // Reads before the first is used: 16-bit elements need more of them to fill the way to memory.
  constexpr int AHEAD = sizeof(T) <= 2 ? 8 : 4;
  if (reduced.rank == 1) {
    int64_t stride = reduced.strides[0][0];
#pragma unroll AHEAD
    for (int64_t r = first; r < end; r += step) {
      p = Op::take(p, Element<T>::get(x[r * stride]), r);
    }
  } else {
#pragma unroll 1
    for (int64_t r = first; r < end; r += step * AHEAD) {
      uint32_t numbers[AHEAD];
      int64_t at[1][AHEAD];
      T some[AHEAD];
#pragma unroll
      for (int u = 0; u < AHEAD; u++) {
        numbers[u] = static_cast<uint32_t>(r + u * step);
      }
      reduced.places(numbers, at);
#pragma unroll
      for (int u = 0; u < AHEAD; u++) {
        if (r + u * step < end) {
          some[u] = x[at[0][u]];
        }
      }
#pragma unroll
      for (int u = 0; u < AHEAD; u++) {
        if (r + u * step < end) {
          p = Op::take(p, Element<T>::get(some[u]), r + u * step);
        }
      }
    }
  }
  return p;
}

// Whether elements lie side by side, all of them or whole packs at a time. Follows from the shape.
template <class T>
KILN_DEVICE bool lies_in_packs(const Geometry<1>& reduced) {
  int inner = reduced.rank - 1;
  return reduced.strides[0][inner] == 1 &&
         (inner == 0 || reduced.sizes[inner].divisor % LANES<T> == 0);
}

// As take_all for such elements [start, end), which are shared out by packs of 16 bytes. Slices start
// and end at whole packs, but for the last of elements that all lie side by side.
template <class Op, class T>
KILN_DEVICE typename Op::Partial take_packs(const T* x, const Geometry<1>& reduced, int64_t start,
                                            int64_t end, int64_t thread, int64_t threads) {
  constexpr int N = LANES<T>;
  typename Op::Partial p = Op::none();
  int64_t packs = (end - start) / N;
#pragma unroll 1
  for (int64_t i = thread; i < packs; i += threads) {
    int64_t first = start + i * N;
    const T* at = x + (reduced.rank == 1 ? first : reduced.place(static_cast<uint32_t>(first)));
    Pack<T, N> pack;
    // Without alignment the same elements are read one by one, so that results do not depend on it.
    if (aligned<N>(at)) {
      pack = Pack<T, N>::load(at);
    } else {
#pragma unroll
      for (int k = 0; k < N; k++) {
        pack.at[k] = at[k];
      }
    }
#pragma unroll
    for (int k = 0; k < N; k++) {
      p = Op::take(p, Element<T>::get(pack.at[k]), first + k);
    }
  }
#pragma unroll 1
  for (int64_t r = start + packs * N + thread; r < end; r += threads) {
    p = Op::take(p, Element<T>::get(x[r]), r);
  }
  return p;
}

// Stores a slice's partial result, or the result where there is one slice.
template <class Op>
KILN_DEVICE void store(typename Op::Result* out, typename Op::Partial* partial,
                       const ReduceShape& shape, int64_t output, int64_t slice,
                       typename Op::Partial p, double divisor) {
  if (shape.slices == 1) {
    out[output] = Op::result(p, divisor);
  } else {
    partial[slice * shape.outputs + output] = p;
  }
}

KILN_DEVICE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

template <class Op, class T>
KILN_DEVICE void reduce_rows(typename Op::Result* out, typename Op::Partial* partial, const T* x,
                             const ReduceShape& shape, double divisor,
                             typename Op::Partial* shared) {
  int64_t tasks = shape.outputs * shape.slices;
#pragma unroll 1
  for (int64_t task = blockIdx.x; task < tasks; task += gridDim.x) {
    int64_t output = task / shape.slices;
    int64_t slice = task % shape.slices;
    int64_t start = slice * shape.slice;
    int64_t end = least(start + shape.slice, shape.n);
    const T* first = x + shape.kept.place(static_cast<uint32_t>(output));
    typename Op::Partial p =
        lies_in_packs<T>(shape.reduced)
            ? take_packs<Op>(first, shape.reduced, start, end, threadIdx.x, blockDim.x)
            : take_all<Op>(Op::none(), first, shape.reduced, start + threadIdx.x, end, blockDim.x);
    p = block_reduce(p, shared, Op::merge);
    if (threadIdx.x == 0) {
      store<Op>(out, partial, shape, output, slice, p, divisor);
    }
    __syncthreads();
  }
}

template <class Op, class T>
KILN_DEVICE void reduce_warps(typename Op::Result* out, const T* x, const ReduceShape& shape,
                              double divisor) {
  int64_t lane = threadIdx.x % WARP;
  // Rows that are no whole packs do not start where packs may, but for every few.
  bool packs = lies_in_packs<T>(shape.reduced) && shape.n % LANES<T> == 0;
#pragma unroll 1
  for (int64_t output = thread_number() / WARP; output < shape.outputs;
       output += thread_count() / WARP) {
    const T* first = x + shape.kept.place(static_cast<uint32_t>(output));
    typename Op::Partial p =
        packs ? take_packs<Op>(first, shape.reduced, 0, shape.n, lane, WARP)
              : take_all<Op>(Op::none(), first, shape.reduced, lane, shape.n, WARP);
    p = warp_reduce(p, Op::merge);
    if (lane == 0) {
      out[output] = Op::result(p, divisor);
    }
  }
}

// Each warp of a block takes the same 32 outputs, and every eighth element of a slice.
template <class Op, class T>
KILN_DEVICE void reduce_columns(typename Op::Result* out, typename Op::Partial* partial,
                                const T* x, const ReduceShape& shape, double divisor,
                                typename Op::Partial* shared) {
  int lane = threadIdx.x % WARP;
  int warp = threadIdx.x / WARP;
  int warps = blockDim.x / WARP;
  int64_t tiles = (shape.outputs + WARP - 1) / WARP;
#pragma unroll 1
  for (int64_t task = blockIdx.x; task < tiles * shape.slices; task += gridDim.x) {
    int64_t output = task % tiles * WARP + lane;
    int64_t slice = task / tiles;
    int64_t start = slice * shape.slice;
    int64_t end = least(start + shape.slice, shape.n);
    typename Op::Partial p = Op::none();
    if (output < shape.outputs) {
      p = take_all<Op>(p, x + shape.kept.place(static_cast<uint32_t>(output)), shape.reduced,
                       start + warp, end, warps);
    }
    shared[threadIdx.x] = p;
    __syncthreads();
    if (warp == 0 && output < shape.outputs) {
#pragma unroll 1
      for (int w = 1; w < warps; w++) {
        p = Op::merge(p, shared[w * WARP + lane]);
      }
      store<Op>(out, partial, shape, output, slice, p, divisor);
    }
    __syncthreads();
  }
}

// A warp for each output merges its slices' partial results.
template <class Op>
KILN_DEVICE void reduce_finish(typename Op::Result* out, const typename Op::Partial* partial,
                               int64_t outputs, int64_t slices, double divisor) {
  int64_t lane = threadIdx.x % WARP;
#pragma unroll 1
  for (int64_t output = thread_number() / WARP; output < outputs;
       output += thread_count() / WARP) {
    typename Op::Partial p = Op::none();
#pragma unroll 1
    for (int64_t s = lane; s < slices; s += WARP) {
      p = Op::merge(p, partial[s * outputs + output]);
    }
    p = warp_reduce(p, Op::merge);
    if (lane == 0) {
      out[output] = Op::result(p, divisor);
    }
  }
}

}  // namespace kiln

#define KERNELS(name, Op, type, T)                                                            \
  KILN_KERNEL_BOUNDS(256, kiln_##name##_rows_##type, kiln::Op<T>::Result* out,                \
                     kiln::Op<T>::Partial* partial, const T* x, const kiln::ReduceShape shape, \
                     double divisor) {                                                        \
    __shared__ kiln::Op<T>::Partial shared[256 / kiln::WARP];                                 \
    kiln::reduce_rows<kiln::Op<T>>(out, partial, x, shape, divisor, shared);                  \
  }                                                                                           \
  KILN_KERNEL_BOUNDS(256, kiln_##name##_warps_##type, kiln::Op<T>::Result* out, const T* x,   \
                     const kiln::ReduceShape shape, double divisor) {                         \
    kiln::reduce_warps<kiln::Op<T>>(out, x, shape, divisor);                                  \
  }                                                                                           \
  KILN_KERNEL_BOUNDS(256, kiln_##name##_columns_##type, kiln::Op<T>::Result* out,             \
                     kiln::Op<T>::Partial* partial, const T* x, const kiln::ReduceShape shape, \
                     double divisor) {                                                        \
    __shared__ kiln::Op<T>::Partial shared[256];                                              \
    kiln::reduce_columns<kiln::Op<T>>(out, partial, x, shape, divisor, shared);               \
  }                                                                                           \
  KILN_KERNEL_BOUNDS(256, kiln_##name##_finish_##type, kiln::Op<T>::Result* out,              \
                     const kiln::Op<T>::Partial* partial, int64_t outputs, int64_t slices,    \
                     double divisor) {                                                        \
    kiln::reduce_finish<kiln::Op<T>>(out, partial, outputs, slices, divisor);                 \
  }

// Narrow integers are widened to INT64 by Java, truth values are what ANY and ALL see.
#define NUMBERS(name, Op)                                                                     \
  KERNELS(name, Op, f32, float)                                                               \
  KERNELS(name, Op, f64, double)                                                              \
  KERNELS(name, Op, bf16, kiln::BFloat16)                                                     \
  KERNELS(name, Op, f16, kiln::Float16)                                                       \
  KERNELS(name, Op, i64, int64_t)
NUMBERS(sum, Sum)
NUMBERS(sum_squares, SumSquares)
NUMBERS(prod, Prod)
NUMBERS(max, Max)
NUMBERS(min, Min)
NUMBERS(argmax, ArgMax)
NUMBERS(argmin, ArgMin)
KERNELS(any, Any, bool, kiln::Bool)
KERNELS(all, All, bool, kiln::Bool)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include <string.h>

#include "kiln/launch.h"

static kiln::Family family("reduce");

namespace {

// The constants of dev.kiln.backend.ReduceOp, their kernels and the bytes of a partial result (0 for
// those of the elements' Math type).
struct Op {
  const char* java;
  const char* name;
  int partial_bytes;
};
constexpr Op OPS[] = {
    {"SUM", "sum", 8},       {"SUM_SQUARES", "sum_squares", 8}, {"MEAN", "sum", 8},
    {"PROD", "prod", 8},     {"MAX", "max", 0},                 {"MIN", "min", 0},
    {"ARGMAX", "argmax", 16}, {"ARGMIN", "argmin", 16},         {"ANY", "any", 4},
    {"ALL", "all", 4},
};
constexpr int OP_COUNT = sizeof OPS / sizeof OPS[0];
constexpr int MEAN = 2;

// Enough blocks to fill a large GPU twice.
constexpr int64_t TASKS = 1024;

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t clamp(int64_t v, int64_t low, int64_t high) { return v < low ? low : v > high ? high : v; }

enum Way { ROWS, WARPS, COLUMNS };
constexpr const char* WAYS[] = {"rows", "warps", "columns"};

struct Plan {
  kiln::ReduceShape shape = {};
  Way way = ROWS;

  // From the geometry of out (strides 0 along reduced axes) and x.
  explicit Plan(const kiln::Layout& layout) {
    shape.outputs = 1;
    shape.n = 1;
    bool kept_is_inner = false;
    for (int axis = 0; axis < layout.rank(); axis++) {
      bool kept = layout.stride(0, axis) != 0;
      (kept ? shape.outputs : shape.n) *= layout.size(axis);
      add(kept ? shape.kept : shape.reduced, layout.size(axis), layout.stride(1, axis));
      kept_is_inner |= kept && layout.stride(1, axis) == 1;
    }
    finish(shape.kept, shape.outputs);
    finish(shape.reduced, shape.n);

    int64_t least;
    int64_t groups;
    if (kept_is_inner && shape.n > 1) {
      way = COLUMNS;
      groups = divide_up(shape.outputs, 32);
      least = 64;
    } else if (shape.n <= 1024 && shape.outputs >= 64) {
      way = WARPS;
      groups = TASKS;
      least = 1;
    } else {
      way = ROWS;
      groups = shape.outputs;
      least = 2048;
    }
    int64_t slices = clamp(divide_up(TASKS, groups), 1, clamp(shape.n / least, 1, TASKS));
    // Slices of whole packs, whatever the type: contiguous ones stay aligned.
    shape.slice = slices == 1 ? shape.n : divide_up(divide_up(shape.n, slices), 64) * 64;
    shape.slices = shape.n == 0 ? 1 : divide_up(shape.n, shape.slice);
  }

  // Whether kernels can count: 2^31 outputs, and elements if they lie along several axes.
  bool fits() const {
    return shape.outputs < (int64_t{1} << 31) &&
           (shape.n < (int64_t{1} << 31) || shape.reduced.rank == 1);
  }

 private:
  static void add(kiln::Geometry<1>& g, int64_t size, int64_t stride) {
    // A larger axis is alone, and nobody divides by it.
    g.sizes[g.rank] =
        kiln::Divider::of(size < (int64_t{1} << 31) ? static_cast<uint32_t>(size) : 1);
    g.strides[0][g.rank] = stride;
    g.rank++;
  }

  static void finish(kiln::Geometry<1>& g, int64_t count) {
    if (g.rank == 0) {
      add(g, 1, 1);
    }
    g.count = static_cast<uint32_t>(count);
  }
};

int partial_bytes(int op, int type) {
  if (OPS[op].partial_bytes != 0) {
    return OPS[op].partial_bytes;
  }
  return type == KILN_F32 || type == KILN_BF16 || type == KILN_F16 ? 4 : 8;
}

}  // namespace

extern "C" int kiln_reduce_op(const char* name) {
  for (int op = 0; op < OP_COUNT; op++) {
    if (strcmp(OPS[op].java, name) == 0) {
      return op;
    }
  }
  return -1;
}

extern "C" int64_t kiln_reduce_scratch(int op, int type, int64_t geometry) {
  Plan plan{kiln::Layout(geometry)};
  return plan.shape.slices == 1
             ? 0
             : plan.shape.slices * plan.shape.outputs * partial_bytes(op, type);
}

extern "C" int kiln_reduce(int64_t context, int op, int type, int64_t out, int64_t x,
                           int64_t scratch, int64_t geometry) {
  kiln::Context& c = kiln::Context::of(context);
  Plan plan{kiln::Layout(geometry)};
  if (!plan.fits()) {
    return kiln::fail(KILN_BAD_ARGUMENT, "more than 2^31 results, or elements over several axes");
  }
  const kiln::ReduceShape& shape = plan.shape;
  double divisor = op == MEAN ? static_cast<double>(shape.n) : 1.0;
  int slot = (op * KILN_TYPES + type) * 4;
  const char* type_name = kiln::TYPE_NAMES[type];
  kiln::Kernel kernel = family.kernel(c, slot + plan.way, "kiln_%s_%s_%s", OPS[op].name,
                                      WAYS[plan.way], type_name);
  if (plan.way == WARPS) {
    return kiln::launch(c, kernel, kiln::grid_for(c, shape.outputs * 32), kiln::BLOCK, 0, out, x,
                        shape, divisor);
  }
  int64_t tasks = shape.slices *
                  (plan.way == ROWS ? shape.outputs : divide_up(shape.outputs, 32));
  int status = kiln::launch(c, kernel, kiln::grid_for(c, tasks * kiln::BLOCK), kiln::BLOCK, 0, out,
                            scratch, x, shape, divisor);
  if (status != KILN_OK || shape.slices == 1) {
    return status;
  }
  kernel = family.kernel(c, slot + 3, "kiln_%s_finish_%s", OPS[op].name, type_name);
  return kiln::launch(c, kernel, kiln::grid_for(c, shape.outputs * 32), kiln::BLOCK, 0, out,
                      scratch, shape.outputs, shape.slices, divisor);
}

#endif  // KILN_HOST_CODE
