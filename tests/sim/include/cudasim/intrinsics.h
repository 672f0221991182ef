// Device functions that C++ has not: cached loads, bit tricks, rounding variants, fast maths. The
// fast variants are computed accurately: the simulator proves logic, not a GPU's last bits.
#pragma once

#include <type_traits>

// --- loads and stores with a cache hint ---
#define CUDASIM_LOAD(name) \
  template <class T>       \
  inline T name(const T* address) { return *address; }
#define CUDASIM_STORE(name) \
  template <class T>        \
  inline void name(T* address, T value) { *address = value; }
CUDASIM_LOAD(__ldg)
CUDASIM_LOAD(__ldca)
CUDASIM_LOAD(__ldcg)
CUDASIM_LOAD(__ldcs)
CUDASIM_LOAD(__ldlu)
CUDASIM_LOAD(__ldcv)
CUDASIM_STORE(__stwb)
CUDASIM_STORE(__stcg)
CUDASIM_STORE(__stcs)
CUDASIM_STORE(__stwt)
#undef CUDASIM_LOAD
#undef CUDASIM_STORE

// --- minimum and maximum; of floats the number wins over NaN ---
template <class A, class B, class T = std::common_type_t<A, B>>
inline T min(A a, B b) {
  if constexpr (std::is_floating_point_v<T>) return T(b) < T(a) || a != a ? T(b) : T(a);
  return T(b) < T(a) ? T(b) : T(a);
}
template <class A, class B, class T = std::common_type_t<A, B>>
inline T max(A a, B b) {
  if constexpr (std::is_floating_point_v<T>) return T(a) < T(b) || a != a ? T(b) : T(a);
  return T(a) < T(b) ? T(b) : T(a);
}

// --- maths ---
// Macros where glibc declares, but does not export, the same name.
#define __expf(x) expf(x)
#define __exp10f(x) exp10f(x)
#define __logf(x) logf(x)
#define __log2f(x) log2f(x)
#define __log10f(x) log10f(x)
#define __powf(x, y) powf(x, y)
#define __sinf(x) sinf(x)
#define __cosf(x) cosf(x)
#define __tanf(x) tanf(x)
#define __sincosf(x, s, c) sincosf(x, s, c)

