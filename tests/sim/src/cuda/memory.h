// Device memory and pinned host memory: pages of this process, laid out so that every use out of
// bounds or after the end of life is noticed.
//
// An allocation ends as close before an inaccessible page as its alignment of 256 bytes allows. The
// bytes left over before and behind it hold a canary. Fresh memory is NaN. Freed memory becomes
// inaccessible, and its addresses are not given out again until terabytes later.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <map>
#include <string>

#include "driver_types.h"

namespace cudasim {

enum class MemoryKind { kDevice, kPinned, kManaged, kRegistered };

struct Allocation {
  uintptr_t start;
  size_t size;
  uintptr_t pages;  // the accessible pages around it
  size_t page_bytes;
  MemoryKind kind;
  Context* owner;
  Pool* pool;
  uint64_t number;  // counts allocations, for reports

  uintptr_t end() const { return start + size; }
};

class Memory {
 public:
  static Memory& get();

  CUresult allocate(size_t size, MemoryKind kind, Context* owner, Pool* pool, uintptr_t* address);

  // Ends the allocation that starts there; INVALID_VALUE if there is none of that kind.
  CUresult release(uintptr_t address, bool pinned);

  // Host memory that the caller owns and has declared as pinned.
  CUresult register_host(uintptr_t address, size_t size, Context* owner);
  CUresult unregister_host(uintptr_t address);

  // The live allocation that holds all these bytes, or null. Zero bytes lie in any allocation that
  // holds the address or ends there.
  const Allocation* find(uintptr_t address, size_t bytes = 1) const;

  // Does the allocation's canary show a write beside it? Then `report` says where, and the canary
  // is mended so that it is reported once.
  bool damaged(const Allocation& allocation, std::string* report) const;

  // The same for the allocation that holds the address, cheap where none does.
  bool damaged_at(uintptr_t address, std::string* report) const;

  // The same for all live allocations.
  bool any_damaged(std::string* report) const;

  // Ends all allocations of a context; a line for each into the report.
  size_t release_all(Context* owner, std::string* report);

  std::string explain(uintptr_t address) const;

  size_t device_bytes_used() const { return device_used_; }
  size_t device_bytes_peak() const { return device_peak_; }
  size_t live_allocations() const { return live_.size(); }
  size_t total() const { return total_; }
  void set_total(size_t bytes) { total_ = bytes; }
  void reset_peak() { device_peak_ = device_used_; }

 private:
  Memory();
  bool in_arena(uintptr_t address) const {
    return address >= arena_ && address < arena_ + arena_bytes_;
  }
  uintptr_t reserve(size_t bytes);
  void forget(std::map<uintptr_t, Allocation>::iterator position);

  uintptr_t arena_ = 0;
  size_t arena_bytes_ = 0;
  uintptr_t next_ = 0;
  std::map<uintptr_t, Allocation> live_;   // by start
  std::map<uintptr_t, Allocation> freed_;  // the latest ones, by start, for reports
  std::map<uint64_t, uintptr_t> freed_order_;
  uint64_t allocations_ = 0;
  uint64_t frees_ = 0;
  size_t device_used_ = 0;
  size_t device_peak_ = 0;
  size_t total_ = size_t(4) << 30;
};

}  // namespace cudasim
