// Normalisation of rows, by mean and variance or by the root mean square alone, and the gradients.
//
//   y = (x - m) s w + b      m, v: mean and biased variance of the row, s = 1 / sqrt(v + eps)
//   g = dy w                 dx = s (g - mean g - (x - m) s^2 mean(g (x - m)))
//   dw = sum over rows of dy (x - m) s                  db = sum over rows of dy
//
// The root mean square is the same with m = 0 and without mean g; kernels do it where the address of
// the means is null. x[rows][n], dense. A row is held in registers where it fits (rows.cuh), and the
// variance is that of the distances from the mean. Those are taken from the row's first element
// before, so that a large mean costs no digits. dw and db: a block for some columns and a slice of
// the rows, then the sum of the slices, which follow from the shape alone.
//
// Normalisation of groups of channels, group_norm, is the same of x[images][groups][n], with w and b
// of the channel that an element is in. dw and db: sums of each plane of an image, then their sum.
//
// J. L. Ba, J. R. Kiros, G. E. Hinton: Layer normalization. 2016. B. Zhang, R. Sennrich: Root mean
// square layer normalization. 2019. Y. Wu, K. He: Group normalization. 2018.
#include "kiln/geometry.h"
#include "kiln/kernel.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/rows.cuh"

namespace kiln {

template <class M>
struct alignas(2 * sizeof(M)) Two {
  M a;
  M b;
};

template <class M>
KILN_DEVICE Two<M> add_two(Two<M> p, Two<M> q) { return {p.a + q.a, p.b + q.b}; }

// Which weights and biases N elements of a row from j on have: their own, read as a pack where it is
// aligned, or those of their channels, mostly one for all.
struct Own {
  template <int N, class T>
  KILN_DEVICE_MEMBER void load(MathOf<T>* to, const T* from, int64_t j) const {
    if (N == 1 || aligned<N>(from + j)) {
      load_many<N>(to, from + j);
    } else {
#pragma unroll
      for (int k = 0; k < N; k++) {
        to[k] = Element<T>::get(from[j + k]);
      }
    }
  }
};
struct OfChannel {
  uint32_t first;  // of the row's channels
  Divider inner;

