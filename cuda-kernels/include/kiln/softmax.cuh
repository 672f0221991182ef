// The maximum of a row and the sum of its exponentials relative to it, which softmax and
// cross-entropy are made of. A NaN, a row of negative infinities alone and a positive infinity make
// the whole row NaN.
#pragma once

#include "kiln/rows.cuh"

namespace kiln {

template <class M>
struct SoftmaxOf {
  M max;
  M sum;
};

// Of a row in registers, whose missing elements are negative infinity. The row becomes e^(x - max),
// or x - max.
template <class T, class Team>
KILN_DEVICE SoftmaxOf<MathOf<T>> softmax_of(Team& team, Held<T>& row, bool log) {
  using M = MathOf<T>;
  M top = -M(INFINITY);
  row.each([&](int i) { top = larger(top, row.at[i]); });
  top = team.reduce(top, larger<M>);
  M sum = M(0);
  row.each([&](int i) {
    M shifted = row.at[i] - top;
    M e = exp_of(shifted);
    // Places beyond the row are not to become NaN where the maximum is infinite.
    sum += i < row.mine ? e : M(0);
    row.at[i] = log ? shifted : e;
  });
  return {top, team_sum(team, sum)};
}

// A maximum so far, and a sum relative to it, in double: rows are long here.
struct alignas(16) RunningSoftmax {
  double max;
  double sum;
};

KILN_DEVICE RunningSoftmax merge_softmax(RunningSoftmax p, RunningSoftmax q) {
  double top = larger(p.max, q.max);
  // Not e^(max - top) where they are equal, which would be NaN for infinities.
  return {top, (p.max == top ? p.sum : p.sum * exp(p.max - top)) +
                   (q.max == top ? q.sum : q.sum * exp(q.max - top))};
}

// Of a row that a block walks through.
template <class T>
KILN_DEVICE SoftmaxOf<MathOf<T>> softmax_of(BlockTeam& team, const T* row, int64_t n) {
  using M = MathOf<T>;
  M max = -M(INFINITY);
  double sum = 0;
  walk<T>(team, n, before_packs(n, row), [&](auto many, int64_t j) {
    constexpr int N = decltype(many)::value;
    M v[N];
    load_many<N>(v, row + j);
    M top = max;
#pragma unroll
    for (int k = 0; k < N; k++) {
      top = larger(top, v[k]);
    }
    if (top != max) {
      sum = max == -M(INFINITY) ? 0.0 : sum * exp_of(max - top);
      max = top;
    }
    if (max != -M(INFINITY)) {
      M some = M(0);
#pragma unroll
      for (int k = 0; k < N; k++) {
        some += exp_of(v[k] - max);
      }
      sum += some;
    }
  });
  RunningSoftmax all = team.reduce(RunningSoftmax{max, sum}, merge_softmax);
  return {static_cast<M>(all.max), static_cast<M>(all.sum)};
}

}  // namespace kiln
