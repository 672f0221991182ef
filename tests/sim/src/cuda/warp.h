// The state of one warp: which lanes live, which wait at a warp operation, and what they brought.
#pragma once

#include <cudasim/threads.h>

namespace cudasim {

struct Fiber;

struct Warp {
  uint32_t alive;    // lanes that have not returned from the kernel
  uint32_t arrived;  // lanes that wait
  uint32_t time;     // counts the operations at which lanes have met
  uint32_t mask[32];
  uint64_t value[32];
  uint64_t result[32];
  int argument[32];
  int width[32];
  int op[32];
  Fiber* waiting[32];
};

// Computes the results of all lanes of `group`, which have all arrived with the same operation.
void complete_warp(Warp& warp, uint32_t group);

const char* warp_op_name(int op);

}  // namespace cudasim
