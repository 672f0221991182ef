// A fiber is a stack for one GPU thread that waits at a barrier while others run. Switching is six
// pushed registers, so blocks of a thousand threads are practical.
#pragma once

#include <cudasim/threads.h>

namespace cudasim {

class Worker;

struct Fiber : Thread {
  Worker* worker = nullptr;
  void* stack_pointer = nullptr;
  char* stack = nullptr;  // null for the OS thread's own stack
};

// Makes a stack that will start in entry; the number spreads the stacks over the cache's sets.
void create_stack(Fiber* fiber, unsigned number, void (*entry)());

// Forgets what the fiber was doing: its next run starts in entry.
void restart_stack(Fiber* fiber, unsigned number, void (*entry)());

void destroy_stack(Fiber* fiber);

// Is this address in the inaccessible page under the fiber's stack?
bool overflows_stack(const Fiber* fiber, uintptr_t address);

// Is this address in the fiber's stack?
bool holds_stack(const Fiber* fiber, uintptr_t address);

// Stops `from` here and goes on where `to` was stopped.
void switch_fiber(Fiber* from, Fiber* to);

}  // namespace cudasim