  static KILN_DEVICE_MEMBER OfChannel of(int64_t row, uint32_t groups, uint32_t channels,
                                         const Divider& inner) {
    return {static_cast<uint32_t>(row) % groups * channels, inner};
  }
  template <int N, class T>
  KILN_DEVICE_MEMBER void load(MathOf<T>* to, const T* from, int64_t j) const {
    uint32_t channel = inner.divide(static_cast<uint32_t>(j));
    uint32_t last = inner.divide(static_cast<uint32_t>(j) + N - 1);
    MathOf<T> v = Element<T>::get(from[first + channel]);
#pragma unroll
    for (int k = 0; k < N; k++) {
      to[k] = v;
    }
    if (last != channel) {
#pragma unroll
      for (int k = 1; k < N; k++) {
        to[k] = Element<T>::get(from[first + inner.divide(static_cast<uint32_t>(j) + k)]);
      }
    }
  }
};

template <int N, class T, class At>
KILN_DEVICE void times(MathOf<T>* v, const T* weight, int64_t j, const At& affine) {
  if (weight != nullptr) {
    MathOf<T> w[N];
    affine.template load<N>(w, weight, j);
#pragma unroll
    for (int k = 0; k < N; k++) {
      v[k] *= w[k];
    }
  }
}

template <int N, class T, class At>
KILN_DEVICE void plus(MathOf<T>* v, const T* bias, int64_t j, const At& affine) {
  if (bias != nullptr) {
    MathOf<T> b[N];
    affine.template load<N>(b, bias, j);
#pragma unroll
    for (int k = 0; k < N; k++) {
      v[k] += b[k];
    }
  }
}

template <class M>
KILN_DEVICE M inverse_root(M mean_square, double eps) {
  return M(1) / sqrt_of(mean_square + M(eps));
}

// Means and scales are kept in the type they are computed in: rounded to 16 bits they would cost
// the gradient the digits that a large mean has.
template <class M>
KILN_DEVICE void save_row(M* mean, M* inv_std, int64_t row, M m, M s) {
  if (mean != nullptr) {
    mean[row] = m;
  }
  inv_std[row] = s;
}

template <class T, class Team, class At>
KILN_DEVICE void layer_norm_held(Team& team, T* y, MathOf<T>* mean, MathOf<T>* inv_std, const T* x,
                                 const T* weight, const T* bias, double eps, int64_t row,
                                 int64_t rows, int64_t n, bool packs, At affine) {
  using M = MathOf<T>;
  bool is_row = row < rows;
  Held<T> r;
  r.load(team, x + row * n, static_cast<int>(n), is_row, packs, M(0));
  M m = M(0);
  if (mean != nullptr) {
    M pivot = is_row ? Element<T>::get(x[row * n]) : M(0);
    M sum = M(0);
    r.each([&](int i) {
      r.at[i] = i < r.mine ? r.at[i] - pivot : M(0);
      sum += r.at[i];
    });
    M off = team_sum(team, sum) / M(n);
    r.each([&](int i) { r.at[i] = i < r.mine ? r.at[i] - off : M(0); });
    m = pivot + off;
  }
  M squares = M(0);
  r.each([&](int i) { squares += r.at[i] * r.at[i]; });
  M s = inverse_root(team_sum(team, squares) / M(n), eps);
  if (team.rank == 0 && is_row) {
    save_row(mean, inv_std, row, m, s);
  }
  r.pieces(team, packs, [&](auto many, int i, int j) {
    constexpr int N = decltype(many)::value;
#pragma unroll
    for (int k = 0; k < N; k++) {
      r.at[i + k] *= s;
    }
    times<N>(r.at + i, weight, j, affine);
    plus<N>(r.at + i, bias, j, affine);
  });
  r.store(team, y + row * n, packs);
}

template <class T, class At>
KILN_DEVICE void layer_norm_long(BlockTeam& team, T* y, MathOf<T>* mean, MathOf<T>* inv_std,
                                 const T* x, const T* weight, const T* bias, double eps,
                                 int64_t row, int64_t n, At affine) {
  using M = MathOf<T>;
  const T* in = x + row * n;
  T* out = y + row * n;
  int64_t head = before_packs(n, in);
  // The sum over the row of f(distance from the pivot).
  M pivot = mean == nullptr ? M(0) : Element<T>::get(in[0]);
  auto sum_of = [&](auto f) {
    double all = 0;
    walk<T>(team, n, head, [&](auto many, int64_t j) {
      constexpr int N = decltype(many)::value;
      M v[N];
      load_many<N>(v, in + j);
      M some = M(0);
#pragma unroll
      for (int k = 0; k < N; k++) {
        some += f(v[k] - pivot);
      }
      all += some;
    });
    return team_sum(team, all);
  };
  M off = mean == nullptr ? M(0) : static_cast<M>(sum_of([](M d) { return d; }) / n);
  M squares = static_cast<M>(sum_of([&](M d) { return (d - off) * (d - off); }) / n);
  M s = inverse_root(squares, eps);
  if (team.rank == 0) {
    save_row(mean, inv_std, row, pivot + off, s);
  }
  walk<T>(team, n, before_packs(n, out, in), [&](auto many, int64_t j) {
    constexpr int N = decltype(many)::value;
    M v[N];
    load_many<N>(v, in + j);
#pragma unroll
    for (int k = 0; k < N; k++) {
      v[k] = (v[k] - pivot - off) * s;
    }
    times<N>(v, weight, j, affine);
    plus<N>(v, bias, j, affine);
    store_many<N>(out + j, v);
  });
}

template <class T, class Team, class At>
KILN_DEVICE void layer_norm_grad_held(Team& team, T* dx, const T* dy, const T* x, const T* weight,
                                      const MathOf<T>* mean, const MathOf<T>* inv_std, int64_t row,
                                      int64_t rows, int64_t n, bool packs, At affine) {
  using M = MathOf<T>;
  bool is_row = row < rows;
  Held<T> g;
  RowRead<T> d;
  g.load(team, dy + row * n, static_cast<int>(n), is_row, packs);
  d.load(team, x + row * n, static_cast<int>(n), is_row, packs);
  bool centred = mean != nullptr;
  M m = centred && is_row ? mean[row] : M(0);
  M s = is_row ? inv_std[row] : M(0);
  Two<M> sums = {M(0), M(0)};
  g.pieces(team, packs, [&](auto many, int i, int j) {
    constexpr int N = decltype(many)::value;
    times<N>(g.at + i, weight, j, affine);
#pragma unroll
    for (int k = 0; k < N; k++) {
      sums.a += g.at[i + k];
      sums.b += g.at[i + k] * (d.get(i + k) - m);
    }
  });
  sums = team.reduce(sums, add_two<M>);
  M level = centred ? sums.a / M(n) : M(0);
  M slope = sums.b * s * s / M(n);
  d.forget();
  g.each([&](int i) { g.at[i] = (g.at[i] - level - (d.get(i) - m) * slope) * s; });
  g.store(team, dx + row * n, packs);
}

template <class T, class At>
KILN_DEVICE void layer_norm_grad_long(BlockTeam& team, T* dx, const T* dy, const T* x,
                                      const T* weight, const MathOf<T>* mean,
                                      const MathOf<T>* inv_std, int64_t row, int64_t n, At affine) {
  using M = MathOf<T>;
  const T* up = dy + row * n;
  const T* in = x + row * n;
  T* to = dx + row * n;
  bool centred = mean != nullptr;
  M m = centred ? mean[row] : M(0);
  M s = inv_std[row];
  Two<double> sums = {0, 0};
  walk<T>(team, n, before_packs(n, up, in), [&](auto many, int64_t j) {
    constexpr int N = decltype(many)::value;
    M g[N], v[N];
    load_many<N>(g, up + j);
    load_many<N>(v, in + j);
    times<N>(g, weight, j, affine);
    M sum = M(0);
    M dot = M(0);
#pragma unroll
    for (int k = 0; k < N; k++) {
      sum += g[k];
      dot += g[k] * (v[k] - m);
    }
    sums.a += sum;
    sums.b += dot;
  });
  sums = team.reduce(sums, add_two<double>);
  M level = centred ? static_cast<M>(sums.a / n) : M(0);
  M slope = static_cast<M>(sums.b * s * s / n);
  walk<T>(team, n, before_packs(n, to, up, in), [&](auto many, int64_t j) {
    constexpr int N = decltype(many)::value;
    M g[N], v[N];
    load_many<N>(g, up + j);
    load_many<N>(v, in + j);
    times<N>(g, weight, j, affine);
#pragma unroll
    for (int k = 0; k < N; k++) {
      g[k] = (g[k] - level - (v[k] - m) * slope) * s;
    }
    store_many<N>(to + j, g);
  });
}

// ---- The gradients of weight and bias ----

// The columns that a block takes.
template <class T>
constexpr int TILE = 32 * LANES<T>;

// Where the sums of one of these columns, 16 bytes, stand in shared memory. A lane has LANES columns
// side by side, and eight lanes write at once: in the order of columns they would meet few of the
// banks, several at a time. Turned about among the lane's places they meet all.
template <class T>
KILN_DEVICE uint32_t spread(uint32_t column) {
  return column ^ (column / 8 % LANES<T>);
}

// partial[slice][column] of the rows slice, slice + slices, ...: each warp takes every eighth.
template <class T>
KILN_DEVICE void weight_sums(Two<double>* partial, const T* dy, const T* x, const MathOf<T>* mean,
                             const MathOf<T>* inv_std, int64_t rows, int64_t n, int64_t slices,
                             Two<double>* shared) {
  using M = MathOf<T>;
  constexpr int V = LANES<T>;
  uint32_t lane = threadIdx.x % WARP;
  uint32_t warp = threadIdx.x / WARP;
  uint32_t warps = blockDim.x / WARP;
  bool packs = rows_of_packs(n, dy, x);
  int64_t tiles = (n + TILE<T> - 1) / TILE<T>;
#pragma unroll 1
  for (int64_t task = blockIdx.x; task < tiles * slices; task += gridDim.x) {
    int64_t slice = task / tiles;
    int64_t first = task % tiles * TILE<T>;
    int64_t left = n - first;
    Two<double> all[V];
#pragma unroll
    for (int k = 0; k < V; k++) {
      all[k] = {0, 0};
    }
#pragma unroll 1
    for (int64_t row = slice * warps + warp; row < rows; row += slices * warps) {
      const T* up = dy + row * n + first;
      const T* in = x + row * n + first;
      M m = mean == nullptr ? M(0) : mean[row];
      M s = inv_std[row];
      M g[V] = {};
      M v[V] = {};
      if (packs) {
        if (lane * V < left) {
          load_many<V>(g, up + lane * V);
          load_many<V>(v, in + lane * V);
        }
      } else {
#pragma unroll
        for (int k = 0; k < V; k++) {
          bool is_column = k * WARP + lane < left;
          g[k] = is_column ? Element<T>::get(up[k * WARP + lane]) : M(0);
          v[k] = is_column ? Element<T>::get(in[k * WARP + lane]) : M(0);
        }
      }
#pragma unroll
      for (int k = 0; k < V; k++) {
        all[k].a += g[k] * ((v[k] - m) * s);
        all[k].b += g[k];
      }
    }
#pragma unroll
    for (int k = 0; k < V; k++) {
      shared[warp * TILE<T> + spread<T>(packs ? lane * V + k : k * WARP + lane)] = all[k];
    }
    __syncthreads();
#pragma unroll 1
    for (uint32_t j = threadIdx.x; j < TILE<T> && j < left; j += blockDim.x) {
      Two<double> sum = shared[spread<T>(j)];
#pragma unroll 1
      for (uint32_t w = 1; w < warps; w++) {
        sum = add_two(sum, shared[w * TILE<T> + spread<T>(j)]);
      }
      partial[slice * n + first + j] = sum;
    }
    __syncthreads();
  }
}

// partial[image][channel] of the planes of dy and x, which are rows of n elements.
template <class T, class Team>
KILN_DEVICE void plane_sums(Team& team, Two<double>* partial, const T* dy, const T* x,
                            const MathOf<T>* mean, const MathOf<T>* inv_std,
                            const Divider& channels, int64_t row, int64_t rows, int64_t n) {
  using M = MathOf<T>;
  bool is_row = row < rows;
  int64_t group = is_row ? channels.divide(static_cast<uint32_t>(row)) : 0;
  M m = mean[group];
  M s = inv_std[group];
  const T* up = dy + row * n;
  const T* in = x + row * n;
  double dot = 0;
  double sum = 0;
  if (is_row) {
    walk<T>(team, n, before_packs(n, up, in), [&](auto many, int64_t j) {
      constexpr int N = decltype(many)::value;
      M g[N], v[N];
      load_many<N>(g, up + j);
      load_many<N>(v, in + j);
      M some = M(0);
      M part = M(0);
#pragma unroll
      for (int k = 0; k < N; k++) {
        some += g[k];
        part += g[k] * ((v[k] - m) * s);
      }
      dot += part;
      sum += some;
    });
  }
  dot = team_sum(team, dot);
  sum = team_sum(team, sum);
  if (team.rank == 0 && is_row) {
    partial[row] = {dot, sum};
  }
}

// A block for 32 columns; each of its warps adds up every eighth slice.
template <class T>
KILN_DEVICE void weight_finish(T* dweight, T* dbias, const Two<double>* partial, int64_t n,
                               int64_t slices, Two<double>* shared) {
  uint32_t lane = threadIdx.x % WARP;
  uint32_t warp = threadIdx.x / WARP;
  uint32_t warps = blockDim.x / WARP;
#pragma unroll 1
  for (int64_t first = blockIdx.x * int64_t{WARP}; first < n; first += gridDim.x * int64_t{WARP}) {
    int64_t j = first + lane;
    Two<double> all = {0, 0};
    if (j < n) {
#pragma unroll 4
      for (int64_t slice = warp; slice < slices; slice += warps) {
        all = add_two(all, partial[slice * n + j]);
      }
    }
    shared[threadIdx.x] = all;
    __syncthreads();
    if (warp == 0 && j < n) {
#pragma unroll 1
      for (uint32_t w = 1; w < warps; w++) {
        all = add_two(all, shared[w * WARP + lane]);
      }
      dweight[j] = Element<T>::put(all.a);
      if (dbias != nullptr) {
        dbias[j] = Element<T>::put(all.b);
      }
    }
    __syncthreads();
  }
}

}  // namespace kiln

