// Softmax of rows, from the obvious kernel to that of ../src/softmax.cu.
//
//   one thread    a thread for each row, three passes
//   one block     a block for each row, three passes, reductions in shared memory
//   kiln lanes    the row in the registers of some lanes (rows up to 512)
//   kiln block    the row in the registers of a block (up to 16384)
//   kiln long     a block that reads the row twice
#include "../src/softmax.cu"
#include "lab.cuh"

// ---- Versions ----

__global__ void by_thread(float* y, const float* x, int64_t rows, int64_t n) {
  int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= rows) {
    return;
  }
  float top = -INFINITY;
  for (int64_t j = 0; j < n; j++) {
    top = fmaxf(top, x[row * n + j]);
  }
  float sum = 0;
  for (int64_t j = 0; j < n; j++) {
    sum += expf(x[row * n + j] - top);
  }
  for (int64_t j = 0; j < n; j++) {
    y[row * n + j] = expf(x[row * n + j] - top) / sum;
  }
}

__global__ void by_block(float* y, const float* x, int64_t n) {
  __shared__ float shared[256];
  const float* in = x + blockIdx.x * n;
  float top = -INFINITY;
  for (int64_t j = threadIdx.x; j < n; j += blockDim.x) {
    top = fmaxf(top, in[j]);
  }
  shared[threadIdx.x] = top;
  __syncthreads();
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) {
      shared[threadIdx.x] = fmaxf(shared[threadIdx.x], shared[threadIdx.x + half]);
    }
    __syncthreads();
  }
  top = shared[0];
  __syncthreads();
  float sum = 0;
  for (int64_t j = threadIdx.x; j < n; j += blockDim.x) {
    sum += expf(in[j] - top);
  }
  shared[threadIdx.x] = sum;
  __syncthreads();
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) {
      shared[threadIdx.x] += shared[threadIdx.x + half];
    }
    __syncthreads();
  }
  sum = shared[0];
  for (int64_t j = threadIdx.x; j < n; j += blockDim.x) {
    y[blockIdx.x * n + j] = expf(in[j] - top) / sum;
  }
}

// ---- Reference ----

static std::vector<double> reference(const std::vector<float>& x, int64_t rows, int64_t n) {
  std::vector<double> y(x.size());
  for (int64_t r = 0; r < rows; r++) {
    const float* in = x.data() + r * n;
    double top = *std::max_element(in, in + n);
    double sum = 0;
    for (int64_t j = 0; j < n; j++) {
      sum += std::exp(in[j] - top);
    }
    for (int64_t j = 0; j < n; j++) {
      y[r * n + j] = std::exp(in[j] - top) / sum;
    }
  }
  return y;
}

static bool run(int64_t rows, int64_t n) {
  std::vector<float> values = lab::random(rows * n, 0, 1);
  lab::Array x(values), y(rows * n);
  lab::Bench bench("softmax", rows, n, 8.0 * rows * n, reference(values, rows, n));
  unsigned most = lab::multiprocessors() * 32;
  unsigned grid = static_cast<unsigned>(std::min<int64_t>(rows, most));
  bench.version("one thread", y, 1e-5, [&] {
    by_thread<<<static_cast<unsigned>((rows + 255) / 256), 256>>>(y.at(), x.at(), rows, n);
  });
  bench.version("one block", y, 1e-5, [&] {
    by_block<<<static_cast<unsigned>(rows), 256>>>(y.at(), x.at(), n);
  });
  if (n <= 32 * kiln::HELD<float>) {
    int team = 1;
    while (team < 32 && team * 2 < n) {
      team *= 2;
    }
    unsigned blocks = static_cast<unsigned>(std::min<int64_t>((rows * team + 127) / 128, 2 * most));
    bench.version("kiln lanes", y, 1e-5, [&] {
      kiln_softmax_lanes_f32<<<blocks, 128>>>(y.at(), x.at(), 0, rows, n, team);
    });
  }
  if (n <= 1024 * kiln::HELD<float>) {
    int threads = 64;
    while (threads < 1024 && threads * kiln::HELD<float> < n) {
      threads *= 2;
    }
    bench.version("kiln block", y, 1e-5, [&] {
      kiln_softmax_block_f32<<<grid, threads>>>(y.at(), x.at(), 0, rows, n, threads);
    });
  }
  bench.version("kiln long", y, 1e-5, [&] {
    kiln_softmax_long_f32<<<grid, 1024>>>(y.at(), x.at(), 0, rows, n, 1024);
  });
  return !bench.failed();
}

int main() {
  bool right = run(1 << 20, 32);
  right &= run(1 << 16, 511);
  right &= run(1 << 15, 1024);
  right &= run(1 << 13, 4096);
  right &= run(2048, 50257);
  return right ? 0 : 1;
}
