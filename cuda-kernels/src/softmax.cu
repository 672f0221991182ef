// Softmax of rows, its logarithm, and their gradients.
//
//   y_j = e^(x_j - m) / s        m = max x, s = sum e^(x_k - m)      dx_j = y_j (dy_j - sum dy_k y_k)
//   y_j = x_j - m - ln s                                            dx_j = dy_j - e^(y_j) sum dy_k
//
// x[rows][n], dense. A row is held in registers where it fits (rows.cuh): one read, one write. In
// longer ones every thread keeps a maximum and a sum relative to it, so that they are read twice.
//
// M. Milakov, N. Gimelshein: Online normalizer calculation for softmax. 2018.
#include "kiln/kernel.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/softmax.cuh"

namespace kiln {

// e / sum. 16-bit elements take the product with the reciprocal: what it loses is far below their
// last digit, and divisions would take longer than memory does.
template <class T>
struct Quotient {
  using M = MathOf<T>;
  M sum;
  M reciprocal;

  explicit KILN_DEVICE_MEMBER Quotient(M sum) : sum(sum), reciprocal(M(1) / sum) {}
  KILN_DEVICE_MEMBER M of(M e) const { return sizeof(T) == 2 ? e * reciprocal : e / sum; }
};

template <class T, class Team>
KILN_DEVICE void softmax_held(Team& team, T* y, const T* x, int64_t row, int64_t rows, int64_t n,
                              bool log, bool packs) {
  using M = MathOf<T>;
  Held<T> r;
  r.load(team, x + row * n, static_cast<int>(n), row < rows, packs, -M(INFINITY));
  SoftmaxOf<M> of = softmax_of(team, r, log);
  M ln = log_of(of.sum);
  Quotient<T> quotient(of.sum);
  r.each([&](int i) { r.at[i] = log ? r.at[i] - ln : quotient.of(r.at[i]); });
  r.store(team, y + row * n, packs);
}

template <class T>
KILN_DEVICE void softmax_long(BlockTeam& team, T* y, const T* x, int64_t row, int64_t n, bool log) {
  using M = MathOf<T>;
  const T* in = x + row * n;
  T* out = y + row * n;
  SoftmaxOf<M> of = softmax_of(team, in, n);
  M ln = log_of(of.sum);
  Quotient<T> quotient(of.sum);
  walk<T>(team, n, before_packs(n, out, in), [&](auto many, int64_t j) {
    constexpr int N = decltype(many)::value;
    M v[N];
    load_many<N>(v, in + j);
#pragma unroll
    for (int k = 0; k < N; k++) {
      v[k] = log ? v[k] - of.max - ln : quotient.of(exp_of(v[k] - of.max));
    }
    store_many<N>(out + j, v);
  });
}

template <class T, class Team>
KILN_DEVICE void softmax_grad_held(Team& team, T* dx, const T* dy, const T* y, int64_t row,
                                   int64_t rows, int64_t n, bool log, bool packs) {
  using M = MathOf<T>;
  Held<T> g, out;
  g.load(team, dy + row * n, static_cast<int>(n), row < rows, packs, M(0));
  out.load(team, y + row * n, static_cast<int>(n), row < rows, packs, M(0));
  M sum = M(0);
  g.each([&](int i) { sum += log ? g.at[i] : g.at[i] * out.at[i]; });
  sum = team_sum(team, sum);
  g.each([&](int i) {
    g.at[i] = log ? g.at[i] - exp_of(out.at[i]) * sum : out.at[i] * (g.at[i] - sum);
  });
  g.store(team, dx + row * n, packs);
}

template <class T>
KILN_DEVICE void softmax_grad_long(BlockTeam& team, T* dx, const T* dy, const T* y, int64_t row,
                                   int64_t n, bool log) {
  using M = MathOf<T>;
  const T* up = dy + row * n;
  const T* out = y + row * n;
  T* to = dx + row * n;
  int64_t head = before_packs(n, up, out);
  double sum = 0;
  walk<T>(team, n, head, [&](auto many, int64_t j) {
    constexpr int N = decltype(many)::value;
    M g[N], v[N];
    load_many<N>(g, up + j);
    load_many<N>(v, out + j);
    M some = M(0);
#pragma unroll
    for (int k = 0; k < N; k++) {
      some += log ? g[k] : g[k] * v[k];
    }
    sum += some;
  });
  M all = static_cast<M>(team_sum(team, sum));
  walk<T>(team, n, before_packs(n, to, up, out), [&](auto many, int64_t j) {
    constexpr int N = decltype(many)::value;
    M g[N], v[N];
    load_many<N>(g, up + j);
    load_many<N>(v, out + j);
#pragma unroll
    for (int k = 0; k < N; k++) {
      g[k] = log ? g[k] - exp_of(v[k]) * all : v[k] * (g[k] - all);
    }
    store_many<N>(to + j, g);
  });
}

}  // namespace kiln

#define KERNELS(type, T)                                                                        \
  KILN_ROW_KERNELS(softmax, type, T, kiln::rows_of_packs(n, x, y),                              \
                   (kiln::softmax_held(team, y, x, row, rows, n, log != 0, packs)),             \
                   (kiln::softmax_long(team, y, x, row, n, log != 0)), T* y, const T* x,        \
                   int32_t log)                                                                 \
  KILN_ROW_KERNELS(softmax_grad, type, T, kiln::rows_of_packs(n, dx, dy, y),                    \
                   (kiln::softmax_grad_held(team, dx, dy, y, row, rows, n, log != 0, packs)),   \
                   (kiln::softmax_grad_long(team, dx, dy, y, row, n, log != 0)), T* dx,         \
                   const T* dy, const T* y, int32_t log)
KILN_FLOAT_TYPES(KERNELS)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include "kiln/rows.h"

static kiln::Family family("softmax");

extern "C" int kiln_softmax(int64_t context, int type, int64_t y, int64_t x, int64_t rows,
                            int64_t n, int log) {
  if (n == 0) {
    return KILN_OK;
  }
  kiln::Context& c = kiln::Context::of(context);
  kiln::RowPlan plan = kiln::RowPlan::of(c, type, rows, n);
  kiln::Kernel kernel = family.kernel(c, type * 6 + plan.way, "kiln_softmax_%s_%s",
                                      kiln::RowPlan::NAMES[plan.way], kiln::TYPE_NAMES[type]);
  return kiln::launch(c, kernel, plan.grid, plan.block, 0, y, x, int32_t{log}, rows, n,
                      int32_t{plan.team});
}

extern "C" int kiln_softmax_grad(int64_t context, int type, int64_t dx, int64_t dy, int64_t y,
                                 int64_t rows, int64_t n, int log) {
  if (n == 0) {
    return KILN_OK;
  }
  kiln::Context& c = kiln::Context::of(context);
  kiln::RowPlan plan = kiln::RowPlan::of(c, type, rows, n);
  kiln::Kernel kernel = family.kernel(c, type * 6 + 3 + plan.way, "kiln_softmax_grad_%s_%s",
                                      kiln::RowPlan::NAMES[plan.way], kiln::TYPE_NAMES[type]);
  return kiln::launch(c, kernel, plan.grid, plan.block, 0, dx, dy, y, int32_t{log}, rows, n,
                      int32_t{plan.team});
}

#endif  // KILN_HOST_CODE
