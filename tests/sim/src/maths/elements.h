// The types of matrix and tensor elements, and how they become the numbers that are computed with.
#pragma once

#include <stdint.h>
#include <string.h>

namespace cudasim {

enum class Element { kF32, kF64, kF16, kBf16 };

inline size_t size_of(Element type) {
  switch (type) {
    case Element::kF32: return 4;
    case Element::kF64: return 8;
    default: return 2;
  }
}

// How the inputs of a product are rounded before it, as tensor cores do it.
enum class Rounding { kNone, kTf32, kBf16, kF16 };

inline float bits_to_float(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

inline uint32_t float_to_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

// Both 16-bit types round to nearest, ties to even.
inline float bf16_to_float(uint16_t x) { return bits_to_float(uint32_t(x) << 16); }

inline uint16_t float_to_bf16(float x) {
  uint32_t bits = float_to_bits(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline float f16_to_float(uint16_t x) {
  _Float16 half;
  memcpy(&half, &x, sizeof half);
  return float(half);
}

inline uint16_t float_to_f16(float x) {
  auto half = _Float16(x);
  uint16_t bits;
  memcpy(&bits, &half, sizeof bits);
  return bits;
}

// To nearest, ties away from zero, like the conversion instruction of the hardware.
inline float round_to_tf32(float x) {
  uint32_t bits = float_to_bits(x);
  if ((bits & 0x7f800000u) == 0x7f800000u) return x;
  return bits_to_float((bits + 0x1000) & 0xffffe000u);
}

inline float round_input(float x, Rounding rounding) {
  switch (rounding) {
    case Rounding::kTf32: return round_to_tf32(x);
    case Rounding::kBf16: return bf16_to_float(float_to_bf16(x));
    case Rounding::kF16: return f16_to_float(float_to_f16(x));
    default: return x;
  }
}

// Reading and writing element i of an array of a type known only when running. Number is what is
// computed with: float, or double for double.
template <class Number>
inline Number load(const void* array, Element type, int64_t i) {
  switch (type) {
    case Element::kF32: return Number(static_cast<const float*>(array)[i]);
    case Element::kF64: return Number(static_cast<const double*>(array)[i]);
    case Element::kF16: return Number(f16_to_float(static_cast<const uint16_t*>(array)[i]));
    default: return Number(bf16_to_float(static_cast<const uint16_t*>(array)[i]));
  }
}

template <class Number>
inline void store(void* array, Element type, int64_t i, Number x) {
  switch (type) {
    case Element::kF32: static_cast<float*>(array)[i] = float(x); break;
    case Element::kF64: static_cast<double*>(array)[i] = double(x); break;
    case Element::kF16: static_cast<uint16_t*>(array)[i] = float_to_f16(float(x)); break;
    default: static_cast<uint16_t*>(array)[i] = float_to_bf16(float(x)); break;
  }
}

}  // namespace cudasim
