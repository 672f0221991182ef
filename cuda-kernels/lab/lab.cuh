// What the programs of the lab share: device memory, random numbers, timing, and the check of each
// version of a kernel against a CPU reference. The runtime API is for the lab alone.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <vector>

namespace lab {

inline void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) {
    std::fprintf(stderr, "lab: %s: %s\n", what, cudaGetErrorString(status));
    std::exit(1);
  }
}

// Floats in device memory.
class Array {
 public:
  explicit Array(size_t n) : n_(n) { check(cudaMalloc(&at_, n * sizeof(float)), "cudaMalloc"); }
  explicit Array(const std::vector<float>& values) : Array(values.size()) {
    write(values);
  }
  ~Array() { cudaFree(at_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  float* at() const { return at_; }
  void write(const std::vector<float>& values) const {
    check(cudaMemcpy(at_, values.data(), n_ * sizeof(float), cudaMemcpyHostToDevice), "copy");
  }
  // All ones: NaN, for what a kernel leaves out.
  void poison() const { check(cudaMemset(at_, 0xFF, n_ * sizeof(float)), "fill"); }
  std::vector<float> read() const {
    std::vector<float> values(n_);
    check(cudaMemcpy(values.data(), at_, n_ * sizeof(float), cudaMemcpyDeviceToHost), "copy");
    return values;
  }

 private:
  float* at_ = nullptr;
  size_t n_;
};

inline std::vector<float> random(size_t n, float mean, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(mean, 1.0f);
  std::vector<float> values(n);
  for (float& v : values) {
    v = normal(engine);
  }
  return values;
}

inline int multiprocessors() {
  int count = 0;
  check(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, 0), "attribute");
  return count;
}

// The median time of a run in seconds, over 21 runs after 3 that are not counted.
inline double seconds(const std::function<void()>& run) {
  cudaEvent_t start, end;
  check(cudaEventCreate(&start), "event");
  check(cudaEventCreate(&end), "event");
  std::vector<float> times;
  for (int i = 0; i < 24; i++) {
    check(cudaEventRecord(start), "event");
    run();
    check(cudaEventRecord(end), "event");
    check(cudaEventSynchronize(end), "kernel");
    float ms = 0;
    check(cudaEventElapsedTime(&ms, start, end), "event");
    if (i >= 3) {
      times.push_back(ms);
    }
  }
  cudaEventDestroy(start);
  cudaEventDestroy(end);
  std::sort(times.begin(), times.end());
  return times[times.size() / 2] / 1e3;
}

// The bytes a second that copying within the device reads and writes, for as many bytes.
inline double copy_rate(size_t n) {
  Array from(n), to(n);
  from.poison();
  double time = seconds([&] {
    check(cudaMemcpyAsync(to.at(), from.at(), n * sizeof(float), cudaMemcpyDeviceToDevice), "copy");
  });
  return 2.0 * n * sizeof(float) / time;
}

// Versions of one op on one shape: each is checked, timed and printed.
class Bench {
 public:
  // `bytes` is what the op must read and write at least; `want` what it is to give.
  Bench(const char* op, int64_t rows, int64_t n, double bytes, const std::vector<double>& want)
      : bytes_(bytes), copy_(copy_rate(rows * n)), want_(want) {
    std::printf("%s of %lld x %lld f32; a copy does %.0f GB/s\n", op, static_cast<long long>(rows),
                static_cast<long long>(n), copy_ / 1e9);
  }

  void version(const char* name, const Array& out, double tolerance,
               const std::function<void()>& run) {
    in_place(name, out, tolerance, [&] { out.poison(); }, run);
  }

  // A version that changes what it reads: `begin` sets it up for the run that is checked; those that
  // are timed go on from there.
  void in_place(const char* name, const Array& out, double tolerance,
                const std::function<void()>& begin, const std::function<void()>& run) {
    begin();
    run();
    check(cudaGetLastError(), name);
    std::vector<float> got = out.read();
    double worst = 0;
    for (size_t i = 0; i < want_.size(); i++) {
      double off = std::fabs(got[i] - want_[i]) / std::max(1.0, std::fabs(want_[i]));
      worst = off <= worst ? worst : off;  // NaN is worst
    }
    bool right = worst <= tolerance;
    double time = seconds(run);
    std::printf("  %-24s %9.1f us %7.0f GB/s %5.1f %% of a copy   error %.1e%s\n", name, time * 1e6,
                bytes_ / time / 1e9, 100 * bytes_ / time / copy_, worst, right ? "" : "  WRONG");
    failed_ |= !right;
  }

  bool failed() const { return failed_; }

 private:
  double bytes_;
  double copy_;
  std::vector<double> want_;
  bool failed_ = false;
};

}  // namespace lab
