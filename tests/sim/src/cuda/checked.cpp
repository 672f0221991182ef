#include "checked.h"

#include "worker.h"

namespace cudasim {

namespace {

// Time 0 is before all blocks, so a cell never touched is ordered before everything.
bool ordered(const Accessor& earlier, const Accessor& later) {
  if (earlier.block_time != later.block_time || earlier.thread == later.thread) return true;
  bool same_warp = earlier.thread / 32 == later.thread / 32;
  return same_warp && earlier.warp_time != later.warp_time;
}

template <class Object>
Range range_of(Object& object) {
  return {reinterpret_cast<uintptr_t>(&object), sizeof object};
}

}  // namespace

bool RaceDetector::access(size_t byte, Access access, const Accessor& accessor, unsigned* other,
                          bool* other_wrote) {
  if (byte >= cells_.size()) cells_.resize(byte + 1024);
  Cell& cell = cells_[byte];
  bool read_now = cell.reader.block_time == accessor.block_time;
  if (!ordered(cell.writer, accessor)) {
    *other = cell.writer.thread;
    *other_wrote = true;
    return true;
  }
  if (access == Access::kWrite && read_now) {
    bool apart = !ordered(cell.reader, accessor);
    bool other_warp = cell.reader.thread / 32 != accessor.thread / 32;
    // Of several readers only the last is known; the others of its warp read since the same time.
    bool others_apart = cell.readers == kManyWarps ||
                        (cell.readers == kOneWarp &&
                         (other_warp || cell.reader.warp_time == accessor.warp_time));
    if (apart || others_apart) {
      *other = cell.reader.thread;
      *other_wrote = false;
      return true;
    }
  }
  if (access == Access::kWrite) {
    cell.writer = accessor;
    return false;
  }
  if (!read_now || cell.readers == kNone) {
    cell.readers = kOne;
  } else if (cell.reader.thread / 32 != accessor.thread / 32) {
    cell.readers = kManyWarps;
  } else if (cell.readers != kManyWarps && cell.reader.warp_time != accessor.warp_time) {
    cell.readers = kOne;  // the warp has met since: its earlier reads are over
  } else if (cell.readers == kOne && cell.reader.thread != accessor.thread) {
    cell.readers = kOneWarp;
  }
  cell.reader = accessor;
  return false;
}

// --- the worker's part: where is the access, and is it allowed there? ---

void Worker::check_access(uintptr_t address, size_t size, Access access) {
  auto* fiber = static_cast<Fiber*>(cudasim_current);
  if (holds_stack(fiber, address)) return;
  uintptr_t dynamic = reinterpret_cast<uintptr_t>(block_.dynamic_shared);
  Range dynamic_shared = {dynamic, launch_->dynamic_shared};
  if (static_shared_.holds(address, size)) {
    check_race(address, size, access, address - static_shared_.start);
    return;
  }
  if (dynamic_shared.holds(address, size)) {
    check_race(address, size, access, static_shared_.bytes + (address - dynamic));
    return;
  }
  if (latest_.holds(address, size)) return;
  const Allocation* allocation = Memory::get().find(address, size);
  if (allocation) {
    latest_ = {allocation->start, allocation->size};
    return;
  }
  // What threadIdx and its like are made of, parameters, and the image's constants.
  Range own[] = {range_of(cudasim_current), range_of(*fiber),      range_of(block_),
                 launch_->arguments,        launch_->addresses,    launch_->image.range};
  for (const Range& range : own) {
    if (range.holds(address, size)) return;
  }
  std::string where = explain_address(address);
  if (address >= dynamic && address < dynamic + kMaxDynamicShared) {
    where = format("%zu bytes behind the %zu bytes of dynamic shared memory",
                   size_t(address - dynamic) - launch_->dynamic_shared, launch_->dynamic_shared);
  }
  fail(CUDA_ERROR_ILLEGAL_ADDRESS,
       format("%s %zu bytes at ", access == Access::kRead ? "reads" : "writes", size) + where);
}

void Worker::check_race(uintptr_t address, size_t size, Access access, size_t first_byte) {
  // Atomic operations are ordered among themselves, whatever the threads do.
  if (access == Access::kAtomic) return;
  unsigned thread = cudasim_current->linear;
  Accessor accessor = {uint16_t(thread), block_time_, warps_[thread / 32].time};
  for (size_t i = 0; i < size; i++) {
    unsigned other = 0;
    bool other_wrote = false;
    if (!races_.access(first_byte + i, access, accessor, &other, &other_wrote)) continue;
    fail(CUDA_ERROR_LAUNCH_FAILED,
         format("%s %zu bytes of shared memory at 0x%llx which thread %u of the block %s, with no "
                "barrier between them: a race",
                access == Access::kRead ? "reads" : "writes", size, (unsigned long long)address,
                other, other_wrote ? "has written" : "has read"));
  }
}

}  // namespace cudasim

// --- what the compiled code calls before each access ---

using cudasim::Access;
using cudasim::Worker;

namespace {

void announce(const volatile void* address, size_t size, Access access) {
  if (!cudasim_current) return;  // an initialiser of the image, not a kernel
  Worker::current()->check_access(reinterpret_cast<uintptr_t>(address), size, access);
}

}  // namespace

// The names are those of GCC's -fsanitize=thread; no sanitizer library is linked.
#define CUDASIM_ANNOUNCE(size)                                                                    \
  CUDASIM_API void __tsan_read##size(void* address) { announce(address, size, Access::kRead); }   \
  CUDASIM_API void __tsan_write##size(void* address) { announce(address, size, Access::kWrite); } \
  CUDASIM_API void __tsan_unaligned_read##size(void* address) {                                   \
    announce(address, size, Access::kRead);                                                       \
  }                                                                                               \
  CUDASIM_API void __tsan_unaligned_write##size(void* address) {                                  \
    announce(address, size, Access::kWrite);                                                      \
  }
CUDASIM_ANNOUNCE(1)
CUDASIM_ANNOUNCE(2)
CUDASIM_ANNOUNCE(4)
CUDASIM_ANNOUNCE(8)
CUDASIM_ANNOUNCE(16)

CUDASIM_API void __tsan_read_range(void* address, size_t size) {
  announce(address, size, Access::kRead);
}
CUDASIM_API void __tsan_write_range(void* address, size_t size) {
  announce(address, size, Access::kWrite);
}
CUDASIM_API void __tsan_init() {}
CUDASIM_API void __tsan_func_entry(void*) {}
CUDASIM_API void __tsan_func_exit() {}
CUDASIM_API void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

// atomics.h is made of these two operations.
#define CUDASIM_ANNOUNCE_ATOMIC(bits, type)                                                      \
  CUDASIM_API type __tsan_atomic##bits##_load(const volatile type* address, int) {               \
    announce(address, sizeof(type), Access::kAtomic);                                            \
    return __atomic_load_n(address, __ATOMIC_SEQ_CST);                                           \
  }                                                                                              \
  CUDASIM_API int __tsan_atomic##bits##_compare_exchange_strong(                                 \
      volatile type* address, type* expected, type desired, int, int) {                          \
    announce(address, sizeof(type), Access::kAtomic);                                            \
    return __atomic_compare_exchange_n(address, expected, desired, false, __ATOMIC_SEQ_CST,      \
                                       __ATOMIC_SEQ_CST);                                        \
  }
CUDASIM_ANNOUNCE_ATOMIC(16, uint16_t)
CUDASIM_ANNOUNCE_ATOMIC(32, uint32_t)
CUDASIM_ANNOUNCE_ATOMIC(64, uint64_t)
