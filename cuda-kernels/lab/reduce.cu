// Sums of rows and of columns, from the obvious kernel to those of ../src/reduce.cu.
//
//   one thread    a thread for each sum
//   one block     a block for each row, a tree in shared memory; float sums
//   atomics       a block for each piece of a row, added up by atomics: other bits every time
//   kiln warps    a warp for each row
//   kiln rows     a block for each slice of a row, sums in double; then the sums of the slices
//   kiln columns  neighbouring threads take neighbouring columns; then the sums of the slices
#include "../src/reduce.cu"
#include "lab.cuh"

// ---- Versions ----

// The sum of n elements, `step` apart, for each of the outputs, which begin `start` apart.
__global__ void by_thread(float* out, const float* x, int64_t outputs, int64_t n, int64_t start,
                          int64_t step) {
  int64_t j = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (j >= outputs) {
    return;
  }
  float sum = 0;
  for (int64_t r = 0; r < n; r++) {
    sum += x[j * start + r * step];
  }
  out[j] = sum;
}

__device__ float tree(float v, float* shared) {
  shared[threadIdx.x] = v;
  __syncthreads();
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) {
      shared[threadIdx.x] += shared[threadIdx.x + half];
    }
    __syncthreads();
  }
  return shared[0];
}

__global__ void by_block(float* out, const float* x, int64_t n) {
  __shared__ float shared[256];
  float sum = 0;
  for (int64_t j = threadIdx.x; j < n; j += blockDim.x) {
    sum += x[blockIdx.x * n + j];
  }
  sum = tree(sum, shared);
  if (threadIdx.x == 0) {
    out[blockIdx.x] = sum;
  }
}

__global__ void by_atomics(float* out, const float* x, int64_t n) {
  __shared__ float shared[256];
  float sum = 0;
  for (int64_t j = blockIdx.x * static_cast<int64_t>(blockDim.x) + threadIdx.x; j < n;
       j += static_cast<int64_t>(gridDim.x) * blockDim.x) {
    sum += x[blockIdx.y * n + j];
  }
  sum = tree(sum, shared);
  if (threadIdx.x == 0) {
    atomicAdd(out + blockIdx.y, sum);
  }
}

// ---- Shapes, as the launcher of ../src/reduce.cu cuts them ----

static int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

static kiln::ReduceShape shape_of(int64_t outputs, int64_t n, int64_t start, int64_t step,
                                  int64_t groups, int64_t least) {
  kiln::ReduceShape s = {};
  s.kept.rank = 1;
  s.kept.count = static_cast<uint32_t>(outputs);
  s.kept.sizes[0] = kiln::Divider::of(static_cast<uint32_t>(outputs));
  s.kept.strides[0][0] = start;
  s.reduced.rank = 1;
  s.reduced.count = static_cast<uint32_t>(n);
  s.reduced.sizes[0] = kiln::Divider::of(static_cast<uint32_t>(n));
  s.reduced.strides[0][0] = step;
  s.outputs = outputs;
  s.n = n;
  int64_t most = std::max<int64_t>(1, std::min<int64_t>(n / least, 1024));
  int64_t slices = std::max<int64_t>(1, std::min(divide_up(1024, groups), most));
  s.slice = slices == 1 ? n : divide_up(divide_up(n, slices), 64) * 64;
  s.slices = divide_up(n, s.slice);
  return s;
}

static unsigned grid_for(int64_t tasks) {
  return static_cast<unsigned>(std::min<int64_t>(tasks, lab::multiprocessors() * 32));
}

static double* doubles(const lab::Array& array) { return reinterpret_cast<double*>(array.at()); }

static void finish(float* out, const double* partial, const kiln::ReduceShape& s) {
  if (s.slices > 1) {
    kiln_sum_finish_f32<<<grid_for(divide_up(s.outputs, 8)), 256>>>(out, partial, s.outputs,
                                                                    s.slices, 1.0);
  }
}

// ---- Rows ----

static bool rows(int64_t count, int64_t n) {
  std::vector<float> values = lab::random(count * n, 1, 1);
  std::vector<double> want(count);
  for (int64_t r = 0; r < count; r++) {
    for (int64_t j = 0; j < n; j++) {
      want[r] += values[r * n + j];
    }
  }
  lab::Array x(values), out(count);
  lab::Bench bench("sum of rows", count, n, 4.0 * count * (n + 1), want);
  bench.version("one thread", out, 1e-3, [&] {
    by_thread<<<static_cast<unsigned>(divide_up(count, 256)), 256>>>(out.at(), x.at(), count, n, n,
                                                                     1);
  });
  bench.version("one block", out, 1e-4, [&] {
    by_block<<<static_cast<unsigned>(count), 256>>>(out.at(), x.at(), n);
  });
  if (count < 1024) {
    unsigned pieces = static_cast<unsigned>(divide_up(1024, count));
    bench.version("atomics", out, 1e-4, [&] {
      lab::check(cudaMemsetAsync(out.at(), 0, count * sizeof(float)), "fill");
      by_atomics<<<dim3(pieces, static_cast<unsigned>(count)), 256>>>(out.at(), x.at(), n);
    });
  }
  if (n <= 1024) {
    kiln::ReduceShape s = shape_of(count, n, n, 1, 1024, 1);
    bench.version("kiln warps", out, 1e-6, [&] {
      kiln_sum_warps_f32<<<grid_for(divide_up(count, 8)), 256>>>(out.at(), x.at(), s, 1.0);
    });
  }
  kiln::ReduceShape s = shape_of(count, n, n, 1, count, 2048);
  lab::Array partial(2 * s.outputs * s.slices);
  bench.version("kiln rows", out, 1e-6, [&] {
    kiln_sum_rows_f32<<<grid_for(s.outputs * s.slices), 256>>>(out.at(), doubles(partial), x.at(),
                                                               s, 1.0);
    finish(out.at(), doubles(partial), s);
  });
  return !bench.failed();
}

// ---- Columns ----

static bool columns(int64_t n, int64_t count) {
  std::vector<float> values = lab::random(count * n, 1, 1);
  std::vector<double> want(count);
  for (int64_t r = 0; r < n; r++) {
    for (int64_t j = 0; j < count; j++) {
      want[j] += values[r * count + j];
    }
  }
  lab::Array x(values), out(count);
  lab::Bench bench("sum of columns", n, count, 4.0 * count * (n + 1), want);
  bench.version("one thread", out, 1e-3, [&] {
    by_thread<<<static_cast<unsigned>(divide_up(count, 256)), 256>>>(out.at(), x.at(), count, n, 1,
                                                                     count);
  });
  int64_t tiles = divide_up(count, 32);
  kiln::ReduceShape s = shape_of(count, n, 1, count, tiles, 64);
  lab::Array partial(2 * s.outputs * s.slices);
  bench.version("kiln columns", out, 1e-6, [&] {
    kiln_sum_columns_f32<<<grid_for(tiles * s.slices), 256>>>(out.at(), doubles(partial), x.at(), s,
                                                              1.0);
    finish(out.at(), doubles(partial), s);
  });
  return !bench.failed();
}

int main() {
  bool right = rows(1 << 18, 64);
  right &= rows(1 << 15, 1000);
  right &= rows(64, 1 << 18);
  right &= rows(1, 1 << 25);
  right &= columns(1 << 15, 1024);
  right &= columns(1 << 20, 10);
  right &= columns(64, 1 << 18);
  return right ? 0 : 1;
}