inline float rsqrtf(float x) { return float(1.0 / sqrt(double(x))); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float __frsqrt_rn(float x) { return rsqrtf(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }
inline float sinpif(float x) { return float(sin(M_PI * remainder(double(x), 2.0))); }
inline float cospif(float x) { return float(cos(M_PI * remainder(double(x), 2.0))); }
inline double sinpi(double x) { return sin(M_PI * remainder(x, 2.0)); }
inline double cospi(double x) { return cos(M_PI * remainder(x, 2.0)); }
inline void sincospif(float x, float* s, float* c) {
  *s = sinpif(x);
  *c = cospif(x);
}
inline float normcdff(float x) { return float(0.5 * erfc(-double(x) * M_SQRT1_2)); }
inline double normcdf(double x) { return 0.5 * erfc(-x * M_SQRT1_2); }

// The compiler may fuse a product and a sum, as nvcc does; these names forbid it. volatile is the
// one way that holds for inlined code.
inline float __fmul_rn(float a, float b) {
  volatile float product = a * b;
  return product;
}
inline float __fadd_rn(float a, float b) {
  volatile float x = a;
  return x + b;
}
inline float __fsub_rn(float a, float b) {
  volatile float x = a;
  return x - b;
}
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline double __dmul_rn(double a, double b) {
  volatile double product = a * b;
  return product;
}
inline double __dadd_rn(double a, double b) {
  volatile double x = a;
  return x + b;
}
inline double __dsub_rn(double a, double b) {
  volatile double x = a;
  return x - b;
}
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }

// --- conversions ---
namespace cudasim {

// A GPU's conversion saturates and gives 0 for NaN, where C++ leaves the result undefined.
template <class To, class From>
inline To saturating(From x) {
  if (x != x) return 0;
  constexpr To low = std::is_signed_v<To> ? To(To(1) << (sizeof(To) * 8 - 1)) : To(0);
  constexpr To high = To(~low);
  if (x <= From(low)) return low;
  if (x >= From(high)) return high;
  return To(x);
}

template <class To, class From>
inline To reinterpret(From x) {
  static_assert(sizeof(To) == sizeof(From), "");
  To y;
  memcpy(&y, &x, sizeof y);
  return y;
}

}  // namespace cudasim

inline int __float2int_rn(float x) { return cudasim::saturating<int>(rintf(x)); }
inline int __float2int_rz(float x) { return cudasim::saturating<int>(truncf(x)); }
inline int __float2int_rd(float x) { return cudasim::saturating<int>(floorf(x)); }
inline int __float2int_ru(float x) { return cudasim::saturating<int>(ceilf(x)); }
inline unsigned __float2uint_rn(float x) { return cudasim::saturating<unsigned>(rintf(x)); }
inline unsigned __float2uint_rz(float x) { return cudasim::saturating<unsigned>(truncf(x)); }
inline long long __float2ll_rn(float x) { return cudasim::saturating<long long>(rintf(x)); }
inline long long __float2ll_rz(float x) { return cudasim::saturating<long long>(truncf(x)); }
inline int __double2int_rn(double x) { return cudasim::saturating<int>(rint(x)); }
inline int __double2int_rz(double x) { return cudasim::saturating<int>(trunc(x)); }
inline long long __double2ll_rn(double x) { return cudasim::saturating<long long>(rint(x)); }
inline long long __double2ll_rz(double x) { return cudasim::saturating<long long>(trunc(x)); }
inline float __int2float_rn(int x) { return float(x); }
inline float __uint2float_rn(unsigned x) { return float(x); }
inline float __ll2float_rn(long long x) { return float(x); }
inline float __ull2float_rn(unsigned long long x) { return float(x); }
inline double __int2double_rn(int x) { return double(x); }
inline double __ll2double_rn(long long x) { return double(x); }
inline float __double2float_rn(double x) { return float(x); }

inline float __int_as_float(int x) { return cudasim::reinterpret<float>(x); }
inline int __float_as_int(float x) { return cudasim::reinterpret<int>(x); }
inline float __uint_as_float(unsigned x) { return cudasim::reinterpret<float>(x); }
inline unsigned __float_as_uint(float x) { return cudasim::reinterpret<unsigned>(x); }
inline double __longlong_as_double(long long x) { return cudasim::reinterpret<double>(x); }
inline long long __double_as_longlong(double x) { return cudasim::reinterpret<long long>(x); }

// --- bits ---
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz(unsigned(x)) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __brev(unsigned x) {
  unsigned reversed = 0;
  for (int bit = 0; bit < 32; bit++) reversed |= (x >> bit & 1u) << (31 - bit);
  return reversed;
}
inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned(uint64_t(a) * b >> 32); }
inline int __mulhi(int a, int b) { return int(int64_t(a) * b >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)((unsigned __int128)a * b >> 64);
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  return unsigned(((uint64_t(high) << 32 | low) << (shift & 31)) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  return unsigned((uint64_t(high) << 32 | low) >> (shift & 31));
}
inline unsigned __byte_perm(unsigned a, unsigned b, unsigned selector) {
  uint64_t bytes = uint64_t(b) << 32 | a;
  unsigned picked = 0;
  for (int i = 0; i < 4; i++) {
    unsigned choice = selector >> (4 * i) & 0xf;
    unsigned byte = unsigned(bytes >> (8 * (choice & 7))) & 0xff;
    if (choice & 8) byte = byte & 0x80 ? 0xff : 0;  // the sign of the byte, spread
    picked |= byte << (8 * i);
  }
  return picked;
}

// --- the rest ---
inline long long clock64() { return (long long)__builtin_ia32_rdtsc(); }
inline void __nanosleep(unsigned) {}
inline void __trap() { cudasim_trap(); }
#define __builtin_assume(condition) ((void)0)
#define __assume(condition) ((void)0)
