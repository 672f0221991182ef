// Augmentation of images: sampling at the points of affine maps, and steps on pixels.
//
//   affine_sample      out[i][c][p] = x[i][c] read at theta[i] (column + 1/2, row + 1/2, 1) of p
//   transform_pixels   out[i][:][p] = last step( ... first step(x[i][:][p]))
//
// Definitions are those of dev.kiln.backend.FusedOps and PixelOp; bytes are divided by 255. Sampling:
// a thread takes four pixels of one image, finds their points once, each operation rounded on its
// own as on the CPU, and goes through the channels. Steps: a block takes a part of one image (of one
// channel where there are not three), so that all its threads do the same ops. Where a step needs to
// have seen the whole image, the block first runs the steps before it over all pixels, in an order
// that depends on the sizes alone; every block of an image finds the same.
//
// M. Jaderberg et al.: Spatial transformer networks. NIPS 2015. A. R. Smith: Color gamut transform
// pairs. SIGGRAPH 1978.
#include "kiln/kernel.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/block.cuh"
#include "kiln/random.cuh"

namespace kiln {

KILN_DEVICE float value_of(uint8_t v) { return v; }
KILN_DEVICE float value_of(float v) { return v; }

// What a value read from memory is divided by.
template <class T>
constexpr float UNIT = sizeof(T) == 1 ? 255.0f : 1.0f;

// ---- Sampling ----

constexpr int PIXELS = 4;

// dev.kiln.backend.Sampling.Padding
enum { CONSTANT, BORDER, REFLECTION };

// The same number as on the CPU: nothing is fused.
KILN_DEVICE float coordinate(const float* line, float column, float row) {
  float sum = __fadd_rn(__fmul_rn(line[0], column), __fmul_rn(line[1], row));
  return __fadd_rn(sum, __fadd_rn(line[2], -0.5f));
}

KILN_DEVICE float settle(float p, int32_t size, int padding) {
  float all = 2.0f * size;
  if (padding == REFLECTION) {
    float turn = fmodf(fabsf(p + 0.5f), all);
    p = fminf(turn, all - turn) - 0.5f;
  }
  return padding == CONSTANT ? p : fmaxf(0.0f, fminf(size - 1.0f, p));
}

// Where a pixel is read: its upper left neighbour, how far beyond it the point lies, and which of the
// neighbours (left, right, up, down) are in the image. Nearest: the pixel itself, and whether.
struct Taps {
  int32_t at;
  float tx;
  float ty;
  int in;
};

enum { LEFT = 1, RIGHT = 2, UP = 4, DOWN = 8 };

KILN_DEVICE Taps taps(const float* theta, float column, float row, int32_t h, int32_t w,
                      int nearest, int padding) {
  float px = settle(coordinate(theta, column, row), w, padding);
  float py = settle(coordinate(theta + 3, column, row), h, padding);
  Taps t = {0, 0, 0, 0};
  // A NaN is outside too.
  if (!(px > -1 && px < w && py > -1 && py < h)) {
    return t;
  }
  float fx = nearest ? rintf(px) : floorf(px);
  float fy = nearest ? rintf(py) : floorf(py);
  int32_t x0 = static_cast<int32_t>(fx);
  int32_t y0 = static_cast<int32_t>(fy);
  t.at = y0 * w + x0;
  t.tx = px - fx;
  t.ty = py - fy;
  t.in = (x0 >= 0 ? LEFT : 0) | (x0 < w - 1 ? RIGHT : 0) | (y0 >= 0 ? UP : 0) |
         (y0 < h - 1 ? DOWN : 0);
  if (nearest) {
    bool inside = x0 >= 0 && x0 < w && y0 >= 0 && y0 < h;
    t.in = inside ? LEFT | UP : 0;
  }
  return t;
}

template <class T>
KILN_DEVICE float read(const T* plane, const Taps& t, int32_t w, int nearest, float outside) {
  if (nearest) {
    return t.in != 0 ? value_of(plane[t.at]) : outside;
  }
  if (t.in == 0) {
    return outside;
  }
  bool left = (t.in & LEFT) != 0;
  bool right = (t.in & RIGHT) != 0;
  bool up = (t.in & UP) != 0;
  bool down = (t.in & DOWN) != 0;
  float a = left && up ? value_of(plane[t.at]) : outside;
  float b = right && up ? value_of(plane[t.at + 1]) : outside;
  float c = left && down ? value_of(plane[t.at + w]) : outside;
  float d = right && down ? value_of(plane[t.at + w + 1]) : outside;
  float sx = 1.0f - t.tx;
  float sy = 1.0f - t.ty;
  return a * (sx * sy) + b * (t.tx * sy) + c * (sx * t.ty) + d * (t.tx * t.ty);
}

template <class T, class O>
KILN_DEVICE void affine_sample(O* out, const T* x, const float* theta, const float* fill,
                               int64_t images, int64_t channels, int32_t h, int32_t w, int32_t oh,
                               Divider ow, int nearest, int padding) {
  uint32_t pixels = static_cast<uint32_t>(oh) * ow.divisor;
  int64_t groups = (static_cast<int64_t>(pixels) + PIXELS - 1) / PIXELS;
  bool whole = pixels % PIXELS == 0 && aligned<PIXELS>(out);
  int64_t size = static_cast<int64_t>(h) * w;
  for (int64_t item = thread_number(); item < images * groups; item += thread_count()) {
    int64_t image = item / groups;
    uint32_t first = static_cast<uint32_t>(item - image * groups) * PIXELS;
    Taps points[PIXELS];
#pragma unroll
    for (int u = 0; u < PIXELS; u++) {
      uint32_t row = ow.divide(first + u);
      uint32_t column = first + u - row * ow.divisor;
      points[u] = taps(theta + image * 6, column + 0.5f, row + 0.5f, h, w, nearest, padding);
    }
#pragma unroll 1
    for (int64_t c = 0; c < channels; c++) {
      int64_t plane = image * channels + c;
      float outside = fill == nullptr ? 0.0f : fill[c] * UNIT<T>;
      Pack<O, PIXELS> pack;
#pragma unroll
      for (int u = 0; u < PIXELS; u++) {
        float v = read(x + plane * size, points[u], w, nearest, outside);
        pack.at[u] = Element<O>::put(sizeof(T) == 1 ? v / 255.0f : v);
      }
      O* to = out + plane * pixels + first;
      if (whole) {
        pack.store(to);
      } else {
#pragma unroll
        for (int u = 0; u < PIXELS; u++) {
          if (first + u < pixels) {
            to[u] = pack.at[u];
          }
        }
      }
    }
  }
}

// ---- Steps ----

// dev.kiln.backend.PixelOp
enum {
  NONE, BRIGHTNESS, CONTRAST, SATURATION, HUE, GRAYSCALE, INVERT, POSTERIZE, SOLARIZE,
  AUTOCONTRAST, EQUALIZE, NORMALIZE, ERASE, NOISE, SHARPNESS, BLUR_ROWS, BLUR_COLUMNS
};
constexpr int STEP = 6;
constexpr int MAX_STEPS = 16;
constexpr int LEVELS = 256;

// What a block found out about an image: for each step, the mean grey of CONTRAST, or smallest and
// largest value of each channel, or whether EQUALIZE changes it; and EQUALIZE's new levels.
struct Measured {
  float at[MAX_STEPS][6];
  float table[3][LEVELS];
};

// One image, or one channel of it.
template <class T>
struct Picture {
  const T* x;
  const float* steps;
  const float* channels;
  Stream random;
  int64_t first;
  int32_t h;
  int32_t w;
  int32_t pixels;
  int32_t channel;
  int32_t blocks;
};

KILN_DEVICE float clamp(float v) { return fmaxf(0.0f, fminf(1.0f, v)); }

KILN_DEVICE int level(float v) {
  return static_cast<int>(fmaxf(0.0f, fminf(255.0f, rintf(v * 255.0f))));
}

template <int C>
KILN_DEVICE float grey(const float (&v)[C]) {
  return C == 3 ? 0.2989f * v[0] + 0.587f * v[C / 2] + 0.114f * v[C - 1] : v[0];
}

KILN_DEVICE float shade(float top, float span, float at) {
  float place = at - 6.0f * floorf(at / 6.0f);
  return top - span * clamp(fminf(place, 4.0f - place));
}

// Turns a hue by sixths of a turn.
KILN_DEVICE void turn(float& r, float& g, float& b, float sixths) {
  float top = fmaxf(r, fmaxf(g, b));
  float span = top - fminf(r, fminf(g, b));
  float divisor = span == 0 ? 1.0f : span;
  float hue = top == r   ? (g - b) / divisor
              : top == g ? (b - r) / divisor + 2.0f
                         : (r - g) / divisor + 4.0f;
  r = shade(top, span, hue + sixths + 5.0f);
  g = shade(top, span, hue + sixths + 3.0f);
  b = shade(top, span, hue + sixths + 1.0f);
}

// The number of channel k of a pixel, k within the picture.
template <class T, int C>
KILN_DEVICE void normals(const Picture<T>& p, int step, int32_t pixel, float (&z)[C]) {
  float lanes[4];
  uint64_t counter = static_cast<uint64_t>(p.first + step + 1) << 40;
  uint64_t block = static_cast<uint64_t>(pixel) * p.blocks + p.channel / 4;
  Normal<float>::draw(philox(p.random, counter + block), 0, 1, lanes);
  if (C == 1) {
    int lane = p.channel % 4;
    z[0] = lane == 0 ? lanes[0] : lane == 1 ? lanes[1] : lane == 2 ? lanes[2] : lanes[3];
  } else {
#pragma unroll
    for (int k = 0; k < C; k++) {
      z[k] = lanes[k];
    }
  }
}

template <class T>
KILN_DEVICE float value_at(const T* plane, int32_t i) {
  return sizeof(T) == 1 ? value_of(plane[i]) / 255.0f : value_of(plane[i]);
}

template <class T>
KILN_DEVICE float sharpened(const T* plane, int32_t i, int32_t row, int32_t column, int32_t h,
                            int32_t w, float factor) {
  float middle = value_at(plane, i);
  if (row == 0 || row == h - 1 || column == 0 || column == w - 1) {
    return clamp(middle);
  }
  float sum = 4.0f * middle;
#pragma unroll 1
  for (int r = -1; r <= 1; r++) {
    const T* line = plane + r * w;
    sum += value_at(line, i - 1) + value_at(line, i) + value_at(line, i + 1);
  }
  return clamp(middle * factor + sum / 13.0f * (1.0f - factor));
}

// The weighted mean along a line of n pixels, a stride apart, around the place `at` of it.
template <class T>
KILN_DEVICE float blurred(const T* line, int32_t at, int32_t stride, int32_t n, int radius,
                          float ratio) {
  float sum = value_at(line, at * stride);
  float total = 1.0f;
  float weight = 1.0f;
  float next = ratio;
#pragma unroll 1
  for (int k = 1; k <= radius; k++) {
    int32_t before = at < k ? k - at : at - k;
    int32_t after = at + k < n ? at + k : 2 * (n - 1) - at - k;
    weight *= next;
    next *= ratio * ratio;
    sum += (value_at(line, before * stride) + value_at(line, after * stride)) * weight;
    total += 2.0f * weight;
  }
  return sum / total;
}

// The pixel after the first `count` steps.
template <int C, class T>
KILN_DEVICE void evaluate(float (&v)[C], const Picture<T>& p, const Measured& measured,
                          int32_t pixel, int count) {
  int start = 0;
  int looking = count > 0 ? static_cast<int>(p.steps[0]) : NONE;
  if (looking >= SHARPNESS) {
    start = 1;
    int32_t row = pixel / p.w;
    int32_t column = pixel - row * p.w;
    const float* a = p.steps + 1;
#pragma unroll
    for (int k = 0; k < C; k++) {
      const T* plane = p.x + static_cast<int64_t>(k) * p.pixels;
      v[k] = looking == SHARPNESS
                 ? sharpened(plane, pixel, row, column, p.h, p.w, a[0])
             : looking == BLUR_ROWS
                 ? blurred(plane + row * p.w, column, 1, p.w, static_cast<int>(a[0]), a[1])
                 : blurred(plane + column, row, p.w, p.h, static_cast<int>(a[0]), a[1]);
    }
  } else {
#pragma unroll
    for (int k = 0; k < C; k++) {
      v[k] = value_at(p.x + static_cast<int64_t>(k) * p.pixels, pixel);
    }
  }
#pragma unroll 1
  for (int s = start; s < count; s++) {
    const float* a = p.steps + s * STEP + 1;
    int op = static_cast<int>(a[-1]);
    if (op == CONTRAST || op == SATURATION) {
      float other = op == CONTRAST ? measured.at[s][0] : grey(v);
      float rest = other * (1.0f - a[0]);
      // A grey image has no saturation to change.
      if (op == CONTRAST || C == 3) {
#pragma unroll
        for (int k = 0; k < C; k++) {
          v[k] = clamp(v[k] * a[0] + rest);
        }
      }
    } else if (op == HUE) {
      if (C == 3) {
        turn(v[0], v[C / 2], v[C - 1], 6.0f * a[0]);
      }
    } else if (op == GRAYSCALE) {
      float all = grey(v);
#pragma unroll
      for (int k = 0; k < C; k++) {
        v[k] = all;
      }
    } else if (op == ERASE || op == NOISE) {
      int32_t row = pixel / p.w;
      int32_t column = pixel - row * p.w;
      bool erased = row >= a[0] && row < a[2] && column >= a[1] && column < a[3];
      bool random = op == NOISE || (erased && a[4] != a[4]);
      float z[C] = {};
      if (random) {
        normals(p, s, pixel, z);
      }
#pragma unroll
      for (int k = 0; k < C; k++) {
        float noisy = v[k] + (z[k] * a[1] + a[0]);
        v[k] = op == NOISE ? (a[2] != 0 ? clamp(noisy) : noisy)
               : !erased   ? v[k]
               : random    ? z[k]
                           : a[4];
      }
    } else {
#pragma unroll
      for (int k = 0; k < C; k++) {
        float u = v[k];
        switch (op) {
          case BRIGHTNESS:
            u = clamp(u * a[0]);
            break;
          case INVERT:
            u = 1.0f - u;
            break;
          case POSTERIZE:
            u = floorf(level(u) / a[0]) * a[0] / 255.0f;
            break;
          case SOLARIZE:
            u = u >= a[0] ? 1.0f - u : u;
            break;
          case AUTOCONTRAST: {
            float low = measured.at[s][2 * k];
            float high = measured.at[s][2 * k + 1];
            u = low == high ? u : clamp((u - low) / (high - low));
            break;
          }
          case EQUALIZE:
            u = measured.at[s][k] == 0 ? u : measured.table[k][level(u)];
            break;
          case NORMALIZE: {
            const float* channel = p.channels + 2 * (p.channel + k);
            u = (u - channel[0]) / channel[1];
            break;
          }
          default:
            break;
        }
        v[k] = u;
      }
    }
  }
}

// What the threads of a block find out together.
struct Shared {
  Measured measured;
  double sums[WARP];
  float ends[WARP];
  int histogram[3][LEVELS];
};

// Ends a step's measuring: merges what the threads have seen.
template <int C>
KILN_DEVICE void conclude(Shared& shared, int step, int op, int32_t pixels, double sum,
                          const float (&low)[C], const float (&high)[C]) {
  float* to = shared.measured.at[step];
  if (op == CONTRAST) {
    sum = block_reduce(sum, shared.sums, [](double a, double b) { return a + b; });
    if (threadIdx.x == 0) {
      to[0] = static_cast<float>(sum / pixels);
    }
  } else if (op == AUTOCONTRAST) {
#pragma unroll
    for (int k = 0; k < C; k++) {
      float least = block_reduce(low[k], shared.ends, [](float a, float b) { return fminf(a, b); });
      __syncthreads();
      float most = block_reduce(high[k], shared.ends, [](float a, float b) { return fmaxf(a, b); });
      __syncthreads();
      if (threadIdx.x == 0) {
        to[2 * k] = least;
        to[2 * k + 1] = most;
      }
    }
  } else {
    __syncthreads();
    int k = threadIdx.x;
    if (k < C) {
      const int* histogram = shared.histogram[k];
      int last = LEVELS - 1;
      while (last > 0 && histogram[last] == 0) {
        last--;
      }
      int each = (pixels - histogram[last]) / (LEVELS - 1);
      to[k] = static_cast<float>(each);
      int before = each / 2;
      for (int i = 0; i < LEVELS && each > 0; i++) {
        int spread = before / each;
        shared.measured.table[k][i] = (spread < 255 ? spread : 255) / 255.0f;
        before += histogram[i];
      }
    }
  }
  __syncthreads();
}

// Runs over the pixels once for each step that must measure them, and once to write them.
template <int C, class T, class O>
KILN_DEVICE void transform(O* out, const Picture<T>& p, int count, int32_t begin, int32_t end,
                           Shared& shared) {
  constexpr int WRITE = -1;
#pragma unroll 1
  for (int s = 0; s <= count; s++) {
    int op = s == count ? WRITE : static_cast<int>(p.steps[s * STEP]);
    if (op != WRITE && op != CONTRAST && op != AUTOCONTRAST && op != EQUALIZE) {
      continue;
    }
    double sum = 0;
    float low[C];
    float high[C];
#pragma unroll
    for (int k = 0; k < C; k++) {
      low[k] = INFINITY;
      high[k] = -INFINITY;
    }
    if (op == EQUALIZE) {
      for (int i = threadIdx.x; i < C * LEVELS; i += blockDim.x) {
        shared.histogram[i / LEVELS][i % LEVELS] = 0;
      }
      __syncthreads();
    }
    int32_t first = op == WRITE ? begin : 0;
    int32_t last = op == WRITE ? end : p.pixels;
#pragma unroll 1
    for (int32_t i = first + threadIdx.x; i < last; i += blockDim.x) {
      float v[C];
      evaluate(v, p, shared.measured, i, s);
      sum += grey(v);
#pragma unroll
      for (int k = 0; k < C; k++) {
        if (op == WRITE) {
          out[static_cast<int64_t>(k) * p.pixels + i] = Element<O>::put(v[k]);
        } else if (op == EQUALIZE) {
          atomicAdd(&shared.histogram[k][level(v[k])], 1);
        }
        low[k] = fminf(low[k], v[k]);
        high[k] = fmaxf(high[k], v[k]);
      }
    }
    if (op != WRITE) {
      conclude(shared, s, op, p.pixels, sum, low, high);
    }
  }
}

template <int C, class T, class O>
KILN_DEVICE void transform_pixels(O* out, const T* x, const float* steps, const float* channels,
                                  const int64_t* keys, int64_t pictures, int32_t pieces,
                                  int32_t all_channels, int32_t h, int32_t w, int32_t count,
                                  int64_t first) {
  __shared__ Shared shared;
  Picture<T> p;
  p.h = h;
  p.w = w;
  p.pixels = h * w;
  p.channels = channels;
  p.first = first;
  p.blocks = (all_channels + 3) / 4;
  int32_t each = (p.pixels + pieces - 1) / pieces;
#pragma unroll 1
  for (int64_t item = blockIdx.x; item < pictures * pieces; item += gridDim.x) {
    int64_t picture = item / pieces;
    int64_t image = C == 3 ? picture : picture / all_channels;
    p.channel = C == 3 ? 0 : static_cast<int32_t>(picture - image * all_channels);
    p.x = x + picture * C * p.pixels;
    p.steps = steps + image * count * STEP;
    p.random = {bits64(keys[2 * image]), bits64(keys[2 * image + 1]), 0};
    int32_t begin = static_cast<int32_t>(item - picture * pieces) * each;
    int32_t end = p.pixels - begin < each ? p.pixels : begin + each;
    transform<C>(out + picture * C * p.pixels, p, count, begin, end, shared);
    // The next picture's measures are written over these.
    __syncthreads();
  }
}

}  // namespace kiln

