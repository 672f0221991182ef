// Atomic operations and fences. Blocks may run on several OS threads, so they are truly atomic.
#pragma once

namespace cudasim {

// Replaces *address by update(old) in one step; returns the old value.
template <class T, class Update>
inline T atomic_update(T* address, Update update) {
  T old;
  __atomic_load(address, &old, __ATOMIC_RELAXED);
  for (;;) {
    T next = update(old);
    if (__atomic_compare_exchange(address, &old, &next, false, __ATOMIC_RELAXED,
                                  __ATOMIC_RELAXED)) {
      return old;
    }
  }
}

}  // namespace cudasim

#define CUDASIM_ATOMICS(type)                                                                   \
  inline type atomicAdd(type* address, type value) {                                            \
    return cudasim::atomic_update(address, [=](type old) { return static_cast<type>(old + value); });        \
  }                                                                                             \
  inline type atomicSub(type* address, type value) {                                            \
    return cudasim::atomic_update(address, [=](type old) { return static_cast<type>(old - value); });        \
  }                                                                                             \
  inline type atomicExch(type* address, type value) {                                           \
    return cudasim::atomic_update(address, [=](type) { return value; });                        \
  }                                                                                             \
  inline type atomicMin(type* address, type value) {                                            \
    return cudasim::atomic_update(address, [=](type old) { return value < old ? value : old; }); \
  }                                                                                             \
  inline type atomicMax(type* address, type value) {                                            \
    return cudasim::atomic_update(address, [=](type old) { return old < value ? value : old; }); \
  }

#define CUDASIM_INTEGER_ATOMICS(type)                                                           \
  CUDASIM_ATOMICS(type)                                                                         \
  inline type atomicCAS(type* address, type compare, type value) {                              \
    return cudasim::atomic_update(address,                                                      \
                                  [=](type old) { return old == compare ? value : old; });      \
  }                                                                                             \
  inline type atomicAnd(type* address, type value) {                                            \
    return cudasim::atomic_update(address, [=](type old) { return static_cast<type>(old & value); });        \
  }                                                                                             \
  inline type atomicOr(type* address, type value) {                                             \
    return cudasim::atomic_update(address, [=](type old) { return static_cast<type>(old | value); });        \
  }                                                                                             \
  inline type atomicXor(type* address, type value) {                                            \
    return cudasim::atomic_update(address, [=](type old) { return static_cast<type>(old ^ value); });        \
  }

CUDASIM_INTEGER_ATOMICS(int)
CUDASIM_INTEGER_ATOMICS(unsigned)
CUDASIM_INTEGER_ATOMICS(long long)
CUDASIM_INTEGER_ATOMICS(unsigned long long)
CUDASIM_ATOMICS(float)
CUDASIM_ATOMICS(double)

#undef CUDASIM_INTEGER_ATOMICS
#undef CUDASIM_ATOMICS

inline unsigned short atomicCAS(unsigned short* address, unsigned short compare,
                                unsigned short value) {
  return cudasim::atomic_update(
      address, [=](unsigned short old) { return old == compare ? value : old; });
}

// Counts up to the bound and then starts again at 0: how a kernel learns which block is the last.
inline unsigned atomicInc(unsigned* address, unsigned bound) {
  return cudasim::atomic_update(address,
                                [=](unsigned old) { return old >= bound ? 0 : old + 1; });
}

inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_system() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
