// The largest of windows of planes, and its gradient, from the obvious kernel to those of
// ../src/pool.cu.
//
//   one thread    a thread for each window, places by 64-bit divisions
//   atomics       the gradient, a thread for each window that adds to the place it came from
//   kiln any      a thread for each element of the result, any windows; gradients are gathered
//   kiln tiles1   windows of 2 x 2 that tile the plane, one to a thread
//   kiln tiles2   the same, two to a thread: 16 bytes of each row
#include "../src/pool.cu"
#include "lab.cuh"

struct Case {
  int64_t planes, h, w;
  int32_t kernel, stride, padding;

  int64_t high() const { return (h + 2 * padding - kernel) / stride + 1; }
  int64_t wide() const { return (w + 2 * padding - kernel) / stride + 1; }
  int64_t in() const { return planes * h * w; }
  int64_t out() const { return planes * high() * wide(); }
  bool tiles() const { return kernel == 2 && stride == 2 && padding == 0 && h % 2 + w % 2 == 0; }
};

// ---- Versions ----

__global__ void by_thread(float* y, int32_t* index, const float* x, Case c, int64_t high,
                          int64_t wide) {
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= c.planes * high * wide) {
    return;
  }
  const float* from = x + i / (high * wide) * c.h * c.w;
  int64_t row = i / wide % high * c.stride - c.padding;
  int64_t column = i % wide * c.stride - c.padding;
  float best = -INFINITY;
  int32_t at = -1;
  for (int64_t r = max(row, int64_t{0}); r < min(row + c.kernel, c.h); r++) {
    for (int64_t k = max(column, int64_t{0}); k < min(column + c.kernel, c.w); k++) {
      if (at < 0 || from[r * c.w + k] > best) {
        best = from[r * c.w + k];
        at = static_cast<int32_t>(r * c.w + k);
      }
    }
  }
  y[i] = best;
  index[i] = at;
}

__global__ void grad_by_atomics(float* dx, const float* dy, const int32_t* index, Case c,
                                int64_t windows) {
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < c.planes * windows) {
    atomicAdd(dx + i / windows * c.h * c.w + index[i], dy[i]);
  }
}

// ---- Reference ----

struct Reference {
  std::vector<double> y;
  std::vector<double> dx;
};

static Reference reference(const Case& c, const std::vector<float>& x,
                           const std::vector<float>& dy) {
  Reference r;
  r.y.resize(c.out());
  r.dx.resize(c.in());
  int64_t i = 0;
  for (int64_t p = 0; p < c.planes; p++) {
    for (int64_t row = 0; row < c.high(); row++) {
      for (int64_t column = 0; column < c.wide(); column++, i++) {
        int64_t at = -1;
        for (int64_t a = row * c.stride - c.padding; a < row * c.stride - c.padding + c.kernel;
             a++) {
          for (int64_t b = column * c.stride - c.padding;
               b < column * c.stride - c.padding + c.kernel; b++) {
            int64_t here = (p * c.h + a) * c.w + b;
            if (a >= 0 && a < c.h && b >= 0 && b < c.w && (at < 0 || x[here] > x[at])) {
              at = here;
            }
          }
        }
        r.y[i] = x[at];
        r.dx[at] += dy[i];
      }
    }
  }
  return r;
}

// `each` windows of a row to a thread.
static kiln::PoolShape shape_of(const Case& c, int64_t high, int64_t wide, int64_t each) {
  kiln::PoolShape s = {};
  kiln::Divider stride = kiln::Divider::of(static_cast<uint32_t>(c.stride));
  s.rows = {static_cast<int32_t>(c.h), static_cast<int32_t>(c.high()), c.kernel, c.padding, 1,
            stride};
  s.columns = {static_cast<int32_t>(c.w), static_cast<int32_t>(c.wide()), c.kernel, c.padding, 1,
               stride};
  s.high = kiln::Divider::of(static_cast<uint32_t>(high));
  s.wide = kiln::Divider::of(static_cast<uint32_t>(wide / each));
  s.count = static_cast<uint32_t>(c.planes * high * (wide / each));
  return s;
}

static unsigned blocks_for(int64_t threads) {
  return static_cast<unsigned>(
      std::min<int64_t>((threads + 255) / 256, lab::multiprocessors() * 32));
}

static bool run(const Case& c) {
  std::vector<float> values = lab::random(c.in(), 0, 1);
  std::vector<float> ups = lab::random(c.out(), 0, 2);
  Reference want = reference(c, values, ups);
  lab::Array x(values), dy(ups), y(c.out()), dx(c.in()), indices(c.out());
  auto* index = reinterpret_cast<int32_t*>(indices.at());
  unsigned all = static_cast<unsigned>((c.out() + 255) / 256);
  kiln::PoolShape any = shape_of(c, c.high(), c.wide(), 1);
  kiln::PoolShape two = shape_of(c, c.high(), c.wide(), 2);

  lab::Bench forward("max_pool", c.planes, c.h * c.w, 4.0 * c.in() + 8.0 * c.out(), want.y);
  forward.version("one thread", y, 0, [&] {
    by_thread<<<all, 256>>>(y.at(), index, x.at(), c, c.high(), c.wide());
  });
  forward.version("kiln any", y, 0, [&] {
    kiln_max_pool_f32<<<blocks_for(any.count), 256>>>(y.at(), index, x.at(), any);
  });
  if (c.tiles()) {
    forward.version("kiln tiles1", y, 0, [&] {
      kiln_max_pool_tiles1_f32<<<blocks_for(any.count), 256>>>(y.at(), index, x.at(), any);
    });
  }
  if (c.tiles() && c.wide() % 2 == 0) {
    forward.version("kiln tiles2", y, 0, [&] {
      kiln_max_pool_tiles2_f32<<<blocks_for(two.count), 256>>>(y.at(), index, x.at(), two);
    });
  }

  // The places are those that the last version has found.
  lab::Bench back("max_pool gradient", c.planes, c.h * c.w, 4.0 * c.in() + 8.0 * c.out(), want.dx);
  back.version("atomics", dx, 1e-5, [&] {
    lab::check(cudaMemsetAsync(dx.at(), 0, c.in() * sizeof(float)), "fill");
    grad_by_atomics<<<all, 256>>>(dx.at(), dy.at(), index, c, c.high() * c.wide());
  });
  kiln::PoolShape gathered = shape_of(c, c.h, c.w, 1);
  back.version("kiln any", dx, 1e-5, [&] {
    kiln_max_pool_grad_f32<<<blocks_for(gathered.count), 256>>>(dx.at(), dy.at(), index, gathered);
  });
  if (c.tiles()) {
    back.version("kiln tiles1", dx, 0, [&] {
      kiln_max_pool_tiles1_grad_f32<<<blocks_for(any.count), 256>>>(dx.at(), dy.at(), index, any);
    });
  }
  if (c.tiles() && c.wide() % 2 == 0) {
    back.version("kiln tiles2", dx, 0, [&] {
      kiln_max_pool_tiles2_grad_f32<<<blocks_for(two.count), 256>>>(dx.at(), dy.at(), index, two);
    });
  }
  return !forward.failed() && !back.failed();
}

int main() {
  bool right = run({128 * 64, 32, 32, 2, 2, 0});
  right &= run({64 * 64, 112, 112, 3, 2, 1});
  right &= run({512, 223, 129, 3, 1, 1});
  right &= run({256 * 128, 14, 14, 2, 2, 0});
  return right ? 0 : 1;
}
