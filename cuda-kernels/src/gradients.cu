// What happens to gradients between the backward pass and the optimizer's step; every op goes over
// any number of pieces of memory of one type in one launch (parts.h).
//
//   norm       out = (N, min(1, max_norm / (N + eps))), N = sqrt(sum over all elements of x^2)
//   scale      x *= factor, in place, for all elements; nothing is touched where the factor is 1
//   nonfinite  found = 1 if an element is infinite or NaN, else 0
//
// and, for the scale of 16-bit training's losses (Micikevicius et al. 2018), its small arithmetic.
// Squares are summed in double, so that those of FLOAT32 cannot overflow: each slice of a part gives
// a partial sum, and one block adds them up, in an order that depends on the parts' sizes alone.
#include "kiln/kernel.h"
#include "kiln/parts.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/block.cuh"

namespace kiln {

// Calls f(elements) for arrays of elements that make up a slice, by packs where the memory allows;
// f says whether it has changed them.
template <class T, class F>
KILN_DEVICE void for_slice(const Parts& parts, uint32_t slice, F f) {
  constexpr int N = LANES<T>;
  int32_t part = parts.of(slice);
  int64_t start = (slice - parts.first[part]) * SLICE;
  int64_t left = parts.n[part] - start;
  int32_t n = static_cast<int32_t>(left < SLICE ? left : SLICE);
  T* x = reinterpret_cast<T*>(parts.address[part]) + start;
  int32_t packs = n / N;
  // Without alignment the same thread reads the same elements one by one: the same bits.
  bool whole = aligned<N>(x);
#pragma unroll 2
  for (int32_t i = threadIdx.x; i < packs; i += blockDim.x) {
    Pack<T, N> pack;
    if (whole) {
      pack = Pack<T, N>::load(x + i * N);
    } else {
#pragma unroll
      for (int k = 0; k < N; k++) {
        pack.at[k] = x[i * N + k];
      }
    }
    bool changed = f(pack.at);
    if (changed && whole) {
      pack.store(x + i * N);
    } else if (changed) {
#pragma unroll
      for (int k = 0; k < N; k++) {
        x[i * N + k] = pack.at[k];
      }
    }
  }
#pragma unroll 1
  for (int32_t i = packs * N + threadIdx.x; i < n; i += blockDim.x) {
    T one[1] = {x[i]};
    if (f(one)) {
      x[i] = one[0];
    }
  }
}

struct Plus {
  KILN_DEVICE_MEMBER double operator()(double a, double b) const { return a + b; }
};

template <class T>
KILN_DEVICE void sum_squares(double* partial, const Parts& parts, double* shared) {
  for (uint32_t slice = blockIdx.x; slice < parts.slices; slice += gridDim.x) {
    double sum = 0;
    for_slice<T>(parts, slice, [&](auto& elements) {
#pragma unroll
      for (T v : elements) {
        double wide = Element<T>::get(v);
        sum += wide * wide;
      }
      return false;
    });
    sum = block_reduce(sum, shared, Plus());
    if (threadIdx.x == 0) {
      partial[slice] = sum;
    }
    __syncthreads();
  }
}

template <class T>
KILN_DEVICE void scale_parts(const Parts& parts, const double* factor) {
  if (*factor == 1) {
    return;
  }
  MathOf<T> by = static_cast<MathOf<T>>(*factor);
  for (uint32_t slice = blockIdx.x; slice < parts.slices; slice += gridDim.x) {
    for_slice<T>(parts, slice, [&](auto& elements) {
#pragma unroll
      for (T& v : elements) {
        v = Element<T>::put(Element<T>::get(v) * by);
      }
      return true;
    });
  }
}

template <class T>
KILN_DEVICE void find_nonfinite(double* found, const Parts& parts) {
  bool bad = false;
  for (uint32_t slice = blockIdx.x; slice < parts.slices; slice += gridDim.x) {
    for_slice<T>(parts, slice, [&](auto& elements) {
#pragma unroll
      for (T element : elements) {
        MathOf<T> v = Element<T>::get(element);
        bad |= !(v - v == 0);
      }
      return false;
    });
  }
  if (bad) {
    *found = 1;  // whoever else writes it writes the same
  }
}

}  // namespace kiln

