// What kernels share: element types, their arithmetic, 128-bit accesses, loops over a grid.
#pragma once

#include "kiln/geometry.h"

#if !defined(__CUDACC__)
#include <math.h>
#include <string.h>
#endif

// A function that kernels call; a member function of a class that they use.
#define KILN_DEVICE static __device__ __forceinline__
#define KILN_DEVICE_MEMBER __device__ __forceinline__

namespace kiln {

// ---- Numbers' bits ----

KILN_DEVICE uint32_t bits_of(float v) {
#if defined(__CUDACC__)
  return __float_as_uint(v);
#else
  uint32_t bits;
  memcpy(&bits, &v, sizeof bits);
  return bits;
#endif
}

KILN_DEVICE float float_of(uint32_t bits) {
#if defined(__CUDACC__)
  return __uint_as_float(bits);
#else
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
#endif
}

// ---- Element types ----

// Storage of a truth value; any byte but 0 is true, 1 is written.
struct Bool {
  uint8_t byte;
};

// Storage of a bfloat16: the upper half of a float.
struct BFloat16 {
  uint16_t bits;
};

// Storage of an IEEE binary16.
struct Float16 {
  uint16_t bits;
};

KILN_DEVICE float widen(BFloat16 v) { return float_of(static_cast<uint32_t>(v.bits) << 16); }

// To nearest, ties to even; NaN stays a (quiet) NaN.
KILN_DEVICE BFloat16 to_bfloat16(float v) {
  uint32_t bits = bits_of(v);
  uint32_t rounded = (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
  return {static_cast<uint16_t>(v != v ? bits >> 16 | 0x40u : rounded)};
}

KILN_DEVICE float widen(Float16 v) {
#if defined(__CUDACC__)
  float wide;
  asm("cvt.f32.f16 %0, %1;" : "=f"(wide) : "h"(v.bits));
  return wide;
#else
  _Float16 half;
  memcpy(&half, &v.bits, sizeof half);
  return static_cast<float>(half);
#endif
}

KILN_DEVICE Float16 to_float16(float v) {
  Float16 narrow;
#if defined(__CUDACC__)
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(narrow.bits) : "f"(v));
#else
  _Float16 half = static_cast<_Float16>(v);
  memcpy(&narrow.bits, &half, sizeof half);
#endif
  return narrow;
}

// To integers as Java converts: NaN to 0, too large or small to the last number of the type.
KILN_DEVICE int64_t to_int64(double v) {
  return v != v                          ? 0
         : v >= 9223372036854775807.0    ? INT64_MAX
         : v <= -9223372036854775808.0   ? INT64_MIN
                                         : static_cast<int64_t>(v);
}

KILN_DEVICE int32_t to_int32(double v) {
  return v != v               ? 0
         : v >= 2147483647.0  ? INT32_MAX
         : v <= -2147483648.0 ? INT32_MIN
                              : static_cast<int32_t>(v);
}

// For each element type: the type it is computed in (Math), the way there (get) and back (put).
// Floats are computed in float, FLOAT64 in double, integers and truth values in int64_t.
template <class T>
struct Element;

#define KILN_ELEMENT(T, M, get_v, put_float, put_double, put_integer)         \
  template <>                                                                 \
  struct Element<T> {                                                         \
    using Math = M;                                                           \
    static KILN_DEVICE_MEMBER M get(T v) { return get_v; }            \
    static KILN_DEVICE_MEMBER T put(float v) { return put_float; }    \
    static KILN_DEVICE_MEMBER T put(double v) { return put_double; }  \
    static KILN_DEVICE_MEMBER T put(int64_t v) { return put_integer; } \
  };

KILN_ELEMENT(float, float, v, v, static_cast<float>(v), static_cast<float>(v))
KILN_ELEMENT(double, double, v, v, v, static_cast<double>(v))
KILN_ELEMENT(int32_t, int64_t, v, to_int32(v), to_int32(v), static_cast<int32_t>(v))
KILN_ELEMENT(int64_t, int64_t, v, to_int64(v), to_int64(v), v)
KILN_ELEMENT(uint8_t, int64_t, v, static_cast<uint8_t>(to_int64(v)),
             static_cast<uint8_t>(to_int64(v)), static_cast<uint8_t>(v))
KILN_ELEMENT(Bool, int64_t, v.byte, {static_cast<uint8_t>(v != 0)},
             {static_cast<uint8_t>(v != 0)}, {static_cast<uint8_t>(v != 0)})
KILN_ELEMENT(BFloat16, float, widen(v), to_bfloat16(v), to_bfloat16(static_cast<float>(v)),
             to_bfloat16(static_cast<float>(v)))
KILN_ELEMENT(Float16, float, widen(v), to_float16(v), to_float16(static_cast<float>(v)),
             to_float16(static_cast<float>(v)))

template <class T>
using MathOf = typename Element<T>::Math;

// The element types by the names that kernels carry: OP(name, type).
#define KILN_FLOAT_TYPES(OP) \
  OP(f32, float) OP(f64, double) OP(bf16, kiln::BFloat16) OP(f16, kiln::Float16)
#define KILN_INTEGER_TYPES(OP) OP(i32, int32_t) OP(i64, int64_t) OP(u8, uint8_t)
#define KILN_ALL_TYPES(OP) KILN_FLOAT_TYPES(OP) KILN_INTEGER_TYPES(OP) OP(bool, kiln::Bool)

// ---- Arithmetic that is the same for every Math type ----

// The C library's functions under one name for float and double. None is a fast approximation.
#define KILN_MATH(name, function)                             \
  KILN_DEVICE float name(float x) { return function##f(x); }  \
  KILN_DEVICE double name(double x) { return function(x); }
KILN_MATH(exp_of, exp)
KILN_MATH(expm1_of, expm1)
KILN_MATH(log_of, log)
KILN_MATH(log1p_of, log1p)
KILN_MATH(sin_of, sin)
KILN_MATH(cos_of, cos)
KILN_MATH(tanh_of, tanh)
KILN_MATH(erf_of, erf)
KILN_MATH(erfc_of, erfc)
KILN_MATH(sqrt_of, sqrt)
KILN_MATH(floor_of, floor)
KILN_MATH(ceil_of, ceil)
KILN_MATH(round_of, rint)
KILN_MATH(abs_of, fabs)
#undef KILN_MATH

KILN_DEVICE float pow_of(float x, float y) { return powf(x, y); }
KILN_DEVICE double pow_of(double x, double y) { return pow(x, y); }

// Integers wrap around as in Java; C++ leaves signed overflow undefined, so they add unsigned.
KILN_DEVICE int64_t wrap(uint64_t v) { return static_cast<int64_t>(v); }
KILN_DEVICE uint64_t bits64(int64_t v) { return static_cast<uint64_t>(v); }

template <class M>
KILN_DEVICE M add_of(M a, M b) { return a + b; }
template <class M>
KILN_DEVICE M sub_of(M a, M b) { return a - b; }
template <class M>
KILN_DEVICE M mul_of(M a, M b) { return a * b; }
template <class M>
KILN_DEVICE M div_of(M a, M b) { return a / b; }
template <>
KILN_DEVICE_MEMBER int64_t add_of(int64_t a, int64_t b) { return wrap(bits64(a) + bits64(b)); }
template <>
KILN_DEVICE_MEMBER int64_t sub_of(int64_t a, int64_t b) { return wrap(bits64(a) - bits64(b)); }
template <>
KILN_DEVICE_MEMBER int64_t mul_of(int64_t a, int64_t b) { return wrap(bits64(a) * bits64(b)); }
template <>
KILN_DEVICE_MEMBER int64_t div_of(int64_t a, int64_t b) {
  // By 0 it is 0 (the CPU refuses it); only the least number by -1 does not fit.
  return b == 0 ? 0 : b == -1 ? wrap(0 - bits64(a)) : a / b;
}

// a^b modulo 2^64; for a negative b the true value without its fraction, 0 for 0.
KILN_DEVICE int64_t pow_of(int64_t a, int64_t b) {
  if (b < 0) {
    return a == 1 ? 1 : a == -1 ? ((b & 1) == 0 ? 1 : -1) : 0;
  }
  uint64_t result = 1;
  for (uint64_t base = bits64(a), e = bits64(b); e > 0; e >>= 1, base *= base) {
    result *= (e & 1) == 1 ? base : 1;
  }
  return wrap(result);
}

// The larger and the smaller; NaN if either is NaN.
template <class M>
KILN_DEVICE M larger(M a, M b) { return a != a || a > b ? a : b; }
template <class M>
KILN_DEVICE M smaller(M a, M b) { return a != a || a < b ? a : b; }

// -1, 0 or 1; 0 for NaN.
template <class M>
KILN_DEVICE M sign_of(M x) { return x > M(0) ? M(1) : x < M(0) ? M(-1) : M(0); }

// What long sums and products are kept in: double for floats, int64_t for integers.
KILN_DEVICE double running(float v) { return v; }
KILN_DEVICE double running(double v) { return v; }
KILN_DEVICE int64_t running(int64_t v) { return v; }

template <class T>
using RunningOf = decltype(running(MathOf<T>()));

// ---- 128-bit accesses ----

// As many elements as 16 bytes hold.
template <class T>
constexpr int LANES = 16 / static_cast<int>(sizeof(T));

// N elements that are read and written by 16-byte accesses where they fill 16 bytes or more.
template <class T, int N>
struct Pack {
  static constexpr int BYTES = N * static_cast<int>(sizeof(T));
  static constexpr int WORDS = BYTES / 16;

  T at[N];

  static KILN_DEVICE_MEMBER Pack load(const T* from) {
    union {
      uint4 words[WORDS == 0 ? 1 : WORDS];
      uint2 half;
      uint32_t quarter;
      Pack pack;
    } u;
    if (WORDS == 0 && BYTES == 4) {
      u.quarter = *reinterpret_cast<const uint32_t*>(from);
    } else if (WORDS == 0) {
      u.half = *reinterpret_cast<const uint2*>(from);
    } else {
#pragma unroll
      for (int w = 0; w < WORDS; w++) {
        u.words[w] = reinterpret_cast<const uint4*>(from)[w];
      }
    }
    return u.pack;
  }

  KILN_DEVICE_MEMBER void store(T* to) const {
    union {
      Pack pack;
      uint4 words[WORDS == 0 ? 1 : WORDS];
      uint2 half;
      uint32_t quarter;
    } u;
    u.pack = *this;
    if (WORDS == 0 && BYTES == 4) {
      *reinterpret_cast<uint32_t*>(to) = u.quarter;
    } else if (WORDS == 0) {
      *reinterpret_cast<uint2*>(to) = u.half;
    } else {
#pragma unroll
      for (int w = 0; w < WORDS; w++) {
        reinterpret_cast<uint4*>(to)[w] = u.words[w];
      }
    }
  }
};

// Whether packs of N elements may start at an address.
template <int N, class T>
KILN_DEVICE bool aligned(const T* p) {
  constexpr int bytes = N * static_cast<int>(sizeof(T));
  return reinterpret_cast<uintptr_t>(p) % (bytes < 16 ? bytes : 16) == 0;
}

// ---- Loops over a grid of one dimension ----

KILN_DEVICE int64_t thread_number() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
KILN_DEVICE int64_t thread_count() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

// In which row of n elements, and where in it, stands what a thread visits: element thread_number(),
// and then always the one thread_count() further on. By adding: a division of 64 bits for each would
// take longer than reading the element.
struct Visit {
  int64_t n;
  int64_t row;
  int64_t column;
  int64_t rows_on;
  int64_t columns_on;

  explicit KILN_DEVICE_MEMBER Visit(int64_t n)
      : n(n),
        row(thread_number() / n),
        column(thread_number() % n),
        rows_on(thread_count() / n),
        columns_on(thread_count() % n) {}

  KILN_DEVICE_MEMBER void next() {
    row += rows_on;
    column += columns_on;
    if (column >= n) {
      column -= n;
      row++;
    }
  }
};

}  // namespace kiln
