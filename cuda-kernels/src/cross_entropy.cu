// Cross-entropy of rows of scores against a class each, and its gradient.
//
//   logp_c = x_c - max x - ln sum e^(x_k - max x)      q_c = w_c (smoothing / n + [c = t] (1 - smoothing))
//   loss   = -sum q_c logp_c                           dx_c = dloss (e^(logp_c) sum q_k - q_c)
//
// x[rows][n], target t[rows], weights w[n] or all 1; rows with the label to ignore have loss and
// gradient 0. One read of the scores where a row fits in registers (rows.cuh). A label that is no
// class is reported (report.cuh).
//
// C. Szegedy et al.: Rethinking the Inception architecture for computer vision. 2016 (smoothing).
#include "kiln/kernel.h"
#include "kiln/report.h"

namespace kiln {

// What a label means, and where wrong ones are reported; size of the report is the number of
// classes, axis the label to ignore.
struct CrossEntropy {
  double smoothing;
  int64_t ignored;
  IndexReport report;
};

}  // namespace kiln

#if defined(KILN_DEVICE_CODE)
#include "kiln/report.cuh"
#include "kiln/softmax.cuh"

namespace kiln {

template <class T>
KILN_DEVICE MathOf<T> class_weight(const T* weight, int64_t c) {
  return weight == nullptr ? MathOf<T>(1) : Element<T>::get(weight[c]);
}

// The loss of a row from what its softmax is made of, and the weighted sum of all its logp.
template <class T>
KILN_DEVICE T loss_of(const CrossEntropy& spec, const T* x, const int64_t* target, const T* weight,
                      int64_t row, int64_t n, SoftmaxOf<MathOf<T>> of, MathOf<T> all) {
  using M = MathOf<T>;
  int64_t label = target[row];
  if (label == spec.ignored || !check_index(spec.report, label, row)) {
    return Element<T>::put(M(0));
  }
  M logp = Element<T>::get(x[row * n + label]) - of.max - log_of(of.sum);
  // + 0 makes 0 of -0.
  M loss = M(spec.smoothing - 1) * (logp * class_weight(weight, label)) + M(0);
  return Element<T>::put(spec.smoothing > 0 ? loss - M(spec.smoothing / n) * all : loss);
}

template <class T, class Team>
KILN_DEVICE void cross_entropy_held(Team& team, T* loss, T* logp, const T* x, const int64_t* target,
                                    const T* weight, const CrossEntropy& spec, int64_t row,
                                    int64_t rows, int64_t n, bool packs) {
  using M = MathOf<T>;
  Held<T> r;
  r.load(team, x + row * n, static_cast<int>(n), row < rows, packs, -M(INFINITY));
  SoftmaxOf<M> of = softmax_of(team, r, true);
  M ln = log_of(of.sum);
  r.each([&](int i) { r.at[i] -= ln; });
  M all = M(0);
  if (spec.smoothing > 0) {
    r.each([&](int i) {
      if (i < r.mine) {
        all += r.at[i] * class_weight(weight, r.place(team, i, packs));
      }
    });
    all = team_sum(team, all);
  }
  if (team.rank == 0 && row < rows) {
    loss[row] = loss_of(spec, x, target, weight, row, n, of, all);
  }
  r.store(team, logp + row * n, packs);
}

template <class T>
KILN_DEVICE void cross_entropy_long(BlockTeam& team, T* loss, T* logp, const T* x,
                                    const int64_t* target, const T* weight,
                                    const CrossEntropy& spec, int64_t row, int64_t n) {
  using M = MathOf<T>;
  const T* in = x + row * n;
  T* out = logp + row * n;
  SoftmaxOf<M> of = softmax_of(team, in, n);
  M ln = log_of(of.sum);
  double all = 0;
  walk<T>(team, n, before_packs(n, out, in), [&](auto many, int64_t j) {
    constexpr int N = decltype(many)::value;
    M v[N];
    load_many<N>(v, in + j);
    M some = M(0);
#pragma unroll
    for (int k = 0; k < N; k++) {
      v[k] = v[k] - of.max - ln;
      if (spec.smoothing > 0) {
        some += v[k] * class_weight(weight, j + k);
      }
    }
    all += some;
    store_many<N>(out + j, v);
  });
  if (spec.smoothing > 0) {
    all = team_sum(team, all);
  }
  if (team.rank == 0) {
    loss[row] = loss_of(spec, x, target, weight, row, n, of, static_cast<M>(all));
  }
}

template <class T, class Team>
KILN_DEVICE void cross_entropy_grad(Team& team, T* dx, const T* dloss, const T* logp,
                                    const int64_t* target, const T* weight,
                                    const CrossEntropy& spec, int64_t row, int64_t rows,
                                    int64_t n) {
  using M = MathOf<T>;
  bool weighted = weight != nullptr && spec.smoothing > 0;
  M share = M(spec.smoothing / n);
  M shares = M(spec.smoothing);
  if (weighted) {
    double sum = 0;
    for (int64_t c = team.rank; c < n; c += team.size) {
      sum += Element<T>::get(weight[c]);
    }
    shares = share * static_cast<M>(team_sum(team, sum));
  }
  if (row >= rows) {
    return;
  }
  int64_t label = target[row];
  bool ignored = label == spec.ignored;
  bool is_class = label >= 0 && label < n;
  if (!ignored && !is_class && team.rank == 0) {
    check_index(spec.report, label, row);
  }
  M own = is_class ? M(1 - spec.smoothing) * class_weight(weight, label) : M(0);
  shares += own;
  M up = Element<T>::get(dloss[row]);
  const T* from = logp + row * n;
  T* to = dx + row * n;
  walk<T>(team, n, before_packs(n, to, from), [&](auto many, int64_t j) {
    constexpr int N = decltype(many)::value;
    M v[N];
    load_many<N>(v, from + j);
#pragma unroll
    for (int k = 0; k < N; k++) {
      M q = weighted ? share * Element<T>::get(weight[j + k]) : share;
      q += j + k == label ? own : M(0);
      v[k] = ignored ? M(0) : (exp_of(v[k]) * shares - q) * up;
    }
    store_many<N>(to + j, v);
  });
}

}  // namespace kiln

