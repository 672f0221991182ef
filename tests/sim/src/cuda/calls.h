// What happens at the door of every function of the stand-in libraries: the call is counted, an
// ordered failure strikes, and the state of the library, context and capture is checked.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "driver_types.h"

namespace cudasim {

// One driver at a time works: every call holds this lock to its end.
std::recursive_mutex& driver_lock();


// A function of the interface, by its name without "_v2".
class CallSite {
 public:
  explicit CallSite(const char* name);

  const char* name() const { return name_; }
  void count() { calls_.fetch_add(1, std::memory_order_relaxed); }

  // The status that an ordered failure gives this call, or 0. `later`: not to be returned, but to
  // strike the context as if what the call began had failed on the device.
  int ordered_failure(bool* later);

 private:
  friend struct Registry;
  const char* name_;
  std::atomic<int64_t> calls_{0};
  CallSite* next_ = nullptr;
};

// What a function needs; else it returns the status that says so.
enum Needs : unsigned {
  kNothing = 0,
  kDriver = 1,                  // cuInit has been called
  kContext = 2 | kDriver,       // a current context
  kHealthy = 4 | kContext,      // and no earlier error on the device
  kSynchronous = 8 | kHealthy,  // and no capture that forbids what may wait
};

class ApiCall {
 public:
  ApiCall(CallSite& site, unsigned needs);
  ~ApiCall();
  CUresult status() const { return status_; }

 private:
  std::unique_lock<std::recursive_mutex> lock_;
  CUresult status_ = CUDA_SUCCESS;
  int strikes_later_ = 0;
};

#define CUDASIM_ENTER(name, needs)              \
  static cudasim::CallSite site(name);          \
  cudasim::ApiCall call(site, cudasim::needs);  \
  if (call.status()) return call.status()

// Failures on order, and counts; the functions of cudasim_control.h.
void order_failure(const char* name, int64_t nth, int64_t times, int status, bool later);
void clear_failures();
int64_t count_calls(const char* name);
std::string names_of_called();
void clear_counts();

}  // namespace cudasim
