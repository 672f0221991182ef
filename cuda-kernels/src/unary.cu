// Functions of one element and their gradients.
//
//   y = f(x; a, b)        dx = dy f'(x; a, b)
//
// The functions are the lines of unary_ops.h. Operands are dense; y may be x, dx may be dy.
#include "kiln/kernel.h"
#include "kiln/unary_ops.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/map.cuh"

namespace kiln {

template <class M>
constexpr M SELU_ALPHA = M(1.6732632423543772848170429916717);
template <class M>
constexpr M SELU_SCALE = M(1.0507009873554804934193349852946);

// 1 / (1 + e^-x), with small results exact.
template <class M>
KILN_DEVICE M sigmoid(M x) {
  M e = exp_of(-abs_of(x));
  return (x >= M(0) ? M(1) : e) / (M(1) + e);
}

// ln(1 + e^x) without overflow.
template <class M>
KILN_DEVICE M softplus(M x) {
  return larger(x, M(0)) + log1p_of(exp_of(-abs_of(x)));
}

// The distribution function of the standard normal distribution.
template <class M>
KILN_DEVICE M phi(M x) {
  return M(0.5) * erfc_of(-x * M(0.70710678118654752440));
}

template <class M>
KILN_DEVICE M gelu_tanh_part(M x) {
  return tanh_of(M(0.79788456080286535588) * x * (M(1) + M(0.044715) * x * x));
}

template <class M>
KILN_DEVICE M gelu_tanh_slope(M g, M x) {
  M t = gelu_tanh_part(x);
  M slope = (M(1) - t) * (M(1) + t);
  // Where the slope is 0, x * x may be infinite.
  M rest = slope == M(0) ? M(0)
                         : M(0.5) * x * slope * M(0.79788456080286535588) *
                               (M(1) + M(3 * 0.044715) * x * x);
  return g * (M(0.5) * (M(1) + t) + rest);
}

template <class M>
KILN_DEVICE M mish_slope(M g, M x) {
  M t = tanh_of(softplus(x));
  return g * (t + x * sigmoid(x) * (M(1) - t * t));
}

KILN_DEVICE int64_t clamp_integer(int64_t x, double a, double b) {
  int64_t low = static_cast<double>(x) < a ? to_int64(a) : x;
  return static_cast<double>(low) > b ? to_int64(b) : low;
}

// One functor for the function and one for its gradient; both hold the parameters.
#define FUNCTORS(java, name, y, dx)                                                       \
  template <class T>                                                                      \
  struct name##_function {                                                                \
    using M = MathOf<T>;                                                                  \
    M a, b;                                                                               \
    KILN_DEVICE_MEMBER T operator()(T v) const {                                          \
      M x = Element<T>::get(v);                                                           \
      return Element<T>::put(M(y));                                                       \
    }                                                                                     \
  };                                                                                      \
  template <class T>                                                                      \
  struct name##_gradient {                                                                \
    using M = MathOf<T>;                                                                  \
    M a, b;                                                                               \
    KILN_DEVICE_MEMBER T operator()(T dy, T saved) const {                                \
      M g = Element<T>::get(dy);                                                          \
      M s = Element<T>::get(saved);                                                       \
      (void)s;                                                                            \
      return Element<T>::put(M(dx));                                                      \
    }                                                                                     \
  };
KILN_UNARY_OPS(FUNCTORS)

#define INTEGER_FUNCTOR(java, name, y)                                                    \
  template <class T>                                                                      \
  struct name##_on_integers {                                                             \
    double a, b;                                                                          \
    KILN_DEVICE_MEMBER T operator()(T v) const {                                          \
      int64_t x = Element<T>::get(v);                                                     \
      int64_t p = to_int64(a);                                                            \
      int64_t q = to_int64(b);                                                            \
      (void)p, (void)q;                                                                   \
      return Element<T>::put(int64_t(y));                                                 \
    }                                                                                     \
  };
KILN_UNARY_INTEGER_OPS(INTEGER_FUNCTOR)

}  // namespace kiln

