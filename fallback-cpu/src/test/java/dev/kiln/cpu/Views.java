package dev.kiln.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.backend.Backend;
import dev.kiln.backend.View;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Makes, fills and compares views of a backend. */
record Views(Backend backend) {
  /** The oracle, whose new memory is full of NaN. */
  static Views oracle() {
    return new Views(new ScalarBackend(new ArrayPool(true)));
  }

  /** A dense view with the given elements. */
  View of(DType dtype, double[] data, long... dims) {
    Shape shape = Shape.of(dims);
    assertThat(shape.numel()).isEqualTo(data.length);
    View v = empty(dtype, dims);
    for (int i = 0; i < data.length; i++) {
      CpuStorage.of(v).set(i, data[i]);
    }
    return v;
  }

  /** A dense INT64 vector. */
  View longs(long... data) {
    View v = empty(DType.INT64, data.length);
    for (int i = 0; i < data.length; i++) {
      CpuStorage.of(v).setLong(i, data[i]);
    }
    return v;
  }

  /** A dense view of NaN, or a large number. */
  View empty(DType dtype, long... dims) {
    Shape shape = Shape.of(dims);
    View v = View.dense(backend.alloc(dtype, shape.numel()), 0, shape);
    for (int i = 0; i < shape.numel(); i++) {
      CpuStorage.of(v).set(i, dtype.isFloating() ? Double.NaN : 123_456_789);
    }
    return v;
  }

  /** The elements in row-major order, whatever the strides. */
  static double[] read(View v) {
    double[] out = new double[(int) v.numel()];
    long[] index = new long[v.shape().rank()];
    for (int i = 0; i < out.length; i++) {
      long at = v.offset();
      for (int axis = 0; axis < index.length; axis++) {
        at += index[axis] * v.stride(axis);
      }
      out[i] = CpuStorage.of(v).get(at);
      for (int axis = index.length - 1; axis >= 0; axis--) {
        if (++index[axis] < v.shape().dim(axis)) {
          break;
        }
        index[axis] = 0;
      }
    }
    return out;
  }

  /** Numbers in [-2, 2) that FLOAT32 holds exactly. */
  static double[] random(long seed, long n) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] out = new double[(int) n];
    for (int i = 0; i < n; i++) {
      out[i] = (float) (random.nextDouble() * 4 - 2);
    }
    return out;
  }

  /** Random integers in low .. high - 1. */
  static double[] integers(long seed, long n, int low, int high) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] out = new double[(int) n];
    Arrays.setAll(out, i -> random.nextInt(low, high));
    return out;
  }

  /** Checks each element within {@code tolerance * (1 + |want|)}; NaN matches only NaN. */
  static void assertClose(String what, View got, double[] want, double tolerance) {
    double[] g = read(got);
    assertThat(g).as(what).hasSameSizeAs(want);
    for (int i = 0; i < want.length; i++) {
      boolean same = Double.compare(g[i] + 0.0, want[i] + 0.0) == 0;
      assertThat(same || Math.abs(g[i] - want[i]) <= tolerance * (1 + Math.abs(want[i])))
          .as("%s at %d: got %s, want %s", what, i, g[i], want[i])
          .isTrue();
    }
  }

  /** How far results of a type may be from double arithmetic, relative to 1 + |want|. */
  static double tolerance(DType dtype) {
    return switch (dtype) {
      case FLOAT64 -> 1e-12;
      case FLOAT32 -> 2e-6;
      case FLOAT16 -> 1e-3;
      default -> 8e-3;
    };
  }
}
