package dev.kiln.oracle;

import java.util.Arrays;
import java.util.Random;

/** Draws inputs. A seed is spelled out per draw by its order, so a case's inputs never move. */
final class Draw {
  private Draw() {}

  private static long count(long[] shape) {
    return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  private static Random random(long seed, long[] shape) {
    return new Random(seed * 0x9E3779B97F4A7C15L + Arrays.hashCode(shape));
  }

  /** Three decimals keep the files short; the float32 next to them is the input. */
  private static double brief(double v) {
    return (float) (Math.round(v * 1000) / 1000.0);
  }

  /** Normally distributed float32 with a gradient. */
  static Value normal(long seed, long... shape) {
    Random r = random(seed, shape);
    double[] data = new double[(int) count(shape)];
    Arrays.setAll(data, i -> brief(r.nextGaussian()));
    return new Value("float32", shape, true, data);
  }

  /** Evenly distributed float32 with a gradient. */
  static Value uniform(long seed, double low, double high, long... shape) {
    Random r = random(seed, shape);
    double[] data = new double[(int) count(shape)];
    Arrays.setAll(data, i -> brief(low + (high - low) * r.nextDouble()));
    return new Value("float32", shape, true, data);
  }

  /** Numbers no two of which are closer than 0.05, in random order. */
  static Value distinct(long seed, long... shape) {
    Random r = random(seed, shape);
    int n = (int) count(shape);
    double[] data = new double[n];
    Arrays.setAll(data, i -> brief(0.1 * (i - n / 2.0) + 0.04 * r.nextDouble()));
    for (int i = n - 1; i > 0; i--) {
      int j = r.nextInt(i + 1);
      double t = data[i];
      data[i] = data[j];
      data[j] = t;
    }
    return new Value("float32", shape, true, data);
  }

  /** Whole float32 numbers with a gradient, so with many ties. */
  static Value steps(long seed, int low, int high, long... shape) {
    Value v = ints(seed, low, high, shape);
    return new Value("float32", shape, true, v.data());
  }

  /** Integers of low to high - 1. */
  static Value ints(long seed, int low, int high, long... shape) {
    Random r = random(seed, shape);
    double[] data = new double[(int) count(shape)];
    Arrays.setAll(data, i -> low + r.nextInt(high - low));
    return new Value("int64", shape, false, data);
  }

  /** True and false. */
  static Value bools(long seed, long... shape) {
    Value v = ints(seed, 0, 2, shape);
    return new Value("bool", shape, false, v.data());
  }

  /** Given float32 numbers with a gradient. */
  static Value floats(double... data) {
    double[] rounded = Arrays.stream(data).map(v -> (float) v).toArray();
    return new Value("float32", new long[] {data.length}, true, rounded);
  }

  /** Given integers. */
  static Value longs(long... data) {
    double[] wide = Arrays.stream(data).asDoubleStream().toArray();
    return new Value("int64", new long[] {data.length}, false, wide);
  }

  /** Given truth values, as 0 and 1. */
  static Value flags(int... data) {
    double[] wide = Arrays.stream(data).asDoubleStream().toArray();
    return new Value("bool", new long[] {data.length}, false, wide);
  }

  /** A number of rank 0. */
  static Value scalar(double value) {
    return floats(value).as();
  }
}
