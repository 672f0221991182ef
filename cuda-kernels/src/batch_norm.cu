// Normalisation of channels by the statistics of a batch, and its gradient.
//
//   y = (x - m) s w + b       m, v: mean and biased variance of the channel, s = 1 / sqrt(v + eps)
//   dw = s sum dy (x - m)     db = sum dy
//   dx = s w (dy - db / n - (x - m) s^2 / n sum dy (x - m))
//
// x[images][channels][inner], dense. Three launches: partial results of slices of each channel, a
// thread for each channel that merges them, and the elements. Two ways to read:
//   planes    inner is long: a warp takes pieces of contiguous elements of one channel
//   columns   inner is short, mostly 1: neighbouring lanes take neighbouring channels
// The slices and the order of merging follow from the shape alone. Statistics that are given, as when
// a network is evaluated, take one launch (channel_affine).
//
// Each thread sums distances from the first element it sees, so that a large mean costs no digits;
// sums of squares are merged as in T. F. Chan, G. H. Golub, R. J. LeVeque: Updating formulae and a
// pairwise algorithm for computing sample variances. 1979. S. Ioffe, C. Szegedy: Batch
// normalization. 2015.
#include "kiln/kernel.h"
#include "kiln/geometry.h"

namespace kiln {

// How a batch is cut.
struct BatchShape {
  int64_t images;
  int64_t channels;
  int64_t inner;
  int64_t slices;   // of a channel
  int64_t pieces;   // of a plane, in apply_columns of an image
  int64_t piece;    // elements of a piece
  Divider by_inner;     // to find the channel in an image
  Divider by_channels;
  Divider by_slices;
  Divider by_pieces;
  uint32_t tasks;       // blocks' worth of work for partial results
  uint32_t units;       // warps' worth of elements
};

}  // namespace kiln

#if defined(KILN_DEVICE_CODE)
#include "kiln/moments.cuh"
#include "kiln/rows.cuh"

namespace kiln {

// The sums that gradients are made of.
struct alignas(16) GradSums {
  double dy;
  double dot;
};

KILN_DEVICE GradSums merge_sums(GradSums p, GradSums q) { return {p.dy + q.dy, p.dot + q.dot}; }

// ---- Accumulators: one thread's share of a channel ----

template <class T>
struct Statistics {
  using M = MathOf<T>;
  using Partial = Moments;
  const T* x;
  Shifted<T> sums;

  KILN_DEVICE_MEMBER Statistics(const T* x, int64_t) : x(x) {}
  template <int N>
  KILN_DEVICE_MEMBER void take(int64_t at) {
    M v[N];
    load_many<N>(v, x + at);
    sums.template take<N>(v);
  }
  KILN_DEVICE_MEMBER Moments partial() const { return sums.moments(); }
  static KILN_DEVICE_MEMBER Moments merge(Moments p, Moments q) { return merge_moments(p, q); }
};

// Distances are from the channel's saved mean.
template <class T>
struct Gradients {
  using M = MathOf<T>;
  using Partial = GradSums;
  const T* dy;
  const T* x;
  M mean;
  GradSums all = {0, 0};

