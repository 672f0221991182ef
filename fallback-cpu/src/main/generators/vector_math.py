#!/usr/bin/env python3
"""Writes VectorUnaryLoops.java: one flat Vector API loop per elementwise function and gradient.

Run from the module's root, then let the formatter loose on the result:
    python3 src/main/generators/vector_math.py && mvn spotless:apply

Why generated: a helper method that takes or returns vectors may box them, so the text of exp and
its kin is pasted into every loop that needs it. Coefficients are least-squares fits on Chebyshev
nodes, reweighted towards the minimax error (Lawson), of this project's own making.
"""
import pathlib

OUT = pathlib.Path("src/main/java/dev/kiln/cpu/simd/VectorUnaryLoops.java")

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

    def exp_parts(self, x):
        """x = n ln2 + r: returns r, e^r - 1 and the integers n."""
        t = self.new(f"{x}.fma({self.k(1.4426950408889634)}, {self.k(12582912.0)})")
        n = self.new(f"{t}.sub({self.k(12582912.0)})")
        r = self.new(f"{n}.fma({self.k(-0.693359375)}, {x})")
        r = self.new(f"{n}.fma({self.k(2.12194440e-4)}, {r})")
        p = self.polynomial(r, EXP_P)
        q = self.new(f"{r}.mul({r})")
        m = self.new(f"{p}.fma({q}, {r})")
        i = self.new(f"{t}.reinterpretAsInts().sub(MAGIC_BITS)", "IntVector")
        return m, i

    def power_of_two(self, i):
        return self.new(f"{i}.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats()")

    def exp(self, x):
        """Any x; correct through overflow and denormals."""
        c = self.new(f"{x}.blend({self.k(89.0)}, {x}.compare(VectorOperators.GT, {self.k(89.0)}))")
        c = self.new(
            f"{c}.blend({self.k(-104.0)}, {c}.compare(VectorOperators.LT, {self.k(-104.0)}))")
        m, i = self.exp_parts(c)
        half = self.new(f"{i}.lanewise(VectorOperators.ASHR, 1)", "IntVector")
        rest = self.new(f"{i}.sub({half})", "IntVector")
        s, t = self.power_of_two(half), self.power_of_two(rest)
        return self.new(f"{m}.add({self.k(1.0)}).mul({s}).mul({t})")

    def exp_of_negative(self, x):
        """x <= 0 or NaN; results below the normal range may be 0."""
        c = self.new(
            f"{x}.blend({self.k(-87.0)}, {x}.compare(VectorOperators.LT, {self.k(-87.0)}))")
        m, i = self.exp_parts(c)
        return self.new(f"{m}.add({self.k(1.0)}).mul({self.power_of_two(i)})")

    def expm1_of_negative(self, x):
        c = self.new(
            f"{x}.blend({self.k(-87.0)}, {x}.compare(VectorOperators.LT, {self.k(-87.0)}))")
        m, i = self.exp_parts(c)
        s = self.power_of_two(i)
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
        a = self.new(f"{x}.abs().neg()")
        e = self.exp(a)
        n = self.new(f"{e}.blend({self.k(1.0)}, {x}.compare(VectorOperators.GE, {self.k(0.0)}))")
        return self.new(f"{n}.div({e}.add({self.k(1.0)}))")

    def tanh(self, x):
        a = self.new(f"{x}.abs()")
        z = self.new(f"{x}.mul({x})")
        small = self.new(f"{self.polynomial(z, TANH_T)}.mul({z})")
        small = self.new(f"{small}.fma({x}, {x})")
        e = self.exp_of_negative(self.new(f"{a}.mul({self.k(-2.0)})"))
        big = self.new(f"{self.k(1.0)}.sub({e}).div({e}.add({self.k(1.0)}))")
        big = self.new(f"{big}.blend({big}.neg(), {x}.compare(VectorOperators.LT, {self.k(0.0)}))")
        return self.new(f"{big}.blend({small}, {a}.compare(VectorOperators.LT, {self.k(0.625)}))")

    def gaussian(self, x):
        """e^(-x^2/2) with the rounding error of the square put right; |x| at most 15."""
        h = self.new(f"{x}.mul({self.k(0.5)})")
        q = self.new(f"{h}.mul({x})")
        low = self.new(f"{h}.fma({x}, {q}.neg())")
        e = self.exp(self.new(f"{q}.neg()"))
        return self.new(f"{low}.neg().fma({e}, {e})")

    def normal(self, x):
        """Phi(x), and e^(-x^2/2)."""
        a = self.new(f"{x}.abs()")
        a = self.new(f"{a}.blend({self.k(15.0)}, {a}.compare(VectorOperators.GT, {self.k(15.0)}))")
        e = self.gaussian(a)
        t = self.new(f"{a}.fma({self.k(0.3535533905932738)}, {self.k(1.0)})")
        t = self.new(f"{self.k(1.0)}.div({t})")
        g = self.polynomial(t, ERFC_G)
        tail = self.new(f"{g}.mul({t}).mul({e}).mul({self.k(0.5)})")
        phi = self.new(f"{tail}.blend({self.k(1.0)}.sub({tail}),"
                       f" {x}.compare(VectorOperators.GT, {self.k(0.0)}))")
        return phi, e

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


