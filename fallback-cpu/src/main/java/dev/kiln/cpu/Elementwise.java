package dev.kiln.cpu;

import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.UnaryOp;
import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.Powers;

/** Elementwise ops of the oracle, for any strides and types: in double, integers in long. */
final class Elementwise {
  private Elementwise() {}

  static void fill(View out, double value) {
    CpuStorage o = CpuStorage.of(out);
    for (Walk w = new Walk(out); w.more(); w.step()) {
      o.set(w.at(0), value);
    }
  }

  static void copy(View out, View x) {
    CpuStorage o = CpuStorage.of(out);
    CpuStorage from = CpuStorage.of(x);
    for (Walk w = new Walk(out, x); w.more(); w.step()) {
      o.setFrom(w.at(0), from, w.at(1));
    }
  }

  static void where(View out, View condition, View a, View b) {
    CpuStorage o = CpuStorage.of(out);
    CpuStorage c = CpuStorage.of(condition);
    CpuStorage sa = CpuStorage.of(a);
    CpuStorage sb = CpuStorage.of(b);
    View[] views = {
      out, condition.expand(out.shape()), a.expand(out.shape()), b.expand(out.shape())
    };
    for (Walk w = new Walk(views); w.more(); w.step()) {
      if (c.getLong(w.at(1)) != 0) {
        o.setFrom(w.at(0), sa, w.at(2));
      } else {
        o.setFrom(w.at(0), sb, w.at(3));
      }
    }
  }

  static void binary(BinaryOp op, View out, View a, View b) {
    CpuStorage o = CpuStorage.of(out);
    CpuStorage sa = CpuStorage.of(a);
    CpuStorage sb = CpuStorage.of(b);
    boolean floating = a.dtype().isFloating();
    Walk w = new Walk(out, a.expand(out.shape()), b.expand(out.shape()));
    for (; w.more(); w.step()) {
      if (floating) {
        o.set(w.at(0), apply(op, sa.get(w.at(1)), sb.get(w.at(2))));
      } else {
        o.setLong(w.at(0), apply(op, sa.getLong(w.at(1)), sb.getLong(w.at(2))));
      }
    }
  }

  private static double apply(BinaryOp op, double a, double b) {
    return switch (op) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> a / b;
      case FLOOR_DIV -> Division.floor(a, b);
      case FMOD -> a % b;
      case REMAINDER -> Division.remainder(a, b);
      case MAXIMUM -> Math.max(a, b);
      case MINIMUM -> Math.min(a, b);
      case POW -> Powers.pow(a, b);
      case ATAN2 -> StrictMath.atan2(a, b);
      case HYPOT -> StrictMath.hypot(a, b);
      case BIT_AND, BIT_OR, BIT_XOR, SHIFT_LEFT, SHIFT_RIGHT -> throw new AssertionError(op);
      case EQ -> a == b ? 1 : 0;
      case NE -> a != b ? 1 : 0;
      case LT -> a < b ? 1 : 0;
      case LE -> a <= b ? 1 : 0;
      case GT -> a > b ? 1 : 0;
      case GE -> a >= b ? 1 : 0;
      case AND -> a != 0 && b != 0 ? 1 : 0;
      case OR -> a != 0 || b != 0 ? 1 : 0;
    };
  }

  private static long apply(BinaryOp op, long a, long b) {
    return switch (op) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> a / Division.divisor(b);
      case FLOOR_DIV -> Math.floorDiv(a, Division.divisor(b));
      case FMOD -> a % Division.divisor(b);
      case REMAINDER -> Math.floorMod(a, Division.divisor(b));
      case MAXIMUM -> Math.max(a, b);
      case MINIMUM -> Math.min(a, b);
      case POW -> power(a, b);
      case ATAN2, HYPOT -> throw new AssertionError(op);
      case BIT_AND -> a & b;
      case BIT_OR -> a | b;
      case BIT_XOR -> a ^ b;
      case SHIFT_LEFT -> b < 0 || b >= Long.SIZE ? 0 : a << b;
      case SHIFT_RIGHT -> a >> (b < 0 || b >= Long.SIZE ? Long.SIZE - 1 : b);
      case EQ -> a == b ? 1 : 0;
      case NE -> a != b ? 1 : 0;
      case LT -> a < b ? 1 : 0;
      case LE -> a <= b ? 1 : 0;
      case GT -> a > b ? 1 : 0;
      case GE -> a >= b ? 1 : 0;
      case AND -> a != 0 && b != 0 ? 1 : 0;
      case OR -> a != 0 || b != 0 ? 1 : 0;
    };
  }

  /** a^b modulo 2^64; for a negative b the true value without its fraction, 0 for 0. */
  private static long power(long a, long b) {
    if (b < 0) {
      return a == 1 ? 1 : a == -1 ? ((b & 1) == 0 ? 1 : -1) : 0;
    }
    long result = 1;
    for (long base = a, e = b; e > 0; e >>= 1, base *= base) {
      result *= (e & 1) == 1 ? base : 1;
    }
    return result;
  }

  static void unary(UnaryOp op, View out, View x, double a, double b) {
    CpuStorage o = CpuStorage.of(out);
    CpuStorage from = CpuStorage.of(x);
    if (!x.dtype().isFloating() && isExactOnIntegers(op, a, b)) {
      for (Walk w = new Walk(out, x); w.more(); w.step()) {
        o.setLong(w.at(0), apply(op, from.getLong(w.at(1)), a, b));
      }
      return;
    }
    UnaryFunction.Forward f = UnaryFunction.of(op).forward();
    for (Walk w = new Walk(out, x); w.more(); w.step()) {
      o.set(w.at(0), f.at(from.get(w.at(1)), a, b));
    }
  }

  private static boolean isExactOnIntegers(UnaryOp op, double a, double b) {
    return switch (op) {
      case ABS, NEG, SIGN, FLOOR, CEIL, ROUND, SQUARE, RELU, CLAMP -> true;
      case AFFINE -> a == Math.rint(a) && b == Math.rint(b);
      case POW -> a == Math.rint(a);
      default -> false;
    };
  }

  private static long apply(UnaryOp op, long x, double a, double b) {
    return switch (op) {
      case ABS -> Math.abs(x);
      case NEG -> -x;
      case SIGN -> Long.signum(x);
      case SQUARE -> x * x;
      case RELU -> Math.max(x, 0);
      case CLAMP -> {
        long low = x < a ? (long) a : x;
        yield low > b ? (long) b : low;
      }
      case AFFINE -> ((long) a) * x + (long) b;
      case POW -> power(x, (long) a);
      default -> x; // FLOOR, CEIL, ROUND
    };
  }

  static void unaryGrad(UnaryOp op, View dx, View dy, View saved, double a, double b) {
    CpuStorage o = CpuStorage.of(dx);
    CpuStorage g = CpuStorage.of(dy);
    CpuStorage s = CpuStorage.of(saved);
    UnaryFunction.Gradient f = UnaryFunction.of(op).gradient();
    for (Walk w = new Walk(dx, dy, saved); w.more(); w.step()) {
      o.set(w.at(0), f.at(g.get(w.at(1)), s.get(w.at(2)), a, b));
    }
  }
}
