#!/usr/bin/env python3
"""Writes a flat Vector API loop for each elementwise function and gradient, a class for each
family, and UnaryLoops.java, which hands them out.

Run from the module's root, then let the formatter loose on the result:
    python3 src/main/generators/vector_math.py && mvn spotless:apply

Why generated: a helper method that takes or returns vectors may box them, so the text of exp and
its kin is pasted into every loop that needs it. Coefficients are least-squares fits on Chebyshev
nodes, reweighted towards the minimax error (Lawson), of this project's own making.
"""
import itertools
import pathlib
import re

OUT = pathlib.Path("src/main/java/dev/kiln/cpu/simd")

EXP_P = [0.4999999403953552, 0.1666652113199234, 0.04166838899254799, 0.008368710055947304,
         0.0013814610429108143]
LOG_Q = [0.6666666269302368, 0.4000033438205719, 0.28537261486053467, 0.23583084344863892]
LOG1P_Q = [0.6666667461395264, 0.3999887704849243, 0.2861688435077667, 0.21427656710147858,
           0.24300938844680786]
TANH_T = [-0.3333328366279602, 0.133314847946167, -0.05374293401837349, 0.020648645237088203,
          -0.00571477273479104]
ERF_E = [0.128379167, -0.3761262595653534, 0.1128358542919159, -0.026853810995817184,
         0.005188327748328447, -0.0008010192541405559, 7.853857823647559e-05]
ERFC_G = [0.2820931077003479, 0.28214031457901, 0.24634937942028046, 0.17869751155376434,
          0.08036153763532639, -0.02644898183643818, 0.07824665307998657, -0.3969162106513977,
          0.4543651342391968, -0.21952365338802338, 0.04063521698117256]


# sqrt(8 / pi), that times 0.044715, and three times that: float and remainder
GELU_LINEAR, GELU_LINEAR_LOW = 1.5957691669464111, -4.5340680421e-08
GELU_CUBIC, GELU_CUBIC_LOW = 0.07135481387376785, 2.398832396e-09
GELU_SLOPE = 0.21406444907188416