#define KERNELS(type, T)                                                                          \
  KILN_ROW_KERNELS(                                                                               \
      layer_norm, type, T, kiln::rows_of_packs(n, x, y),                                          \
      (kiln::layer_norm_held(team, y, mean, inv_std, x, weight, bias, eps, row, rows, n, packs,   \
                             kiln::Own())),                                                       \
      (kiln::layer_norm_long(team, y, mean, inv_std, x, weight, bias, eps, row, n, kiln::Own())), \
      T* y, kiln::MathOf<T>* mean, kiln::MathOf<T>* inv_std, const T* x, const T* weight,         \
      const T* bias, double eps)                                                                  \
  KILN_ROW_KERNELS(                                                                               \
      layer_norm_grad, type, T, kiln::rows_of_packs(n, x, dx, dy),                                \
      (kiln::layer_norm_grad_held(team, dx, dy, x, weight, mean, inv_std, row, rows, n, packs,    \
                                  kiln::Own())),                                                  \
      (kiln::layer_norm_grad_long(team, dx, dy, x, weight, mean, inv_std, row, n, kiln::Own())),  \
      T* dx, const T* dy, const T* x, const T* weight, const kiln::MathOf<T>* mean,               \
      const kiln::MathOf<T>* inv_std)                                                             \
  KILN_KERNEL_BLOCKS(256, 3, kiln_layer_norm_weight_##type, kiln::Two<double>* partial,           \
                     const T* dy, const T* x, const kiln::MathOf<T>* mean,                        \
                     const kiln::MathOf<T>* inv_std, int64_t rows, int64_t n, int64_t slices) {   \
    __shared__ kiln::Two<double> shared[256 / kiln::WARP * kiln::TILE<T>];                        \
    kiln::weight_sums(partial, dy, x, mean, inv_std, rows, n, slices, shared);                    \
  }                                                                                               \
  KILN_KERNEL_BOUNDS(256, kiln_layer_norm_weight_finish_##type, T* dweight, T* dbias,             \
                     const kiln::Two<double>* partial, int64_t n, int64_t slices) {               \
    __shared__ kiln::Two<double> shared[256];                                                     \
    kiln::weight_finish(dweight, dbias, partial, n, slices, shared);                              \
  }
