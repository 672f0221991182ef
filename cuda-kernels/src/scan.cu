// Running sums and the like along an axis: each element combined with all before it.
//
//   out[i][j][k] = x[i][0][k] op ... op x[i][j][k]
//
// (for axis 1 of three). Floating sums and products are formed in double from the first element on,
// f64 sums with a correction (A. Neumaier 1974), so a line is one chain of operations, whatever the
// device. Where the axis is the innermost, a warp takes a line: it reads 32 elements at once and
// every lane follows the chain; otherwise neighbouring threads take neighbouring lines.
#include "kiln/kernel.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/block.cuh"

namespace kiln {

// ---- Chains: next(v, j) takes element j and returns the result there ----

template <class T>
struct SumChain {
  using R = RunningOf<T>;
  using Result = T;
  R all = R(0);
  KILN_DEVICE_MEMBER T next(R v, int64_t) {
    all = add_of(all, v);
    return Element<T>::put(all);
  }
};

template <>
struct SumChain<double> {
  using Result = double;
  double all = 0;
  double lost = 0;
  KILN_DEVICE_MEMBER double next(double v, int64_t) {
    double sum = all + v;
    bool finite = abs_of(sum) != INFINITY;
    if (finite) {
      lost += abs_of(all) >= abs_of(v) ? all - sum + v : v - sum + all;
    }
    all = sum;
    return finite ? all + lost : all;
  }
};

template <class T>
struct ProdChain {
  using R = RunningOf<T>;
  using Result = T;
  R all = R(1);
  KILN_DEVICE_MEMBER T next(R v, int64_t) {
    all = mul_of(all, v);
    return Element<T>::put(all);
  }
};

// The last best so far, a NaN being better than every number. SIGN 1 for the largest.
template <class T, int SIGN>
struct ArgChain {
  using R = RunningOf<T>;
  using Result = int64_t;
  R best = R(0);
  int64_t at = 0;
  KILN_DEVICE_MEMBER int64_t next(R v, int64_t j) {
    if (j == 0 || v != v || (SIGN > 0 ? v >= best : v <= best)) {
      best = v;
      at = j;
    }
    return at;
  }
};
template <class T>
using ArgMaxChain = ArgChain<T, 1>;
template <class T>
using ArgMinChain = ArgChain<T, -1>;

// The sum is kept relative to the largest element so far.
template <class T>
struct LogSumExpChain {
  using Result = T;
  double top = -INFINITY;
  double sum = 0;
  KILN_DEVICE_MEMBER T next(double v, int64_t) {
    if (v > top) {
      sum = sum == 0 ? 1 : sum * exp(top - v) + 1;
      top = v;
    } else if (v != top) {
      sum += exp(v - top);
    } else if (v != -INFINITY) {
      sum += 1;
    }
    return Element<T>::put(top + log(sum));
  }
};

// ---- Lines ----

template <class Chain, class T>
KILN_DEVICE void scan_rows(typename Chain::Result* out, const T* x, int64_t lines, int64_t n) {
  int lane = threadIdx.x % WARP;
  for (int64_t line = thread_number() / WARP; line < lines; line += thread_count() / WARP) {
    Chain chain;
    for (int64_t first = 0; first < n; first += WARP) {
      int64_t j = first + lane;
      auto v = running(Element<T>::get(j < n ? x[line * n + j] : T()));
      typename Chain::Result mine = {};
      for (int k = 0; k < static_cast<int>(WARP); k++) {
        auto result = chain.next(shuffle(v, k), first + k);
        if (k == lane) {
          mine = result;
        }
      }
      if (j < n) {
        out[line * n + j] = mine;
      }
    }
  }
}

template <class Chain, class T>
KILN_DEVICE void scan_columns(typename Chain::Result* out, const T* x, int64_t outer, int64_t n,
                              int64_t inner) {
  for (int64_t line = thread_number(); line < outer * inner; line += thread_count()) {
    int64_t at = line / inner * n * inner + line % inner;
    Chain chain;
    for (int64_t j = 0; j < n; j++, at += inner) {
      out[at] = chain.next(running(Element<T>::get(x[at])), j);
    }
  }
}

}  // namespace kiln

#define KERNELS(name, Chain, type, T)                                                           \
  KILN_KERNEL(kiln_scan_##name##_rows_##type, kiln::Chain<T>::Result* out, const T* x,          \
              int64_t lines, int64_t n) {                                                       \
    kiln::scan_rows<kiln::Chain<T>>(out, x, lines, n);                                          \
  }                                                                                             \
  KILN_KERNEL(kiln_scan_##name##_columns_##type, kiln::Chain<T>::Result* out, const T* x,       \
              int64_t outer, int64_t n, int64_t inner) {                                        \
    kiln::scan_columns<kiln::Chain<T>>(out, x, outer, n, inner);                                \
  }
// Narrow integers are widened to INT64 by Java.
#define FLOATS(name, Chain)                   \
  KERNELS(name, Chain, f32, float)            \
  KERNELS(name, Chain, f64, double)           \
  KERNELS(name, Chain, bf16, kiln::BFloat16)  \
  KERNELS(name, Chain, f16, kiln::Float16)
#define NUMBERS(name, Chain) FLOATS(name, Chain) KERNELS(name, Chain, i64, int64_t)
NUMBERS(sum, SumChain)
NUMBERS(prod, ProdChain)
NUMBERS(argmax, ArgMaxChain)
NUMBERS(argmin, ArgMinChain)
FLOATS(logsumexp, LogSumExpChain)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include <string.h>

#include "kiln/launch.h"

static kiln::Family family("scan");

static constexpr const char* JAVA_NAMES[] = {"SUM", "PROD", "ARGMAX", "ARGMIN", "LOGSUMEXP"};
static constexpr const char* NAMES[] = {"sum", "prod", "argmax", "argmin", "logsumexp"};
static constexpr int OPS = sizeof NAMES / sizeof NAMES[0];

extern "C" int kiln_scan_op(const char* name) {
  for (int op = 0; op < OPS; op++) {
    if (strcmp(JAVA_NAMES[op], name) == 0) {
      return op;
    }
  }
  return -1;
}

extern "C" int kiln_scan(int64_t context, int op, int type, int64_t out, int64_t x, int64_t outer,
                         int64_t n, int64_t inner) {
  kiln::Context& c = kiln::Context::of(context);
  int slot = (op * KILN_TYPES + type) * 2;
  const char* type_name = kiln::TYPE_NAMES[type];
  if (n == 0) {
    return KILN_OK;
  }
  if (inner == 1) {
    return kiln::launch(c, family.kernel(c, slot, "kiln_scan_%s_rows_%s", NAMES[op], type_name),
                        kiln::grid_for(c, outer * 32), kiln::BLOCK, 0, out, x, outer, n);
  }
  return kiln::launch(
      c, family.kernel(c, slot + 1, "kiln_scan_%s_columns_%s", NAMES[op], type_name),
      kiln::grid_for(c, outer * inner), kiln::BLOCK, 0, out, x, outer, n, inner);
}

#endif  // KILN_HOST_CODE
