// Functions of two elements, and the choice between two by a condition; with broadcasting.
//
//   out = f(a, b)        out = condition ? a : b
//
// The functions are the lines of binary_ops.h. Dense operands of one shape go by 128-bit accesses,
// all others by their geometry, in which a broadcast axis has stride 0. out may be an input.
#include "kiln/binary_ops.h"
#include "kiln/kernel.h"

#if defined(KILN_DEVICE_CODE)
#include "kiln/map.cuh"

namespace kiln {

// ---- Division that rounds down, and what it leaves ----

KILN_DEVICE float remainder_of_c(float a, float b) { return fmodf(a, b); }
KILN_DEVICE double remainder_of_c(double a, double b) { return fmod(a, b); }
KILN_DEVICE int64_t remainder_of_c(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }

// a - b floor(a / b), of b's sign.
template <class M>
KILN_DEVICE M remainder_of_python(M a, M b) {
  M rest = remainder_of_c(a, b);
  return rest != M(0) && (rest < M(0)) != (b < M(0)) ? rest + b : rest;
}

// The largest integer not above a / b, without the error of rounding a / b first.
template <class M>
KILN_DEVICE M floor_div(M a, M b) {
  if (b == M(0)) {
    return a / b;
  }
  M rest = remainder_of_c(a, b);
  M quotient = (a - rest) / b;
  if (rest != M(0) && (rest < M(0)) != (b < M(0))) {
    quotient -= M(1);
  }
  // A quotient of 0 has the sign of a / b.
  return quotient == M(0) ? (a / b < M(0) ? -M(0) : M(0)) : round_of(quotient);
}
template <>
KILN_DEVICE_MEMBER int64_t floor_div(int64_t a, int64_t b) {
  int64_t rest = remainder_of_c(a, b);
  int64_t quotient = div_of(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? quotient - 1 : quotient;
}

KILN_DEVICE float atan2_of(float a, float b) { return atan2f(a, b); }
KILN_DEVICE double atan2_of(double a, double b) { return atan2(a, b); }
KILN_DEVICE float hypot_of(float a, float b) { return hypotf(a, b); }
KILN_DEVICE double hypot_of(double a, double b) { return hypot(a, b); }

#define ARITHMETIC(java, name, result)                            \
  template <class T>                                              \
  struct name##_function {                                        \
    using Result = T;                                             \
    KILN_DEVICE_MEMBER T operator()(T p, T q) const {             \
      MathOf<T> a = Element<T>::get(p);                           \
      MathOf<T> b = Element<T>::get(q);                           \
      return Element<T>::put(result);                             \
    }                                                             \
  };
KILN_ARITHMETIC_OPS(ARITHMETIC)
KILN_PLANE_OPS(ARITHMETIC)
KILN_BIT_OPS(ARITHMETIC)

#define PREDICATE(java, name, result)                             \
  template <class T>                                              \
  struct name##_function {                                        \
    using Result = Bool;                                          \
    KILN_DEVICE_MEMBER Bool operator()(T p, T q) const {          \
      MathOf<T> a = Element<T>::get(p);                           \
      MathOf<T> b = Element<T>::get(q);                           \
      return {static_cast<uint8_t>(result)};                      \
    }                                                             \
  };
KILN_PREDICATE_OPS(PREDICATE)

template <class T>
struct Choice {
  KILN_DEVICE_MEMBER T operator()(Bool condition, T a, T b) const {
    return condition.byte != 0 ? a : b;
  }
};

}  // namespace kiln

