#include "fiber.h"

#include <string.h>
#include <sys/mman.h>

namespace cudasim {

namespace {

constexpr size_t kStackBytes = 128 * 1024;
constexpr size_t kGuardBytes = 4096;

extern "C" void cudasim_switch_stack(void** from, void* to);

// The callee-saved registers are all that a function call must keep.
__asm__(
    ".text\n"
    ".hidden cudasim_switch_stack\n"
    ".type cudasim_switch_stack,@function\n"
    "cudasim_switch_stack:\n"
    "  pushq %rbp\n"
    "  pushq %rbx\n"
    "  pushq %r12\n"
    "  pushq %r13\n"
    "  pushq %r14\n"
    "  pushq %r15\n"
    "  movq %rsp,(%rdi)\n"
    "  movq %rsi,%rsp\n"
    "  popq %r15\n"
    "  popq %r14\n"
    "  popq %r13\n"
    "  popq %r12\n"
    "  popq %rbx\n"
    "  popq %rbp\n"
    "  ret\n"
    ".size cudasim_switch_stack,.-cudasim_switch_stack\n");

// Stacks that all start at one offset of a page would fight for the same sets of the cache.
size_t colour(unsigned number) { return number * 832u % 24576u / 64u * 64u; }

}  // namespace

void create_stack(Fiber* fiber, unsigned number, void (*entry)()) {
  void* memory = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) __builtin_trap();
  fiber->stack = static_cast<char*>(memory);
  mprotect(fiber->stack, kGuardBytes, PROT_NONE);
  restart_stack(fiber, number, entry);
}

void restart_stack(Fiber* fiber, unsigned number, void (*entry)()) {
  // Six registers to pop, the address to return to, and a stack aligned as after a call.
  char* top = fiber->stack + kStackBytes - 64 - colour(number);
  memset(top, 0, 64);
  void* start = reinterpret_cast<void*>(entry);
  memcpy(top + 6 * sizeof(void*), &start, sizeof start);
  fiber->stack_pointer = top;
}

void destroy_stack(Fiber* fiber) { munmap(fiber->stack, kStackBytes); }

bool overflows_stack(const Fiber* fiber, uintptr_t address) {
  uintptr_t low = reinterpret_cast<uintptr_t>(fiber->stack);
  return fiber->stack && address >= low && address < low + kGuardBytes;
}

bool holds_stack(const Fiber* fiber, uintptr_t address) {
  uintptr_t low = reinterpret_cast<uintptr_t>(fiber->stack);
  return fiber->stack && address >= low && address < low + kStackBytes;
}

void switch_fiber(Fiber* from, Fiber* to) {
  cudasim_current = to;
  cudasim_switch_stack(&from->stack_pointer, to->stack_pointer);
}

}  // namespace cudasim
