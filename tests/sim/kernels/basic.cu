// Kernels that use what a GPU offers, each small enough to check by hand.

KILN_KERNEL(axpb_f32, const float* x, float* y, float a, float b, long long n) {
  long long stride = (long long)gridDim.x * blockDim.x;
  for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {
    y[i] = a * x[i] + b;
  }
}

__device__ __forceinline__ float warp_max(float v) {
  for (int lanes = 16; lanes > 0; lanes >>= 1) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, lanes));
  return v;
}

__device__ __forceinline__ float warp_sum(float v) {
  for (int lanes = 16; lanes > 0; lanes >>= 1) v += __shfl_down_sync(0xffffffffu, v, lanes);
  return __shfl_sync(0xffffffffu, v, 0);
}

// One block for each row; dynamic shared memory: the row.
KILN_KERNEL_BOUNDS(256, softmax_f32, const float* x, float* y, int columns) {
  KILN_SHARED(float, row);
  __shared__ float part[32];
  int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5, warps = blockDim.x >> 5;
  x += (size_t)blockIdx.x * columns;
  y += (size_t)blockIdx.x * columns;
  float top = -INFINITY;
  for (int c = thread; c < columns; c += blockDim.x) top = fmaxf(top, row[c] = x[c]);
  top = warp_max(top);
  if (lane == 0) part[warp] = top;
  __syncthreads();
  top = warp_max(lane < warps ? part[lane] : -INFINITY);
  __syncthreads();
  float sum = 0;
  for (int c = thread; c < columns; c += blockDim.x) sum += row[c] = expf(row[c] - top);
  sum = warp_sum(sum);
  if (lane == 0) part[warp] = sum;
  __syncthreads();
  sum = warp_sum(lane < warps ? part[lane] : 0.0f);
  for (int c = thread; c < columns; c += blockDim.x) y[c] = row[c] / sum;
}

// Through a tile of shared memory, which is padded against bank conflicts. Block (32,8).
KILN_KERNEL(transpose_f32, const float* in, float* out, int rows, int columns) {
  __shared__ float tile[32][33];
  int column = blockIdx.x * 32 + threadIdx.x, row = blockIdx.y * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8) {
    if (column < columns && row + j < rows) {
      tile[threadIdx.y + j][threadIdx.x] = in[(size_t)(row + j) * columns + column];
    }
  }
  __syncthreads();
  column = blockIdx.y * 32 + threadIdx.x;
  row = blockIdx.x * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8) {
    if (column < rows && row + j < columns) {
      out[(size_t)(row + j) * rows + column] = tile[threadIdx.x][threadIdx.y + j];
    }
  }
}

// Every warp operation once: what lane i writes to y[32 * k + i] is worked out in the test.
KILN_KERNEL(warp_operations, float* y) {
  const unsigned all = 0xffffffffu;
  int lane = threadIdx.x;
  float x = float(lane);
  float results[] = {
      __shfl_sync(all, x, 5),
      __shfl_sync(all, x, lane + 1, 8),
      __shfl_up_sync(all, x, 3),
      __shfl_up_sync(all, x, 1, 16),
      __shfl_down_sync(all, x, 3),
      __shfl_down_sync(all, x, 1, 16),
      __shfl_xor_sync(all, x, 9),
      float(__popc(__ballot_sync(all, lane % 3 == 0))),
      float(__any_sync(all, lane == 7)),
      float(__all_sync(all, lane < 31)),
      float(__reduce_add_sync(all, lane)),
      float(__reduce_min_sync(all, lane - 5)),
      float(__reduce_max_sync(all, lane - 5)),
      float(__popc(__match_any_sync(all, lane / 4))),
      float(__syncthreads_count(lane < 10)),
      float(__syncthreads_or(lane == 40)),
      float(__syncthreads_and(lane < 40)),
  };
  // The halves of a warp go separate ways and shuffle among themselves.
  float own;
  if (lane & 1) {
    own = __shfl_xor_sync(0xaaaaaaaau, x, 2);
  } else {
    own = __shfl_xor_sync(0x55555555u, x, 4);
  }
  int k = 0;
  for (float result : results) y[32 * k++ + lane] = result;
  y[32 * k + lane] = own;
}

KILN_KERNEL(atomic_sum_f32, const float* x, float* sum, unsigned* ticket, int* last, long long n) {
  float s = 0;
  for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < n;
       i += (long long)gridDim.x * blockDim.x) {
    s += x[i];
  }
  s = warp_sum(s);
  if ((threadIdx.x & 31) == 0) atomicAdd(sum, s);
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0 && atomicInc(ticket, gridDim.x - 1) == gridDim.x - 1) *last = 1;
}

// 16-bit types are stored rounded, and computed with in float.
KILN_KERNEL(scale_16, const __half* h, const __nv_bfloat16* b, __half* h_out,
            __nv_bfloat16* b_out, float factor, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  h_out[i] = __float2half(__half2float(h[i]) * factor);
  b_out[i] = __float2bfloat16(__bfloat162float(b[i]) * factor);
}

struct Coefficients {
  double scale[3];
  long long offset;
  unsigned char flag;
};

// Parameters of all sizes, a struct by value among them.
KILN_KERNEL(parameters, unsigned char a, short b, Coefficients c, float d, double* y) {
  y[0] = a;
  y[1] = b;
  y[2] = c.scale[0] + c.scale[1] + c.scale[2];
  y[3] = double(c.offset);
  y[4] = c.flag;
  y[5] = d;
}

KILN_KERNEL(add_one_i32, int* x, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) x[i] += 1;
}

KILN_KERNEL(places, int* y) {
  int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  y[block * blockDim.x * blockDim.y * blockDim.z + thread] = block * 1000 + thread;
}
