package dev.kiln.cpu.kernels;

/** Powers as C and CUDA have them, which Java's differ from at 1 and -1. */
public final class Powers {
  private Powers() {}

  /** x to the power p; 1 of 1 to any power, NaN too, and of -1 to an infinite one. */
  public static double pow(double x, double p) {
    return isOne(x, p) ? 1 : StrictMath.pow(x, p);
  }

  /** The same by the faster of Java's functions. */
  static double fast(double x, double p) {
    return isOne(x, p) ? 1 : Math.pow(x, p);
  }

  private static boolean isOne(double x, double p) {
    return x == 1 || x == -1 && Double.isInfinite(p);
  }
}
