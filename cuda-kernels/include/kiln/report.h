// How a kernel reports an index outside its axis: the host reads the record when it next waits.
#pragma once

#include <stdint.h>

namespace kiln {

// In device memory, all 0 while nothing is wrong; dev.kiln.cuda.IndexErrors reads it. It keeps the
// first wrong index of the first launch that found one.
struct IndexRecord {
  int32_t lock;
  int32_t set;
  int64_t launch;    // which launch found it
  int64_t op;        // which op: see kiln_kernels.h, KILN_OP_*
  int64_t axis;      // for cross_entropy and nll_loss: the label that is ignored
  int64_t position;  // of the index, in row-major order
  int64_t index;
  int64_t size;      // of the axis
};

// What a kernel that checks indices is told: where to report, and as what.
struct IndexReport {
  IndexRecord* record;
  int32_t* flag;  // memory of the host that the device writes to: not 0 once something is wrong
  int64_t launch;
  int64_t op;
  int64_t axis;      // for cross_entropy and nll_loss: the label that is ignored
  int64_t size;
};

}  // namespace kiln