#define KERNELS(type, T)                                                                       \
  KILN_KERNEL_BOUNDS(256, kiln_sum_squares_##type, double* partial, const kiln::Parts parts) { \
    __shared__ double shared[256 / kiln::WARP];                                                \
    kiln::sum_squares<T>(partial, parts, shared);                                              \
  }                                                                                            \
  KILN_KERNEL(kiln_scale_##type, const double* factor, const kiln::Parts parts) {              \
    kiln::scale_parts<T>(parts, factor);                                                       \
  }                                                                                            \
  KILN_KERNEL(kiln_nonfinite_##type, double* found, const kiln::Parts parts) {                 \
    kiln::find_nonfinite<T>(found, parts);                                                     \
  }
KILN_FLOAT_TYPES(KERNELS)

// The norm and the factor that limits it, from the slices' sums; one block.
KILN_KERNEL_BOUNDS(256, kiln_norm_finish, double* out, const double* partial, int64_t n,
                   double max_norm, double eps) {
  __shared__ double shared[256 / kiln::WARP];
  double sum = 0;
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    sum += partial[i];
  }
  sum = kiln::block_reduce(sum, shared, kiln::Plus());
  if (threadIdx.x == 0) {
    double norm = sqrt(sum);
    out[0] = norm;
    out[1] = kiln::smaller(max_norm / (norm + eps), 1.0);
  }
}

// What a step's gradients are multiplied by: 0 to skip it, else 1 / scale, or 1 if they are unscaled.
KILN_KERNEL(kiln_loss_scale_factor, double* factor, const double* found, const double* scale) {
  *factor = *found != 0 ? 0 : scale == nullptr ? 1 : 1 / *scale;
}

// The scale after a step: smaller if gradients overflowed, larger after enough good ones in a row.
KILN_KERNEL(kiln_loss_scale_update, double* scale, double* tracker, const double* found,
            double growth, double backoff, double interval, double largest) {
  if (*found != 0) {
    *scale *= backoff;
    *tracker = 0;
    return;
  }
  double good = *tracker + 1;
  if (good < interval) {
    *tracker = good;
    return;
  }
  *tracker = 0;
  if (*scale * growth <= largest) {
    *scale *= growth;
  }
}

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include "kiln/launch.h"

static kiln::Family family("gradients");

namespace {

// Slots: three kernels for each type, then those of one block.
enum { SQUARES, SCALE, NONFINITE, KINDS };
constexpr const char* NAMES[KINDS] = {"sum_squares", "scale", "nonfinite"};
constexpr int FINISH = KINDS * KILN_TYPES;

// The parts as Java wrote them: their number, then each one's address, size and type.
class List {
 public:
  explicit List(int64_t address) : longs_(reinterpret_cast<const int64_t*>(address)) {}
  int64_t count() const { return longs_[0]; }
  int64_t address(int64_t i) const { return longs_[1 + 3 * i]; }
  int64_t n(int64_t i) const { return longs_[2 + 3 * i]; }
  int type(int64_t i) const { return static_cast<int>(longs_[3 + 3 * i]); }
  int64_t slices(int64_t i) const { return (n(i) + kiln::SLICE - 1) / kiln::SLICE; }

  int64_t slices() const {
    int64_t all = 0;
    for (int64_t i = 0; i < count(); i++) {
      all += slices(i);
    }
    return all;
  }

