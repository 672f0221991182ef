#include "algorithms.h"

namespace {

// Winograd's transform is for filters of 3x3 that move one by one.
bool suits_winograd(const Geometry& g) {
  bool flat = g.in[0] == 1 && g.taps[0] == 1;
  bool three = g.taps[1] == 3 && g.taps[2] == 3;
  bool dense = g.stride[1] == 1 && g.stride[2] == 1 && g.dilation[1] == 1 && g.dilation[2] == 1;
  return flat && three && dense && g.groups == 1 && g.type != cudasim::Element::kF64;
}

size_t places(const Geometry& g) {
  return size_t(g.batch) * size_t(g.out[0]) * size_t(g.out[1]) * size_t(g.out[2]);
}

// The unrolled image, which GEMM multiplies with the filter.
size_t unrolled_bytes(const Geometry& g) {
  size_t taps = size_t(g.taps[0]) * size_t(g.taps[1]) * size_t(g.taps[2]);
  return places(g) * taps * size_t(g.in_channels / g.groups) * size_of(g.type);
}

size_t transformed_bytes(const Geometry& g) {
  return places(g) * 4 * size_t(g.in_channels + g.out_channels);
}

}  // namespace

int algorithm_count(Direction direction) {
  switch (direction) {
    case Direction::kForward: return 8;
    case Direction::kBackwardData: return 6;
    default: return 7;
  }
}

Algorithm describe_algorithm(Direction direction, int number, const Geometry& g) {
  Algorithm none = {false, 0, true};
  if (direction == Direction::kForward) {
    switch (number) {
      case 0: return {true, 0, true};                               // implicit GEMM
      case 1: return {true, places(g) * 4 + 64, true};              // precomputed indices
      case 2: return {g.groups == 1, unrolled_bytes(g), true};      // GEMM
      case 7: return {suits_winograd(g), transformed_bytes(g), true};  // Winograd, not fused
      default: return none;
    }
  }
  if (direction == Direction::kBackwardData) {
    switch (number) {
      case 0: return {true, 0, false};                   // atomic sums
      case 1: return {true, places(g) * 8 + 128, true};
      case 5: return {suits_winograd(g), transformed_bytes(g), true};
      default: return none;
    }
  }
  switch (number) {
    case 0: return {true, 0, false};  // atomic sums
    case 1: return {true, places(g) * 4 + 256, true};
    case 3: return {true, places(g) * 4 + 512, false};
    case 5: return {suits_winograd(g), transformed_bytes(g), true};
    default: return none;
  }
}