#define KERNELS(type, T, name)                                                             \
  KILN_KERNEL(kiln_##name##_##type, kiln::name##_function<T>::Result* out, const T* a,     \
              const T* b, int64_t n) {                                                     \
    kiln::map_dense(kiln::name##_function<T>(), n, out, a, b);                             \
  }                                                                                        \
  KILN_KERNEL(kiln_##name##_strided_##type, kiln::name##_function<T>::Result* out,         \
              const T* a, const T* b, kiln::Geometry<3> g) {                               \
    kiln::map_strided(kiln::name##_function<T>(), g, out, a, b);                           \
  }
#define FLOAT_KERNELS(java, name, result)                                                  \
  KERNELS(f32, float, name)                                                                \
  KERNELS(f64, double, name)                                                               \
  KERNELS(bf16, kiln::BFloat16, name)                                                      \
  KERNELS(f16, kiln::Float16, name)
#define INTEGER_KERNELS(java, name, result)                                                \
  KERNELS(i32, int32_t, name)                                                              \
  KERNELS(i64, int64_t, name)                                                              \
  KERNELS(u8, uint8_t, name)                                                               \
  KERNELS(bool, kiln::Bool, name)
KILN_ARITHMETIC_OPS(FLOAT_KERNELS)
KILN_ARITHMETIC_OPS(INTEGER_KERNELS)
KILN_PLANE_OPS(FLOAT_KERNELS)
KILN_BIT_OPS(INTEGER_KERNELS)
KILN_PREDICATE_OPS(FLOAT_KERNELS)
KILN_PREDICATE_OPS(INTEGER_KERNELS)

// The choice moves elements without looking at them: one kernel for each size.
#define WHERE(bytes, T)                                                                    \
  KILN_KERNEL(kiln_where_##bytes, T* out, const kiln::Bool* condition, const T* a,         \
              const T* b, int64_t n) {                                                     \
    kiln::map_dense(kiln::Choice<T>(), n, out, condition, a, b);                           \
  }                                                                                        \
  KILN_KERNEL(kiln_where_strided_##bytes, T* out, const kiln::Bool* condition, const T* a, \
              const T* b, kiln::Geometry<4> g) {                                           \
    kiln::map_strided(kiln::Choice<T>(), g, out, condition, a, b);                         \
  }
WHERE(1, uint8_t)
WHERE(2, uint16_t)
WHERE(4, uint32_t)
WHERE(8, uint64_t)

#endif  // KILN_DEVICE_CODE

#if defined(KILN_HOST_CODE)
#include <string.h>

#include "kiln/broadcast.h"
#include "kiln/launch.h"

static kiln::Family family("binary");

static constexpr const char* JAVA_NAMES[] = {
#define JAVA_NAME(java, name, result) #java,
    KILN_BINARY_OPS(JAVA_NAME)};
static constexpr const char* NAMES[] = {
#define NAME(java, name, result) #name,
    KILN_BINARY_OPS(NAME)};
static constexpr bool PREDICATES[] = {
#define NOT(java, name, result) false,
#define YES(java, name, result) true,
    KILN_ARITHMETIC_OPS(NOT) KILN_PLANE_OPS(NOT) KILN_BIT_OPS(NOT) KILN_PREDICATE_OPS(YES)};
static constexpr int OPS = sizeof NAMES / sizeof NAMES[0];

// Slots: dense ops, strided ops, where, strided where.
static constexpr int STRIDED = OPS * KILN_TYPES;
static constexpr int WHERE = 2 * OPS * KILN_TYPES;
static constexpr int WHERE_STRIDED = WHERE + 9;

extern "C" int kiln_binary_op(const char* name) {
  for (int op = 0; op < OPS; op++) {
    if (strcmp(JAVA_NAMES[op], name) == 0) {
      return op;
    }
  }
  return -1;
}

extern "C" int kiln_binary(int64_t context, int op, int type, int64_t out, int64_t a, int64_t b,
                           int64_t geometry) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Layout layout(geometry);
  int slot = op * KILN_TYPES + type;
  int bytes = kiln::TYPE_BYTES[type];
  if (layout.dense(3)) {
    int64_t n = layout.count();
    kiln::Kernel kernel =
        family.kernel(c, slot, "kiln_%s_%s", NAMES[op], kiln::TYPE_NAMES[type]);
    return kiln::launch(c, kernel, kiln::grid_for_bytes(c, n * bytes), kiln::BLOCK, 0, out, a, b, n);
  }
  int status;
  if (kiln::broadcast(c, NAMES[op], type, out, a, b, layout, status)) {
    return status;
  }
  int out_bytes = PREDICATES[op] ? 1 : bytes;
  kiln::Kernel kernel = family.kernel(c, STRIDED + slot, "kiln_%s_strided_%s", NAMES[op],
                                      kiln::TYPE_NAMES[type]);
  return kiln::for_each_piece<3>(layout, [&](const kiln::Geometry<3>& g, const int64_t* offsets) {
    return kiln::launch(c, kernel, kiln::grid_for_strided(c, g.count), kiln::BLOCK, 0,
                        out + offsets[0] * out_bytes, a + offsets[1] * bytes,
                        b + offsets[2] * bytes, g);
  });
}

extern "C" int kiln_where(int64_t context, int bytes, int64_t out, int64_t condition, int64_t a,
                          int64_t b, int64_t geometry) {
  kiln::Context& c = kiln::Context::of(context);
  kiln::Layout layout(geometry);
  if (layout.dense(4)) {
    int64_t n = layout.count();
    return kiln::launch(c, family.kernel(c, WHERE + bytes, "kiln_where_%d", bytes),
                        kiln::grid_for_bytes(c, n * bytes), kiln::BLOCK, 0, out, condition, a, b, n);
  }
  kiln::Kernel kernel = family.kernel(c, WHERE_STRIDED + bytes, "kiln_where_strided_%d", bytes);
  return kiln::for_each_piece<4>(layout, [&](const kiln::Geometry<4>& g, const int64_t* offsets) {
    return kiln::launch(c, kernel, kiln::grid_for_strided(c, g.count), kiln::BLOCK, 0,
                        out + offsets[0] * bytes, condition + offsets[1], a + offsets[2] * bytes,
                        b + offsets[3] * bytes, g);
  });
}

#endif  // KILN_HOST_CODE
