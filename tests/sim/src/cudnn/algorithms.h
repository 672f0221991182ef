// The algorithms that cuDNN offers for a convolution. Here they all compute the same sums, but they
// differ, as the real ones do, in the workspace they ask for, in what they support, and in whether
// they give the same bits every time: a caller must choose among them.
#pragma once

#include "convolution.h"

struct Algorithm {
  bool supported;
  size_t workspace;
  bool deterministic;
};

int algorithm_count(Direction direction);

Algorithm describe_algorithm(Direction direction, int number, const Geometry& geometry);
