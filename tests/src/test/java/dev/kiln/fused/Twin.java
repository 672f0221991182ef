package dev.kiln.fused;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.backend.Backend;
import dev.kiln.backend.FusedOps;
import dev.kiln.backend.View;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Operands that lie, with the same bits, on the device under test and on the float64 oracle, for
 * comparing what a fused op makes of them. Around each are a few elements that nobody may write.
 */
final class Twin implements AutoCloseable {
  private static final double GUARD = 77;
  private static final int BEHIND = 5;

  private final Backend device;
  private final Backend oracle = Device.of("scalar").backend();
  private final String name;
  private final List<Pair> all = new ArrayList<>();

  Twin(Device device) {
    this.device = device.backend();
    this.name = device.toString();
  }

  /** One operand in both places. */
  record Pair(View device, View oracle, int before) {}

  Backend device() {
    return device;
  }

  Backend oracle() {
    return oracle;
  }

  FusedOps onDevice() {
    return device.fused();
  }

  FusedOps onOracle() {
    return oracle.fused();
  }

  /** An operand of given values, so many elements into its memory. */
  Pair of(DType type, int offset, double[] values, long... dims) {
    Shape shape = Shape.of(dims);
    assertThat(shape.numel()).isEqualTo(values.length);
    long length = (long) offset + values.length + BEHIND;
    View plan = View.dense(oracle.alloc(type, length), 0, Shape.of(length));
    oracle.fill(plan, guard(type));
    View wide = View.dense(oracle.alloc(DType.FLOAT64, values.length), 0, shape);
    oracle.upload(wide, bytes(values));
    oracle.copy(View.dense(plan.storage(), offset, shape), wide);
    oracle.free(wide.storage());
    View copy = View.dense(device.alloc(type, length), 0, plan.shape());
    ByteBuffer bits = buffer(length * type.bytes());
    oracle.download(bits, plan);
    device.upload(copy, bits.rewind());
    Pair pair =
        new Pair(
            View.dense(copy.storage(), offset, shape),
            View.dense(plan.storage(), offset, shape),
            offset);
    all.add(pair);
    return pair;
  }

  /** An operand whose content is to be overwritten. */
  Pair empty(DType type, int offset, long... dims) {
    double[] values = new double[(int) Shape.of(dims).numel()];
    java.util.Arrays.fill(values, 55);
    return of(type, offset, values, dims);
  }

  Pair random(DType type, int offset, long seed, long... dims) {
    return of(type, offset, random(seed, Shape.of(dims).numel()), dims);
  }

  static double[] random(long seed, long n) {
    return new SplittableRandom(seed).doubles(n, -2, 2).toArray();
  }

  double[] read(View v) {
    return numbers(device, v);
  }

  private static double[] numbers(Backend backend, View v) {
    View wide = View.dense(backend.alloc(DType.FLOAT64, v.numel()), 0, v.shape());
    backend.copy(wide, v);
    ByteBuffer to = buffer(v.numel() * Double.BYTES);
    backend.download(to, wide);
    backend.free(wide.storage());
    double[] out = new double[(int) v.numel()];
    to.rewind().asDoubleBuffer().get(out);
    return out;
  }

  /** Checks an operand within {@code tolerance * (1 + |want|)}; NaN matches only NaN. */
  void same(String what, Pair pair, double tolerance) {
    double[] got = numbers(device, pair.device);
    double[] want = numbers(oracle, pair.oracle);
    for (int i = 0; i < want.length; i++) {
      boolean equal = Double.compare(got[i] + 0.0, want[i] + 0.0) == 0;
      if (!equal && !(Math.abs(got[i] - want[i]) <= tolerance * (1 + Math.abs(want[i])))) {
        throw new AssertionError(
            "%s on %s, element %d of %s: got %s, want %s"
                .formatted(what, name, i, pair.device.shape(), got[i], want[i]));
      }
    }
    View whole =
        View.dense(pair.device.storage(), 0, Shape.of(pair.device.numel() + pair.before + BEHIND));
    double[] memory = numbers(device, whole);
    double guard = guard(pair.device.dtype());
    for (int i = 0; i < memory.length; i++) {
      if ((i < pair.before || i >= memory.length - BEHIND) && memory[i] != guard) {
        throw new AssertionError(
            what + " on " + name + " wrote element " + (i - pair.before) + " outside its output");
      }
    }
  }

  private static double guard(DType type) {
    return type == DType.BOOL ? 1 : GUARD;
  }

  static double tolerance(DType type) {
    return switch (type) {
      case FLOAT64 -> 1e-11;
      case FLOAT32 -> 4e-6;
      case FLOAT16 -> 2e-3;
      default -> 1.6e-2;
    };
  }

  private static ByteBuffer buffer(long bytes) {
    return ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer bytes(double[] values) {
    ByteBuffer b = buffer((long) values.length * Double.BYTES);
    b.asDoubleBuffer().put(values);
    return b;
  }

  @Override
  public void close() {
    for (Pair p : all) {
      device.free(p.device.storage());
      oracle.free(p.oracle.storage());
    }
  }
}
