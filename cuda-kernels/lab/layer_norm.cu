// Layer normalisation of rows, from the obvious kernel to that of ../src/layer_norm.cu.
//
//   one pass      a block for each row; sum and sum of squares in one pass: wrong far from 0
//   two passes    the same with the variance from a second pass
//   kiln lanes    the row in the registers of some lanes (rows up to 512)
//   kiln block    the row in the registers of a block (up to 16384)
//   kiln long     a block that reads the row three times
#include "../src/layer_norm.cu"
#include "lab.cuh"

// ---- Versions ----

__device__ float block_sum(float v, float* shared) {
  shared[threadIdx.x] = v;
  __syncthreads();
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) {
      shared[threadIdx.x] += shared[threadIdx.x + half];
    }
    __syncthreads();
  }
  v = shared[0];
  __syncthreads();
  return v;
}

__global__ void by_block(float* y, const float* x, const float* w, const float* b, int64_t n,
                         float eps, bool one_pass) {
  __shared__ float shared[256];
  const float* in = x + blockIdx.x * n;
  float sum = 0;
  float squares = 0;
  for (int64_t j = threadIdx.x; j < n; j += blockDim.x) {
    sum += in[j];
    squares += in[j] * in[j];
  }
  float m = block_sum(sum, shared) / n;
  if (!one_pass) {
    squares = 0;
    for (int64_t j = threadIdx.x; j < n; j += blockDim.x) {
      squares += (in[j] - m) * (in[j] - m);
    }
  }
  float variance = block_sum(squares, shared) / n - (one_pass ? m * m : 0);
  float s = 1 / sqrtf(variance + eps);
  for (int64_t j = threadIdx.x; j < n; j += blockDim.x) {
    y[blockIdx.x * n + j] = (in[j] - m) * s * w[j] + b[j];
  }
}

// ---- Reference ----

static std::vector<double> reference(const std::vector<float>& x, const std::vector<float>& w,
                                     const std::vector<float>& b, int64_t rows, int64_t n,
                                     double eps) {
  std::vector<double> y(x.size());
  for (int64_t r = 0; r < rows; r++) {
    const float* in = x.data() + r * n;
    double sum = 0;
    for (int64_t j = 0; j < n; j++) {
      sum += in[j];
    }
    double m = sum / n;
    double squares = 0;
    for (int64_t j = 0; j < n; j++) {
      squares += (in[j] - m) * (in[j] - m);
    }
    double s = 1 / std::sqrt(squares / n + eps);
    for (int64_t j = 0; j < n; j++) {
      y[r * n + j] = (in[j] - m) * s * w[j] + b[j];
    }
  }
  return y;
}

static bool run(int64_t rows, int64_t n) {
  constexpr double EPS = 1e-5;
  std::vector<float> values = lab::random(rows * n, 3, 1);
  std::vector<float> weights = lab::random(n, 1, 2);
  std::vector<float> biases = lab::random(n, 0, 3);
  lab::Array x(values), y(rows * n), w(weights), b(biases), mean(rows), inv_std(rows);
  lab::Bench bench("layer_norm", rows, n, 8.0 * rows * n,
                   reference(values, weights, biases, rows, n, EPS));
  unsigned most = lab::multiprocessors() * 32;
  unsigned grid = static_cast<unsigned>(std::min<int64_t>(rows, most));
  bench.version("one pass", y, 1e-4, [&] {
    by_block<<<static_cast<unsigned>(rows), 256>>>(y.at(), x.at(), w.at(), b.at(), n, EPS, true);
  });
  bench.version("two passes", y, 1e-5, [&] {
    by_block<<<static_cast<unsigned>(rows), 256>>>(y.at(), x.at(), w.at(), b.at(), n, EPS, false);
  });
  if (n <= 32 * kiln::HELD<float>) {
    unsigned blocks = static_cast<unsigned>(std::min<int64_t>((rows * 32 + 127) / 128, 2 * most));
    bench.version("kiln lanes", y, 1e-5, [&] {
      kiln_layer_norm_lanes_f32<<<blocks, 128>>>(y.at(), mean.at(), inv_std.at(), x.at(), w.at(),
                                                 b.at(), EPS, rows, n, 32);
    });
  }
  if (n <= 1024 * kiln::HELD<float>) {
    int threads = 64;
    while (threads < 1024 && threads * kiln::HELD<float> < n) {
      threads *= 2;
    }
    bench.version("kiln block", y, 1e-5, [&] {
      kiln_layer_norm_block_f32<<<grid, threads>>>(y.at(), mean.at(), inv_std.at(), x.at(), w.at(),
                                                   b.at(), EPS, rows, n, threads);
    });
  }
  bench.version("kiln long", y, 1e-5, [&] {
    kiln_layer_norm_long_f32<<<grid, 1024>>>(y.at(), mean.at(), inv_std.at(), x.at(), w.at(),
                                             b.at(), EPS, rows, n, 1024);
  });
  return !bench.failed();
}

int main() {
  bool right = run(1 << 16, 256);
  right &= run(1 << 15, 768);
  right &= run(1 << 14, 1023);
  right &= run(1 << 13, 4096);
  right &= run(1024, 20000);
  return right ? 0 : 1;
}
