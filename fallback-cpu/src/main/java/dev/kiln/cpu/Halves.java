package dev.kiln.cpu;

import dev.kiln.DType;
import dev.kiln.backend.Backend;
import dev.kiln.backend.HalfFloats;
import dev.kiln.backend.View;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One op on 16-bit floats, run by the FLOAT32 kernels: inputs are widened into scratch, outputs
 * rounded when the op is closed. Views of other types pass through.
 */
final class Halves implements AutoCloseable {
  private final Backend backend;
  private final List<View> scratch = new ArrayList<>();
  private final List<View[]> results = new ArrayList<>();

  Halves(Backend backend) {
    this.backend = backend;
  }

  static boolean isHalf(View v) {
    return v.dtype() == DType.BFLOAT16 || v.dtype() == DType.FLOAT16;
  }

  /** Tells whether one is a 16-bit float and the other FLOAT32. */
  static boolean isConversion(View out, View x) {
    return isHalf(out) && Moves.isFloat(x) || Moves.isFloat(out) && isHalf(x);
  }

  private View wide(View like) {
    View v = View.dense(backend.alloc(DType.FLOAT32, like.numel()), 0, like.shape());
    scratch.add(v);
    return v;
  }

  /** An operand's values, dense. */
  View in(View x) {
    if (!isHalf(x)) {
      return x;
    }
    View v = wide(x);
    backend.copy(v, x);
    return v;
  }

  Optional<View> in(Optional<View> x) {
    return x.map(this::in);
  }

  /** Where a result goes, its content undefined. */
  View out(View y) {
    if (!isHalf(y)) {
      return y;
    }
    View v = wide(y);
    results.add(new View[] {y, v});
    return v;
  }

  /** A result that starts from what is there. */
  View inOut(View y) {
    View v = out(y);
    if (!v.equals(y)) {
      backend.copy(v, y);
    }
    return v;
  }

  /** Rounds the results into their places and frees the scratch. */
  @Override
  public void close() {
    results.forEach(pair -> backend.copy(pair[0], pair[1]));
    scratch.forEach(v -> backend.free(v.storage()));
  }

  /** Widens, or rounds to nearest, ties to even. */
  static void convert(WorkerPool pool, View out, View x) {
    boolean brain = (isHalf(out) ? out : x).dtype() == DType.BFLOAT16;
    Strided loops = Strided.of(out, x);
    int oy = loops.step(0);
    int ox = loops.step(1);
    if (isHalf(x)) {
      float[] y = CpuStorage.of(out).floats();
      short[] from = CpuStorage.of(x).shorts();
      loops.forEach(
          pool,
          (at, n) -> {
            if (brain) {
              fromBrain(y, at[0], oy, from, at[1], ox, n);
            } else {
              fromHalf(y, at[0], oy, from, at[1], ox, n);
            }
          });
    } else {
      short[] y = CpuStorage.of(out).shorts();
      float[] from = CpuStorage.of(x).floats();
      loops.forEach(
          pool,
          (at, n) -> {
            if (brain) {
              toBrain(y, at[0], oy, from, at[1], ox, n);
            } else {
              toHalf(y, at[0], oy, from, at[1], ox, n);
            }
          });
    }
  }

  private static void fromBrain(float[] y, int o, int oy, short[] x, int s, int ox, int n) {
    for (int i = 0; i < n; i++) {
      y[o + i * oy] = HalfFloats.fromBfloat16(x[s + i * ox]);
    }
  }

  private static void fromHalf(float[] y, int o, int oy, short[] x, int s, int ox, int n) {
    for (int i = 0; i < n; i++) {
      y[o + i * oy] = HalfFloats.fromFloat16(x[s + i * ox]);
    }
  }

  private static void toBrain(short[] y, int o, int oy, float[] x, int s, int ox, int n) {
    for (int i = 0; i < n; i++) {
      y[o + i * oy] = HalfFloats.toBfloat16(x[s + i * ox]);
    }
  }

  private static void toHalf(short[] y, int o, int oy, float[] x, int s, int ox, int n) {
    for (int i = 0; i < n; i++) {
      y[o + i * oy] = HalfFloats.toFloat16(x[s + i * ox]);
    }
  }
}
