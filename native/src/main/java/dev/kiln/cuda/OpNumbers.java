package dev.kiln.cuda;

import dev.kiln.DType;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.Dist;
import dev.kiln.backend.MathOp;
import dev.kiln.backend.OptimizerKind;
import dev.kiln.backend.ReduceOp;
import dev.kiln.backend.ScanOp;
import dev.kiln.backend.ScatterOp;
import dev.kiln.backend.UnaryOp;
import java.util.Arrays;
import java.util.Locale;

/** The launchers' numbers of the SPI's op kinds, looked up once by their names. */
final class OpNumbers {
  private static final int[] UNARY =
      Arrays.stream(UnaryOp.values()).mapToInt(op -> Launchers.unaryOp(op.name())).toArray();
  private static final boolean[] ON_INTEGERS = new boolean[UNARY.length];
  private static final int[] MATH =
      Arrays.stream(MathOp.values()).mapToInt(op -> Launchers.mathOp(op.name())).toArray();
  private static final int[] BINARY =
      Arrays.stream(BinaryOp.values()).mapToInt(op -> Launchers.binaryOp(op.name())).toArray();
  private static final int[] REDUCE =
      Arrays.stream(ReduceOp.values()).mapToInt(op -> Launchers.reduceOp(op.name())).toArray();
  private static final int[] SCATTER =
      Arrays.stream(ScatterOp.values()).mapToInt(op -> Launchers.scatterOp(op.name())).toArray();
  private static final int[] SCAN =
      Arrays.stream(ScanOp.values()).mapToInt(op -> Launchers.scanOp(op.name())).toArray();
  private static final int[] DIST =
      Arrays.stream(Dist.values()).mapToInt(d -> Launchers.randomDist(d.name())).toArray();
  private static final int[] OPTIMIZER =
      Arrays.stream(OptimizerKind.values())
          .mapToInt(k -> Launchers.optimizerKind(k.name()))
          .toArray();

  static {
    for (int i = 0; i < UNARY.length; i++) {
      ON_INTEGERS[i] = UNARY[i] >= 0 && Launchers.unaryOnIntegers(UNARY[i]) != 0;
    }
  }

  private OpNumbers() {}

  static int of(UnaryOp op) {
    return known(UNARY[op.ordinal()], op);
  }

  static int of(MathOp op) {
    return known(MATH[op.ordinal()], op);
  }

  static int of(BinaryOp op) {
    return known(BINARY[op.ordinal()], op);
  }

  static int of(ReduceOp op) {
    return known(REDUCE[op.ordinal()], op);
  }

  static int of(ScatterOp op) {
    return known(SCATTER[op.ordinal()], op);
  }

  static int of(ScanOp op) {
    return known(SCAN[op.ordinal()], op);
  }

  static int of(Dist dist) {
    return known(DIST[dist.ordinal()], dist);
  }

  static int of(OptimizerKind kind) {
    return known(OPTIMIZER[kind.ordinal()], kind);
  }

  private static int known(int number, Enum<?> op) {
    if (number < 0) {
      throw new CudaException(name(op), Launchers.BAD_ARGUMENT, "cuda-kernels do not list it");
    }
    return number;
  }

  /** Whether a function of integers has a kernel of its own: its results are integers too. */
  static boolean isExactOnIntegers(UnaryOp op, double a, double b, DType dtype) {
    if (dtype == DType.BOOL || !ON_INTEGERS[op.ordinal()]) {
      return false;
    }
    return switch (op) {
      case AFFINE -> a == Math.rint(a) && b == Math.rint(b);
      case POW -> a == Math.rint(a);
      default -> true;
    };
  }

  /** The op's name in messages. */
  static String name(Enum<?> op) {
    return op.name().toLowerCase(Locale.ROOT);
  }
}
