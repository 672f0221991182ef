// CUDA's built-in vector types, with CUDA's sizes and alignments.
#pragma once

// The alignment is the point: a float4 read from an address that is no multiple of 16 is an error on
// a GPU, and is found here because the type demands the same.
#define CUDASIM_VECTORS(type, name, align2, align4)                                            \
  struct name##1 { type x; };                                                                  \
  struct alignas(align2) name##2 { type x, y; };                                               \
  struct name##3 { type x, y, z; };                                                            \
  struct alignas(align4) name##4 { type x, y, z, w; };                                         \
  static inline name##1 make_##name##1(type x) { return {x}; }                                 \
  static inline name##2 make_##name##2(type x, type y) { return {x, y}; }                      \
  static inline name##3 make_##name##3(type x, type y, type z) { return {x, y, z}; }           \
  static inline name##4 make_##name##4(type x, type y, type z, type w) { return {x, y, z, w}; }

CUDASIM_VECTORS(signed char, char, 2, 4)
CUDASIM_VECTORS(unsigned char, uchar, 2, 4)
CUDASIM_VECTORS(short, short, 4, 8)
CUDASIM_VECTORS(unsigned short, ushort, 4, 8)
CUDASIM_VECTORS(int, int, 8, 16)
CUDASIM_VECTORS(unsigned int, uint, 8, 16)
CUDASIM_VECTORS(long, long, 16, 16)
CUDASIM_VECTORS(unsigned long, ulong, 16, 16)
CUDASIM_VECTORS(long long, longlong, 16, 16)
CUDASIM_VECTORS(unsigned long long, ulonglong, 16, 16)
CUDASIM_VECTORS(float, float, 8, 16)
CUDASIM_VECTORS(double, double, 16, 16)

#undef CUDASIM_VECTORS

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
