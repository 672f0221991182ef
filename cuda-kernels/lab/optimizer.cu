// A step of AdamW, from the obvious kernels to that of ../src/optimizer.cu.
//
//   three passes  a kernel for each of the mean, the square and the parameter
//   one pass      one kernel, an element to a thread, the settings by value
//   kiln          one kernel by packs, the settings in device memory
#include <cstring>

#include "../src/optimizer.cu"
#include "lab.cuh"

struct Settings {
  double lr, step, scale, beta1, beta2, eps, decay;

  double rate() const { return lr / (1 - std::pow(beta1, step)); }
  double correction() const { return std::sqrt(1 - std::pow(beta2, step)); }
};

// ---- Versions ----

__global__ void blend_mean(float* m, const float* g, int64_t n, float beta) {
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < n) {
    m[i] = beta * m[i] + (1 - beta) * g[i];
  }
}

__global__ void blend_square(float* v, const float* g, int64_t n, float beta) {
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < n) {
    v[i] = beta * v[i] + (1 - beta) * g[i] * g[i];
  }
}

__global__ void move(float* p, const float* m, const float* v, int64_t n, float kept, float rate,
                     float correction, float eps) {
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < n) {
    p[i] = kept * p[i] - rate * m[i] / (sqrtf(v[i]) / correction + eps);
  }
}

__global__ void all_at_once(float* p, float* m, float* v, const float* g, int64_t n, float beta1,
                            float beta2, float kept, float rate, float correction, float eps) {
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < n) {
    m[i] = beta1 * m[i] + (1 - beta1) * g[i];
    v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
    p[i] = kept * p[i] - rate * m[i] / (sqrtf(v[i]) / correction + eps);
  }
}

// ---- Reference ----

static std::vector<double> reference(const Settings& s, const std::vector<float>& p,
                                     const std::vector<float>& g, const std::vector<float>& m,
                                     const std::vector<float>& v) {
  std::vector<double> want(p.size());
  for (size_t i = 0; i < p.size(); i++) {
    double mean = s.beta1 * m[i] + (1 - s.beta1) * g[i];
    double square = s.beta2 * v[i] + (1 - s.beta2) * g[i] * g[i];
    want[i] = p[i] * (1 - s.lr * s.decay) -
              s.rate() * mean / (std::sqrt(square) / s.correction() + s.eps);
  }
  return want;
}

static std::vector<float> squares(size_t n, unsigned seed) {
  std::vector<float> values = lab::random(n, 0, seed);
  for (float& v : values) {
    v *= v;
  }
  return values;
}

static bool run(int64_t n) {
  const Settings s = {1e-3, 10, 1, 0.9, 0.999, 1e-8, 0.01};
  std::vector<float> params = lab::random(n, 0, 1);
  std::vector<float> grads = lab::random(n, 0, 2);
  std::vector<float> means = lab::random(n, 0, 3);
  std::vector<float> variances = squares(n, 4);
  lab::Array p(n), m(n), v(n), g(grads);
  std::vector<float> words(sizeof s / sizeof(float));
  std::memcpy(words.data(), &s, sizeof s);
  lab::Array settings(words);
  auto begin = [&] {
    p.write(params);
    m.write(means);
    v.write(variances);
  };
  // p, m and v are read and written, g is read.
  lab::Bench bench("adamw", 1, n, 28.0 * n, reference(s, params, grads, means, variances));
  unsigned blocks = static_cast<unsigned>((n + 255) / 256);
  float beta1 = static_cast<float>(s.beta1);
  float beta2 = static_cast<float>(s.beta2);
  float kept = static_cast<float>(1 - s.lr * s.decay);
  float rate = static_cast<float>(s.rate());
  float correction = static_cast<float>(s.correction());
  float eps = static_cast<float>(s.eps);
  bench.in_place("three passes", p, 1e-6, begin, [&] {
    blend_mean<<<blocks, 256>>>(m.at(), g.at(), n, beta1);
    blend_square<<<blocks, 256>>>(v.at(), g.at(), n, beta2);
    move<<<blocks, 256>>>(p.at(), m.at(), v.at(), n, kept, rate, correction, eps);
  });
  bench.in_place("one pass", p, 1e-6, begin, [&] {
    all_at_once<<<blocks, 256>>>(p.at(), m.at(), v.at(), g.at(), n, beta1, beta2, kept, rate,
                                 correction, eps);
  });
  unsigned packs = static_cast<unsigned>((n / 4 + 255) / 256);
  unsigned most = lab::multiprocessors() * 8;
  bench.in_place("kiln", p, 1e-6, begin, [&] {
    kiln_adamw_f32<<<std::max(1u, std::min(packs, most)), 256>>>(
        p.at(), g.at(), m.at(), v.at(), nullptr, n,
        reinterpret_cast<const double*>(settings.at()));
  });
  return !bench.failed();
}

int main() {
  bool right = run(1 << 16);
  right &= run(11'173'962);  // the parameters of a ResNet-18 for 10 classes
  right &= run(1 << 26);
  return right ? 0 : 1;
}
