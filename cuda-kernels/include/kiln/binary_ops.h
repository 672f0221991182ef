// The functions of two elements: one line each, OP(JAVA_NAME, name, result), an expression of a and
// b in the Math type of the elements. What dev.kiln.cpu.Elementwise computes, op by op.
#pragma once

// Results of the operands' type; for all types.
#define KILN_ARITHMETIC_OPS(OP)                    \
  OP(ADD, add, add_of(a, b))                       \
  OP(SUB, sub, sub_of(a, b))                       \
  OP(MUL, mul, mul_of(a, b))                       \
  OP(DIV, div, div_of(a, b))                       \
  OP(FLOOR_DIV, floor_div, floor_div(a, b))        \
  OP(FMOD, fmod, remainder_of_c(a, b))             \
  OP(REMAINDER, remainder, remainder_of_python(a, b)) \
  OP(MAXIMUM, maximum, larger(a, b))               \
  OP(MINIMUM, minimum, smaller(a, b))              \
  OP(POW, pow, pow_of(a, b))

// For floating types alone.
#define KILN_PLANE_OPS(OP)                         \
  OP(ATAN2, atan2, atan2_of(a, b))                 \
  OP(HYPOT, hypot, hypot_of(a, b))

// For integers and BOOL alone.
#define KILN_BIT_OPS(OP)                           \
  OP(BIT_AND, bit_and, a & b)                      \
  OP(BIT_OR, bit_or, a | b)                        \
  OP(BIT_XOR, bit_xor, a ^ b)                      \
  OP(SHIFT_LEFT, shift_left, b < 0 || b > 63 ? int64_t{0} : wrap(bits64(a) << b)) \
  OP(SHIFT_RIGHT, shift_right, a >> (b < 0 || b > 63 ? int64_t{63} : b))

// Results of type BOOL.
#define KILN_PREDICATE_OPS(OP)             \
  OP(EQ, eq, a == b)                       \
  OP(NE, ne, a != b)                       \
  OP(LT, lt, a < b)                        \
  OP(LE, le, a <= b)                       \
  OP(GT, gt, a > b)                        \
  OP(GE, ge, a >= b)                       \
  OP(AND, logical_and, a != 0 && b != 0)   \
  OP(OR, logical_or, a != 0 || b != 0)

#define KILN_BINARY_OPS(OP) \
  KILN_ARITHMETIC_OPS(OP) KILN_PLANE_OPS(OP) KILN_BIT_OPS(OP) KILN_PREDICATE_OPS(OP)
