#include "warp.h"

namespace cudasim {

namespace {

// The lane whose value a shuffle gives to `lane`; itself where CUDA leaves the value unchanged.
int source_lane(const Warp& warp, int lane) {
  int width = warp.width[lane];
  int argument = warp.argument[lane];
  int first = lane & ~(width - 1);
  switch (warp.op[lane]) {
    case kShuffle:
      return first | (argument & (width - 1));
    case kShuffleUp:
      return lane - argument < first ? lane : lane - argument;
    case kShuffleDown:
      return lane + argument >= first + width ? lane : lane + argument;
    default:  // kShuffleXor may reach lower segments, but not higher ones
      return (lane ^ argument) >= first + width ? lane : lane ^ argument;
  }
}

uint64_t reduce(int op, const Warp& warp, uint32_t group) {
  bool first = true;
  uint32_t all = 0;
  for (uint32_t rest = group; rest; rest &= rest - 1) {
    uint32_t value = uint32_t(warp.value[__builtin_ctz(rest)]);
    if (first) {
      all = value;
      first = false;
      continue;
    }
    switch (op) {
      case kReduceAdd: all += value; break;
      case kReduceMinSigned: all = int(value) < int(all) ? value : all; break;
      case kReduceMaxSigned: all = int(value) > int(all) ? value : all; break;
      case kReduceMinUnsigned: all = value < all ? value : all; break;
      case kReduceMaxUnsigned: all = value > all ? value : all; break;
      case kReduceAnd: all &= value; break;
      case kReduceOr: all |= value; break;
      default: all ^= value; break;
    }
  }
  return all;
}

uint32_t lanes_with_value(const Warp& warp, uint32_t group, uint64_t value) {
  uint32_t lanes = 0;
  for (uint32_t rest = group; rest; rest &= rest - 1) {
    int lane = __builtin_ctz(rest);
    if (warp.value[lane] == value) lanes |= 1u << lane;
  }
  return lanes;
}

}  // namespace

void complete_warp(Warp& warp, uint32_t group) {
  int op = warp.op[__builtin_ctz(group)];
  if (op == kSyncWarp) return;
  if (op <= kShuffleXor) {
    for (uint32_t rest = group; rest; rest &= rest - 1) {
      int lane = __builtin_ctz(rest);
      warp.result[lane] = warp.value[source_lane(warp, lane)];
    }
    return;
  }
  if (op == kMatchAny) {
    for (uint32_t rest = group; rest; rest &= rest - 1) {
      int lane = __builtin_ctz(rest);
      warp.result[lane] = lanes_with_value(warp, group, warp.value[lane]);
    }
    return;
  }
  uint64_t common;
  uint32_t set = group & ~lanes_with_value(warp, group, 0);
  switch (op) {
    case kBallot: common = set; break;
    case kAny: common = set != 0; break;
    case kAll: common = set == group; break;
    default: common = reduce(op, warp, group); break;
  }
  for (uint32_t rest = group; rest; rest &= rest - 1) warp.result[__builtin_ctz(rest)] = common;
}

const char* warp_op_name(int op) {
  static const char* const names[] = {
      "__shfl_sync",       "__shfl_up_sync",    "__shfl_down_sync",  "__shfl_xor_sync",
      "__ballot_sync",     "__any_sync",        "__all_sync",        "__match_any_sync",
      "__syncwarp",        "__reduce_add_sync", "__reduce_min_sync", "__reduce_max_sync",
      "__reduce_min_sync", "__reduce_max_sync", "__reduce_and_sync", "__reduce_or_sync",
      "__reduce_xor_sync"};
  return names[op];
}

}  // namespace cudasim