def gelu_tanh_sigmoid(b, x):
    z = b.new(f"{x}.mul({x})")
    u = b.new(f"{z}.fma({b.k(0.07135481282)}, {b.k(1.5957691216)})")
    return b.sigmoid(b.new(f"{u}.mul({x})")), z


def tanh_softplus(b, x):
    c = b.where(x, "GT", b.k(20.0), b.k(20.0), x)
    e = b.exp(c)
    n = b.new(f"{e}.fma({e}, {e}.add({e}))")
    return b.new(f"{n}.div({n}.add({b.k(2.0)}))"), e


def softplus(b, x):
    z = b.new(f"{x}.mul({b.k('p')})")
    e = b.exp(b.new(f"{z}.abs().neg()"))
    l = b.log1p_of_unit(e)
    top = b.where(z, "LT", b.k(0.0), b.k(0.0), z)
    y = b.new(f"{l}.add({top}).div({b.k('p')})")
    return b.where(z, "GT", b.k("q"), x, y)


def log_sigmoid(b, x):
    e = b.exp(b.new(f"{x}.abs().neg()"))
    l = b.log1p_of_unit(e)
    low = b.where(x, "GT", b.k(0.0), b.k(0.0), x)
    return b.new(f"{low}.sub({l})")


def exponential_unit(b, x, inner, outer, scale):
    z = b.where(x, "GT", b.k(0.0), b.k(0.0), x)
    if inner:
        z = b.new(f"{z}.div({b.k(inner)})")
    m = b.expm1_of_negative(z)
    neg = b.new(f"{m}.mul({b.k(outer)})")
    pos = b.new(f"{x}.mul({b.k(scale)})") if scale else x
    return b.where(x, "GT", b.k(0.0), pos, neg)


SELU = ("1.0507009873554805f", "1.7580993408473766f")

FORWARD = {
    "EXP": lambda b, x: b.exp(x),
    "LOG": lambda b, x: b.log(x),
    "SQRT": lambda b, x: b.new(f"{x}.sqrt()"),
    "RSQRT": lambda b, x: b.new(f"{b.k(1.0)}.div({x}.sqrt())"),
    "ERF": lambda b, x: b.erf(x),
    "RELU": lambda b, x: b.new(f"{x}.max({b.k(0.0)})"),
    "LEAKY_RELU": lambda b, x: b.where(x, "GT", b.k(0.0), x, b.new(f"{x}.mul({b.k('p')})")),
    "ELU": lambda b, x: exponential_unit(b, x, None, "p", None),
    "CELU": lambda b, x: exponential_unit(b, x, "p", "p", None),
    "SELU": lambda b, x: exponential_unit(b, x, None, SELU[1], SELU[0]),
    "GELU": lambda b, x: b.new(f"{x}.mul({b.normal(x)[0]})"),
    "GELU_TANH": lambda b, x: b.new(f"{x}.mul({gelu_tanh_sigmoid(b, x)[0]})"),
    "SILU": lambda b, x: b.new(f"{x}.mul({b.sigmoid(x)})"),
    "MISH": lambda b, x: b.new(f"{x}.mul({tanh_softplus(b, x)[0]})"),
    "SIGMOID": lambda b, x: b.sigmoid(x),
    "LOG_SIGMOID": log_sigmoid,
    "TANH": lambda b, x: b.tanh(x),
    "SOFTPLUS": softplus,
}


