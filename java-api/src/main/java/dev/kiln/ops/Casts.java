package dev.kiln.ops;

import dev.kiln.Autocast;
import dev.kiln.DType;
import dev.kiln.Precision;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.UnaryOp;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * The element types that {@link Autocast} gives the operands of ops. An op on its lists begins by
 * asking whether its operands are to be converted, and then calls itself with converted ones, so
 * that gradients find their way back.
 */
final class Casts {
  /** Functions whose results in 16 bits would overflow or lose what they are used for. */
  private static final Set<UnaryOp> FULL =
      EnumSet.of(
          UnaryOp.EXP,
          UnaryOp.EXPM1,
          UnaryOp.LOG,
          UnaryOp.LOG1P,
          UnaryOp.POW,
          UnaryOp.RECIPROCAL,
          UnaryOp.RSQRT,
          UnaryOp.SOFTPLUS);

  /** 2^13 + 1: x times it, less x times it less x, has the 11 leading bits of x. Dekker 1971. */
  private static final double SPLIT = 8193;

  /** Larger numbers would overflow when multiplied by {@link #SPLIT}; they stay as they are. */
  private static final double SPLIT_LIMIT = 1e34;

  private Casts() {}

  /** Tells whether one of a product's operands is to be converted to 16 bits. */
  static boolean lowers(Tensor... operands) {
    Optional<DType> to = Autocast.current().storage();
    if (to.isPresent()) {
      for (Tensor t : operands) {
        if (isLowered(t, to.get())) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isLowered(Tensor t, DType to) {
    return t.dtype().isFloating() && t.dtype() != DType.FLOAT64 && t.dtype() != to;
  }

  /** A product's operand in the 16-bit type of the stretch; integers and FLOAT64 stay. */
  static Tensor lower(Tensor x) {
    DType to = Autocast.current().storage().orElse(x.dtype());
    return isLowered(x, to) ? Autocast.convert(x) : x;
  }

  /** As {@link #lower(Tensor)}, of an operand that may be absent. */
  static Optional<Tensor> lower(Optional<Tensor> x) {
    return x.map(Casts::lower);
  }

  /** Tells whether an op that needs FLOAT32 has an input of 16 bits in a stretch of casting. */
  static boolean raises(Tensor x) {
    boolean half = x.dtype() == DType.FLOAT16 || x.dtype() == DType.BFLOAT16;
    return half && Autocast.current().storage().isPresent();
  }

  /** An input of an op that needs FLOAT32. */
  static Tensor full(Tensor x) {
    return raises(x) ? x.to(DType.FLOAT32) : x;
  }

  /** The input of a function of one element. */
  static Tensor input(UnaryOp op, Tensor x) {
    return FULL.contains(op) ? full(x) : x;
  }

  /** The values that a product's kernel reads: rounded to TF32 if the stretch says so. */
  static Tensor rounded(Tensor x) {
    boolean tf32 = Autocast.current() == Precision.TF32 && x.dtype() == DType.FLOAT32;
    if (!tf32 || x.device().backend().roundsToTf32()) {
      return x;
    }
    return NoGrad.run(
        () -> {
          Tensor wide = x.mul(SPLIT);
          Tensor leading = wide.sub(wide.sub(x));
          return leading.where(x.abs().lt(SPLIT_LIMIT), x);
        });
  }
}
