package dev.kiln.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * Compares an op and its gradients on a device, in a type, with the oracle's in float64 on the very
 * same numbers.
 *
 * @param device the device under test
 * @param type of its operands
 * @param shifted whether operands begin one element into their memory, where no wide access may
 */
public record AgainstOracle(Device device, DType type, boolean shifted) {
  /** The types that are tested. */
  public static final List<DType> TYPES =
      List.of(DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.FLOAT16);

  /** Random numbers between -scale and scale. */
  public static double[] random(long seed, Shape shape, double scale) {
    SplittableRandom random = new SplittableRandom(seed);
    return random.doubles(shape.numel(), -scale, scale).toArray();
  }

  /** The distance of 1 to the next number of the type, half of it: the error of one rounding. */
  private double rounding() {
    return switch (type) {
      case FLOAT64 -> 0x1p-53;
      case BFLOAT16 -> 0x1p-9;
      case FLOAT16 -> 0x1p-12;
      default -> 0x1p-24;
    };
  }

  /**
   * Checks the result of f and the gradients of its operands.
   *
   * @param what is named when it fails
   * @param f the op; its operands are parameters
   * @param slack how much larger than eight roundings errors may be, relative to the largest number
   *     of a result
   * @param operands each operand's values, then its shape
   */
  public void agree(
      String what, Function<List<Tensor>, Tensor> f, double slack, Object... operands) {
    List<double[]> want = run(f, Device.of("scalar"), DType.FLOAT64, false, operands);
    List<double[]> got = run(f, device, type, shifted, operands);
    for (int k = 0; k < want.size(); k++) {
      String name = what + " " + type + (shifted ? " shifted" : "");
      name += k == 0 ? "" : ", gradient of operand " + (k - 1);
      close(name, got.get(k), want.get(k), 8 * slack * rounding());
    }
  }

  /** As {@link #agree}, without gradients. */
  public void agreeForward(
      String what, Function<List<Tensor>, Tensor> f, double slack, Object... operands) {
    double[] want = run(f, Device.of("scalar"), DType.FLOAT64, false, operands).get(0);
    double[] got = run(f, device, type, shifted, operands).get(0);
    close(what + " " + type, got, want, 8 * slack * rounding());
  }

  private static void close(String what, double[] got, double[] want, double tolerance) {
    assertThat(got.length).as(what).isEqualTo(want.length);
    double scale = 1;
    for (double w : want) {
      scale = Double.isFinite(w) ? Math.max(scale, Math.abs(w)) : scale;
    }
    for (int i = 0; i < want.length; i++) {
      boolean same =
          Double.isFinite(want[i])
              ? Math.abs(got[i] - want[i]) <= tolerance * scale
              : Double.compare(got[i], want[i]) == 0;
      if (!same) {
        assertThat(got[i])
            .as("%s at %d, tolerance %s", what, i, tolerance * scale)
            .isEqualTo(want[i]);
      }
    }
  }

  private List<double[]> run(
      Function<List<Tensor>, Tensor> f, Device on, DType as, boolean shift, Object... operands) {
    try (Scope scope = Scope.open()) {
      List<Tensor> in = new ArrayList<>();
      for (int i = 0; i < operands.length; i += 2) {
        double[] values = (double[]) operands[i];
        int lead = shift ? 1 : 0;
        double[] all = new double[values.length + lead];
        System.arraycopy(values, 0, all, lead, values.length);
        // Rounded to the type under test on both devices.
        Tensor rounded = Tensor.of(all, on).to(type).to(as);
        in.add(
            rounded
                .narrow(0, lead, values.length)
                .reshape(((Shape) operands[i + 1]).dims())
                .requiresGrad(true));
      }
      Tensor y = f.apply(in);
      List<double[]> out = new ArrayList<>();
      out.add(y.toDoubleArray());
      double[] weights = random(99, y.shape(), 1);
      y.mul(Tensor.of(weights, y.shape(), on).to(type).to(as)).sum().backward();
      for (Tensor x : in) {
        out.add(x.grad().map(Tensor::toDoubleArray).orElse(new double[0]));
      }
      return out;
    }
  }
}
