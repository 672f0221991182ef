// Mean and sum of squared distances from it, of any number of elements, merged pairwise.
//
// T. F. Chan, G. H. Golub, R. J. LeVeque: Updating formulae and a pairwise algorithm for computing
// sample variances. 1979.
#pragma once

#include "kiln/block.cuh"

namespace kiln {

struct Moments {
  double count;
  double mean;
  double low;  // what rounding the mean has left
  double squares;

  // NaN of no elements.
  KILN_DEVICE_MEMBER double mean_of() const { return count == 0 ? 0 / count : mean; }
};

KILN_DEVICE Moments merge_moments(Moments p, Moments q) {
  if (p.count == 0 || q.count == 0) {
    return p.count == 0 ? q : p;
  }
  double count = p.count + q.count;
  double share = q.count / count;
  double apart = q.mean - p.mean + (q.low - p.low);
  double step = p.low + apart * share;
  double mean = p.mean + step;
  return {count, mean, step - (mean - p.mean),
          p.squares + q.squares + apart * apart * (p.count * share)};
}

// A thread's sums of distances from the first element it sees: of one that belongs to the sample, so
// little is lost when the sums are turned into moments.
template <class T>
struct Shifted {
  using M = MathOf<T>;
  double count = 0;
  double sum = 0;
  double squares = 0;
  M pivot = M(0);

  template <int N>
  KILN_DEVICE_MEMBER void take(const M* v) {
    pivot = count == 0 ? v[0] : pivot;
    M s = M(0);
    M q = M(0);
#pragma unroll
    for (int k = 0; k < N; k++) {
      M d = v[k] - pivot;
      s += d;
      q += d * d;
    }
    count += N;
    sum += s;
    squares += q;
  }

  KILN_DEVICE_MEMBER Moments moments() const {
    if (count == 0) {
      return {0, 0, 0, 0};
    }
    double off = sum / count;
    double mean = pivot + off;
    double around = squares - off * sum;
    // Not the other way round: NaN is to stay.
    return {count, mean, off - (mean - pivot), around < 0 ? 0 : around};
  }
};

}  // namespace kiln