  KILN_DEVICE_MEMBER Gradients(const T* dy, const T* x, M mean) : dy(dy), x(x), mean(mean) {}
  template <int N>
  KILN_DEVICE_MEMBER void take(int64_t at) {
    M g[N], v[N];
    load_many<N>(g, dy + at);
    load_many<N>(v, x + at);
    M sum = M(0);
    M dot = M(0);
#pragma unroll
    for (int k = 0; k < N; k++) {
      sum += g[k];
      dot += g[k] * (v[k] - mean);
    }
    all.dy += sum;
    all.dot += dot;
  }
  KILN_DEVICE_MEMBER GradSums partial() const { return all; }
  static KILN_DEVICE_MEMBER GradSums merge(GradSums p, GradSums q) { return merge_sums(p, q); }
};

// ---- Partial results ----

// A block for each slice of a channel; `start(channel)` makes an accumulator.
template <class T, class Partial, class Start>
KILN_DEVICE void partial_planes(Partial* partial, const BatchShape& shape, Partial* shared,
                                Start start) {
  LaneTeam team(WARP);
  uint32_t warp = threadIdx.x / WARP;
  uint32_t warps = blockDim.x / WARP;
  uint32_t slices = static_cast<uint32_t>(shape.slices);
  uint32_t pieces = static_cast<uint32_t>(shape.pieces);
  uint32_t units = static_cast<uint32_t>(shape.images) * pieces;
#pragma unroll 1
  for (uint32_t task = blockIdx.x; task < shape.tasks; task += gridDim.x) {
    uint32_t channel = shape.by_slices.divide(task);
    uint32_t slice = task - channel * slices;
    auto sums = start(channel);
#pragma unroll 1
    for (uint32_t unit = slice * warps + warp; unit < units; unit += slices * warps) {
      uint32_t image = shape.by_pieces.divide(unit);
      int64_t first = (unit - image * pieces) * shape.piece;
      int64_t n = shape.inner - first < shape.piece ? shape.inner - first : shape.piece;
      int64_t at = (int64_t{image} * shape.channels + channel) * shape.inner + first;
      walk<T>(team, n, sums_head(sums, at, n), [&](auto many, int64_t j) {
        sums.template take<decltype(many)::value>(at + j);
      });
    }
    Partial all = block_reduce(sums.partial(), shared, decltype(sums)::merge);
    if (threadIdx.x == 0) {
      partial[task] = all;
    }
    __syncthreads();
  }
}

template <class T>
KILN_DEVICE int64_t sums_head(const Statistics<T>& s, int64_t at, int64_t n) {
  return before_packs(n, s.x + at);
}
template <class T>
KILN_DEVICE int64_t sums_head(const Gradients<T>& s, int64_t at, int64_t n) {
  return before_packs(n, s.x + at, s.dy + at);
}

// A block for each slice of 32 channels: each warp takes every eighth image.
template <class Partial, class Start>
KILN_DEVICE void partial_columns(Partial* partial, const BatchShape& shape, Partial* shared,
                                 Start start) {
  int lane = threadIdx.x % WARP;
  int warp = threadIdx.x / WARP;
  int warps = blockDim.x / WARP;
#pragma unroll 1
  for (uint32_t task = blockIdx.x; task < shape.tasks; task += gridDim.x) {
    uint32_t tile = shape.by_slices.divide(task);
    int64_t channel = int64_t{tile} * WARP + lane;
    int64_t slice = task - tile * static_cast<uint32_t>(shape.slices);
    bool is_channel = channel < shape.channels;
    auto sums = start(is_channel ? channel : 0);
    if (is_channel && shape.inner == 1) {
      // Several images' elements are read before the first is used.
#pragma unroll 4
      for (int64_t image = slice * warps + warp; image < shape.images;
           image += shape.slices * warps) {
        sums.template take<1>(image * shape.channels + channel);
      }
    } else if (is_channel) {
#pragma unroll 1
      for (int64_t image = slice * warps + warp; image < shape.images;
           image += shape.slices * warps) {
        int64_t at = (image * shape.channels + channel) * shape.inner;
#pragma unroll 4
        for (int64_t j = 0; j < shape.inner; j++) {
          sums.template take<1>(at + j);
        }
      }
    }
    Partial p = sums.partial();
    shared[threadIdx.x] = p;
    __syncthreads();
    if (warp == 0 && is_channel) {
#pragma unroll 1
      for (int w = 1; w < warps; w++) {
        p = decltype(sums)::merge(p, shared[w * WARP + lane]);
      }
      partial[channel * shape.slices + slice] = p;
    }
    __syncthreads();
  }
}

// ---- Merging ----

// What the elements of a channel are made from: (v - high - low) scale + shift forwards, and
// (g - shift - (v - high) low) scale backwards.
template <class M>
struct alignas(16) Channel {
  M high;
  M low;
  M scale;
  M shift;
};

template <class Partial, class Merge>
KILN_DEVICE Partial merge_slices(const Partial* partial, int64_t channel, int64_t slices,
                                 Merge merge) {
  Partial all = partial[channel * slices];
#pragma unroll 1
  for (int64_t s = 1; s < slices; s++) {
    all = merge(all, partial[channel * slices + s]);
  }
  return all;
}

template <class T>
KILN_DEVICE T blend(T running, double batch, double momentum) {
  return Element<T>::put((1 - momentum) * Element<T>::get(running) + momentum * batch);
}

template <class T>
KILN_DEVICE void finish(Channel<MathOf<T>>* out, const Moments* partial, MathOf<T>* mean,
                        MathOf<T>* inv_std, T* running_mean, T* running_var, const T* weight,
                        const T* bias, int64_t channels, int64_t slices, double momentum,
                        double eps) {
  using M = MathOf<T>;
#pragma unroll 1
  for (int64_t c = thread_number(); c < channels; c += thread_count()) {
    Moments all = merge_slices(partial, c, slices, merge_moments);
    double m = all.mean_of();
    double s = rsqrt(all.squares / all.count + eps);
    if (running_mean != nullptr) {
      running_mean[c] = blend(running_mean[c], m, momentum);
    }
    if (running_var != nullptr) {
      running_var[c] = blend(running_var[c], all.squares / (all.count - 1), momentum);
    }
    M high = static_cast<M>(m);
    M w = weight == nullptr ? M(1) : Element<T>::get(weight[c]);
    M b = bias == nullptr ? M(0) : Element<T>::get(bias[c]);
    out[c] = {high, static_cast<M>(m - high + all.low), static_cast<M>(s * w), b};
    mean[c] = high;
    inv_std[c] = static_cast<M>(s);
  }
}

template <class T>
KILN_DEVICE void grad_finish(Channel<MathOf<T>>* out, const GradSums* partial, T* dweight, T* dbias,
                             const T* weight, const MathOf<T>* mean, const MathOf<T>* inv_std,
                             int64_t channels, int64_t slices, double count) {
  using M = MathOf<T>;
#pragma unroll 1
  for (int64_t c = thread_number(); c < channels; c += thread_count()) {
    GradSums all = merge_slices(partial, c, slices, merge_sums);
    double s = inv_std[c];
    double w = weight == nullptr ? 1.0 : Element<T>::get(weight[c]);
    dweight[c] = Element<T>::put(all.dot * s);
    dbias[c] = Element<T>::put(all.dy);
    out[c] = {mean[c], static_cast<M>(all.dot * s * s / count),
              static_cast<M>(s * w), static_cast<M>(all.dy / count)};
  }
}

// ---- Elements ----

// The channels of neighbouring elements, by their number from the first on: of a plane, and of an
// image, where neighbours have mostly one too. Then a pack needs the channel's numbers once.
struct OfPlane {
  int64_t channel;

