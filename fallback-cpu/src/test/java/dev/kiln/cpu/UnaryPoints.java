package dev.kiln.cpu;

import java.util.Random;
import java.util.stream.DoubleStream;

/** The arguments at which functions of one element are measured; the same on every run. */
final class UnaryPoints {
  /** Where implementations change branch, functions change sign, and results over- or underflow. */
  private static final double[] BORDERS = {
    0.1,
    0.2,
    0.25,
    0.3,
    0.35355339,
    0.4,
    0.46875,
    0.5,
    0.5493,
    0.625,
    0.65,
    0.70710678,
    0.75,
    0.84,
    0.875,
    1,
    1.25,
    1.41421356,
    1.5,
    1.57079633,
    2,
    2.5,
    2.857,
    3,
    3.14159265,
    3.5,
    4,
    4.71238898,
    5,
    5.5,
    6,
    6.28318531,
    7,
    8,
    9,
    9.0109,
    10,
    11,
    12,
    13,
    13.1,
    13.9,
    14,
    15,
    16,
    16.6355,
    17,
    18,
    20,
    22,
    26.5,
    27,
    27.2,
    30,
    37.4,
    38,
    44.3614,
    87,
    87.33654,
    88.029692,
    88.376,
    88.72284,
    89,
    90,
    100,
    103.27893,
    103.97208,
    104,
    1e3,
    1e6,
    1e9,
    1e20,
    1e30,
    0x1p-126,
    0x1p-63,
    0x1p-64,
    0x1p-75
  };

  private static final int NEAR = 48;
  private static final int GRID = 60_000;
  private static final int PER_EXPONENT = 120;

  private UnaryPoints() {}

  /**
   * Every exponent with both signs, the surroundings of the borders, and a grid over -110 .. 110.
   */
  static float[] floats() {
    Random r = new Random(5);
    DoubleStream.Builder x = DoubleStream.builder();
    for (int exponent = 0; exponent < 256; exponent++) {
      for (int i = 0; i < PER_EXPONENT; i++) {
        int mantissa = i == 0 ? 0 : i == 1 ? 1 : i == 2 ? 0x7fffff : r.nextInt(0x800000);
        float v = Float.intBitsToFloat(exponent << 23 | mantissa);
        x.add(v).add(-v);
      }
    }
    for (double border : BORDERS) {
      float v = (float) border;
      for (int i = -NEAR; i <= NEAR; i++) {
        float near = Float.intBitsToFloat(Float.floatToRawIntBits(v) + i);
        x.add(near).add(-near);
      }
    }
    for (int i = 0; i < GRID; i++) {
      double wide = 220.0 * (i + r.nextDouble()) / GRID - 110;
      x.add((float) wide).add((float) (wide / 10)).add((float) (wide / 100));
    }
    double[] all = x.build().toArray();
    float[] floats = new float[all.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) all[i];
    }
    return floats;
  }

  /** A few thousand doubles of the same kind, among them subnormals and the largest. */
  static double[] doubles() {
    Random r = new Random(6);
    DoubleStream.Builder x = DoubleStream.builder();
    for (int exponent = 0; exponent < 2047; exponent += 61) {
      double v = Double.longBitsToDouble((long) exponent << 52 | r.nextLong() >>> 12);
      x.add(v).add(-v);
    }
    for (double border : BORDERS) {
      x.add(border).add(-border).add(Math.nextUp(border)).add(-Math.nextDown(border));
    }
    for (double v : new double[] {708.39, 709.78, 709.79, 744.44, 745.13, 746, 36.04, 36.7, 37.5}) {
      x.add(v).add(-v);
    }
    for (double limit : new double[] {1, 4, 30, 800}) {
      for (int i = 0; i < 120; i++) {
        x.add(limit * (2 * r.nextDouble() - 1));
      }
    }
    for (int i = 0; i < 60; i++) {
      double v = Math.scalb(r.nextDouble(), -r.nextInt(60));
      x.add(v).add(-v).add(1 + v).add(1 - v);
    }
    x.add(Double.MIN_VALUE).add(-Double.MIN_VALUE).add(Double.MAX_VALUE).add(-Double.MAX_VALUE);
    return x.build().toArray();
  }
}