#define KERNELS(type, T)                                                                         \
  KILN_ROW_KERNELS(                                                                              \
      cross_entropy, type, T, kiln::rows_of_packs(n, x, logp),                                   \
      (kiln::cross_entropy_held(team, loss, logp, x, target, weight, spec, row, rows, n, packs)), \
      (kiln::cross_entropy_long(team, loss, logp, x, target, weight, spec, row, n)), T* loss,    \
      T* logp, const T* x, const int64_t* target, const T* weight,                               \
      const kiln::CrossEntropy spec)                                                             \
  KILN_KERNEL_BLOCKS(128, 6, kiln_cross_entropy_grad_lanes_##type, T* dx, const T* dloss,        \
                     const T* logp, const int64_t* target, const T* weight,                      \
                     const kiln::CrossEntropy spec, int64_t rows, int64_t n, int32_t size) {     \
    kiln::rows_by_lanes(rows, size, [&](kiln::LaneTeam& team, int64_t row) {                     \
      kiln::cross_entropy_grad(team, dx, dloss, logp, target, weight, spec, row, rows, n);       \
    });                                                                                          \
  }                                                                                              \
  KILN_KERNEL_BLOCKS(kiln::MOST_THREADS<T>, 1, kiln_cross_entropy_grad_long_##type, T* dx,       \
                     const T* dloss, const T* logp, const int64_t* target, const T* weight,      \
                     const kiln::CrossEntropy spec, int64_t rows, int64_t n, int32_t size) {     \
    __shared__ kiln::BlockTeam::Exchange exchange;                                               \
    kiln::rows_by_block(rows, &exchange, [&](kiln::BlockTeam& team, int64_t row) {               \
      kiln::cross_entropy_grad(team, dx, dloss, logp, target, weight, spec, row, rows, n);       \
    });                                                                                          \
  }
KILN_FLOAT_TYPES(KERNELS)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include "kiln/rows.h"

static kiln::Family family("cross_entropy");

static kiln::CrossEntropy spec_of(kiln::Context& c, double smoothing, int64_t ignored, int64_t n) {
  return {smoothing, ignored, c.report(KILN_OP_CROSS_ENTROPY, ignored, n)};
}

extern "C" int kiln_cross_entropy(int64_t context, int type, int64_t loss, int64_t logp, int64_t x,
                                  int64_t target, int64_t weight, int64_t rows, int64_t n,
                                  double smoothing, int64_t ignored) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::RowPlan plan = kiln::RowPlan::of(c, type, rows, n);
  kiln::Kernel kernel = family.kernel(c, type * 5 + plan.way, "kiln_cross_entropy_%s_%s",
                                      kiln::RowPlan::NAMES[plan.way], kiln::TYPE_NAMES[type]);
  return kiln::launch(c, kernel, plan.grid, plan.block, 0, loss, logp, x, target, weight,
                      spec_of(c, smoothing, ignored, n), rows, n, int32_t{plan.team});
}

extern "C" int kiln_cross_entropy_grad(int64_t context, int type, int64_t dx, int64_t dloss,
                                       int64_t logp, int64_t target, int64_t weight, int64_t rows,
                                       int64_t n, double smoothing, int64_t ignored) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::RowPlan plan = kiln::RowPlan::of(c, type, rows, n);
  bool lanes = plan.way == kiln::RowPlan::LANES;
  kiln::Kernel kernel =
      family.kernel(c, type * 5 + 3 + !lanes, "kiln_cross_entropy_grad_%s_%s",
                    lanes ? "lanes" : "long", kiln::TYPE_NAMES[type]);
  return kiln::launch(c, kernel, plan.grid, plan.block, 0, dx, dloss, logp, target, weight,
                      spec_of(c, smoothing, ignored, n), rows, n, int32_t{plan.team});
}

#endif  // KILN_HOST_CODE
