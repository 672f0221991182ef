// Random numbers as dev.kiln.random.Draws defines them, bit for bit: Philox4x32-10 blocks, turned
// into numbers by IEEE operations that are each rounded on their own. exact_* keep the compiler from
// fusing them.
//
// J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: Parallel random numbers: as easy as 1, 2, 3.
// SC'11. G. E. P. Box, M. E. Muller: A note on the generation of random normal deviates. 1958.
#pragma once

#include "kiln/device.cuh"

namespace kiln {

// ---- Philox ----

struct Words {
  uint32_t at[4];
};

// Where a stream of random numbers stands: the key, the stream, its next block.
struct Stream {
  uint64_t seed;
  uint64_t stream;
  uint64_t counter;
};

KILN_DEVICE Words philox(const Stream& s, uint64_t block) {
  uint32_t c0 = static_cast<uint32_t>(block);
  uint32_t c1 = static_cast<uint32_t>(block >> 32);
  uint32_t c2 = static_cast<uint32_t>(s.stream);
  uint32_t c3 = static_cast<uint32_t>(s.stream >> 32);
  uint32_t k0 = static_cast<uint32_t>(s.seed);
  uint32_t k1 = static_cast<uint32_t>(s.seed >> 32);
#pragma unroll
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = static_cast<uint64_t>(c0) * 0xD2511F53u;
    uint64_t p1 = static_cast<uint64_t>(c2) * 0xCD9E8D57u;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(p1);
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(p0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

// ---- Arithmetic without fusing ----

KILN_DEVICE double exact_mul(double a, double b) { return __dmul_rn(a, b); }
KILN_DEVICE double exact_add(double a, double b) { return __dadd_rn(a, b); }
KILN_DEVICE double exact_sub(double a, double b) { return __dsub_rn(a, b); }

// p z + c, rounded twice: a step of a polynomial.
KILN_DEVICE double step(double p, double z, double c) { return exact_add(exact_mul(p, z), c); }

// ln x of a normal positive number, by the series of Draws.log.
KILN_DEVICE double draw_log(double x) {
  constexpr double SQRT_HALF = 0x1.6a09e667f3bcdp-1;
  constexpr double LN2_HIGH = 0x1.62e42feep-1;
  constexpr double LN2_LOW = 0x1.a39ef35793c76p-33;
  int64_t bits = __double_as_longlong(x);
  int e = static_cast<int>(bits >> 52 & 0x7FF) - 1022;
  double m = __longlong_as_double((bits & 0x000FFFFFFFFFFFFFLL) | 0x3FE0000000000000LL);
  if (m < SQRT_HALF) {
    m = exact_add(m, m);
    e--;
  }
  double s = exact_sub(m, 1.0) / exact_add(m, 1.0);
  double z = exact_mul(s, s);
  double p = 1.0 / 23.0;
  p = step(p, z, 1.0 / 21.0);
  p = step(p, z, 1.0 / 19.0);
  p = step(p, z, 1.0 / 17.0);
  p = step(p, z, 1.0 / 15.0);
  p = step(p, z, 1.0 / 13.0);
  p = step(p, z, 1.0 / 11.0);
  p = step(p, z, 1.0 / 9.0);
  p = step(p, z, 1.0 / 7.0);
  p = step(p, z, 1.0 / 5.0);
  p = step(p, z, 1.0 / 3.0);
  p = exact_mul(p, z);
  double s2 = exact_add(s, s);
  double rest = exact_add(exact_mul(e, LN2_LOW), exact_add(s2, exact_mul(s2, p)));
  return exact_add(exact_mul(e, LN2_HIGH), rest);
}

// Cosine and sine of turn / 2^32 of a full turn, by the polynomials of Draws.cosSin.
KILN_DEVICE void draw_cos_sin(uint32_t turn, double& cosine, double& sine) {
  constexpr double STEP = 0x1.921fb54442d18p-30;
  uint32_t q = (turn + 0x20000000u) >> 30;
  double x = exact_mul(static_cast<int32_t>(turn - (q << 30)), STEP);
  double z = exact_mul(x, x);
  double s = 1.0 / 355687428096000.0;
  s = step(s, z, -1.0 / 1307674368000.0);
  s = step(s, z, 1.0 / 6227020800.0);
  s = step(s, z, -1.0 / 39916800.0);
  s = step(s, z, 1.0 / 362880.0);
  s = step(s, z, -1.0 / 5040.0);
  s = step(s, z, 1.0 / 120.0);
  s = step(s, z, -1.0 / 6.0);
  s = exact_add(x, exact_mul(x, exact_mul(s, z)));
  double c = -1.0 / 6402373705728000.0;
  c = step(c, z, 1.0 / 20922789888000.0);
  c = step(c, z, -1.0 / 87178291200.0);
  c = step(c, z, 1.0 / 479001600.0);
  c = step(c, z, -1.0 / 3628800.0);
  c = step(c, z, 1.0 / 40320.0);
  c = step(c, z, -1.0 / 720.0);
  c = step(c, z, 1.0 / 24.0);
  c = step(c, z, -0.5);
  c = exact_add(1.0, exact_mul(c, z));
  cosine = q == 0 ? c : q == 1 ? -s : q == 2 ? -c : s;
  sine = q == 0 ? s : q == 1 ? c : q == 2 ? -s : -c;
}

// ---- Distributions: one block of four words to PER elements ----

// Uniform in [0, 1) with 24 bits.
KILN_DEVICE double uniform24(uint32_t word) { return exact_mul(word >> 8, 0x1p-24); }

// The next lower number of an element type.
KILN_DEVICE double next_below(double v) {
  int64_t bits = __double_as_longlong(v);
  return v == 0 ? -0x1p-1074 : __longlong_as_double(v < 0 ? bits + 1 : bits - 1);
}
KILN_DEVICE float next_below(float v) {
  uint32_t bits = bits_of(v);
  return v == 0 ? -0x1p-149f : float_of(v < 0 ? bits + 1 : bits - 1);
}
template <class T>
KILN_DEVICE T next_below_16(T v) {
  uint16_t bits = v.bits;
  return {static_cast<uint16_t>((bits & 0x7FFF) == 0 ? 0x8001
                                : (bits & 0x8000) != 0 ? bits + 1
                                                       : bits - 1)};
}
KILN_DEVICE BFloat16 next_below(BFloat16 v) { return next_below_16(v); }
KILN_DEVICE Float16 next_below(Float16 v) { return next_below_16(v); }

// Uniform in [a, b).
template <class T>
struct Uniform {
  static constexpr int PER = sizeof(T) == 8 ? 2 : 4;
  static KILN_DEVICE_MEMBER void draw(const Words& w, double a, double b, T* out) {
#pragma unroll
    for (int i = 0; i < PER; i++) {
      double u = PER == 4
                     ? uniform24(w.at[i])
                     : exact_mul(exact_add(exact_mul(w.at[2 * i % 4] >> 5, 0x1p26),
                                           w.at[(2 * i + 1) % 4] >> 6),
                                 0x1p-53);
      T v = Element<T>::put(exact_add(a, exact_mul(u, exact_sub(b, a))));
      out[i] = Element<T>::get(v) >= b && a < b ? next_below(v) : v;
    }
  }
};

// Normal with mean a and standard deviation b.
template <class T>
struct Normal {
  static constexpr int PER = 4;
  static KILN_DEVICE_MEMBER void draw(const Words& w, double a, double b, T* out) {
#pragma unroll
    for (int i = 0; i < PER; i += 2) {
      double u = exact_mul(exact_add(w.at[i], 1.0), 0x1p-32);
      double r = sqrt(exact_mul(-2.0, draw_log(u)));
      double cosine, sine;
      draw_cos_sin(w.at[i + 1], cosine, sine);
      out[i] = Element<T>::put(exact_add(a, exact_mul(b, exact_mul(r, cosine))));
      out[i + 1] = Element<T>::put(exact_add(a, exact_mul(b, exact_mul(r, sine))));
    }
  }
};

// b with probability a, else 0.
template <class T>
struct Bernoulli {
  static constexpr int PER = 4;
  static KILN_DEVICE_MEMBER void draw(const Words& w, double a, double b, T* out) {
    // uniform24(word) < a, in whole numbers: many GPUs have few units for doubles.
    uint32_t below = a >= 1 ? 1u << 24 : a > 0 ? static_cast<uint32_t>(ceil(a * 0x1p24)) : 0;
    T yes = Element<T>::put(b);
    T no = Element<T>::put(0.0);
#pragma unroll
    for (int i = 0; i < PER; i++) {
      out[i] = w.at[i] >> 8 < below ? yes : no;
    }
  }
};

}  // namespace kiln
