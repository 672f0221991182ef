// Looks at every access of kernels that were compiled to announce them (build --checked): each must
// lie in live device memory, to the byte, and threads that share memory must have met at a barrier
// between one's write and another's access.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string>
#include <vector>

#include "driver_types.h"

namespace cudasim {

enum class Access { kRead, kWrite, kAtomic };

// A run of bytes in this process.
struct Range {
  uintptr_t start = 0;
  size_t bytes = 0;

  bool holds(uintptr_t address, size_t size) const {
    return address >= start && address - start <= bytes && size <= bytes - (address - start);
  }
};

// Who accesses, and since when it has been apart from the others.
struct Accessor {
  uint16_t thread;      // number in the block
  uint32_t block_time;  // counts blocks and block-wide barriers
  uint32_t warp_time;   // counts the operations at which lanes of its warp have met
};

// Finds accesses to the same byte of shared memory by two threads that nothing orders, at least one
// of them a write. It remembers the latest write and the latest reads of each byte; what has been
// ordered by a barrier is as good as forgotten, since its time is past.
class RaceDetector {
 public:
  // True if the access races with an earlier one; then `other` is the earlier thread.
  bool access(size_t byte, Access access, const Accessor& accessor, unsigned* other,
              bool* other_wrote);

 private:
  enum Readers : uint8_t { kNone, kOne, kOneWarp, kManyWarps };

  struct Cell {
    Accessor writer = {0, 0, 0};
    Accessor reader = {0, 0, 0};
    uint8_t readers = kNone;
  };

  std::vector<Cell> cells_;
};

}  // namespace cudasim
