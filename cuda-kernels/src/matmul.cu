// What cuBLAS and cuDNN leave of products: the end of floating ones, and integers.
//
//   epilogue   out[i][j] = f(out[i][j] + bias[j]), f the identity or max(., 0)
//   channels   out[i][c][p] = f(out[i][c][p] + bias[c]): the same of a convolution, NCHW
//   matmul     out = f(alpha op(a) op(b) + beta out + bias) for integers, modulo 2^64
#include "kiln/kernel.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/device.cuh"

namespace kiln {

template <class M>
KILN_DEVICE M finished(M v, int relu) { return relu != 0 && v <= M(0) ? M(0) : v; }

// Columns are dealt out by packs where rows and bias are aligned, else one by one.
template <class T, int N>
KILN_DEVICE void epilogue_packs(T* out, const T* bias, int64_t rows, int64_t columns, int relu) {
  int64_t packs = columns / N;
  Visit visit(packs);
  for (int64_t i = thread_number(); i < rows * packs; i += thread_count(), visit.next()) {
    T* at = out + i * N;
    Pack<T, N> v = Pack<T, N>::load(at);
    Pack<T, N> add = {};
    if (bias != nullptr) {
      add = Pack<T, N>::load(bias + visit.column * N);
    }
#pragma unroll
    for (int k = 0; k < N; k++) {
      v.at[k] = Element<T>::put(
          finished(Element<T>::get(v.at[k]) + Element<T>::get(add.at[k]), relu));
    }
    v.store(at);
  }
}

template <class T>
KILN_DEVICE void epilogue(T* out, const T* bias, int64_t rows, int64_t columns, int relu) {
  constexpr int N = LANES<T>;
  if (columns % N == 0 && aligned<N>(out) && aligned<N>(bias)) {
    epilogue_packs<T, N>(out, bias, rows, columns, relu);
    return;
  }
  Visit visit(columns);
  for (int64_t i = thread_number(); i < rows * columns; i += thread_count(), visit.next()) {
    MathOf<T> v = Element<T>::get(out[i]);
    if (bias != nullptr) {
      v += Element<T>::get(bias[visit.column]);
    }
    out[i] = Element<T>::put(finished(v, relu));
  }
}

// Packs run over channels' ends: each element finds its own channel.
template <class T>
KILN_DEVICE void channel_epilogue(T* out, const T* bias, uint32_t count, Divider channels,
                                  Divider pixels, int relu) {
  constexpr int N = LANES<T>;
  auto end_of = [&](T v, uint32_t i) {
    MathOf<T> m = Element<T>::get(v);
    if (bias != nullptr) {
      uint32_t plane = pixels.divide(i);
      m += Element<T>::get(bias[plane - channels.divide(plane) * channels.divisor]);
    }
    return Element<T>::put(finished(m, relu));
  };
  uint32_t step = gridDim.x * blockDim.x;
  uint32_t first = blockIdx.x * blockDim.x + threadIdx.x;
  uint32_t packs = aligned<N>(out) ? count / N : 0;
  for (uint32_t i = first; i < packs; i += step) {
    Pack<T, N> v = Pack<T, N>::load(out + i * static_cast<int64_t>(N));
#pragma unroll
    for (int k = 0; k < N; k++) {
      v.at[k] = end_of(v.at[k], i * N + k);
    }
    v.store(out + i * static_cast<int64_t>(N));
  }
  for (uint32_t i = packs * N + first; i < count; i += step) {
    out[i] = end_of(out[i], i);
  }
}

struct Strides {
  int64_t batch, row, column;
};

constexpr int TILE = 16;

// One tile of out for each block at a time; a and b pass through shared memory in tiles.
template <class T>
KILN_DEVICE void integer_matmul(T* out, const T* a, const T* b, const T* bias, int64_t batches,
                                int64_t m, int64_t n, int64_t k, Strides sa, Strides sb,
                                int64_t alpha, int64_t beta, int relu, int64_t (*tile_a)[TILE],
                                int64_t (*tile_b)[TILE]) {
  int x = threadIdx.x % TILE;
  int y = threadIdx.x / TILE;
  int64_t across = (n + TILE - 1) / TILE;
  int64_t down = (m + TILE - 1) / TILE;
  for (int64_t tile = blockIdx.x; tile < batches * down * across; tile += gridDim.x) {
    int64_t batch = tile / (down * across);
    int64_t row = tile / across % down * TILE + y;
    int64_t column = tile % across * TILE + x;
    uint64_t sum = 0;
    for (int64_t l = 0; l < k; l += TILE) {
      tile_a[y][x] = row < m && l + x < k
                         ? Element<T>::get(a[batch * sa.batch + row * sa.row + (l + x) * sa.column])
                         : 0;
      tile_b[y][x] = l + y < k && column < n
                         ? Element<T>::get(b[batch * sb.batch + (l + y) * sb.row + column * sb.column])
                         : 0;
      __syncthreads();
      for (int i = 0; i < TILE; i++) {
        sum += bits64(tile_a[y][i]) * bits64(tile_b[i][x]);
      }
      __syncthreads();
    }
    if (row < m && column < n) {
      T* at = out + (batch * m + row) * n + column;
      int64_t v = mul_of(alpha, wrap(sum));
      if (beta != 0) {
        v = add_of(v, mul_of(beta, Element<T>::get(*at)));
      }
      if (bias != nullptr) {
        v = add_of(v, Element<T>::get(bias[column]));
      }
      *at = Element<T>::put(finished(v, relu));
    }
  }
}

}  // namespace kiln

