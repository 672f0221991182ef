// Barriers, votes, shuffles and reductions of a warp or a block.
#pragma once

namespace cudasim {

template <class T>
inline uint64_t to_bits(T value) {
  static_assert(sizeof(T) <= 8, "a warp exchanges values of up to 8 bytes");
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof value);
  return bits;
}

template <class T>
inline T from_bits(uint64_t bits) {
  T value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

template <class T>
inline T shuffle(WarpOp op, unsigned mask, T value, int argument, int width) {
  return from_bits<T>(cudasim_warp(op, mask, to_bits(value), argument, width));
}

}  // namespace cudasim

// The default argument is the caller's line: compilers may copy a call, but not its line.
inline void __syncthreads(int line = __builtin_LINE()) {
  cudasim_barrier(cudasim::kBarrierCount, 0, line);
}
inline int __syncthreads_count(int predicate, int line = __builtin_LINE()) {
  return int(cudasim_barrier(cudasim::kBarrierCount, predicate != 0, line));
}
inline int __syncthreads_or(int predicate, int line = __builtin_LINE()) {
  return int(cudasim_barrier(cudasim::kBarrierOr, predicate != 0, line));
}
inline int __syncthreads_and(int predicate, int line = __builtin_LINE()) {
  return int(cudasim_barrier(cudasim::kBarrierAnd, predicate != 0, line));
}
inline void __syncwarp(unsigned mask = 0xffffffffu) {
  cudasim_warp(cudasim::kSyncWarp, mask, 0, 0, 32);
}

template <class T>
inline T __shfl_sync(unsigned mask, T value, int lane, int width = 32) {
  return cudasim::shuffle(cudasim::kShuffle, mask, value, lane, width);
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  return cudasim::shuffle(cudasim::kShuffleUp, mask, value, int(delta), width);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  return cudasim::shuffle(cudasim::kShuffleDown, mask, value, int(delta), width);
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32) {
  return cudasim::shuffle(cudasim::kShuffleXor, mask, value, lanes, width);
}

inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return unsigned(cudasim_warp(cudasim::kBallot, mask, predicate != 0, 0, 32));
}
inline int __any_sync(unsigned mask, int predicate) {
  return int(cudasim_warp(cudasim::kAny, mask, predicate != 0, 0, 32));
}
inline int __all_sync(unsigned mask, int predicate) {
  return int(cudasim_warp(cudasim::kAll, mask, predicate != 0, 0, 32));
}
inline unsigned __activemask() { return cudasim_active_lanes(); }
template <class T>
inline unsigned __match_any_sync(unsigned mask, T value) {
  return unsigned(cudasim_warp(cudasim::kMatchAny, mask, cudasim::to_bits(value), 0, 32));
}

inline int __reduce_add_sync(unsigned mask, int value) {
  return int(cudasim_warp(cudasim::kReduceAdd, mask, uint32_t(value), 0, 32));
}
inline unsigned __reduce_add_sync(unsigned mask, unsigned value) {
  return unsigned(cudasim_warp(cudasim::kReduceAdd, mask, value, 0, 32));
}
inline int __reduce_min_sync(unsigned mask, int value) {
  return int(cudasim_warp(cudasim::kReduceMinSigned, mask, uint32_t(value), 0, 32));
}
inline unsigned __reduce_min_sync(unsigned mask, unsigned value) {
  return unsigned(cudasim_warp(cudasim::kReduceMinUnsigned, mask, value, 0, 32));
}
inline int __reduce_max_sync(unsigned mask, int value) {
  return int(cudasim_warp(cudasim::kReduceMaxSigned, mask, uint32_t(value), 0, 32));
}
inline unsigned __reduce_max_sync(unsigned mask, unsigned value) {
  return unsigned(cudasim_warp(cudasim::kReduceMaxUnsigned, mask, value, 0, 32));
}
inline unsigned __reduce_and_sync(unsigned mask, unsigned value) {
  return unsigned(cudasim_warp(cudasim::kReduceAnd, mask, value, 0, 32));
}
inline unsigned __reduce_or_sync(unsigned mask, unsigned value) {
  return unsigned(cudasim_warp(cudasim::kReduceOr, mask, value, 0, 32));
}
inline unsigned __reduce_xor_sync(unsigned mask, unsigned value) {
  return unsigned(cudasim_warp(cudasim::kReduceXor, mask, value, 0, 32));
}
