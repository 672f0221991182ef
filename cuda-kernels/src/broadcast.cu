// The four rules of arithmetic between a dense operand and a vector that lies along one of its axes.
//
//   out[i] = f(a[i], v[i / inner % n])
//
// A row added to every row has inner = 1, a column inner = the length of a row, a channel's number
// inner = the size of an image, one number for all n = 1. These come with every layer (biases,
// affine maps of norms, scales); other functions and shapes go by binary.cu's geometry. By 128-bit
// accesses; out may be a.
#include "kiln/kernel.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/device.cuh"

namespace kiln {

template <class F, class T>
KILN_DEVICE void map_broadcast(F f, T* out, const T* a, const T* v, uint32_t count,
                               const Divider& inner, const Divider& n) {
  constexpr int N = LANES<T>;
  using E = Element<T>;
  auto place = [&](uint32_t i) {
    uint32_t line = inner.divide(i);
    return line - n.divide(line) * n.divisor;
  };
  const uint32_t step = gridDim.x * blockDim.x;
  const uint32_t thread = blockIdx.x * blockDim.x + threadIdx.x;
  bool one = inner.divisor % N == 0;
  bool row = inner.divisor == 1 && n.divisor % N == 0 && aligned<N>(v);
  uint32_t packs = (one || row) && aligned<N>(out) && aligned<N>(a) ? count / N : 0;
#pragma unroll 1
  for (uint32_t i = thread; i < packs; i += step) {
    Pack<T, N> pack = Pack<T, N>::load(a + int64_t{i} * N);
    uint32_t at = place(i * N);
    Pack<T, N> by;
    if (row) {
      by = Pack<T, N>::load(v + at);
    } else {
#pragma unroll
      for (int k = 0; k < N; k++) {
        by.at[k] = v[at];
      }
    }
#pragma unroll
    for (int k = 0; k < N; k++) {
      pack.at[k] = E::put(f(E::get(pack.at[k]), E::get(by.at[k])));
    }
    pack.store(out + int64_t{i} * N);
  }
#pragma unroll 1
  for (uint32_t i = packs * N + thread; i < count; i += step) {
    out[i] = E::put(f(E::get(a[i]), E::get(v[place(i)])));
  }
}

struct Add {
  template <class M>
  KILN_DEVICE_MEMBER M operator()(M a, M b) const { return a + b; }
};
struct Sub {
  template <class M>
  KILN_DEVICE_MEMBER M operator()(M a, M b) const { return a - b; }
};
struct Mul {
  template <class M>
  KILN_DEVICE_MEMBER M operator()(M a, M b) const { return a * b; }
};
struct Div {
  template <class M>
  KILN_DEVICE_MEMBER M operator()(M a, M b) const { return a / b; }
};

}  // namespace kiln

#define KERNEL(name, F, type, T)                                                              \
  KILN_KERNEL(kiln_##name##_along_##type, T* out, const T* a, const T* v, uint32_t count,     \
              kiln::Divider inner, kiln::Divider n) {                                         \
    kiln::map_broadcast(kiln::F(), out, a, v, count, inner, n);                               \
  }
#define KERNELS(type, T)      \
  KERNEL(add, Add, type, T)   \
  KERNEL(sub, Sub, type, T)   \
  KERNEL(mul, Mul, type, T)   \
  KERNEL(div, Div, type, T)
KILN_FLOAT_TYPES(KERNELS)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include <string.h>

#include "kiln/broadcast.h"

static kiln::Family family("broadcast");

namespace {

constexpr const char* NAMES[] = {"add", "sub", "mul", "div"};
constexpr int OPS = sizeof NAMES / sizeof NAMES[0];
constexpr int64_t MOST = int64_t{1} << 30;

// Whether an operand of the layout is dense.
bool is_dense(const kiln::Layout& layout, int operand) {
  int64_t size = 1;
  for (int axis = layout.rank() - 1; axis >= 0; axis--) {
    if (layout.stride(operand, axis) != size) {
      return false;
    }
    size *= layout.size(axis);
  }
  return true;
}

// Whether an operand is a vector along one axis (or one number), and how it lies.
bool is_along(const kiln::Layout& layout, int operand, uint32_t& inner, uint32_t& n) {
  int64_t behind = 1;
  int64_t length = 0;
  for (int axis = layout.rank() - 1; axis >= 0; axis--) {
    int64_t stride = layout.stride(operand, axis);
    if (stride == 1 && length == 0) {
      length = layout.size(axis);
    } else if (stride != 0) {
      return false;
    } else if (length == 0) {
      behind *= layout.size(axis);
    }
  }
  // One number for all: the vector's next element is never reached.
  inner = static_cast<uint32_t>(length == 0 ? (behind + 15) / 16 * 16 : behind);
  n = static_cast<uint32_t>(length == 0 ? 1 : length);
  return true;
}

}  // namespace

bool kiln::broadcast(Context& c, const char* op, int type, int64_t out, int64_t a, int64_t b,
                     const Layout& layout, int& status) {
  int which = 0;
  while (which < OPS && strcmp(NAMES[which], op) != 0) {
    which++;
  }
  int64_t count = layout.count();
  if (which == OPS || !is_floating(type) || count == 0 || count > MOST || !is_dense(layout, 0)) {
    return false;
  }
  bool commutes = which == 0 || which == 2;
  uint32_t inner;
  uint32_t n;
  if (is_dense(layout, 1) && is_along(layout, 2, inner, n)) {
    // as the kernel has it
  } else if (commutes && is_dense(layout, 2) && is_along(layout, 1, inner, n)) {
    int64_t swapped = a;
    a = b;
    b = swapped;
  } else {
    return false;
  }
  Kernel kernel = family.kernel(c, which * KILN_TYPES + type, "kiln_%s_along_%s", NAMES[which],
                                TYPE_NAMES[type]);
  status = launch(c, kernel, grid_for_bytes(c, count * TYPE_BYTES[type]), BLOCK, 0, out, a, b,
                  static_cast<uint32_t>(count), Divider::of(inner), Divider::of(n));
  return true;
}

#endif  // KILN_HOST_CODE