#define EPILOGUE(type, T)                                                                    \
  KILN_KERNEL(kiln_epilogue_##type, T* out, const T* bias, int64_t rows, int64_t columns,    \
              int relu) {                                                                    \
    kiln::epilogue(out, bias, rows, columns, relu);                                          \
  }
KILN_FLOAT_TYPES(EPILOGUE)

#define CHANNELS(type, T)                                                                     \
  KILN_KERNEL(kiln_channel_epilogue_##type, T* out, const T* bias, uint32_t count,           \
              kiln::Divider channels, kiln::Divider pixels, int relu) {                      \
    kiln::channel_epilogue(out, bias, count, channels, pixels, relu);                        \
  }
KILN_FLOAT_TYPES(CHANNELS)

#define MATMUL(type, T)                                                                      \
  KILN_KERNEL_BOUNDS(256, kiln_matmul_##type, T* out, const T* a, const T* b, const T* bias, \
                     int64_t batches, int64_t m, int64_t n, int64_t k, int64_t a_batch,      \
                     int64_t a_row, int64_t a_column, int64_t b_batch, int64_t b_row,        \
                     int64_t b_column, int64_t alpha, int64_t beta, int relu) {              \
    __shared__ int64_t tile_a[kiln::TILE][kiln::TILE];                                       \
    __shared__ int64_t tile_b[kiln::TILE][kiln::TILE];                                       \
    kiln::integer_matmul(out, a, b, bias, batches, m, n, k, {a_batch, a_row, a_column},      \
                         {b_batch, b_row, b_column}, alpha, beta, relu, tile_a, tile_b);     \
  }
KILN_INTEGER_TYPES(MATMUL)
MATMUL(bool, kiln::Bool)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include "kiln/launch.h"

static kiln::Family family("matmul");

extern "C" int kiln_epilogue(int64_t context, int type, int64_t out, int64_t bias, int64_t rows,
                             int64_t columns, int relu) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Kernel kernel = family.kernel(c, type, "kiln_epilogue_%s", kiln::TYPE_NAMES[type]);
  return kiln::launch(c, kernel, kiln::grid_for_bytes(c, rows * columns * kiln::TYPE_BYTES[type]),
                      kiln::BLOCK, 0, out, bias, rows, columns, relu);
}

extern "C" int kiln_channel_epilogue(int64_t context, int type, int64_t out, int64_t bias,
                                     int64_t images, int64_t channels, int64_t pixels, int relu) {
  kiln::Context& c = kiln::Context::of(context);
  int64_t count = images * channels * pixels;
  if (count == 0) {
    return KILN_OK;
  }
  if (count > INT32_MAX) {
    return kiln::fail(KILN_BAD_ARGUMENT, "more than 2^31 elements");
  }
  kiln::Kernel kernel = family.kernel(c, 2 * KILN_TYPES + type, "kiln_channel_epilogue_%s",
                                      kiln::TYPE_NAMES[type]);
  return kiln::launch(c, kernel, kiln::grid_for_bytes(c, count * kiln::TYPE_BYTES[type]),
                      kiln::BLOCK, 0, out, bias, static_cast<uint32_t>(count),
                      kiln::Divider::of(static_cast<uint32_t>(channels)),
                      kiln::Divider::of(static_cast<uint32_t>(pixels)), relu);
}

extern "C" int kiln_integer_matmul(int64_t context, int type, int64_t out, int64_t a, int64_t b,
                                   int64_t bias, int64_t batches, int64_t m, int64_t n, int64_t k,
                                   int64_t a_batch, int64_t a_row, int64_t a_column,
                                   int64_t b_batch, int64_t b_row, int64_t b_column, int64_t alpha,
                                   int64_t beta, int relu) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Kernel kernel =
      family.kernel(c, KILN_TYPES + type, "kiln_matmul_%s", kiln::TYPE_NAMES[type]);
  int64_t tiles = batches * ((m + 15) / 16) * ((n + 15) / 16);
  return kiln::launch(c, kernel, kiln::grid_for(c, tiles * kiln::BLOCK), kiln::BLOCK, 0, out, a, b,
                      bias, batches, m, n, k, a_batch, a_row, a_column, b_batch, b_row, b_column,
                      alpha, beta, relu);
}

#endif  // KILN_HOST_CODE