  KILN_DEVICE_MEMBER int64_t operator()(int) const { return channel; }
  template <int N>
  KILN_DEVICE_MEMBER bool are_one() const { return true; }
};
struct OfImage {
  uint32_t first;
  Divider inner;

  KILN_DEVICE_MEMBER int64_t operator()(int k) const { return inner.divide(first + k); }
  template <int N>
  KILN_DEVICE_MEMBER bool are_one() const {
    return N == 1 || inner.divide(first) == inner.divide(first + N - 1);
  }
};

// Calls f(many, element, channels) for all elements; `head(at, n)` as before_packs.
template <class T, class Head, class F>
KILN_DEVICE void planes(const BatchShape& shape, Head head, F f) {
  LaneTeam team(WARP);
#pragma unroll 1
  for (int64_t unit = thread_number() / WARP; unit < shape.units; unit += thread_count() / WARP) {
    uint32_t plane = shape.by_pieces.divide(static_cast<uint32_t>(unit));
    int64_t first = (unit - plane * shape.pieces) * shape.piece;
    int64_t n = shape.inner - first < shape.piece ? shape.inner - first : shape.piece;
    int64_t at = int64_t{plane} * shape.inner + first;
    int64_t channel = plane - shape.by_channels.divide(plane) * shape.channels;
    walk<T>(team, n, head(at, n),
            [&](auto many, int64_t j) { f(many, at + j, OfPlane{channel}); });
  }
}

template <class T, class Head, class F>
KILN_DEVICE void columns(const BatchShape& shape, Head head, F f) {
  LaneTeam team(WARP);
  int64_t size = shape.channels * shape.inner;
#pragma unroll 1
  for (int64_t unit = thread_number() / WARP; unit < shape.units; unit += thread_count() / WARP) {
    uint32_t image = shape.by_pieces.divide(static_cast<uint32_t>(unit));
    int64_t first = (unit - image * shape.pieces) * shape.piece;
    int64_t n = size - first < shape.piece ? size - first : shape.piece;
    int64_t at = int64_t{image} * size + first;
    walk<T>(team, n, head(at, n), [&](auto many, int64_t j) {
      f(many, at + j, OfImage{static_cast<uint32_t>(first + j), shape.by_inner});
    });
  }
}

template <class T>
struct Normalise {
  T* y;
  const T* x;
  const Channel<MathOf<T>>* of;

