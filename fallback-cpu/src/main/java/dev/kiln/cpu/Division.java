package dev.kiln.cpu;

import dev.kiln.KilnException;

/** Quotients rounded down and what they leave, with Python's signs. */
final class Division {
  private Division() {}

  /** The largest integer not above a / b, without the error of rounding a / b first. */
  static double floor(double a, double b) {
    if (b == 0) {
      return a / b;
    }
    double rest = a % b;
    double quotient = (a - rest) / b;
    if (rest != 0 && rest < 0 != b < 0) {
      quotient -= 1;
    }
    return quotient == 0 ? Math.copySign(0, a / b) : Math.rint(quotient);
  }

  /** a - b floor(a / b), of b's sign. */
  static double remainder(double a, double b) {
    double rest = a % b;
    return rest != 0 && rest < 0 != b < 0 ? rest + b : rest;
  }

  /** Refuses to divide integers by 0. */
  static long divisor(long b) {
    if (b == 0) {
      throw new KilnException("[div] an integer is divided by 0; convert to a floating type");
    }
    return b;
  }
}
