// The rarer functions of one element, without gradients of their own (those are composed).
//
//   y = f(x; a)
//
// The functions are the lines of math_ops.h. They are computed in double for every element type:
// seldom enough to prefer one accurate formula to two. Operands are dense; y may be x.
//
// Digamma and its derivatives by their asymptotic series, recurrence and reflection: Abramowitz and
// Stegun, chapters 6 and 23. Erfinv: a first guess from the logarithm (S. Winitzki 2008), then
// Halley's steps.
#include "kiln/kernel.h"
#include "kiln/math_ops.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/device.cuh"

namespace kiln {

constexpr double PI = 3.14159265358979323846;

KILN_DEVICE double inverse_erf(double x) {
  constexpr double TWO_OVER_SQRT_PI = 1.12837916709551257390;
  double y = fabs(x);
  if (!(y < 1)) {
    return copysign(y == 1 ? double(INFINITY) : double(NAN), x);
  }
  if (y == 0) {
    return x;
  }
  double l = log1p(-y * y);
  double half = 2 / (PI * 0.147) + l / 2;
  double guess = y < 1e-3 ? y / TWO_OVER_SQRT_PI
                          : sqrt(sqrt(half * half - l / 0.147) - half);
#pragma unroll 1
  for (int i = 0; i < 4; i++) {
    // Where erf is close to 1, erfc has the digits.
    double off = y < 0.5 ? erf(guess) - y : 1 - y - erfc(guess);
    double step = off / (TWO_OVER_SQRT_PI * exp(-guess * guess));
    guess -= step / (1 + guess * step);
  }
  return copysign(guess, x);
}

// From here on the asymptotic series are exact to double precision.
constexpr double FAR = 12;

// The k-th even Bernoulli number, B2k.
KILN_DEVICE double bernoulli(int k) {
  switch (k) {
    case 1: return 1.0 / 6;
    case 2: return -1.0 / 30;
    case 3: return 1.0 / 42;
    case 4: return -1.0 / 30;
    case 5: return 5.0 / 66;
    case 6: return -691.0 / 2730;
    case 7: return 7.0 / 6;
    default: return -3617.0 / 510;
  }
}
constexpr int BERNOULLIS = 8;

KILN_DEVICE double digamma(double x) {
  if (x == 0) {
    return copysign(double(INFINITY), -x);
  }
  double reflected = 0;
  if (x < 0) {
    double r = x - rint(x);
    if (r == 0) {
      return NAN;
    }
    reflected = -PI / tan(PI * r);
    x = 1 - x;
  }
  if (x == INFINITY) {
    return x + reflected;
  }
  double before = 0;
#pragma unroll 1
  for (; x < FAR; x += 1) {
    before += 1 / x;
  }
  double z = 1 / (x * x);
  double sum = 0;
#pragma unroll 1
  for (int k = BERNOULLIS; k >= 1; k--) {
    sum = (sum + bernoulli(k) / (2 * k)) * z;
  }
  return reflected + (log(x) - 0.5 / x - sum - before);
}

// Hurwitz's zeta function, the sum of (q + n)^-s, for whole s above 1, by Euler and Maclaurin.
KILN_DEVICE double zeta(int s, double q) {
  if (q <= 0 && q == floor(q)) {
    return INFINITY;
  }
  if (q != q || q < -1e6) {
    return NAN;
  }
  double sum = 0;
#pragma unroll 1
  for (; q < FAR; q += 1) {
    sum += pow(q, double(-s));
  }
  double power = pow(q, double(-s));
  double tail = q * power / (s - 1) + power / 2;
  double factor = s / q * power;
  double factorial = 2;
#pragma unroll 1
  for (int k = 1; k <= BERNOULLIS; k++) {
    tail += bernoulli(k) * factor / factorial;
    factor *= (s + 2 * k - 1.0) * (s + 2.0 * k) / (q * q);
    factorial *= (2 * k + 1.0) * (2 * k + 2.0);
  }
  return sum + tail;
}

KILN_DEVICE double polygamma(int n, double x) {
  double factorial = 1;
  for (int k = 2; k <= n; k++) {
    factorial *= k;
  }
  return (n % 2 == 0 ? -1 : 1) * factorial * zeta(n + 1, x);
}

}  // namespace kiln

#define KERNEL(type, T, name, y)                                                       \
  KILN_KERNEL(kiln_##name##_##type, T* out, const T* in, int64_t n, double a) {        \
    using namespace kiln;                                                              \
    (void)a;                                                                           \
    _Pragma("unroll 1")                                                                \
    for (int64_t i = thread_number(); i < n; i += thread_count()) {                    \
      double x = Element<T>::get(in[i]);                                               \
      out[i] = Element<T>::put(double(y));                                             \
    }                                                                                  \
  }
#define KERNELS(java, name, y)              \
  KERNEL(f32, float, name, y)               \
  KERNEL(f64, double, name, y)              \
  KERNEL(bf16, kiln::BFloat16, name, y)     \
  KERNEL(f16, kiln::Float16, name, y)
KILN_MATH_OPS(KERNELS)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include <string.h>

#include "kiln/launch.h"

static kiln::Family family("math");

static constexpr const char* JAVA_NAMES[] = {
#define JAVA_NAME(java, name, y) #java,
    KILN_MATH_OPS(JAVA_NAME)};
static constexpr const char* NAMES[] = {
#define NAME(java, name, y) #name,
    KILN_MATH_OPS(NAME)};
static constexpr int OPS = sizeof NAMES / sizeof NAMES[0];

extern "C" int kiln_math_op(const char* name) {
  for (int op = 0; op < OPS; op++) {
    if (strcmp(JAVA_NAMES[op], name) == 0) {
      return op;
    }
  }
  return -1;
}

extern "C" int kiln_math(int64_t context, int op, int type, int64_t out, int64_t x, int64_t n,
                         double a) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Kernel kernel =
      family.kernel(c, op * KILN_TYPES + type, "kiln_%s_%s", NAMES[op], kiln::TYPE_NAMES[type]);
  return kiln::launch(c, kernel, kiln::grid_for(c, n), kiln::BLOCK, 0, out, x, n, a);
}

#endif  // KILN_HOST_CODE