  template <int N, class Channels>
  KILN_DEVICE_MEMBER void operator()(Many<N>, int64_t at, const Channels& channels) const {
    MathOf<T> v[N];
    load_many<N>(v, x + at);
    bool one = channels.template are_one<N>();
    Channel<MathOf<T>> c = of[channels(0)];
#pragma unroll
    for (int k = 0; k < N; k++) {
      if (k > 0 && !one) {
        c = of[channels(k)];
      }
      v[k] = (v[k] - c.high - c.low) * c.scale + c.shift;
    }
    store_many<N>(y + at, v);
  }
  KILN_DEVICE_MEMBER int64_t head(int64_t at, int64_t n) const {
    return before_packs(n, x + at, y + at);
  }
};

template <class T>
struct NormaliseGrad {
  T* dx;
  const T* dy;
  const T* x;
  const Channel<MathOf<T>>* of;

  template <int N, class Channels>
  KILN_DEVICE_MEMBER void operator()(Many<N>, int64_t at, const Channels& channels) const {
    MathOf<T> g[N], v[N];
    load_many<N>(g, dy + at);
    load_many<N>(v, x + at);
    bool one = channels.template are_one<N>();
    Channel<MathOf<T>> c = of[channels(0)];
#pragma unroll
    for (int k = 0; k < N; k++) {
      if (k > 0 && !one) {
        c = of[channels(k)];
      }
      v[k] = (g[k] - c.shift - (v[k] - c.high) * c.low) * c.scale;
    }
    store_many<N>(dx + at, v);
  }
  KILN_DEVICE_MEMBER int64_t head(int64_t at, int64_t n) const {
    return before_packs(n, x + at, dy + at, dx + at);
  }
};

// Elements by their channel's numbers, of which any may be absent.
template <class T>
struct Affine {
  T* y;
  const T* x;
  const T* mean;
  const T* variance;
  const T* weight;
  const T* bias;
  double eps;

  KILN_DEVICE_MEMBER Channel<MathOf<T>> numbers(int64_t c) const {
    using M = MathOf<T>;
    M scale = variance == nullptr
                  ? M(1)
                  : M(1) / sqrt_of(Element<T>::get(variance[c]) + static_cast<M>(eps));
    return {mean == nullptr ? M(0) : Element<T>::get(mean[c]), M(0),
            weight == nullptr ? scale : scale * Element<T>::get(weight[c]),
            bias == nullptr ? M(0) : Element<T>::get(bias[c])};
  }
  template <int N, class Channels>
  KILN_DEVICE_MEMBER void operator()(Many<N>, int64_t at, const Channels& channels) const {
    MathOf<T> v[N];
    load_many<N>(v, x + at);
    bool one = channels.template are_one<N>();
    Channel<MathOf<T>> c = numbers(channels(0));
#pragma unroll
    for (int k = 0; k < N; k++) {
      if (k > 0 && !one) {
        c = numbers(channels(k));
      }
      v[k] = (v[k] - c.high) * c.scale + c.shift;
    }
    store_many<N>(y + at, v);
  }
  KILN_DEVICE_MEMBER int64_t head(int64_t at, int64_t n) const {
    return before_packs(n, x + at, y + at);
  }
};

}  // namespace kiln

