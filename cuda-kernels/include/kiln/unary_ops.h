// The functions of one element: one line each, OP(JAVA_NAME, name, y, dx). Adding a line adds the
// kernels of the function and of its gradient for every floating type.
//
// y is an expression of x, a, b; dx one of g (= dy), s (the input or output, as UnaryOp.saves() of
// this constant says), a, b; all of type M, float or double. The formulas are those of
// dev.kiln.cpu.UnaryFunction, PyTorch's answers at kinks and special values included.
#pragma once

#define KILN_UNARY_OPS(OP)                                                                       \
  OP(ABS, abs, abs_of(x), g * sign_of(s))                                                        \
  OP(NEG, neg, -x, -g)                                                                           \
  OP(SIGN, sign, sign_of(x), M(0))                                                               \
  OP(FLOOR, floor, floor_of(x), M(0))                                                            \
  OP(CEIL, ceil, ceil_of(x), M(0))                                                               \
  OP(ROUND, round, round_of(x), M(0))                                                            \
  OP(SQUARE, square, x * x, g * M(2) * s)                                                        \
  OP(SQRT, sqrt, sqrt_of(x), g / (M(2) * s))                                                     \
  OP(RSQRT, rsqrt, M(1) / sqrt_of(x), M(-0.5) * g * s * s * s)                                   \
  OP(RECIPROCAL, reciprocal, M(1) / x, -g * s * s)                                               \
  OP(EXP, exp, exp_of(x), g * s)                                                                 \
  OP(EXPM1, expm1, expm1_of(x), g * (s + M(1)))                                                  \
  OP(LOG, log, log_of(x), g / s)                                                                 \
  OP(LOG1P, log1p, log1p_of(x), g / (M(1) + s))                                                  \
  OP(SIN, sin, sin_of(x), g * cos_of(s))                                                         \
  OP(COS, cos, cos_of(x), -g * sin_of(s))                                                        \
  OP(ERF, erf, erf_of(x), g * M(1.12837916709551257390) * exp_of(-s * s))                        \
  OP(AFFINE, affine, a * x + b, g * a)                                                           \
  OP(POW, pow, pow_of(x, a), a == M(0) ? M(0) : g * a * pow_of(s, a - M(1)))                     \
  OP(CLAMP, clamp, smaller(larger(x, a), b), s >= a && s <= b ? g : M(0))                        \
  OP(RELU, relu, x <= M(0) ? M(0) : x, s <= M(0) ? M(0) : g)                                     \
  OP(LEAKY_RELU, leaky_relu, x > M(0) ? x : a * x, s > M(0) ? g : g * a)                         \
  OP(ELU, elu, x <= M(0) ? a * expm1_of(x) : x, s > M(0) ? g : g * a * exp_of(s))                \
  OP(CELU, celu, x <= M(0) ? a * expm1_of(x / a) : x, s > M(0) ? g : g * exp_of(s / a))          \
  OP(SELU, selu, SELU_SCALE<M> * (x <= M(0) ? SELU_ALPHA<M> * expm1_of(x) : x),                  \
     g * SELU_SCALE<M> * (s > M(0) ? M(1) : SELU_ALPHA<M> * exp_of(s)))                          \
  OP(GELU, gelu, x * phi(x), g * (phi(s) + s * M(0.39894228040143267794) * exp_of(M(-0.5) * s * s))) \
  OP(GELU_TANH, gelu_tanh, M(0.5) * x * (M(1) + gelu_tanh_part(x)), gelu_tanh_slope(g, s))    \
  OP(SILU, silu, x * sigmoid(x), g * sigmoid(s) * (M(1) + s * sigmoid(-s)))                      \
  OP(MISH, mish, x * tanh_of(softplus(x)), mish_slope(g, s))                                  \
  OP(SIGMOID, sigmoid, sigmoid(x), g * (M(1) - s) * s)                                           \
  OP(LOG_SIGMOID, log_sigmoid, -softplus(-x), g * sigmoid(-s))                                   \
  OP(TANH, tanh, tanh_of(x), g * (M(1) - s * s))                                                 \
  OP(SOFTPLUS, softplus, a * x > b ? x : softplus(a * x) / a,                                    \
     a * s > b ? g : g * sigmoid(a * s))                                                         \
  OP(SOFTSIGN, softsign, x / (M(1) + abs_of(x)), g / ((M(1) + abs_of(s)) * (M(1) + abs_of(s))))  \
  OP(HARDTANH, hardtanh, smaller(larger(x, a), b), s <= a || s >= b ? M(0) : g)                  \
  OP(HARDSIGMOID, hardsigmoid, smaller(larger(x + M(3), M(0)), M(6)) / M(6),                     \
     s > M(-3) && s < M(3) ? g / M(6) : M(0))                                                    \
  OP(HARDSWISH, hardswish, x * smaller(larger(x + M(3), M(0)), M(6)) / M(6),                     \
     s <= M(-3) ? M(0) : s >= M(3) ? g : g * (s / M(3) + M(0.5)))

// The functions that are exact on integers, in int64_t; p and q are the parameters a and b, which
// are integers too (but for CLAMP's, which are doubles a and b).
#define KILN_UNARY_INTEGER_OPS(OP)                                                               \
  OP(ABS, abs, x < 0 ? sub_of(int64_t{0}, x) : x)                                                \
  OP(NEG, neg, sub_of(int64_t{0}, x))                                                            \
  OP(SIGN, sign, sign_of(x))                                                                     \
  OP(FLOOR, floor, x)                                                                            \
  OP(CEIL, ceil, x)                                                                              \
  OP(ROUND, round, x)                                                                            \
  OP(SQUARE, square, mul_of(x, x))                                                               \
  OP(AFFINE, affine, add_of(mul_of(p, x), q))                                                    \
  OP(POW, pow, pow_of(x, p))                                                                     \
  OP(CLAMP, clamp, clamp_integer(x, a, b))                                                       \
  OP(RELU, relu, x < 0 ? int64_t{0} : x)