KILN_FLOAT_TYPES(KERNELS)

#define OF_CHANNEL kiln::OfChannel::of(row, groups, channels, inner)
#define GROUP_KERNELS(type, T)                                                                    \
  KILN_ROW_KERNELS(                                                                               \
      group_norm, type, T, kiln::rows_of_packs(n, x, y),                                          \
      (kiln::layer_norm_held(team, y, mean, inv_std, x, weight, bias, eps, row, rows, n, packs,   \
                             OF_CHANNEL)),                                                        \
      (kiln::layer_norm_long(team, y, mean, inv_std, x, weight, bias, eps, row, n, OF_CHANNEL)),  \
      T* y, kiln::MathOf<T>* mean, kiln::MathOf<T>* inv_std, const T* x, const T* weight,         \
      const T* bias, double eps, uint32_t groups, uint32_t channels,                              \
      const kiln::Divider inner)                                                                  \
  KILN_ROW_KERNELS(                                                                               \
      group_norm_grad, type, T, kiln::rows_of_packs(n, x, dx, dy),                                \
      (kiln::layer_norm_grad_held(team, dx, dy, x, weight, mean, inv_std, row, rows, n, packs,    \
                                  OF_CHANNEL)),                                                   \
      (kiln::layer_norm_grad_long(team, dx, dy, x, weight, mean, inv_std, row, n, OF_CHANNEL)),   \
      T* dx, const T* dy, const T* x, const T* weight, const kiln::MathOf<T>* mean,               \
      const kiln::MathOf<T>* inv_std, uint32_t groups, uint32_t channels,                         \
      const kiln::Divider inner)                                                                  \
  KILN_KERNEL_BOUNDS(256, kiln_group_norm_weight_lanes_##type, kiln::Two<double>* partial,        \
                     const T* dy, const T* x, const kiln::MathOf<T>* mean,                        \
                     const kiln::MathOf<T>* inv_std, const kiln::Divider channels, int64_t rows,  \
                     int64_t n, int32_t size) {                                                   \
    kiln::rows_by_lanes(rows, size, [&](kiln::LaneTeam& team, int64_t row) {                      \
      kiln::plane_sums(team, partial, dy, x, mean, inv_std, channels, row, rows, n);              \
    });                                                                                           \
  }                                                                                               \
  KILN_KERNEL_BOUNDS(1024, kiln_group_norm_weight_long_##type, kiln::Two<double>* partial,        \
                     const T* dy, const T* x, const kiln::MathOf<T>* mean,                        \
                     const kiln::MathOf<T>* inv_std, const kiln::Divider channels, int64_t rows,  \
                     int64_t n, int32_t size) {                                                   \
    __shared__ kiln::BlockTeam::Exchange exchange;                                                \
    kiln::rows_by_block(rows, &exchange, [&](kiln::BlockTeam& team, int64_t row) {                \
      kiln::plane_sums(team, partial, dy, x, mean, inv_std, channels, row, rows, n);              \
    });                                                                                           \
  }