#define AFFINE(way, type, T)                                                                      \
  KILN_KERNEL_BLOCKS(64, 16, kiln_channel_affine_##way##_##type, T* y, const T* x, const T* mean, \
                     const T* variance, const T* weight, const T* bias, double eps,               \
                     const kiln::BatchShape shape) {                                              \
    kiln::Affine<T> f{y, x, mean, variance, weight, bias, eps};                                   \
    kiln::way<T>(shape, [&](int64_t at, int64_t n) { return f.head(at, n); }, f);                 \
  }
#define APPLY(way, name, type, T, F, Parameters, ...)                                             \
  KILN_KERNEL_BLOCKS(64, 16, kiln_batch_norm_##name##_##way##_##type, KILN_UNPACK Parameters,     \
                     const kiln::Channel<kiln::MathOf<T>>* of, const kiln::BatchShape shape) {    \
    kiln::F<T> f{__VA_ARGS__, of};                                                                \
    kiln::way<T>(shape, [&](int64_t at, int64_t n) { return f.head(at, n); }, f);                 \
  }
#define KILN_UNPACK(...) __VA_ARGS__

#define KERNELS(type, T)                                                                          \
  KILN_KERNEL_BOUNDS(256, kiln_batch_norm_partial_planes_##type, kiln::Moments* partial,          \
                     const T* x, const kiln::BatchShape shape) {                                  \
    __shared__ kiln::Moments shared[256 / kiln::WARP];                                            \
    kiln::partial_planes<T>(partial, shape, shared,                                               \
                            [&](int64_t c) { return kiln::Statistics<T>(x, c); });                \
  }                                                                                               \
  KILN_KERNEL_BOUNDS(256, kiln_batch_norm_partial_columns_##type, kiln::Moments* partial,         \
                     const T* x, const kiln::BatchShape shape) {                                  \
    __shared__ kiln::Moments shared[256];                                                         \
    kiln::partial_columns(partial, shape, shared,                                                 \
                          [&](int64_t c) { return kiln::Statistics<T>(x, c); });                  \
  }                                                                                               \
  KILN_KERNEL_BOUNDS(256, kiln_batch_norm_grad_partial_planes_##type, kiln::GradSums* partial,    \
                     const T* dy, const T* x, const kiln::MathOf<T>* mean,                        \
                     const kiln::BatchShape shape) {                                              \
    __shared__ kiln::GradSums shared[256 / kiln::WARP];                                           \
    kiln::partial_planes<T>(partial, shape, shared, [&](int64_t c) {                              \
      return kiln::Gradients<T>(dy, x, mean[c]);                                                  \
    });                                                                                           \
  }                                                                                               \
  KILN_KERNEL_BOUNDS(256, kiln_batch_norm_grad_partial_columns_##type, kiln::GradSums* partial,   \
                     const T* dy, const T* x, const kiln::MathOf<T>* mean,                        \
                     const kiln::BatchShape shape) {                                              \
    __shared__ kiln::GradSums shared[256];                                                        \
    kiln::partial_columns(partial, shape, shared, [&](int64_t c) {                                \
      return kiln::Gradients<T>(dy, x, mean[c]);                                                  \
    });                                                                                           \
  }                                                                                               \
  KILN_KERNEL(kiln_batch_norm_finish_##type, kiln::Channel<kiln::MathOf<T>>* out,                 \
              const kiln::Moments* partial, kiln::MathOf<T>* mean, kiln::MathOf<T>* inv_std,      \
              T* running_mean, T* running_var, const T* weight, const T* bias, int64_t channels,  \
              int64_t slices, double momentum, double eps) {                                      \
    kiln::finish(out, partial, mean, inv_std, running_mean, running_var, weight, bias, channels,  \
                 slices, momentum, eps);                                                          \
  }                                                                                               \
  KILN_KERNEL_BOUNDS(256, kiln_batch_norm_grad_finish_##type,                                     \
                     kiln::Channel<kiln::MathOf<T>>* out, const kiln::GradSums* partial,          \
                     T* dweight, T* dbias, const T* weight, const kiln::MathOf<T>* mean,          \
                     const kiln::MathOf<T>* inv_std, int64_t channels, int64_t slices,            \
                     double count) {                                                              \
    kiln::grad_finish(out, partial, dweight, dbias, weight, mean, inv_std, channels, slices,      \
                      count);                                                                     \
  }                                                                                               \
  AFFINE(planes, type, T)                                                                         \
  AFFINE(columns, type, T)                                                                        \
  APPLY(planes, apply, type, T, Normalise, (T * y, const T* x), y, x)                             \
  APPLY(columns, apply, type, T, Normalise, (T * y, const T* x), y, x)                            \
  APPLY(planes, grad_apply, type, T, NormaliseGrad, (T * dx, const T* dy, const T* x), dx, dy, x) \
  APPLY(columns, grad_apply, type, T, NormaliseGrad, (T * dx, const T* dy, const T* x), dx, dy, x)