 private:
  const int64_t* longs_;
};

// Calls f(parts, type, slices before) for runs of parts of one type that fit one launch.
template <class F>
int for_each_run(const List& list, F f) {
  constexpr int64_t MOST_SLICES = int64_t{1} << 30;
  kiln::Parts parts = {};
  int64_t before = 0;
  int type = 0;
  auto flush = [&] {
    int status = parts.count == 0 ? KILN_OK : f(parts, type, before);
    before += parts.slices;
    parts.count = 0;
    parts.slices = 0;
    return status;
  };
  for (int64_t i = 0; i < list.count(); i++) {
    int64_t slices = list.slices(i);
    if (slices > MOST_SLICES) {
      return kiln::fail(KILN_BAD_ARGUMENT, "more than 2^43 elements in one piece");
    }
    if (slices == 0) {
      continue;
    }
    if (parts.count == kiln::MOST_PARTS || (parts.count > 0 && type != list.type(i)) ||
        parts.slices + slices > MOST_SLICES) {
      int status = flush();
      if (status != KILN_OK) {
        return status;
      }
    }
    type = list.type(i);
    parts.first[parts.count] = parts.slices;
    parts.address[parts.count] = list.address(i);
    parts.n[parts.count] = list.n(i);
    parts.count++;
    parts.slices += static_cast<uint32_t>(slices);
  }
  return flush();
}

unsigned grid_for_slices(const kiln::Context& c, const kiln::Parts& parts) {
  return kiln::grid_for(c, int64_t{parts.slices} * kiln::BLOCK);
}

kiln::Kernel kernel(kiln::Context& c, int kind, int type) {
  return family.kernel(c, kind * KILN_TYPES + type, "kiln_%s_%s", NAMES[kind],
                       kiln::TYPE_NAMES[type]);
}

}  // namespace

extern "C" int64_t kiln_gradient_norm_scratch(int64_t parts) { return List(parts).slices() * 8; }

extern "C" int kiln_gradient_norm(int64_t context, int64_t out, int64_t parts, int64_t scratch,
                                  double max_norm, double eps) {
  kiln::Context& c = kiln::Context::of(context);
  List list(parts);
  int status = for_each_run(list, [&](const kiln::Parts& run, int type, int64_t before) {
    return kiln::launch(c, kernel(c, SQUARES, type), grid_for_slices(c, run), kiln::BLOCK, 0,
                        scratch + before * 8, run);
  });
  if (status != KILN_OK) {
    return status;
  }
  return kiln::launch(c, family.kernel(c, FINISH, "kiln_norm_finish"), 1, kiln::BLOCK, 0, out,
                      scratch, list.slices(), max_norm, eps);
}

extern "C" int kiln_scale(int64_t context, int64_t parts, int64_t factor) {
  kiln::Context& c = kiln::Context::of(context);
  return for_each_run(List(parts), [&](const kiln::Parts& run, int type, int64_t) {
    return kiln::launch(c, kernel(c, SCALE, type), grid_for_slices(c, run), kiln::BLOCK, 0, factor,
                        run);
  });
}

extern "C" int kiln_nonfinite(int64_t context, int64_t found, int64_t parts) {
  kiln::Context& c = kiln::Context::of(context);
  int status = c.make_current();
  if (status != KILN_OK) {
    return status;
  }
  status = c.driver.set_bytes(static_cast<uint64_t>(found), 0, 8, c.stream);
  if (status != KILN_OK) {
    return kiln::fail(status, "cuMemsetD8Async");
  }
  return for_each_run(List(parts), [&](const kiln::Parts& run, int type, int64_t) {
    return kiln::launch(c, kernel(c, NONFINITE, type), grid_for_slices(c, run), kiln::BLOCK, 0,
                        found, run);
  });
}

extern "C" int kiln_loss_scale_factor(int64_t context, int64_t factor, int64_t found,
                                      int64_t scale) {
  kiln::Context& c = kiln::Context::of(context);
  return kiln::launch(c, family.kernel(c, FINISH + 1, "kiln_loss_scale_factor"), 1, 1, 0, factor,
                      found, scale);
}

extern "C" int kiln_loss_scale_update(int64_t context, int64_t scale, int64_t tracker,
                                      int64_t found, double growth, double backoff,
                                      double interval, double largest) {
  kiln::Context& c = kiln::Context::of(context);
  return kiln::launch(c, family.kernel(c, FINISH + 2, "kiln_loss_scale_update"), 1, 1, 0, scale,
                      tracker, found, growth, backoff, interval, largest);
}

#endif  // KILN_HOST_CODE