KILN_FLOAT_TYPES(GROUP_KERNELS)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include "kiln/rows.h"

static kiln::Family family("layer_norm");

namespace {

// Slots: eight for each type, then those of groups.
constexpr int GROUPS = KILN_TYPES * 8;

// The slices of rows whose sums are formed apart: enough blocks to fill a large GPU, and some rows
// for each warp.
int64_t slices_of(int64_t rows, int64_t n) {
  int64_t tiles = (n + 127) / 128;
  int64_t wanted = tiles == 0 ? 1 : (512 + tiles - 1) / tiles;
  int64_t most = (rows + 31) / 32;
  return most < 1 ? 1 : wanted < most ? wanted : most;
}

// dweight and dbias of n columns from the sums of slices.
int finish_weight(kiln::Context& c, int type, int64_t dweight, int64_t dbias, int64_t partial,
                  int64_t n, int64_t slices) {
  return kiln::launch(
      c, family.kernel(c, type * 8 + 7, "kiln_layer_norm_weight_finish_%s", kiln::TYPE_NAMES[type]),
      kiln::grid_for(c, (n + 31) / 32 * kiln::BLOCK), kiln::BLOCK, 0, dweight, dbias, partial, n,
      slices);
}

int gradients(int64_t context, int type, int64_t dx, int64_t dweight, int64_t dbias, int64_t dy,
              int64_t x, int64_t weight, int64_t mean, int64_t inv_std, int64_t scratch,
              int64_t rows, int64_t n) {
  if (n == 0) {
    return KILN_OK;
  }
  kiln::Context& c = kiln::Context::of(context);
  const char* name = kiln::TYPE_NAMES[type];
  kiln::RowPlan plan = kiln::RowPlan::of(c, type, rows, n);
  int status = kiln::launch(c,
                            family.kernel(c, type * 8 + 3 + plan.way, "kiln_layer_norm_grad_%s_%s",
                                          kiln::RowPlan::NAMES[plan.way], name),
                            plan.grid, plan.block, 0, dx, dy, x, weight, mean, inv_std, rows, n,
                            int32_t{plan.team});
  int64_t slices = slices_of(rows, n);
  int64_t tile = 32 * (16 / kiln::TYPE_BYTES[type]);
  if (status == KILN_OK) {
    status = kiln::launch(c, family.kernel(c, type * 8 + 6, "kiln_layer_norm_weight_%s", name),
                          kiln::grid_for(c, (n + tile - 1) / tile * slices * kiln::BLOCK),
                          kiln::BLOCK, 0, scratch, dy, x, mean, inv_std, rows, n, slices);
  }
  return status == KILN_OK ? finish_weight(c, type, dweight, dbias, scratch, n, slices) : status;
}

// Whether kernels can count the elements of a group, and all planes.
bool counts(int64_t images, int64_t channels, int64_t n) {
  return n <= INT32_MAX && images * channels <= INT32_MAX;
}

constexpr const char* TOO_LARGE = "groups of more than 2^31 elements, or 2^31 planes";

}  // namespace