class Body:
    """The statements of one loop and the constants they hold before it."""

    def __init__(self):
        self.constants = {}
        self.lines = []
        self.count = 0

    def k(self, value):
        """A vector constant: a number or a Java expression."""
        text = value if isinstance(value, str) else repr(float(value)) + "f"
        if text not in self.constants:
            self.constants[text] = f"k{len(self.constants)}"
        return self.constants[text]

    def new(self, expression, kind="FloatVector"):
        self.count += 1
        name = f"v{self.count}"
        self.lines.append(f"{kind} {name} = {expression};")
        return name

    def mask(self, x, test, y):
        return self.new(f"{x}.compare(VectorOperators.{test}, {y})", "VectorMask<Float>")

    def polynomial(self, x, coefficients):
        v = self.k(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            v = self.new(f"{v}.fma({x}, {self.k(c)})")
        return v

    def exp_argument(self, x, bias):
        """x = n ln2 + r: returns r and a float whose lowest bits are n + bias."""
        magic = self.k(12582912.0 + bias)
        t = self.new(f"{x}.fma({self.k(1.4426950408889634)}, {magic})")
        n = self.new(f"{t}.sub({magic})")
        r = self.new(f"{n}.fma({self.k(-0.693359375)}, {x})")
        return self.new(f"{n}.fma({self.k(2.12194440e-4)}, {r})"), t

    def exp_parts(self, x, bias=0):
        """x = n ln2 + r: returns e^r - 1 and a float whose lowest bits are n + bias."""
        r, t = self.exp_argument(x, bias)
        return self.exp_polynomial(r), t

    def exp_polynomial(self, r):
        p = self.polynomial(r, EXP_P)
        q = self.new(f"{r}.mul({r})")
        return self.new(f"{p}.fma({q}, {r})")

    def power_of_two(self, t):
        """2^n, where the lowest nine bits of t are n + 127: the shift drops the others."""
        return self.new(f"{t}.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats()")

    def exp_factors(self, x):
        """e^x = h t, any x but the far positive: t a power of two, h normal where the product is
        subnormal. Whoever multiplies by h first and by t last is rounded once there.
        Below -176 both are 0."""
        c = self.new(
            f"{x}.blend({self.k(-176.0)}, {x}.compare(VectorOperators.LT, {self.k(-176.0)}))")
        return self.scaled_factors(*self.exp_parts(c, 254))

    def scaled_factors(self, m, t):
        """The lowest bits of t are n + 254, so that either half has the exponents' bias."""
        i = self.new(f"{t}.reinterpretAsInts()", "IntVector")
        half = self.new(f"{i}.lanewise(VectorOperators.ASHR, 1)", "IntVector")
        rest = self.new(f"{i}.sub({half})", "IntVector")
        s = self.new(f"{half}.lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats()")
        t = self.new(f"{rest}.lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats()")
        return self.new(f"{m}.add({self.k(1.0)}).mul({s})"), t

    def exp_of_moderate(self, x):
        """|x| <= 87, so that the result is normal: n goes straight into its exponent."""
        m, t = self.exp_parts(x)
        y = self.new(f"{m}.add({self.k(1.0)})")
        n = self.new(f"{t}.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23)", "IntVector")
        return self.new(f"{y}.reinterpretAsInts().add({n}).reinterpretAsFloats()")

    def exp_to_89(self, x):
        h, t = self.exp_factors(x)
        return self.new(f"{h}.mul({t})")

    def exp(self, x):
        """Any x; correct through overflow and denormals."""
        return self.exp_to_89(
            self.new(f"{x}.blend({self.k(89.0)}, {x}.compare(VectorOperators.GT, {self.k(89.0)}))"))

    def exp_of_negative(self, x):
        """x <= 0 or NaN; results below the normal range may be 0."""
        c = self.new(
            f"{x}.blend({self.k(-87.0)}, {x}.compare(VectorOperators.LT, {self.k(-87.0)}))")
        m, t = self.exp_parts(c, 127)
        return self.new(f"{m}.add({self.k(1.0)}).mul({self.power_of_two(t)})")

    def expm1_of_negative(self, x):
        c = self.new(
            f"{x}.blend({self.k(-87.0)}, {x}.compare(VectorOperators.LT, {self.k(-87.0)}))")
        m, t = self.exp_parts(c, 127)
        s = self.power_of_two(t)
        return self.new(f"{m}.fma({s}, {s}.sub({self.k(1.0)}))")

    def log(self, x):
        tiny = self.mask(x, "LT", self.k(1.17549435e-38))
        scaled = self.new(f"{x}.blend({x}.mul({self.k(8388608.0)}), {tiny})")
        bits = self.new(f"{scaled}.reinterpretAsInts()", "IntVector")
        e = self.new(f"{bits}.sub(SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, 23)", "IntVector")
        m = self.new(f"{bits}.sub({e}.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats()")
        n = self.new(f"{e}.add(MAGIC_BITS).reinterpretAsFloats().sub({self.k(12582912.0)})")
        n = self.new(f"{n}.blend({n}.sub({self.k(23.0)}), {tiny})")
        f = self.new(f"{m}.sub({self.k(1.0)})")
        s = self.new(f"{f}.div({f}.add({self.k(2.0)}))")
        z = self.new(f"{s}.mul({s})")
        q = self.polynomial(z, LOG_Q)
        # ln(1+f) = f - s (f - z q): the large term f stays exact
        r = self.new(f"{f}.sub({z}.mul({q}))")
        low = self.new(f"{n}.mul({self.k(-2.12194440e-4)})")
        r = self.new(f"{s}.neg().fma({r}, {low})")
        r = self.new(f"{r}.add({f})")
        r = self.new(f"{n}.fma({self.k(0.693359375)}, {r})")
        r = self.new(f"{r}.blend({self.k('Float.NEGATIVE_INFINITY')},"
                     f" {x}.compare(VectorOperators.EQ, {self.k(0.0)}))")
        r = self.new(f"{r}.blend({self.k('Float.NaN')},"
                     f" {x}.compare(VectorOperators.LT, {self.k(0.0)}))")
        keep = self.new(f"{x}.compare(VectorOperators.LT, {self.k('Float.POSITIVE_INFINITY')})",
                        "VectorMask<Float>")
        return self.new(f"{x}.blend({r}, {keep})")

    def log1p_of_unit(self, u):
        """0 <= u <= 1."""
        s = self.new(f"{u}.div({u}.add({self.k(2.0)}))")
        z = self.new(f"{s}.mul({s})")
        q = self.polynomial(z, LOG1P_Q)
        r = self.new(f"{s}.mul({z}).mul({q})")
        return self.new(f"{s}.fma({self.k(2.0)}, {r})")

    def sigmoid(self, x):
        return self.sigmoid_by(x, self.exp_to_89(self.new(f"{x}.abs().neg()")))

    def sigmoid_by(self, x, e):
        """By e = e^-|x|."""
        n = self.new(f"{e}.blend({self.k(1.0)}, {x}.compare(VectorOperators.GE, {self.k(0.0)}))")
        return self.new(f"{n}.div({e}.add({self.k(1.0)}))")

    def tanh(self, x):
        a = self.new(f"{x}.abs()")
        z = self.new(f"{x}.mul({x})")
        small = self.new(f"{self.polynomial(z, TANH_T)}.mul({z})")
        small = self.new(f"{small}.fma({a}, {a})")
        e = self.exp_of_negative(self.new(f"{a}.mul({self.k(-2.0)})"))
        big = self.new(f"{self.k(1.0)}.sub({e}).div({e}.add({self.k(1.0)}))")
        y = self.new(f"{big}.blend({small}, {a}.compare(VectorOperators.LT, {self.k(0.625)}))")
        # the sign goes back on by its bit, so that -0 stays -0
        sign = self.new(f"{x}.reinterpretAsInts().and(SIGN_BIT)", "IntVector")
        return self.new(f"{y}.reinterpretAsInts().or({sign}).reinterpretAsFloats()")

    def magnitude(self, x):
        """|x|, or 15 where it is more: e^(-15^2/2) is 0."""
        a = self.new(f"{x}.abs()")
        return self.where(a, "GT", self.k(15.0), self.k(15.0), a)

    def gaussian(self, a):
        """2^64 e^(-a^2/2), which is normal, with the rounding error of the square put right;
        0 <= a <= 15."""
        s = self.new(f"{a}.mul({self.k(-0.5)})")
        q = self.new(f"{s}.mul({a})")
        low = self.new(f"{s}.fma({a}, {q}.neg())")
        r, t = self.exp_argument(q, 127 + 64)
        m = self.exp_polynomial(self.new(f"{r}.add({low})"))
        p = self.power_of_two(t)
        return self.new(f"{m}.fma({p}, {p})")

    def erfcx(self, a):
        """2 Phi(-a) e^(a^2/2); 0 <= a <= 15."""
        t = self.new(f"{a}.fma({self.k(0.3535533905932738)}, {self.k(1.0)})")
        t = self.new(f"{self.k(1.0)}.div({t})")
        return self.new(f"{self.polynomial(t, ERFC_G)}.mul({t})")

    def erf(self, x):
        a = self.new(f"{x}.abs()")
        z = self.new(f"{x}.mul({x})")
        small = self.new(f"{self.polynomial(z, ERF_E)}.fma({x}, {x})")
        c = self.new(f"{a}.blend({self.k(10.0)}, {a}.compare(VectorOperators.GT, {self.k(10.0)}))")
        e = self.exp_of_negative(self.new(f"{c}.mul({c}).neg()"))
        t = self.new(f"{c}.fma({self.k(0.5)}, {self.k(1.0)})")
        t = self.new(f"{self.k(1.0)}.div({t})")
        g = self.polynomial(t, ERFC_G)
        big = self.new(f"{self.k(1.0)}.sub({g}.mul({t}).mul({e}))")
        big = self.new(f"{big}.blend({big}.neg(), {x}.compare(VectorOperators.LT, {self.k(0.0)}))")
        return self.new(f"{big}.blend({small}, {a}.compare(VectorOperators.LT, {self.k(1.0)}))")

    def where(self, x, test, y, yes, no):
        return self.new(f"{no}.blend({yes}, {x}.compare(VectorOperators.{test}, {y}))")


HALF_UNSCALED = 2.0 ** -65


def gelu(b, x):
    """max(x, 0) - |x| Phi(-|x|); the last factor is the one that may make a product subnormal."""
    h = b.gaussian(b.magnitude(x))
    a = b.magnitude(x)  # cheaper than handing it over to the second loop
    low = b.new(f"{b.erfcx(a)}.mul({a}).mul({h}).mul({b.k(HALF_UNSCALED)})")
    top = b.where(x, "LT", b.k(0.0), b.new(f"{x}.mul(0f)"), x)  # NaN for -infinity
    return b.new(f"{top}.sub({low})")


def gelu_tanh_parts(b, x):
    """a = |x|, within 12.95 where e^-v is 0, a^2, e^-v in two factors, their product e and
    1 / (1 + e), for v = a (L + C a^2), twice the argument of the tanh. What rounding takes from v
    is put back into the reduced argument, since e^ would magnify it."""
    a = b.new(f"{x}.abs()")
    a = b.where(a, "GT", b.k(12.95), b.k(12.95), a)
    z = b.new(f"{a}.mul({a})")
    p = b.new(f"{a}.mul({b.k(GELU_CUBIC)})")
    # the linear term by itself, then the cubic with what is left, so that both stay small
    n = b.new(f"{a}.fma({b.k(-1.4426950408889634 * GELU_LINEAR)}, {b.k(12582912.0)})")
    n = b.new(f"{n}.sub({b.k(12582912.0)})")
    first = b.new(f"{a}.fma({b.k(-GELU_LINEAR)}, {n}.mul({b.k(-0.693359375)}))")
    q = b.new(f"{p}.neg()")
    t = b.new(f"{q}.fma({z}, {first}).fma({b.k(1.4426950408889634)}, {b.k(12582912.0 + 254)})")
    rest = b.new(f"{t}.sub({b.k(12582912.0 + 254)})")
    r = b.new(f"{q}.fma({z}, {rest}.mul({b.k(-0.693359375)})).add({first})")
    t = b.new(f"{t}.add({n})")
    n = b.new(f"{n}.add({rest})")
    low = b.new(f"{a}.fma({b.k(GELU_CUBIC)}, {p}.neg())")
    low = b.new(f"{a}.fma({b.k(GELU_CUBIC_LOW)}, {low})")
    low = b.new(f"{low}.fma({z}, {a}.mul({b.k(GELU_LINEAR_LOW)}))")
    low = b.new(f"{a}.fma({a}, {z}.neg()).fma({p}, {low})")
    r = b.new(f"{n}.fma({b.k(2.12194440e-4)}, {r}.sub({low}))")
    h, s = b.scaled_factors(b.exp_polynomial(r), t)
    e = b.new(f"{h}.mul({s})")
    return a, z, h, s, e, b.new(f"{b.k(1.0)}.div({e}.add({b.k(1.0)}))")


def gelu_tanh(b, x):
    _, _, h, t, _, r = gelu_tanh_parts(b, x)
    d = b.new(f"{x}.mul({r})")
    return b.where(x, "LT", b.k(0.0), b.new(f"{d}.mul({h}).mul({t})"), d)


def silu(b, x):
    h, t = b.exp_factors(b.new(f"{x}.abs().neg()"))
    d = b.new(f"{x}.div({h}.fma({t}, {b.k(1.0)}))")
    return b.where(x, "LT", b.k(0.0), b.new(f"{d}.mul({h}).mul({t})"), d)


def mish_parts(b, x):
    """x up to 20, its e^x in two factors, e + 2 and r, where tanh(softplus(x)) = 1 - 2 r
    = e (e + 2) r."""
    c = b.where(x, "GT", b.k(20.0), b.k(20.0), x)
    h, t = b.exp_factors(c)
    e = b.new(f"{h}.mul({t})")
    w = b.new(f"{e}.add({b.k(2.0)})")
    r = b.new(f"{b.k(1.0)}.div({e}.fma({w}, {b.k(2.0)}))")
    return c, h, t, e, w, r


def mish(b, x):
    _, h, t, _, w, r = mish_parts(b, x)
    low = b.new(f"{x}.mul({w}.mul({r})).mul({h}).mul({t})")
    high = b.new(f"{x}.mul({r}.fma({b.k(-2.0)}, {b.k(1.0)}))")
    return b.where(x, "LT", b.k(0.0), low, high)


def softplus_parts(b, x):
    """z = p x and e^-|z|, with the rounding error of the product put right."""
    z = b.new(f"{x}.mul({b.k('p')})")
    a = b.new(f"{z}.abs()")
    low = b.new(f"{x}.fma({b.k('p')}, {z}.neg())")
    low = b.where(z, "GT", b.k(0.0), b.new(f"{low}.neg()"), low)
    low = b.where(a, "LT", b.k(128.0), low, b.k(0.0))
    e = b.exp_to_89(b.new(f"{a}.neg()"))
    return z, b.new(f"{low}.fma({e}, {e})")


def softplus(b, x):
    z, e = softplus_parts(b, x)
    l = b.log1p_of_unit(e)
    top = b.where(z, "LT", b.k(0.0), b.k(0.0), z)
    y = b.new(f"{l}.add({top}).div({b.k('p')})")
    return b.where(z, "GT", b.k("q"), x, y)


def log_sigmoid(b, x):
    e = b.exp_to_89(b.new(f"{x}.abs().neg()"))
    l = b.log1p_of_unit(e)
    low = b.where(x, "GT", b.k(0.0), b.k(-0.0), x)
    return b.new(f"{low}.sub({l})")


def exponential_unit(b, x, inner, outer, scale):
    z = b.where(x, "GT", b.k(0.0), b.k(0.0), x)
    if inner:
        z = b.new(f"{z}.div({b.k(inner)})")
    m = b.expm1_of_negative(z)
    neg = b.new(f"{m}.mul({b.k(outer)})")
    pos = b.new(f"{x}.mul({b.k(scale)})") if scale else x
    return b.where(x, "LT", b.k(0.0), neg, pos)


SELU = ("1.0507009873554805f", "1.7580993408473766f")

FORWARD = {
    "ABS": lambda b, x: b.new(f"{x}.abs()"),
    "NEG": lambda b, x: b.new(f"{x}.neg()"),
    "SQUARE": lambda b, x: b.new(f"{x}.mul({x})"),
    "RECIPROCAL": lambda b, x: b.new(f"{b.k(1.0)}.div({x})"),
    "AFFINE": lambda b, x: b.new(f"{b.k('p')}.mul({x}).add({b.k('q')})"),
    "CLAMP": lambda b, x: b.new(f"{x}.max({b.k('p')}).min({b.k('q')})"),
    "HARDTANH": lambda b, x: b.new(f"{x}.max({b.k('p')}).min({b.k('q')})"),
    "LOG": lambda b, x: b.log(x),
    "SQRT": lambda b, x: b.new(f"{x}.sqrt()"),
    "RSQRT": lambda b, x: b.new(f"{b.k(1.0)}.div({x}.sqrt())"),
    "ERF": lambda b, x: b.erf(x),
    "RELU": lambda b, x: b.new(f"{x}.max({b.k(0.0)})"),
    "LEAKY_RELU": lambda b, x: b.where(x, "GT", b.k(0.0), x, b.new(f"{x}.mul({b.k('p')})")),
    "ELU": lambda b, x: exponential_unit(b, x, None, "p", None),
    "CELU": lambda b, x: exponential_unit(b, x, "p", "p", None),
    "SELU": lambda b, x: exponential_unit(b, x, None, SELU[1], SELU[0]),
    "GELU": gelu,
    "GELU_TANH": gelu_tanh,
    "SILU": silu,
    "MISH": mish,
    "SIGMOID": lambda b, x: b.sigmoid(x),
    "LOG_SIGMOID": log_sigmoid,
    "TANH": lambda b, x: b.tanh(x),
    "SOFTPLUS": softplus,
    "SOFTSIGN": lambda b, x: b.new(f"{x}.div({x}.abs().add({b.k(1.0)}))"),
    "HARDSIGMOID": lambda b, x: hard_sigmoid(b, x),
    "HARDSWISH": lambda b, x: b.new(f"{x}.mul({hard_sigmoid(b, x)})"),
}


def hard_sigmoid(b, x):
    up = b.new(f"{x}.add({b.k(3.0)})")
    return b.new(f"{up}.max({b.k(0.0)}).min({b.k(6.0)}).div({b.k(6.0)})")


def silu_gradient(b, x):
    h, t = b.exp_factors(b.new(f"{x}.abs().neg()"))
    e = b.new(f"{h}.mul({t})")
    r = b.new(f"{b.k(1.0)}.div({e}.add({b.k(1.0)}))")
    # 1 - sigmoid(x), without a difference
    u = b.where(x, "LT", b.k(0.0), r, b.new(f"{e}.mul({r})"))
    d = b.new(f"{x}.fma({u}, {b.k(1.0)}).mul({r})")
    return b.where(x, "LT", b.k(0.0), b.new(f"{d}.mul({h}).mul({t})"), d)


def gelu_gradient(b, x):
    h = b.gaussian(b.magnitude(x))
    a = b.magnitude(x)
    g = b.new(f"{x}.fma({b.k(0.0)}, {b.erfcx(a)})")  # NaN for infinities
    d = b.new(f"{a}.fma({b.k(-0.7978845608028654)}, {g})")
    low = b.new(f"{d}.mul({h}).mul({b.k(HALF_UNSCALED)})")
    return b.where(x, "GT", b.k(0.0), b.new(f"{b.k(1.0)}.sub({low})"), low)


def gelu_tanh_gradient(b, x):
    a, z, h, t, e, r = gelu_tanh_parts(b, x)
    u = b.new(f"{z}.fma({b.k(GELU_SLOPE)}, {b.k(GELU_LINEAR)}).mul({a})")
    rest = b.where(x, "LT", b.k(0.0), b.new(f"{r}.neg()"), b.new(f"{e}.mul({r})"))
    d = b.new(f"{u}.fma({rest}, {b.k(1.0)}).mul({r})")
    return b.where(x, "LT", b.k(0.0), b.new(f"{d}.mul({h}).mul({t})"), d)


def mish_gradient(b, x):
    c, h, t, e, w, r = mish_parts(b, x)
    # t + x sigmoid(x) (1 - t^2), where 1 - t^2 = 4 r (1 - r)
    s = b.new(f"{c}.div({e}.add({b.k(1.0)}))")
    s = b.new(f"{r}.mul({b.k(4.0)}).mul({b.k(1.0)}.sub({r})).mul({s})")
    low = b.new(f"{w}.fma({r}, {s}).mul({h}).mul({t})")
    high = b.new(f"{s}.fma({e}, {r}.fma({b.k(-2.0)}, {b.k(1.0)}))")
    return b.where(x, "LT", b.k(0.0), low, high)


def softplus_gradient(b, x):
    z, e = softplus_parts(b, x)
    return b.where(z, "GT", b.k("q"), b.k(1.0), b.sigmoid_by(z, e))


def exponential_unit_gradient(b, x, inner, outer, scale):
    z = b.where(x, "GT", b.k(0.0), b.k(0.0), x)
    whole = z
    if inner:
        z = b.new(f"{z}.div({b.k(inner)})")
    e = b.exp_to_89(z)
    if inner:
        # what the quotient lost by rounding
        low = b.new(f"{z}.neg().fma({b.k(inner)}, {whole}).mul({b.k('1f / ' + inner)})")
        low = b.where(z, "GT", b.k(-128.0), low, b.k(0.0))
        e = b.new(f"{low}.fma({e}, {e})")
    neg = b.new(f"{e}.mul({b.k(outer)})") if outer else e
    return b.where(x, "GT", b.k(0.0), b.k(scale or 1.0), neg)


def erf_gradient(b, x):
    a = b.new(f"{x}.abs()")
    c = b.new(f"{a}.blend({b.k(15.0)}, {a}.compare(VectorOperators.GT, {b.k(15.0)}))")
    q = b.new(f"{c}.mul({c})")
    low = b.new(f"{c}.fma({c}, {q}.neg())")
    e = b.exp_to_89(b.new(f"{q}.neg()"))
    e = b.new(f"{low}.neg().fma({e}, {e})")
    return b.new(f"{e}.mul({b.k(1.1283791670955126)})")


# The factor that multiplies dy, from what the forward pass saved.
GRADIENT = {
    "ERF": erf_gradient,
    "ELU": lambda b, x: exponential_unit_gradient(b, x, None, "p", None),
    "CELU": lambda b, x: exponential_unit_gradient(b, x, "p", None, None),
    "SELU": lambda b, x: exponential_unit_gradient(b, x, None, SELU[1], SELU[0]),
    "GELU": gelu_gradient,
    "GELU_TANH": gelu_tanh_gradient,
    "SILU": silu_gradient,
    "MISH": mish_gradient,
    "LOG_SIGMOID": lambda b, x: b.sigmoid(b.new(f"{x}.neg()")),
    "SOFTPLUS": softplus_gradient,
    "SIGMOID": lambda b, y: b.new(f"{b.k(1.0)}.sub({y}).mul({y})"),
    "TANH": lambda b, y: b.new(f"{b.k(1.0)}.sub({y}).mul({b.k(1.0)}.add({y}))"),
    "LEAKY_RELU": lambda b, x: b.where(x, "GT", b.k(0.0), b.k(1.0), b.k("p")),
    "SQUARE": lambda b, x: b.new(f"{x}.add({x})"),
    "RSQRT": lambda b, y: b.new(f"{b.k(-0.5)}.mul({y}).mul({y}).mul({y})"),
    "EXP": lambda b, y: y,
    "EXPM1": lambda b, y: b.new(f"{y}.add({b.k(1.0)})"),
    "HARDSIGMOID": lambda b, x: b.where(
        x, "GT", b.k(-3.0), b.where(x, "LT", b.k(3.0), b.k("1f / 6f"), b.k(0.0)), b.k(0.0)),
    "HARDSWISH": lambda b, x: b.where(
        x, "LE", b.k(-3.0), b.k(0.0),
        b.where(x, "GE", b.k(3.0), b.k(1.0),
                b.new(f"{x}.div({b.k(3.0)}).add({b.k(0.5)})"))),
}


# dx from dy and what the forward pass saved, where a factor would turn an infinite dy into NaN or
# round once more.
DIRECT = {
    "RELU": lambda b, dy, y: b.where(y, "LE", b.k(0.0), b.k(0.0), dy),
    # A NaN passes no test, and so counts as 0, as in PyTorch: the gradient is 0 dy, not always 0.
    "ABS": lambda b, dy, x: b.where(
        x, "GT", b.k(0.0), dy,
        b.where(x, "LT", b.k(0.0), b.new(f"{dy}.neg()"), b.new(f"{dy}.mul(0f)"))),
    "CLAMP": lambda b, dy, x: b.where(
        x, "GE", b.k("p"), b.where(x, "LE", b.k("q"), dy, b.k(0.0)), b.k(0.0)),
    "HARDTANH": lambda b, dy, x: b.where(
        x, "LE", b.k("p"), b.k(0.0), b.where(x, "GE", b.k("q"), b.k(0.0), dy)),
    "NEG": lambda b, dy, x: b.new(f"{dy}.neg()"),
    "AFFINE": lambda b, dy, x: b.new(f"{dy}.mul({b.k('p')})"),
    "SQRT": lambda b, dy, y: b.new(f"{dy}.div({y}.add({y}))"),
    "LOG": lambda b, dy, x: b.new(f"{dy}.div({x})"),
    "LOG1P": lambda b, dy, x: b.new(f"{dy}.div({x}.add({b.k(1.0)}))"),
    "RECIPROCAL": lambda b, dy, y: b.new(f"{dy}.neg().mul({y}.mul({y}))"),
    "SOFTSIGN": lambda b, dy, x: softsign_gradient(b, dy, x),
}


def softsign_gradient(b, dy, x):
    r = b.new(f"{b.k(1.0)}.div({x}.abs().add({b.k(1.0)}))")
    return b.new(f"{dy}.mul({r}).mul({r})")


def camel(name):
    parts = name.lower().split("_")
    return parts[0] + "".join(p.capitalize() for p in parts[1:])


OPERATIONS = re.compile(
    r"\.(fromArray|intoArray|add|sub|mul|div|fma|neg|abs|sqrt|max|min|blend|compare|and|or|lanewise"
    r"|reinterpretAs\w+)\(")
NAMES = re.compile(r"\b[kv]\d+\b")
# Operations of one method. C2 of JDK 17 guards every operation by a class check, twice where it has
# profiled the Vector API; after a hundred checks in a method it compiles calls instead of traps,
# and the operations behind them make objects: ten times as slow. Seen from 40 operations on.
LIMIT = 34
BLOCK = 32


def cost(lines):
    return sum(len(OPERATIONS.findall(line)) for line in lines)


def names(lines):
    return {name for line in lines for name in NAMES.findall(line)}


def whole(name, parameters, body, lines):
    used = names(lines)
    out = [f"  {'private ' * (name[-1].isdigit())}static void {name}({parameters}) {{"]
    out += [f"    FloatVector {k} = FloatVector.broadcast(F, {text});"
            for text, k in body.constants.items() if k in used]
    out.append("    for (int i = 0; i < n; i += LANES) {")
    out += ["      " + line for line in lines]
    out.append("    }\n  }\n")
    return "\n".join(out)


def pieces(lines, cuts):
    """The lines cut there, each piece with what it loads and stores of the values handed over."""
    ends = list(cuts) + [len(lines)]
    parts = [lines[a:b] for a, b in zip([0] + ends, ends)]
    kind = {line.split()[1]: line.split()[0] for line in lines[:-1]}
    home = {line.split()[1]: i for i, part in enumerate(parts) for line in part}
    slots = sorted({v for i, part in enumerate(parts) for v in names(part)
                    if v != "v1" and home.get(v, i) < i}, key=lambda v: int(v[1:]))
    out = []
    for i, part in enumerate(parts):
        used = names(part)
        loads = [lines[0]] if i > 0 and "v1" in used else []
        stores = []
        for slot, v in enumerate(slots):
            ints = kind[v] == "IntVector"
            place = f"t, {slot} * BLOCK + i"
            if home[v] == i:
                stores.append(f"{v}{'.reinterpretAsFloats()' * ints}.intoArray({place});")
            elif v in used:
                loads.append(f"{kind[v]} {v} = FloatVector.fromArray(F, {place})"
                             f"{'.reinterpretAsInts()' * ints};")
        out.append(loads + part + stores)
    masks = any("Mask" in kind[v] for v in slots)
    return out, slots, max(map(cost, out)) if not masks else LIMIT + 1


def split(lines):
    """As few pieces as can be, then with as few values handed over as can be."""
    for count in range(1, 4):
        fits = [p for p in (pieces(lines, c) for c in
                            itertools.combinations(range(1, len(lines)), count)) if p[2] <= LIMIT]
        if fits:
            return min(fits, key=lambda p: len(p[1]))


def loop(name, parameters, body, last):
    """One method; or several, a block at a time, that hand values over in a scratch array."""
    lines = body.lines + [last]
    if cost(lines) <= LIMIT:
        return whole(name, parameters, body, lines)
    parts, slots, _ = split(lines)
    arguments = ", ".join(
        f"{n} + i" if n.endswith("o") else "Math.min(BLOCK, n - i)" if n == "n" else n
        for n in (p.split()[-1] for p in parameters.split(", ")))
    out = [f"  static void {name}({parameters}) {{\n"
           f"    float[] t = Workspace.mine().floats(Workspace.Slot.SUMS, {len(slots)}L * BLOCK);\n"
           "    for (int i = 0; i < n; i += BLOCK) {"]
    out += [f"      {name}{i + 1}(t, {arguments});" for i in range(len(parts))]
    out.append("    }\n  }\n")
    out += [whole(f"{name}{i + 1}", "float[] t, " + parameters, body, part)
            for i, part in enumerate(parts)]
    return "\n".join(out)


FORWARD_PARAMETERS = "float[] x, int xo, float[] y, int yo, int n, float p, float q"


def forward(name, make):
    b = Body()
    x = b.new("FloatVector.fromArray(F, x, xo + i)")
    y = make(b, x)
    return loop(camel(name), FORWARD_PARAMETERS, b,
                f"{y}.intoArray(y, yo + i);")


GRADIENT_PARAMETERS = ("float[] dy, int dyo, float[] saved, int so, float[] dx, int dxo, int n,"
                       " float p, float q")


def gradient(name, make):
    b = Body()
    x = b.new("FloatVector.fromArray(F, saved, so + i)")
    g = make(b, x)
    return loop(camel(name) + "Gradient", GRADIENT_PARAMETERS, b,
                f"FloatVector.fromArray(F, dy, dyo + i).mul({g}).intoArray(dx, dxo + i);")


def direct(name, make):
    b = Body()
    d = b.new("FloatVector.fromArray(F, dy, dyo + i)")
    x = b.new("FloatVector.fromArray(F, saved, so + i)")
    g = make(b, d, x)
    return loop(camel(name) + "Gradient", GRADIENT_PARAMETERS, b,
                f"{g}.intoArray(dx, dxo + i);")


def exp_sum(name, exp):
    b = Body()
    x = b.new("FloatVector.fromArray(F, x, xo + i).sub(center)")
    e = exp(b, x)
    b.lines.append(f"sum = sum.add({e});")
    text = loop(name, "float[] x, int xo, float[] y, int yo, int n, float shift, float[] lanes",
                b, f"{e}.intoArray(y, yo + i);")
    text = text.replace("    for (int i", "    FloatVector center = FloatVector.broadcast(F, shift);"
                        "\n    FloatVector sum = FloatVector.fromArray(F, lanes, 0);\n"
                        "    for (int i", 1)
    return text.replace("    }\n  }\n", "    }\n    sum.intoArray(lanes, 0);\n  }\n")


# e^x takes a third less where no result is subnormal, infinite or NaN; the bits are the same.
EXP = """  static void exp(float[] x, int xo, float[] y, int yo, int n, float p, float q) {
    for (int i = 0; i < n; i += SHORT) {
      int m = Math.min(SHORT, n - i);
      if (isModerate(x, xo + i, m, 0f)) {
        expOfModerate(x, xo + i, y, yo + i, m, p, q);
      } else {
        expOfAny(x, xo + i, y, yo + i, m, p, q);
      }
    }
  }

  /** Sets y = e^(x - shift) and adds it to the lanes. */
  static void expSum(float[] x, int xo, float[] y, int yo, int n, float shift, float[] lanes) {
    for (int i = 0; i < n; i += BLOCK) {
      int m = Math.min(BLOCK, n - i);
      if (isModerate(x, xo + i, m, shift)) {
        expSumOfModerate(x, xo + i, y, yo + i, m, shift, lanes);
      } else {
        expSumOfAny(x, xo + i, y, yo + i, m, shift, lanes);
      }
    }
  }

  /** Whether |x - shift| is 87 at most for all; without its sign a float is in order as an int. */
  private static boolean isModerate(float[] x, int xo, int n, float shift) {
    FloatVector center = FloatVector.broadcast(F, shift);
    IntVector most = IntVector.zero(I);
    for (int i = 0; i < n; i += LANES) {
      FloatVector d = FloatVector.fromArray(F, x, xo + i).sub(center);
      most = most.max(d.reinterpretAsInts().and(Integer.MAX_VALUE));
    }
    return most.reduceLanes(VectorOperators.MAX) <= MODERATE_BITS;
  }
"""


HEAD = """package dev.kiln.cpu.simd;

%s

%s

/** %s Generated by src/main/generators/vector_math.py. */
%sfinal class %s {
%s
  private %s() {}
"""

SAME = '''@SuppressWarnings("UnusedVariable") // every loop of a family has the same parameters
'''

# What the loops may need: the names of it that a class uses are declared or imported there.
CONSTANTS = {
    "MAGIC_BITS": "Float.floatToRawIntBits(12582912f)",
    "SQRT_HALF_BITS": "0x3f3504f3",
    "SIGN_BIT": "0x80000000",
    "MODERATE_BITS": "Float.floatToRawIntBits(87f)",
    "BLOCK": f"{BLOCK} * LANES",
    "SHORT": "4 * LANES",
}
WHY = {
    "BLOCK": "Elements of which the first of two loops is done before the second takes over.",
    "SHORT": "The same where x comes from memory: few, for the next reads to begin meanwhile.",
}
LANES = ["F", "I", "LANES"]
IMPORTS = {
    "UnaryOp": "dev.kiln.backend", "Workspace": "dev.kiln.cpu.threads",
    **dict.fromkeys(["FloatVector", "IntVector", "VectorMask", "VectorOperators"],
                    "jdk.incubator.vector")}


def write(name, doc, parts):
    text = "\n".join(parts)

    def used(word):
        return re.search(rf"\b{word}\b", text) is not None

    constants = ["".join([f"\n  /** {WHY[c]} */\n" if c in WHY else "",
                          f"  private static final int {c} = {value};"])
                 for c, value in CONSTANTS.items() if used(c)]
    static = [f"import static dev.kiln.cpu.simd.Lanes.{word};" for word in LANES if used(word)]
    other = [f"import {package}.{word};" for word, package in IMPORTS.items() if used(word)]
    head = HEAD % ("\n".join(static), "\n".join(other), doc, SAME * used("FloatVector"), name,
                   "\n".join(constants), name)
    (OUT / f"{name}.java").write_text(head + "\n" + text + "\n}\n")


def table(kind, doc, parameters, methods):
    """The type of some loops and the method that finds the one of an operation."""
    out = [f"  /** {doc}, in whole vectors. */\n"
           f"  interface {kind} {{\n    void run({parameters});\n  }}\n",
           f"  /** The loop of an operation; null if there is none. */\n"
           f"  static {kind} {kind.lower()}(UnaryOp op) {{\n    return switch (op) {{"]
    out += [f"      case {name} -> {method};" for name, method in methods.items()]
    out.append("      default -> null;\n    };\n  }\n")
    return "\n".join(out)


def loops(operations):
    """The loops of some operations, each function before its gradient."""
    out = []
    for name in operations:
        for kinds, make in [(FORWARD, forward), (GRADIENT, gradient), (DIRECT, direct)]:
            if name in kinds:
                out.append(make(name, kinds[name]))
    return out


FAMILIES = {
    "ExpLoops": (
        "e^x over whole vectors, by multiples of ln 2 (Cody and Waite) and a polynomial,"
        " and its gradients.",
        ["EXP", "EXPM1"]),
    "LogLoops": (
        "Logarithms over whole vectors, by the series of atanh, and their gradients.",
        ["LOG", "LOG1P"]),
    "ArithmeticLoops": (
        "Functions of a few arithmetic operations over whole vectors, and their gradients.",
        ["ABS", "NEG", "SQUARE", "SQRT", "RSQRT", "RECIPROCAL", "AFFINE"]),
    "PiecewiseLoops": (
        "Activations of linear pieces or quotients over whole vectors, and their gradients.",
        ["RELU", "LEAKY_RELU", "CLAMP", "HARDTANH", "HARDSIGMOID", "HARDSWISH", "SOFTSIGN"]),
    "ExponentialUnitLoops": (
        "ELU and its kin over whole vectors, and their gradients.", ["ELU", "CELU", "SELU"]),
    "ErrorFunctionLoops": (
        "The error function and GELU over whole vectors, and their gradients.", ["ERF", "GELU"]),
    "SigmoidLoops": (
        "Activations by 1 / (1 + e^-x) over whole vectors, and their gradients.",
        ["SIGMOID", "LOG_SIGMOID", "SILU", "SOFTPLUS"]),
    "TanhLoops": (
        "Activations by the hyperbolic tangent over whole vectors, and their gradients.",
        ["TANH", "GELU_TANH", "MISH"]),
}
EXP_LOOPS = [
    EXP, forward("EXP_OF_MODERATE", Body.exp_of_moderate), forward("EXP_OF_ANY", Body.exp),
    exp_sum("expSumOfModerate", Body.exp_of_moderate), exp_sum("expSumOfAny", Body.exp)]

home = {name: family for family, (_, operations) in FAMILIES.items() for name in operations}
assert set(home) == {"EXP", *FORWARD, *GRADIENT, *DIRECT}
for family, (doc, operations) in FAMILIES.items():
    write(family, doc, EXP_LOOPS * (family == "ExpLoops") + loops(operations))
write("UnaryLoops", "The loops of elementwise functions and of their gradients.",
      [table("Function", "Computes y from x", FORWARD_PARAMETERS,
             {name: f"{home[name]}::{camel(name)}" for name in home if name in {"EXP", *FORWARD}}),
       table("Gradient", "Computes dx from dy and what the forward pass saved",
             GRADIENT_PARAMETERS,
             {name: f"{home[name]}::{camel(name)}Gradient" for name in home
              if name in {*GRADIENT, *DIRECT}})])
