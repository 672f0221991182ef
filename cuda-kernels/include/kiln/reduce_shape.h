// How a reduction reads its operand, for the kernels and the launchers of reduce.cu.
#pragma once

#include "kiln/geometry.h"

namespace kiln {

// out[j] is reduced from x[kept(j) + reduced(r)] for all r of [0, n). The n elements are cut into
// `slices` of `slice` elements; with more than one, each slice gives a partial result
// partial[s * outputs + j], which a second kernel merges in the order of s.
struct ReduceShape {
  Geometry<1> kept;
  Geometry<1> reduced;
  int64_t outputs;
  int64_t n;
  int64_t slice;
  int64_t slices;
};

}  // namespace kiln
