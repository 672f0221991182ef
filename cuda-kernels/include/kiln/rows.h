// How launchers share out rows for kernels of rows.cuh.
#pragma once

#include "kiln/launch.h"

namespace kiln {

// Who takes a row of n elements: some lanes of a warp, a block that holds it, a block that walks
// through it. They are the slots of a row kernel's three variants, named lanes, block and long.
struct RowPlan {
  enum Way { LANES, BLOCK_HOLDS, BLOCK_WALKS };
  Way way;
  int team;        // lanes, or threads of a block
  unsigned block;
  unsigned grid;

  static constexpr const char* NAMES[] = {"lanes", "block", "long"};

  static RowPlan of(const Context& c, int type, int64_t rows, int64_t n) {
    // HELD and MOST_THREADS of rows.cuh.
    int held = TYPE_BYTES[type] == 8 ? 8 : 16;
    int most_threads = TYPE_BYTES[type] == 8 ? 512 : 1024;
    RowPlan plan;
    if (n <= 32 * held) {
      plan.way = LANES;
      // Two elements to a lane or more, unless packs are wider: short rows share a warp.
      int least = 16 / TYPE_BYTES[type] < 2 ? 2 : 16 / TYPE_BYTES[type] / 2;
      plan.team = 1;
      while (plan.team < 32 && static_cast<int64_t>(plan.team) * least < n) {
        plan.team *= 2;
      }
      // grid_for counts blocks of 256: twice as many of 128 for the same work.
      plan.block = BLOCK / 2;
      plan.grid = 2 * grid_for(c, (rows + 32 / plan.team - 1) / (32 / plan.team) * 32);
      return plan;
    }
    plan.way = n <= most_threads * held ? BLOCK_HOLDS : BLOCK_WALKS;
    plan.team = 64;
    while (plan.team < most_threads && static_cast<int64_t>(plan.team) * held < n) {
      plan.team *= 2;
    }
    plan.block = static_cast<unsigned>(plan.team);
    int64_t most = static_cast<int64_t>(c.multiprocessors) * 32;
    plan.grid = static_cast<unsigned>(rows < most ? rows : most);
    return plan;
  }
};

}  // namespace kiln