#define KERNELS(from, T, to, O)                                                                  \
  KILN_KERNEL(kiln_affine_sample_##from##_##to, O* out, const T* x, const float* theta,          \
              const float* fill, int64_t images, int64_t channels, int32_t h, int32_t w,         \
              int32_t oh, kiln::Divider ow, int32_t nearest, int32_t padding) {                  \
    kiln::affine_sample(out, x, theta, fill, images, channels, h, w, oh, ow, nearest, padding);  \
  }                                                                                              \
  STEPS(1, from, T, to, O)                                                                       \
  STEPS(3, from, T, to, O)
#define STEPS(C, from, T, to, O)                                                                 \
  KILN_KERNEL_BLOCKS(256, 1, kiln_transform_pixels##C##_##from##_##to, O* out, const T* x,      \
                     const float* steps, const float* channels, const int64_t* keys,             \
                     int64_t pictures, int32_t pieces, int32_t all_channels, int32_t h,          \
                     int32_t w, int32_t count, int64_t first) {                                  \
    kiln::transform_pixels<C>(out, x, steps, channels, keys, pictures, pieces, all_channels, h,  \
                              w, count, first);                                                  \
  }
#define TO(to, O) KERNELS(u8, uint8_t, to, O) KERNELS(f32, float, to, O)
TO(f32, float)
TO(bf16, kiln::BFloat16)
TO(f16, kiln::Float16)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include "kiln/launch.h"

