// Sorting of rows of keys in device memory, for launchers of any family. See sort.cu.
#pragma once

#include "kiln/launch.h"

namespace kiln {

// Rows of n keys each, with 32-bit positions that travel with them; both in one block of scratch
// memory, twice, so that merging can go from one half to the other.
struct SortBuffers {
  int64_t keys;       // uint64_t
  int64_t positions;  // uint32_t
  int64_t spare_keys;
  int64_t spare_positions;

  static int64_t bytes(int64_t count) { return 2 * (count * 8 + padded(count * 4)); }

  SortBuffers(int64_t scratch, int64_t count)
      : keys(scratch),
        positions(scratch + count * 8),
        spare_keys(positions + padded(count * 4)),
        spare_positions(spare_keys + count * 8) {}

 private:
  static int64_t padded(int64_t bytes) { return (bytes + 15) / 16 * 16; }
};

// Sorts each row by its keys as unsigned numbers, equal keys by their positions, which must be
// ascending in each row. The result is in keys and positions.
int sort_rows(Context& context, SortBuffers& buffers, int64_t rows, int64_t n);

}  // namespace kiln