def one_minus(b, s):
    return b.new(f"{b.k(1.0)}.sub({s})")


def silu_gradient(b, x):
    s = b.sigmoid(x)
    d = b.new(f"{x}.mul({one_minus(b, s)}).add({b.k(1.0)})")
    return b.new(f"{s}.mul({d})")


def gelu_gradient(b, x):
    phi, e = b.normal(x)
    p = b.new(f"{e}.mul({b.k(0.3989422804014327)})")
    return b.new(f"{x}.fma({p}, {phi})")


def gelu_tanh_gradient(b, x):
    s, z = gelu_tanh_sigmoid(b, x)
    u = b.new(f"{z}.fma({b.k(0.21406443846)}, {b.k(1.5957691216)}).mul({x})")
    return b.new(f"{s}.mul({one_minus(b, s)}).fma({u}, {s})")


def mish_gradient(b, x):
    t, e = tanh_softplus(b, x)
    s = b.new(f"{e}.div({e}.add({b.k(1.0)}))")
    d = b.new(f"{b.k(1.0)}.sub({t}.mul({t}))")
    return b.new(f"{x}.mul({s}).fma({d}, {t})")


def softplus_gradient(b, x):
    z = b.new(f"{x}.mul({b.k('p')})")
    s = b.sigmoid(z)
    return b.where(z, "GT", b.k("q"), b.k(1.0), s)


def exponential_unit_gradient(b, x, inner, outer, scale):
    z = b.where(x, "GT", b.k(0.0), b.k(0.0), x)
    if inner:
        z = b.new(f"{z}.div({b.k(inner)})")
    e = b.exp_of_negative(z)
    neg = b.new(f"{e}.mul({b.k(outer)})") if outer else e
    return b.where(x, "GT", b.k(0.0), b.k(scale or 1.0), neg)


def erf_gradient(b, x):
    e = b.exp(b.new(f"{x}.mul({x}).neg()"))
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
    "SIGMOID": lambda b, y: b.new(f"{y}.mul({one_minus(b, y)})"),
    "TANH": lambda b, y: b.new(f"{b.k(1.0)}.sub({y}.mul({y}))"),
    "LEAKY_RELU": lambda b, x: b.where(x, "GT", b.k(0.0), b.k(1.0), b.k("p")),
}


# dx from dy and what the forward pass saved, where a factor would turn an infinite dy into NaN.
DIRECT = {
    "RELU": lambda b, dy, y: b.where(y, "LE", b.k(0.0), b.k(0.0), dy),
    # A NaN passes no test, and so gets no gradient, as in PyTorch.
    "ABS": lambda b, dy, x: b.where(
        x, "GT", b.k(0.0), dy, b.where(x, "LT", b.k(0.0), b.new(f"{dy}.neg()"), b.k(0.0))),
    "CLAMP": lambda b, dy, x: b.where(
        x, "GE", b.k("p"), b.where(x, "LE", b.k("q"), dy, b.k(0.0)), b.k(0.0)),
    "HARDTANH": lambda b, dy, x: b.where(
        x, "LE", b.k("p"), b.k(0.0), b.where(x, "GE", b.k("q"), b.k(0.0), dy)),
}


def camel(name):
    parts = name.lower().split("_")
    return parts[0] + "".join(p.capitalize() for p in parts[1:])


def loop(signature, body, last):
    lines = [f"  static void {signature} {{"]
    for text, name in body.constants.items():
        lines.append(f"    FloatVector {name} = FloatVector.broadcast(F, {text});")
    lines.append("    for (int i = 0; i < n; i += LANES) {")
    lines += ["      " + line for line in body.lines]
    lines.append("      " + last)
    lines.append("    }\n  }\n")
    return "\n".join(lines)


