// The device's side of report.h.
#pragma once

#include "kiln/device.cuh"
#include "kiln/report.h"

namespace kiln {

// Whether an index lies in its axis; if not, it is reported. The kernel goes on without it: the
// context lives, and results are thrown away when the host learns of it.
KILN_DEVICE bool check_index(const IndexReport& report, int64_t index, int64_t position) {
  if (index >= 0 && index < report.size) {
    return true;
  }
  volatile IndexRecord* r = report.record;
  // Most wrong indices of many stop here, without waiting for the lock.
  if (r->set != 0 && (r->launch != report.launch || r->position <= position)) {
    return false;
  }
  while (atomicCAS(&report.record->lock, 0, 1) != 0) {
  }
  __threadfence();
  if (r->set == 0 || (r->launch == report.launch && position < r->position)) {
    r->launch = report.launch;
    r->op = report.op;
    r->axis = report.axis;
    r->position = position;
    r->index = index;
    r->size = report.size;
    __threadfence();
    r->set = 1;
    *static_cast<volatile int32_t*>(report.flag) = 1;
  }
  __threadfence();
  atomicExch(&report.record->lock, 0);
  return false;
}

}  // namespace kiln