KILN_FLOAT_TYPES(KERNELS)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include "kiln/launch.h"

static kiln::Family family("batch_norm");

namespace {

constexpr int MOMENTS_BYTES = 32;  // of kiln::Moments; GradSums has 16
constexpr unsigned APPLY_BLOCK = 64;
constexpr int AFFINE = KILN_TYPES * 10;  // the first slot of channel_affine
constexpr int64_t PIECE = 1024;
constexpr int64_t SHORT = 32;      // an inner size below this is read by columns
constexpr int64_t MOST = int64_t{1} << 31;
constexpr int64_t TASKS = 1024;    // enough blocks to fill a large GPU twice

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t clamp(int64_t v, int64_t low, int64_t high) { return v < low ? low : v > high ? high : v; }

struct Plan {
  kiln::BatchShape shape;
  bool by_planes;
  bool fits;       // whether kernels can count in 32 bits: planes, and pieces of all planes
  int64_t groups;  // blocks for one slice of everything

  Plan(int64_t images, int64_t channels, int64_t inner) {
    by_planes = inner >= SHORT;
    int64_t line = by_planes ? inner : channels * inner;
    int64_t pieces = divide_up(line, PIECE);
    groups = by_planes ? channels : divide_up(channels, 32);
    // Eight warps to a block; each is to have some of a slice to do.
    int64_t units = by_planes ? images * pieces : images;
    int64_t most = divide_up(units, by_planes ? 16 : 64);
    int64_t slices = groups == 0 ? 1 : clamp(divide_up(TASKS, groups), 1, clamp(most, 1, TASKS));
    int64_t all = images * (by_planes ? channels : 1) * pieces;
    fits = all < MOST && line < MOST;
    shape = {images,           channels,       inner,
             slices,           pieces,         PIECE,
             divider(inner),   divider(channels), divider(slices),
             divider(pieces),  static_cast<uint32_t>(groups * slices),
             static_cast<uint32_t>(all)};
  }

  const char* way() const { return by_planes ? "planes" : "columns"; }
  unsigned partial_grid(const kiln::Context& c) const {
    return kiln::grid_for(c, int64_t{shape.tasks} * kiln::BLOCK);
  }
  unsigned apply_grid(const kiln::Context& c) const {
    // grid_for counts blocks of 256: four times as many of these for the same work.
    return 4 * kiln::grid_for(c, int64_t{shape.units} * 32);
  }

 private:
  static kiln::Divider divider(int64_t by) {
    // What does not fit is refused before anybody divides by it.
    return kiln::Divider::of(by == 0 || by >= MOST ? 1 : static_cast<uint32_t>(by));
  }
};

// Partial results follow the channels' 4 numbers.
int64_t partial_at(int64_t scratch, int64_t channels) { return scratch + channels * 32; }

}  // namespace

extern "C" int64_t kiln_batch_norm_scratch(int64_t images, int64_t channels, int64_t inner) {
  return channels * (32 + Plan(images, channels, inner).shape.slices * MOMENTS_BYTES);
}

