// The rarer functions of one element, dev.kiln.backend.MathOp: one line each, OP(JAVA_NAME, name,
// y), y an expression of x and the parameter a in double, whatever the element type is.
#pragma once

#define KILN_MATH_OPS(OP)              \
  OP(TAN, tan, tan(x))                 \
  OP(ASIN, asin, asin(x))              \
  OP(ACOS, acos, acos(x))              \
  OP(ATAN, atan, atan(x))              \
  OP(SINH, sinh, sinh(x))              \
  OP(COSH, cosh, cosh(x))              \
  OP(ASINH, asinh, asinh(x))           \
  OP(ACOSH, acosh, acosh(x))           \
  OP(ATANH, atanh, atanh(x))           \
  OP(EXP2, exp2, exp2(x))              \
  OP(LOG2, log2, log2(x))              \
  OP(LOG10, log10, log10(x))           \
  OP(ERFC, erfc, erfc(x))              \
  OP(ERFINV, erfinv, inverse_erf(x))   \
  OP(LGAMMA, lgamma, lgamma(x))        \
  OP(DIGAMMA, digamma, digamma(x))     \
  OP(POLYGAMMA, polygamma, polygamma(static_cast<int>(a), x)) \
  OP(TRUNC, trunc, trunc(x))
