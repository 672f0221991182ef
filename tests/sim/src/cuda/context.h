// Contexts, the one device, and the settings of the simulator.
#pragma once

#include <string>
#include <vector>

#include "driver_types.h"
#include "worker.h"

namespace cudasim {

struct Settings {
  Order order = Order::kForward;
  unsigned os_threads = 1;
  bool deferred = false;   // streams run only when something waits for them
  bool quiet = false;      // no reports on stderr
};

// Read from the environment once: CUDASIM_ORDER=reverse, CUDASIM_THREADS=n, CUDASIM_ASYNC=1.
Settings& settings();

struct Context {
  unsigned flags = 0;
  bool primary = false;
  int users = 0;  // of the primary context
  // The first error of the device's work: all later calls return it, as on a GPU.
  CUresult error = CUDA_SUCCESS;
  std::vector<Stream*> streams;
  Stream* legacy = nullptr;
  Stream* per_thread = nullptr;

  void fail(CUresult status, const std::string& report);
};

bool driver_initialised();
Context* current_context();
bool is_context(const Context* context);

// The text of what went wrong last, kept until it is cleared; also written to stderr.
void report(const std::string& text);
std::string last_report();
void clear_report();

// Does all queued work of all contexts.
void drain_everything();

// Forgets the errors of all contexts, which a real device does only with a new process.
void heal_contexts();

}  // namespace cudasim