def forward(name, make):
    b = Body()
    x = b.new("FloatVector.fromArray(F, x, xo + i)")
    y = make(b, x)
    return loop(f"{camel(name)}(float[] x, int xo, float[] y, int yo, int n, float p, float q)", b,
                f"{y}.intoArray(y, yo + i);")


def gradient(name, make):
    b = Body()
    x = b.new("FloatVector.fromArray(F, saved, so + i)")
    g = make(b, x)
    return loop(f"{camel(name)}Gradient(float[] dy, int dyo, float[] saved, int so, float[] dx,"
                " int dxo, int n, float p, float q)", b,
                f"FloatVector.fromArray(F, dy, dyo + i).mul({g}).intoArray(dx, dxo + i);")


def direct(name, make):
    b = Body()
    d = b.new("FloatVector.fromArray(F, dy, dyo + i)")
    x = b.new("FloatVector.fromArray(F, saved, so + i)")
    g = make(b, d, x)
    return loop(f"{camel(name)}Gradient(float[] dy, int dyo, float[] saved, int so, float[] dx,"
                " int dxo, int n, float p, float q)", b, f"{g}.intoArray(dx, dxo + i);")


def exp_sum():
    b = Body()
    x = b.new("FloatVector.fromArray(F, x, xo + i).sub(center)")
    e = b.exp(x)
    b.lines.append(f"sum = sum.add({e});")
    text = loop("expSum(float[] x, int xo, float[] y, int yo, int n, float shift, float[] lanes)",
                b, f"{e}.intoArray(y, yo + i);")
    text = text.replace("    for (int i", "    FloatVector center = FloatVector.broadcast(F, shift);"
                        "\n    FloatVector sum = FloatVector.fromArray(F, lanes, 0);\n"
                        "    for (int i", 1)
    return text.replace("    }\n  }\n", "    }\n    sum.intoArray(lanes, 0);\n  }\n")


HEAD = """package dev.kiln.cpu.simd;

import static dev.kiln.cpu.simd.Lanes.F;
import static dev.kiln.cpu.simd.Lanes.LANES;

import dev.kiln.backend.UnaryOp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Elementwise functions over whole vectors. Exponentials: reduction by multiples of ln 2 (Cody and
 * Waite) and a polynomial; logarithms: the series of atanh. Generated by
 * src/main/generators/vector_math.py.
 */
@SuppressWarnings("UnusedVariable") // every loop of a family has the same parameters
final class VectorUnaryLoops {
  private static final int MAGIC_BITS = Float.floatToRawIntBits(12582912f);
  private static final int SQRT_HALF_BITS = 0x3f3504f3;

  private VectorUnaryLoops() {}
"""


def dispatch():
    out = ["  /** Runs a forward loop; false if there is none. */\n"
           "  static boolean forward(UnaryOp op, float[] x, int xo, float[] y, int yo, int n,"
           " float p, float q) {\n    switch (op) {"]
    for name in FORWARD:
        out.append(f"      case {name}:\n        {camel(name)}(x, xo, y, yo, n, p, q);\n"
                   "        return true;")
    out.append("      default:\n        return false;\n    }\n  }\n")
    out.append("  /** Runs a gradient loop; false if there is none. */\n"
               "  static boolean gradient(UnaryOp op, float[] dy, int dyo, float[] saved, int so,"
               " float[] dx, int dxo, int n, float p, float q) {\n    switch (op) {")
    for name in list(GRADIENT) + list(DIRECT):
        out.append(f"      case {name}:\n        {camel(name)}Gradient(dy, dyo, saved, so, dx, dxo,"
                   " n, p, q);\n        return true;")
    out.append("      default:\n        return false;\n    }\n  }\n")
    return out


parts = [HEAD] + dispatch()
parts += [forward(*item) for item in FORWARD.items()]
parts += [gradient(*item) for item in GRADIENT.items()]
parts += [direct(*item) for item in DIRECT.items()]
parts += [exp_sum(), "}"]
OUT.write_text("\n".join(parts) + "\n")