static kiln::Family family("augment");

// So large an image leaves room for what a loop over its pixels adds to their numbers.
static constexpr int64_t MOST = int64_t{1} << 30;

extern "C" int kiln_affine_sample(int64_t context, int out_type, int x_type, int64_t out,
                                  int64_t x, int64_t theta, int64_t fill, int64_t images,
                                  int64_t channels, int64_t h, int64_t w, int64_t oh, int64_t ow,
                                  int nearest, int padding) {
  if (images * channels * oh * ow == 0) {
    return KILN_OK;
  }
  if (h * w > MOST || oh * ow > MOST) {
    return kiln::fail(KILN_BAD_ARGUMENT, "an image of more than 2^30 pixels");
  }
  kiln::Context& c = kiln::Context::of(context);
  kiln::Kernel kernel =
      family.kernel(c, (x_type * KILN_TYPES + out_type) * 3, "kiln_affine_sample_%s_%s",
                    kiln::TYPE_NAMES[x_type], kiln::TYPE_NAMES[out_type]);
  int64_t threads = images * ((oh * ow + 3) / 4);
  return kiln::launch(c, kernel, kiln::grid_for(c, threads), kiln::BLOCK, 0, out, x, theta, fill,
                      images, channels, static_cast<int32_t>(h), static_cast<int32_t>(w),
                      static_cast<int32_t>(oh), kiln::Divider::of(static_cast<uint32_t>(ow)),
                      nearest, padding);
}