extern "C" int64_t kiln_layer_norm_grad_scratch(int64_t rows, int64_t n) {
  return slices_of(rows, n) * n * 16;
}

extern "C" int kiln_layer_norm(int64_t context, int type, int64_t y, int64_t mean, int64_t inv_std,
                               int64_t x, int64_t weight, int64_t bias, int64_t rows, int64_t n,
                               double eps) {
  if (n == 0) {
    return KILN_OK;
  }
  kiln::Context& c = kiln::Context::of(context);
  kiln::RowPlan plan = kiln::RowPlan::of(c, type, rows, n);
  kiln::Kernel kernel = family.kernel(c, type * 8 + plan.way, "kiln_layer_norm_%s_%s",
                                      kiln::RowPlan::NAMES[plan.way], kiln::TYPE_NAMES[type]);
  return kiln::launch(c, kernel, plan.grid, plan.block, 0, y, mean, inv_std, x, weight, bias, eps,
                      rows, n, int32_t{plan.team});
}

extern "C" int kiln_layer_norm_grad(int64_t context, int type, int64_t dx, int64_t dweight,
                                    int64_t dbias, int64_t dy, int64_t x, int64_t weight,
                                    int64_t mean, int64_t inv_std, int64_t scratch, int64_t rows,
                                    int64_t n) {
  return gradients(context, type, dx, dweight, dbias, dy, x, weight, mean, inv_std, scratch, rows,
                   n);
}

