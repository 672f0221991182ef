#include "guard.h"

#include <atomic>
#include <mutex>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace cudasim {

namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
constexpr size_t kAlternateStackBytes = 64 * 1024;

// Which OS threads are inside a guard. The handler looks here and not into a thread_local, whose
// first touch may allocate, which no signal handler may.
struct Slot {
  std::atomic<int> thread{0};
  std::atomic<Guard*> guard{nullptr};
};
Slot slots[64];

std::mutex handlers_lock;
int handlers_users = 0;
struct sigaction previous[64];

Slot* claim_slot(Guard* guard) {
  int self = int(syscall(SYS_gettid));
  for (Slot& slot : slots) {
    int none = 0;
    if (slot.thread.compare_exchange_strong(none, -1)) {
      slot.guard = guard;
      slot.thread = self;
      return &slot;
    }
  }
  __builtin_trap();  // 64 threads launch at once: raise the number of slots
}

Guard* guard_of_this_thread() {
  int self = int(syscall(SYS_gettid));
  for (Slot& slot : slots) {
    if (slot.thread.load(std::memory_order_relaxed) == self) return slot.guard;
  }
  return nullptr;
}

void pass_on(int signal, siginfo_t* info, void* context) {
  const struct sigaction& old = previous[signal];
  if (old.sa_flags & SA_SIGINFO) {
    old.sa_sigaction(signal, info, context);
  } else if (old.sa_handler == SIG_DFL || old.sa_handler == SIG_IGN) {
    // Back to the default; returning repeats the fault, which then ends the process as it should.
    ::signal(signal, SIG_DFL);
  } else {
    old.sa_handler(signal);
  }
}

}  // namespace

void handle_signal(int signal, siginfo_t* info, void* context) {
  Guard* guard = guard_of_this_thread();
  // A signal that another process or thread sent (si_code <= 0) is not a fault of the kernel.
  if (!guard || info->si_code <= 0) {
    pass_on(signal, info, context);
    return;
  }
  greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  guard->fault_.signal = signal;
  guard->fault_.code = info->si_code;
  guard->fault_.address = reinterpret_cast<uintptr_t>(info->si_addr);
  guard->fault_.is_write = signal == SIGSEGV && (registers[REG_ERR] & 2);
  // Returning from the handler goes to escape_of on the handler's own stack, free again by then.
  uintptr_t top = reinterpret_cast<uintptr_t>(guard->alternate_stack_) + kAlternateStackBytes;
  registers[REG_RIP] = reinterpret_cast<greg_t>(&Guard::escape_of);
  registers[REG_RDI] = reinterpret_cast<greg_t>(guard);
  registers[REG_RSP] = greg_t(top - 256 - 8);  // aligned as at a function's first instruction
}

namespace {

void install_handlers() {
  std::lock_guard<std::mutex> hold(handlers_lock);
  if (handlers_users++ > 0) return;
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = handle_signal;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (int signal : kSignals) sigaction(signal, &ours, &previous[signal]);
}

void restore_handlers() {
  std::lock_guard<std::mutex> hold(handlers_lock);
  if (--handlers_users > 0) return;
  for (int signal : kSignals) sigaction(signal, &previous[signal], nullptr);
}

}  // namespace

Guard::Guard() {
  alternate_stack_ = static_cast<char*>(mmap(nullptr, kAlternateStackBytes, PROT_READ | PROT_WRITE,
                                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

Guard::~Guard() { munmap(alternate_stack_, kAlternateStackBytes); }

bool Guard::run(void (*body)(void*), void* argument) {
  fault_ = HardwareFault();
  stack_t ours = {};
  stack_t before = {};
  ours.ss_sp = alternate_stack_;
  ours.ss_size = kAlternateStackBytes;
  sigaltstack(&ours, &before);
  Slot* slot = claim_slot(this);
  install_handlers();

  volatile bool completed = false;
  if (_setjmp(exit_) == 0) {
    body(argument);
    completed = true;
  }

  restore_handlers();
  slot->guard = nullptr;
  slot->thread = 0;
  sigaltstack(&before, nullptr);
  return completed;
}

void Guard::escape() { longjmp(exit_, 1); }

void Guard::escape_of(Guard* guard) { guard->escape(); }

}  // namespace cudasim