extern "C" int kiln_transform_pixels(int64_t context, int out_type, int x_type, int64_t out,
                                     int64_t x, int64_t steps, int64_t channel_values,
                                     int64_t keys, int64_t images, int64_t channels, int64_t h,
                                     int64_t w, int count, int64_t first, int measures) {
  int64_t pixels = h * w;
  if (images * channels * pixels == 0) {
    return KILN_OK;
  }
  if (pixels > MOST || channels > MOST) {
    return kiln::fail(KILN_BAD_ARGUMENT, "an image of more than 2^30 pixels or channels");
  }
  kiln::Context& c = kiln::Context::of(context);
  bool colour = channels == 3;
  kiln::Kernel kernel = family.kernel(
      c, (x_type * KILN_TYPES + out_type) * 3 + (colour ? 2 : 1), "kiln_transform_pixels%d_%s_%s",
      colour ? 3 : 1, kiln::TYPE_NAMES[x_type], kiln::TYPE_NAMES[out_type]);
  int64_t pictures = images * (colour ? 1 : channels);
  // Parts of an image measure it each for themselves, and before any of it is written over.
  int64_t wanted = (static_cast<int64_t>(c.multiprocessors) * 8 + pictures - 1) / pictures;
  int64_t most = (pixels + 1023) / 1024;
  int64_t pieces = measures != 0 && out == x ? 1 : wanted < most ? wanted : most;
  int64_t blocks = pictures * pieces;
  int64_t limit = static_cast<int64_t>(c.multiprocessors) * 32;
  return kiln::launch(c, kernel, static_cast<unsigned>(blocks < limit ? blocks : limit),
                      kiln::BLOCK, 0, out, x, steps, channel_values, keys, pictures,
                      static_cast<int32_t>(pieces), static_cast<int32_t>(channels),
                      static_cast<int32_t>(h), static_cast<int32_t>(w), count, first);
}

#endif  // KILN_HOST_CODE