extern "C" int kiln_batch_norm(int64_t context, int type, int64_t y, int64_t mean, int64_t inv_std,
                               int64_t running_mean, int64_t running_var, int64_t x, int64_t weight,
                               int64_t bias, int64_t scratch, int64_t images, int64_t channels,
                               int64_t inner, double momentum, double eps) {
  kiln::Context& c = kiln::Context::of(context);
  Plan plan(images, channels, inner);
  if (!plan.fits) {
    return kiln::fail(KILN_BAD_ARGUMENT, "more than 2^31 elements to a plane, or 2^41 in all");
  }
  const char* name = kiln::TYPE_NAMES[type];
  int64_t partial = partial_at(scratch, channels);
  int slot = type * 10 + plan.by_planes;
  int status = kiln::launch(
      c, family.kernel(c, slot, "kiln_batch_norm_partial_%s_%s", plan.way(), name),
      plan.partial_grid(c), kiln::BLOCK, 0, partial, x, plan.shape);
  if (status == KILN_OK) {
    status = kiln::launch(c, family.kernel(c, type * 10 + 8, "kiln_batch_norm_finish_%s", name),
                          kiln::grid_for(c, channels), kiln::BLOCK, 0, scratch, partial, mean,
                          inv_std, running_mean, running_var, weight, bias, channels,
                          plan.shape.slices, momentum, eps);
  }
  if (status == KILN_OK) {
    status = kiln::launch(
        c, family.kernel(c, slot + 2, "kiln_batch_norm_apply_%s_%s", plan.way(), name),
        plan.apply_grid(c), APPLY_BLOCK, 0, y, x, scratch, plan.shape);
  }
  return status;
}

extern "C" int kiln_batch_norm_grad(int64_t context, int type, int64_t dx, int64_t dweight,
                                    int64_t dbias, int64_t dy, int64_t x, int64_t weight,
                                    int64_t mean, int64_t inv_std, int64_t scratch, int64_t images,
                                    int64_t channels, int64_t inner) {
  kiln::Context& c = kiln::Context::of(context);
  Plan plan(images, channels, inner);
  if (!plan.fits) {
    return kiln::fail(KILN_BAD_ARGUMENT, "more than 2^31 elements to a plane, or 2^41 in all");
  }
  const char* name = kiln::TYPE_NAMES[type];
  int64_t partial = partial_at(scratch, channels);
  int slot = type * 10 + 4 + plan.by_planes;
  int status = kiln::launch(
      c, family.kernel(c, slot, "kiln_batch_norm_grad_partial_%s_%s", plan.way(), name),
      plan.partial_grid(c), kiln::BLOCK, 0, partial, dy, x, mean, plan.shape);
  if (status == KILN_OK) {
    status =
        kiln::launch(c, family.kernel(c, type * 10 + 9, "kiln_batch_norm_grad_finish_%s", name),
                     kiln::grid_for(c, channels), kiln::BLOCK, 0, scratch, partial, dweight, dbias,
                     weight, mean, inv_std, channels, plan.shape.slices,
                     static_cast<double>(images) * static_cast<double>(inner));
  }
  if (status == KILN_OK) {
    status = kiln::launch(
        c, family.kernel(c, slot + 2, "kiln_batch_norm_grad_apply_%s_%s", plan.way(), name),
        plan.apply_grid(c), APPLY_BLOCK, 0, dx, dy, x, scratch, plan.shape);
  }
  return status;
}

extern "C" int kiln_channel_affine(int64_t context, int type, int64_t y, int64_t x, int64_t mean,
                                   int64_t variance, int64_t weight, int64_t bias, int64_t images,
                                   int64_t channels, int64_t inner, double eps) {
  kiln::Context& c = kiln::Context::of(context);
  Plan plan(images, channels, inner);
  if (!plan.fits) {
    return kiln::fail(KILN_BAD_ARGUMENT, "more than 2^31 elements to a plane, or 2^41 in all");
  }
  kiln::Kernel kernel =
      family.kernel(c, AFFINE + type * 2 + plan.by_planes, "kiln_channel_affine_%s_%s", plan.way(),
                    kiln::TYPE_NAMES[type]);
  return kiln::launch(c, kernel, plan.apply_grid(c), APPLY_BLOCK, 0, y, x, mean, variance, weight,
                      bias, eps, plan.shape);
}

#endif  // KILN_HOST_CODE
