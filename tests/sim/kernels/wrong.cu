// Kernels with one fault each, which the simulated device must find.

KILN_KERNEL(wrong_behind, float* x, long long n) { x[n + threadIdx.x] = 1; }

KILN_KERNEL(wrong_unaligned, const float* x, float4* y, int shift) {
  y[0] = *reinterpret_cast<const float4*>(x + shift);
}

KILN_KERNEL(wrong_divergent_barrier, float* y) {
  if (threadIdx.x < 16) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  y[threadIdx.x] = 1;
}

KILN_KERNEL(wrong_never_arrives, float* y) {
  if (threadIdx.x < 16) {
    __syncthreads();
  } else {
    __syncwarp(0xffffffffu);
  }
  y[threadIdx.x] = 1;
}

KILN_KERNEL(wrong_mask, float* y) {
  y[threadIdx.x] = __shfl_sync(0x0000ffffu, y[threadIdx.x], 0);
}

KILN_KERNEL(wrong_masks_differ, float* y) {
  unsigned mask = threadIdx.x < 16 ? 0xffffffffu : 0xfffffffeu;
  y[threadIdx.x] = __shfl_xor_sync(mask, y[threadIdx.x], 1);
}

KILN_KERNEL(wrong_operations_differ, float* y) {
  if (threadIdx.x < 16) {
    y[threadIdx.x] = __shfl_xor_sync(0xffffffffu, 1.0f, 1);
  } else {
    y[threadIdx.x] = __shfl_down_sync(0xffffffffu, 1.0f, 1);
  }
}

// No barrier between writing and reading: right or wrong by the order of the threads.
KILN_KERNEL(wrong_race, const float* x, float* y) {
  __shared__ float s[64];
  s[threadIdx.x] = x[threadIdx.x];
  y[threadIdx.x] = s[63 - threadIdx.x];
}

KILN_KERNEL(wrong_unset_shared, float* y) {
  __shared__ float s[64];
  if (threadIdx.x < 63) s[threadIdx.x] = 1;
  __syncthreads();
  y[threadIdx.x] = s[threadIdx.x];
}

KILN_KERNEL(wrong_behind_shared, float* y, int i) {
  KILN_SHARED(float, s);
  s[threadIdx.x] = float(threadIdx.x);
  __syncthreads();
  y[threadIdx.x] = s[threadIdx.x + i];
}

KILN_KERNEL(wrong_division, int* y, int zero) { y[threadIdx.x] = 7 / zero; }

KILN_KERNEL(wrong_assertion, int* y, int n) {
  assert(n > int(threadIdx.x));
  y[threadIdx.x] = n;
}

KILN_KERNEL(wrong_trap, int* y) {
  if (threadIdx.x == 3) __trap();
  y[threadIdx.x] = 1;
}

__device__ __noinline__ int descend(int depth) {
  volatile int room[64];
  room[depth % 64] = depth;
  return depth > 0 ? descend(depth - 1) + room[depth % 64] : 0;
}

KILN_KERNEL(wrong_stack, int* y, int depth) { y[threadIdx.x] = descend(depth); }