#define KERNELS(type, T, name)                                                            \
  KILN_KERNEL(kiln_##name##_##type, T* y, const T* x, int64_t n, double a, double b) {    \
    using M = kiln::MathOf<T>;                                                            \
    kiln::map_dense(kiln::name##_function<T>{M(a), M(b)}, n, y, x);                       \
  }                                                                                       \
  KILN_KERNEL(kiln_##name##_grad_##type, T* dx, const T* dy, const T* saved, int64_t n,   \
              double a, double b) {                                                       \
    using M = kiln::MathOf<T>;                                                            \
    kiln::map_dense(kiln::name##_gradient<T>{M(a), M(b)}, n, dx, dy, saved);              \
  }
#define KERNELS_OF(java, name, y, dx)                                                     \
  KERNELS(f32, float, name)                                                               \
  KERNELS(f64, double, name)                                                              \
  KERNELS(bf16, kiln::BFloat16, name)                                                     \
  KERNELS(f16, kiln::Float16, name)
KILN_UNARY_OPS(KERNELS_OF)

#define INTEGER_KERNEL(type, T, name)                                                     \
  KILN_KERNEL(kiln_##name##_##type, T* y, const T* x, int64_t n, double a, double b) {    \
    kiln::map_dense(kiln::name##_on_integers<T>{a, b}, n, y, x);                          \
  }
#define INTEGER_KERNELS_OF(java, name, y)                                                 \
  INTEGER_KERNEL(i32, int32_t, name)                                                      \
  INTEGER_KERNEL(i64, int64_t, name)                                                      \
  INTEGER_KERNEL(u8, uint8_t, name)
KILN_UNARY_INTEGER_OPS(INTEGER_KERNELS_OF)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include <string.h>

#include "kiln/launch.h"

static kiln::Family family("unary");

static constexpr const char* JAVA_NAMES[] = {
#define JAVA_NAME(java, name, y, dx) #java,
    KILN_UNARY_OPS(JAVA_NAME)};
static constexpr const char* NAMES[] = {
#define NAME(java, name, y, dx) #name,
    KILN_UNARY_OPS(NAME)};
static constexpr const char* INTEGER_NAMES[] = {
#define INTEGER_NAME(java, name, y) #name,
    KILN_UNARY_INTEGER_OPS(INTEGER_NAME)};
static constexpr int OPS = sizeof NAMES / sizeof NAMES[0];
static constexpr int GRADIENTS = OPS * KILN_TYPES;  // the first slot of the gradients

extern "C" int kiln_unary_op(const char* name) {
  for (int op = 0; op < OPS; op++) {
    if (strcmp(JAVA_NAMES[op], name) == 0) {
      return op;
    }
  }
  return -1;
}

extern "C" int kiln_unary_on_integers(int op) {
  for (const char* name : INTEGER_NAMES) {
    if (strcmp(NAMES[op], name) == 0) {
      return 1;
    }
  }
  return 0;
}

extern "C" int kiln_unary(int64_t context, int op, int type, int64_t out, int64_t x, int64_t n,
                          double a, double b) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Kernel kernel =
      family.kernel(c, op * KILN_TYPES + type, "kiln_%s_%s", NAMES[op], kiln::TYPE_NAMES[type]);
  return kiln::launch(c, kernel, kiln::grid_for_bytes(c, n * kiln::TYPE_BYTES[type]), kiln::BLOCK,
                      0, out, x, n, a, b);
}

extern "C" int kiln_unary_grad(int64_t context, int op, int type, int64_t dx, int64_t dy,
                               int64_t saved, int64_t n, double a, double b) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Kernel kernel = family.kernel(c, GRADIENTS + op * KILN_TYPES + type, "kiln_%s_grad_%s",
                                      NAMES[op], kiln::TYPE_NAMES[type]);
  return kiln::launch(c, kernel, kiln::grid_for_bytes(c, n * kiln::TYPE_BYTES[type]), kiln::BLOCK,
                      0, dx, dy, saved, n, a, b);
}

#endif  // KILN_HOST_CODE
