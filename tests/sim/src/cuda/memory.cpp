#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "explain.h"

namespace cudasim {

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kAlignment = 256;
constexpr size_t kFreedRemembered = 20000;
constexpr unsigned char kCanary = 0xca;
constexpr unsigned char kPoison = 0xff;  // NaN in every floating-point type, -1 in integers

size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

const char* kind_name(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::kDevice: return "device";
    case MemoryKind::kPinned: return "pinned host";
    case MemoryKind::kManaged: return "managed";
    default: return "registered host";
  }
}

// The first byte in [from, to) that is no canary; `to` if all are.
uintptr_t first_damage(uintptr_t from, uintptr_t to) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(from);
  for (size_t i = 0; i < to - from; i++) {
    if (bytes[i] != kCanary) return from + i;
  }
  return to;
}

void fill(uintptr_t from, uintptr_t to, unsigned char value) {
  memset(reinterpret_cast<void*>(from), value, to - from);
}

std::string describe(const Allocation& allocation) {
  return format("allocation #%llu (%zu bytes of %s memory at 0x%llx)",
                (unsigned long long)allocation.number, allocation.size, kind_name(allocation.kind),
                (unsigned long long)allocation.start);
}

}  // namespace

Memory& Memory::get() {
  static Memory* memory = new Memory();  // never destroyed: other threads may outlive main
  return *memory;
}

Memory::Memory() {
  // Addresses cost nothing, so never giving the same one out twice is affordable.
  for (arena_bytes_ = size_t(16) << 40; arena_bytes_ >= size_t(1) << 33; arena_bytes_ /= 4) {
    void* pages = mmap(nullptr, arena_bytes_, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages != MAP_FAILED) {
      arena_ = reinterpret_cast<uintptr_t>(pages);
      next_ = arena_;
      break;
    }
  }
  if (const char* bytes = getenv("CUDASIM_MEMORY")) total_ = strtoull(bytes, nullptr, 10);
}

// Finds addresses for pages with an inaccessible page on both sides; 0 if there are none.
uintptr_t Memory::reserve(size_t bytes) {
  for (int attempt = 0; attempt < 2; attempt++) {
    uintptr_t start = next_ + kPage;
    auto after = live_.lower_bound(next_);
    while (after != live_.end() && in_arena(after->first) &&
           after->second.pages < start + bytes + kPage) {
      start = after->second.pages + after->second.page_bytes + kPage;
      ++after;
    }
    if (start + bytes + kPage <= arena_ + arena_bytes_) {
      next_ = start + bytes;
      return start;
    }
    next_ = arena_;  // all addresses have been used once: begin again among the free ones
  }
  return 0;
}

CUresult Memory::allocate(size_t size, MemoryKind kind, Context* owner, Pool* pool,
                          uintptr_t* address) {
  if (size == 0) return CUDA_ERROR_INVALID_VALUE;
  bool on_device = kind != MemoryKind::kPinned;
  if (on_device && (size > total_ || device_used_ > total_ - size)) return CUDA_ERROR_OUT_OF_MEMORY;
  Allocation allocation;
  allocation.size = size;
  allocation.page_bytes = round_up(size, kPage);
  allocation.pages = reserve(allocation.page_bytes);
  if (!allocation.pages ||
      mprotect(reinterpret_cast<void*>(allocation.pages), allocation.page_bytes,
               PROT_READ | PROT_WRITE)) {
    return CUDA_ERROR_OUT_OF_MEMORY;
  }
  uintptr_t end = allocation.pages + allocation.page_bytes;
  allocation.start = end - round_up(size, kAlignment);
  allocation.kind = kind;
  allocation.owner = owner;
  allocation.pool = pool;
  allocation.number = ++allocations_;
  fill(allocation.pages, allocation.start, kCanary);
  fill(allocation.start, allocation.end(), kPoison);
  fill(allocation.end(), end, kCanary);
  if (on_device) {
    device_used_ += size;
    if (device_used_ > device_peak_) device_peak_ = device_used_;
  }
  live_.emplace(allocation.start, allocation);
  *address = allocation.start;
  return CUDA_SUCCESS;
}

