// The 16-bit floating-point types. Arithmetic is done in float and rounded once, as a GPU does it.
#pragma once

struct alignas(2) __half {
  _Float16 value;
  __half() = default;
  __half(float x) : value(_Float16(x)) {}
  __half(double x) : value(_Float16(x)) {}
  __half(int x) : value(_Float16(x)) {}
  operator float() const { return float(value); }
};

struct alignas(2) __nv_bfloat16 {
  uint16_t bits;
  __nv_bfloat16() = default;
  __nv_bfloat16(float x) : bits(round(x)) {}
  __nv_bfloat16(double x) : bits(round(float(x))) {}
  __nv_bfloat16(int x) : bits(round(float(x))) {}
  operator float() const {
    uint32_t wide = uint32_t(bits) << 16;
    float x;
    memcpy(&x, &wide, sizeof x);
    return x;
  }

 private:
  // To nearest, ties to even; every NaN becomes the one that the hardware makes.
  static uint16_t round(float x) {
    uint32_t wide;
    memcpy(&wide, &x, sizeof wide);
    if ((wide & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
    return uint16_t((wide + 0x7fff + (wide >> 16 & 1)) >> 16);
  }
};

#define CUDASIM_HALF_ARITHMETIC(type)                                                 \
  inline type operator+(type a, type b) { return type(float(a) + float(b)); }         \
  inline type operator-(type a, type b) { return type(float(a) - float(b)); }         \
  inline type operator*(type a, type b) { return type(float(a) * float(b)); }         \
  inline type operator/(type a, type b) { return type(float(a) / float(b)); }         \
  inline type __hadd(type a, type b) { return a + b; }                                \
  inline type __hsub(type a, type b) { return a - b; }                                \
  inline type __hmul(type a, type b) { return a * b; }                                \
  inline type __hfma(type a, type b, type c) {                                        \
    return type(float(double(float(a)) * double(float(b)) + double(float(c))));       \
  }                                                                                   \
  inline type __hmax(type a, type b) { return type(fmaxf(float(a), float(b))); }      \
  inline type __hmin(type a, type b) { return type(fminf(float(a), float(b))); }      \
  inline bool __hisnan(type a) { return float(a) != float(a); }

CUDASIM_HALF_ARITHMETIC(__half)
CUDASIM_HALF_ARITHMETIC(__nv_bfloat16)
#undef CUDASIM_HALF_ARITHMETIC

struct alignas(4) __half2 {
  __half x, y;
};
struct alignas(4) __nv_bfloat162 {
  __nv_bfloat16 x, y;
};
typedef __half half;
typedef __half2 half2;
typedef __nv_bfloat16 nv_bfloat16;
typedef __nv_bfloat162 nv_bfloat162;

inline float __half2float(__half x) { return float(x); }
inline __half __float2half(float x) { return __half(x); }
inline __half __float2half_rn(float x) { return __half(x); }
inline __half __double2half(double x) { return __half(x); }
inline float2 __half22float2(__half2 x) { return {float(x.x), float(x.y)}; }
inline __half2 __floats2half2_rn(float x, float y) { return {__half(x), __half(y)}; }
inline __half2 __float22half2_rn(float2 v) { return {__half(v.x), __half(v.y)}; }
inline __half2 __halves2half2(__half x, __half y) { return {x, y}; }
inline __half2 make_half2(__half x, __half y) { return {x, y}; }
inline float __low2float(__half2 v) { return float(v.x); }
inline float __high2float(__half2 v) { return float(v.y); }
inline unsigned short __half_as_ushort(__half x) {
  unsigned short bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
inline __half __ushort_as_half(unsigned short bits) {
  __half x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

inline float __bfloat162float(__nv_bfloat16 x) { return float(x); }
inline __nv_bfloat16 __float2bfloat16(float x) { return __nv_bfloat16(x); }
inline __nv_bfloat16 __float2bfloat16_rn(float x) { return __nv_bfloat16(x); }
inline __nv_bfloat16 __double2bfloat16(double x) { return __nv_bfloat16(x); }
inline float2 __bfloat1622float2(__nv_bfloat162 x) { return {float(x.x), float(x.y)}; }
inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) {
  return {__nv_bfloat16(x), __nv_bfloat16(y)};
}
inline __nv_bfloat162 __float22bfloat162_rn(float2 v) {
  return {__nv_bfloat16(v.x), __nv_bfloat16(v.y)};
}
inline __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) { return {x, y}; }
inline __nv_bfloat162 make_bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) { return {x, y}; }
inline float __low2float(__nv_bfloat162 v) { return float(v.x); }
inline float __high2float(__nv_bfloat162 v) { return float(v.y); }
inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 x) { return x.bits; }
inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits) {
  __nv_bfloat16 x;
  x.bits = bits;
  return x;
}