extern "C" int kiln_rms_norm(int64_t context, int type, int64_t y, int64_t inv_rms, int64_t x,
                             int64_t weight, int64_t rows, int64_t n, double eps) {
  return kiln_layer_norm(context, type, y, 0, inv_rms, x, weight, 0, rows, n, eps);
}

extern "C" int kiln_rms_norm_grad(int64_t context, int type, int64_t dx, int64_t dweight,
                                  int64_t dy, int64_t x, int64_t weight, int64_t inv_rms,
                                  int64_t scratch, int64_t rows, int64_t n) {
  return gradients(context, type, dx, dweight, 0, dy, x, weight, 0, inv_rms, scratch, rows, n);
}

extern "C" int kiln_group_norm(int64_t context, int type, int64_t y, int64_t mean, int64_t inv_std,
                               int64_t x, int64_t weight, int64_t bias, int64_t images,
                               int64_t groups, int64_t channels, int64_t inner, double eps) {
  int64_t n = channels * inner;
  if (n == 0) {
    return KILN_OK;
  }
  if (!counts(images, groups * channels, n)) {
    return kiln::fail(KILN_BAD_ARGUMENT, TOO_LARGE);
  }
  kiln::Context& c = kiln::Context::of(context);
  kiln::RowPlan plan = kiln::RowPlan::of(c, type, images * groups, n);
  kiln::Kernel kernel = family.kernel(c, GROUPS + type * 8 + plan.way, "kiln_group_norm_%s_%s",
                                      kiln::RowPlan::NAMES[plan.way], kiln::TYPE_NAMES[type]);
  return kiln::launch(c, kernel, plan.grid, plan.block, 0, y, mean, inv_std, x, weight, bias, eps,
                      static_cast<uint32_t>(groups), static_cast<uint32_t>(channels),
                      kiln::Divider::of(static_cast<uint32_t>(inner)), images * groups, n,
                      int32_t{plan.team});
}

extern "C" int64_t kiln_group_norm_grad_scratch(int64_t images, int64_t groups, int64_t channels) {
  return images * groups * channels * 16;
}

extern "C" int kiln_group_norm_grad(int64_t context, int type, int64_t dx, int64_t dweight,
                                    int64_t dbias, int64_t dy, int64_t x, int64_t weight,
                                    int64_t mean, int64_t inv_std, int64_t scratch, int64_t images,
                                    int64_t groups, int64_t channels, int64_t inner) {
  int64_t n = channels * inner;
  int64_t all = groups * channels;
  if (!counts(images, all, n)) {
    return kiln::fail(KILN_BAD_ARGUMENT, TOO_LARGE);
  }
  kiln::Context& c = kiln::Context::of(context);
  const char* name = kiln::TYPE_NAMES[type];
  int slot = GROUPS + type * 8 + 3;
  int status = KILN_OK;
  if (n > 0) {
    kiln::RowPlan plan = kiln::RowPlan::of(c, type, images * groups, n);
    status = kiln::launch(c,
                          family.kernel(c, slot + plan.way, "kiln_group_norm_grad_%s_%s",
                                        kiln::RowPlan::NAMES[plan.way], name),
                          plan.grid, plan.block, 0, dx, dy, x, weight, mean, inv_std,
                          static_cast<uint32_t>(groups), static_cast<uint32_t>(channels),
                          kiln::Divider::of(static_cast<uint32_t>(inner)), images * groups, n,
                          int32_t{plan.team});
  }
  if (status == KILN_OK && all > 0) {
    kiln::RowPlan plan = kiln::RowPlan::of(c, type, images * all, inner);
    bool lanes = plan.way == kiln::RowPlan::LANES;
    status = kiln::launch(c,
                          family.kernel(c, slot + 3 + !lanes, "kiln_group_norm_weight_%s_%s",
                                        lanes ? "lanes" : "long", name),
                          plan.grid, plan.block, 0, scratch, dy, x, mean, inv_std,
                          kiln::Divider::of(static_cast<uint32_t>(channels)), images * all, inner,
                          int32_t{plan.team});
  }
  return status == KILN_OK ? finish_weight(c, type, dweight, dbias, scratch, all, images) : status;
}

#endif  // KILN_HOST_CODE