void Memory::forget(std::map<uintptr_t, Allocation>::iterator position) {
  const Allocation& allocation = position->second;
  if (allocation.kind != MemoryKind::kRegistered) {
    // Mapping afresh gives the memory back to the system and makes the pages inaccessible at once.
    mmap(reinterpret_cast<void*>(allocation.pages), allocation.page_bytes, PROT_NONE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (allocation.kind != MemoryKind::kPinned) device_used_ -= allocation.size;
    freed_.insert_or_assign(allocation.start, allocation);
    freed_order_.emplace(++frees_, allocation.start);
    if (freed_order_.size() > kFreedRemembered) {
      freed_.erase(freed_order_.begin()->second);
      freed_order_.erase(freed_order_.begin());
    }
  }
  live_.erase(position);
}

CUresult Memory::release(uintptr_t address, bool pinned) {
  auto position = live_.find(address);
  if (position == live_.end()) return CUDA_ERROR_INVALID_VALUE;
  bool is_pinned = position->second.kind == MemoryKind::kPinned;
  if (is_pinned != pinned || position->second.kind == MemoryKind::kRegistered) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  forget(position);
  return CUDA_SUCCESS;
}

CUresult Memory::register_host(uintptr_t address, size_t size, Context* owner) {
  if (!address || !size) return CUDA_ERROR_INVALID_VALUE;
  if (find(address)) return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
  live_.emplace(address, Allocation{address, size, address, size, MemoryKind::kRegistered, owner,
                                    nullptr, ++allocations_});
  return CUDA_SUCCESS;
}

CUresult Memory::unregister_host(uintptr_t address) {
  auto position = live_.find(address);
  if (position == live_.end() || position->second.kind != MemoryKind::kRegistered) {
    return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
  }
  forget(position);
  return CUDA_SUCCESS;
}

const Allocation* Memory::find(uintptr_t address, size_t bytes) const {
  auto after = live_.upper_bound(address);
  if (after == live_.begin()) return nullptr;
  const Allocation& allocation = std::prev(after)->second;
  if (address > allocation.end() || bytes > allocation.end() - address) return nullptr;
  return &allocation;
}

bool Memory::damaged(const Allocation& allocation, std::string* report) const {
  if (allocation.kind == MemoryKind::kRegistered) return false;
  uintptr_t pages_end = allocation.pages + allocation.page_bytes;
  uintptr_t behind = first_damage(allocation.end(), pages_end);
  if (behind < pages_end) {
    *report = format("byte %zu behind the end of ", size_t(behind - allocation.end())) +
              describe(allocation) + " was overwritten";
    fill(allocation.end(), pages_end, kCanary);
    return true;
  }
  uintptr_t before = first_damage(allocation.pages, allocation.start);
  if (before < allocation.start) {
    *report = format("byte %zu before the start of ", size_t(allocation.start - before)) +
              describe(allocation) + " was overwritten";
    fill(allocation.pages, allocation.start, kCanary);
    return true;
  }
  return false;
}

bool Memory::damaged_at(uintptr_t address, std::string* report) const {
  if (!in_arena(address)) return false;
  const Allocation* allocation = find(address);
  return allocation && damaged(*allocation, report);
}

bool Memory::any_damaged(std::string* report) const {
  for (const auto& entry : live_) {
    if (damaged(entry.second, report)) return true;
  }
  return false;
}

size_t Memory::release_all(Context* owner, std::string* report) {
  size_t count = 0;
  for (auto position = live_.begin(); position != live_.end();) {
    auto next = std::next(position);
    if (position->second.owner == owner) {
      if (position->second.kind != MemoryKind::kRegistered) {
        count++;
        *report += "\n  " + describe(position->second);
      }
      forget(position);
    }
    position = next;
  }
  return count;
}

std::string Memory::explain(uintptr_t address) const {
  std::string text = format("0x%llx", (unsigned long long)address);
  if (address < kPage) return text + ", a null pointer";
  if (!in_arena(address)) return text + ", which is no device memory";
  const Allocation* best = nullptr;
  uintptr_t distance = ~uintptr_t(0);
  bool freed = false;
  auto consider = [&](const std::map<uintptr_t, Allocation>& allocations, bool are_freed) {
    auto after = allocations.upper_bound(address);
    if (after != allocations.end() && after->second.start - address < distance) {
      best = &after->second;
      distance = best->start - address;
      freed = are_freed;
    }
    if (after == allocations.begin()) return;
    const Allocation& before = std::prev(after)->second;
    uintptr_t behind = address < before.end() ? 0 : address - before.end() + 1;
    if (behind < distance) {
      best = &before;
      distance = behind;
      freed = are_freed;
    }
  };
  consider(live_, false);
  consider(freed_, true);
  if (!best) return text + ", where no allocation has ever been";
  const char* life = freed ? "freed " : "";
  if (address >= best->end()) {
    return text + format(", %llu bytes behind the end of %s",
                         (unsigned long long)(address - best->end()), life) +
           describe(*best);
  }
  if (address < best->start) {
    return text + format(", %llu bytes before the start of %s",
                         (unsigned long long)(best->start - address), life) +
           describe(*best);
  }
  return text + format(", byte %llu of %s", (unsigned long long)(address - best->start), life) +
         describe(*best);
}

}  // namespace cudasim
