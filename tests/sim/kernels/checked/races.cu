// Kernels whose accesses to memory are all looked at: some have a fault that neither guard pages nor
// the order of the threads need show, the others are right and must pass.

// Half of a page of slack lies behind the allocation, so no page guards its end.
KILN_KERNEL(reads_slack, const float* x, float* y, long long i) { y[0] = x[i]; }

KILN_KERNEL(reads_host, const float* x, float* y) { y[0] = x[0]; }

// Each thread reads what a thread of another warp wrote.
KILN_KERNEL(race_between_warps, float* y) {
  __shared__ float s[64];
  s[threadIdx.x] = threadIdx.x;
  y[threadIdx.x] = s[threadIdx.x ^ 32];
}

// Lanes of one warp do not run in step, so they too must meet.
KILN_KERNEL(race_within_warp, float* y) {
  __shared__ float s[32];
  s[threadIdx.x] = threadIdx.x;
  y[threadIdx.x] = s[threadIdx.x ^ 1];
}

// The second barrier is missing: a fast thread overwrites what a slow one still reads.
KILN_KERNEL(race_write_after_read, float* y) {
  __shared__ float s[64];
  s[threadIdx.x] = threadIdx.x;
  __syncthreads();
  float neighbour = s[(threadIdx.x + 1) % 64];
  s[threadIdx.x] = neighbour;
  y[threadIdx.x] = neighbour;
}

KILN_KERNEL(race_between_writes, float* y) {
  KILN_SHARED(float, s);
  s[threadIdx.x / 2] = threadIdx.x;
  __syncthreads();
  y[threadIdx.x] = s[threadIdx.x / 2];
}

KILN_KERNEL(right_reverse, float* y) {
  __shared__ float s[64];
  for (int round = 0; round < 3; round++) {
    s[threadIdx.x] = threadIdx.x + round;
    __syncthreads();
    y[threadIdx.x] = s[63 - threadIdx.x];
    __syncthreads();
  }
}

KILN_KERNEL(right_within_warp, float* y) {
  KILN_SHARED(float, s);
  s[threadIdx.x] = threadIdx.x;
  __syncwarp();
  float neighbour = s[threadIdx.x ^ 1];
  __syncwarp();
  s[threadIdx.x] = neighbour;
  y[threadIdx.x] = s[threadIdx.x];
}

KILN_KERNEL(right_bytes, float* y) {
  __shared__ unsigned char s[64];
  s[threadIdx.x] = threadIdx.x;  // neighbours in one word, but each its own byte
  __syncthreads();
  y[threadIdx.x] = s[63 - threadIdx.x];
}

KILN_KERNEL(right_atomics, float* y) {
  __shared__ int sum;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  atomicAdd(&sum, 1);
  __syncthreads();
  y[threadIdx.x] = sum;
}

struct Table {
  long long sizes[6];
  float factors[6];
};

__device__ const float kRoots[4] = {0, 1, 1.41421356f, 1.7320508f};

KILN_KERNEL(right_parameters_and_constants, float* y, Table table) {
  y[threadIdx.x] = table.factors[threadIdx.x % 6] + table.sizes[threadIdx.x % 6] +
                   kRoots[threadIdx.x % 4];
}
