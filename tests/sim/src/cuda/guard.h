// Runs device code so that a wrong access ends the launch, not the process: between enter and leave
// the signals of the CPU's faults on this OS thread come here; all others go to the handlers that
// were there before (a JVM's own work depends on some).
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>

namespace cudasim {

// What the CPU said about a fault.
struct HardwareFault {
  int signal = 0;
  int code = 0;
  uintptr_t address = 0;
  bool is_write = false;
};

class Guard {
 public:
  Guard();
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  // Runs body(argument); false if it was left by a fault or by escape().
  bool run(void (*body)(void*), void* argument);

  // Leaves the body of run() for good, from whatever stack.
  [[noreturn]] void escape();

  // The fault that ended the last run; signal 0 where there was none.
  const HardwareFault& fault() const { return fault_; }

 private:
  friend void handle_signal(int, siginfo_t*, void*);
  static void escape_of(Guard* guard);

  jmp_buf exit_;
  HardwareFault fault_;
  char* alternate_stack_;  // for the handler: the faulting stack may be full
};

}  // namespace cudasim
