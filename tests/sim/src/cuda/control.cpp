#include <cudasim_control.h>
#include <string.h>

#include <algorithm>

#include "calls.h"
#include "context.h"
#include "memory.h"
#include "stream.h"

using namespace cudasim;

namespace {

using Hold = std::lock_guard<std::recursive_mutex>;

// Copies as much as there is room for, with an end; returns the full length.
size_t give(const std::string& from, char* text, size_t length) {
  if (length > 0) {
    size_t copied = std::min(from.size(), length - 1);
    memcpy(text, from.data(), copied);
    text[copied] = 0;
  }
  return from.size();
}

}  // namespace

CUDASIM_API void cuSimFail(const char* function, int64_t nth, int64_t times, int status) {
  order_failure(function, nth, times, status, false);
}

CUDASIM_API void cuSimFailLater(const char* function, int64_t nth, int status) {
  order_failure(function, nth, 1, status, true);
}

CUDASIM_API void cuSimClearFailures(void) { clear_failures(); }

CUDASIM_API int64_t cuSimCalls(const char* function) { return count_calls(function); }

CUDASIM_API void cuSimResetCalls(void) { clear_counts(); }

CUDASIM_API size_t cuSimCalled(char* text, size_t length) {
  return give(names_of_called(), text, length);
}

CUDASIM_API size_t cuSimReport(char* text, size_t length) {
  Hold hold(driver_lock());
  return give(last_report(), text, length);
}

CUDASIM_API void cuSimClearReport(void) {
  Hold hold(driver_lock());
  clear_report();
}

CUDASIM_API void cuSimHeal(void) {
  Hold hold(driver_lock());
  heal_contexts();
}

CUDASIM_API void cuSimSetTotalMemory(size_t bytes) {
  Hold hold(driver_lock());
  Memory::get().set_total(bytes);
}

CUDASIM_API size_t cuSimMemoryUsed(void) {
  Hold hold(driver_lock());
  return Memory::get().device_bytes_used();
}

CUDASIM_API size_t cuSimMemoryPeak(void) {
  Hold hold(driver_lock());
  return Memory::get().device_bytes_peak();
}

CUDASIM_API void cuSimResetMemoryPeak(void) {
  Hold hold(driver_lock());
  Memory::get().reset_peak();
}

CUDASIM_API size_t cuSimAllocations(void) {
  Hold hold(driver_lock());
  return Memory::get().live_allocations();
}

CUDASIM_API void cuSimSetReverse(int reverse) {
  Hold hold(driver_lock());
  settings().order = reverse ? Order::kReverse : Order::kForward;
}

CUDASIM_API void cuSimSetDeferred(int deferred) {
  Hold hold(driver_lock());
  if (!deferred) drain_everything();
  settings().deferred = deferred != 0;
}

CUDASIM_API void cuSimSetThreads(unsigned threads) {
  Hold hold(driver_lock());
  settings().os_threads = std::clamp(threads, 1u, 16u);
}

CUDASIM_API void cuSimSetQuiet(int quiet) {
  Hold hold(driver_lock());
  settings().quiet = quiet != 0;
}
