package dev.kiln.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.ops.Shaping;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * Checks gradients: on the oracle in float64 against central differences, and on every device in
 * float32 against the oracle.
 */
public final class GradCheck {
  static final double STEP = 1e-6;

  private GradCheck() {}

  /** A differentiable function of some tensors. */
  @FunctionalInterface
  public interface Function {
    /** Computes the result from inputs of one device and type. */
    Tensor of(List<Tensor> inputs);
  }

  /**
   * An input of a function.
   *
   * @param values row-major elements
   * @param shape their shape
   * @param differentiable whether its gradient is checked
   */
  public record Input(double[] values, Shape shape, boolean differentiable) {
    Tensor on(Device device, DType dtype) {
      Tensor t = Tensor.of(values, shape, device).to(dtype);
      return differentiable ? t.requiresGrad(true) : t;
    }
  }

  /** Makes an input of numbers in -1.5 .. 1.5 that are exact in float32 and stay off 0. */
  public static Input input(long seed, long... dims) {
    return uniform(seed, -1.5, 1.5, dims);
  }

  /** Makes an input of numbers in a range, exact in float32; near 0 is left out. */
  public static Input uniform(long seed, double low, double high, long... dims) {
    Shape shape = Shape.of(dims);
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[(int) shape.numel()];
    for (int i = 0; i < values.length; i++) {
      do {
        values[i] = Math.rint((low + (high - low) * random.nextDouble()) * 4096) / 4096;
      } while (Math.abs(values[i]) < 0.01);
    }
    return new Input(values, shape, true);
  }

  /** Makes an input whose gradient is not asked for. */
  public static Input constant(Input input) {
    return new Input(input.values(), input.shape(), false);
  }

  /**
   * Runs both checks.
   *
   * @param name the function's name for messages
   * @param f the function; drawn randomness is seeded before each call
   * @param inputs its inputs
   */
  public static void check(String name, Function f, Input... inputs) {
    check(name, f, 2e-4, inputs);
  }

  /**
   * Checks gradients of second order: those of the first gradients of {@code f + f^2 / 2}, whose
   * backward starts from a gradient that depends on the inputs too, each element weighted. The
   * differences are of first gradients as an ordinary pass computes them.
   *
   * @param name the function's name for messages
   * @param f the function
   * @param inputs its inputs
   */
  public static void checkSecond(String name, Function f, Input... inputs) {
    check(name, gradientOf(x -> curved(f.of(x)), inputs), 5e-4, inputs);
  }

  /** Returns {@code y + y^2 / 2}, whose gradient depends on y. */
  public static Tensor curved(Tensor y) {
    return y.add(y.square().mul(0.5));
  }

  /**
   * Makes the function that computes the gradients of another, all of them in one vector. They can
   * be differentiated if an input requires a gradient.
   *
   * @param f the function
   * @param inputs tell which of its inputs have gradients
   */
  public static Function gradientOf(Function f, Input... inputs) {
    return given -> {
      boolean create = given.stream().anyMatch(Tensor::requiresGrad);
      List<Tensor> all = new ArrayList<>();
      List<Tensor> wanted = new ArrayList<>();
      for (int i = 0; i < inputs.length; i++) {
        Tensor t = given.get(i);
        boolean fixed = inputs[i].differentiable() && !t.requiresGrad();
        all.add(fixed ? t.detach().requiresGrad(true) : t);
        if (inputs[i].differentiable()) {
          wanted.add(all.get(i));
        }
      }
      List<Tensor> flat = new ArrayList<>();
      for (Tensor g : Autograd.grad(weighted(f, all), wanted, create)) {
        flat.add(g.reshape(-1));
      }
      return Shaping.cat(flat, 0);
    };
  }

  /**
   * Checks that two ways to write a function have the same values and gradients in float64.
   *
   * @param name the function's name for messages
   * @param f one way
   * @param g the other
   * @param inputs their inputs
   */
  public static void checkSame(String name, Function f, Function g, Input... inputs) {
    Device oracle = Device.of("scalar");
    try (Scope scope = Scope.open()) {
      List<Tensor> x = tensors(oracle, DType.FLOAT64, inputs);
      Generator.manualSeed(7);
      double[] want = g.of(x).toDoubleArray();
      Generator.manualSeed(7);
      agree(name + ", values", f.of(x).toDoubleArray(), want, 1e-12);
    }
    List<double[]> want = gradients(g, oracle, DType.FLOAT64, inputs);
    List<double[]> got = gradients(f, oracle, DType.FLOAT64, inputs);
    for (int i = 0; i < inputs.length; i++) {
      agree(name + ", input " + i, got.get(i), want.get(i), 1e-12);
    }
  }

  private static void check(String name, Function f, double tolerance, Input... inputs) {
    Device oracle = Device.of("scalar");
    List<double[]> analytic = gradients(f, oracle, DType.FLOAT64, inputs);
    for (int i = 0; i < inputs.length; i++) {
      if (inputs[i].differentiable()) {
        checkNumerically(name, f, oracle, inputs, i, analytic.get(i));
      }
    }
    for (Device device : EachDevice.all()) {
      List<double[]> found = gradients(f, device, DType.FLOAT32, inputs);
      for (int i = 0; i < inputs.length; i++) {
        agree(name + " on " + device + ", input " + i, found.get(i), analytic.get(i), tolerance);
      }
    }
  }

  private static void checkNumerically(
      String name, Function f, Device oracle, Input[] inputs, int which, double[] analytic) {
    Input x = inputs[which];
    double[] numeric = new double[x.values().length];
    for (int k = 0; k < numeric.length; k++) {
      numeric[k] =
          (shifted(f, oracle, inputs, which, k, STEP) - shifted(f, oracle, inputs, which, k, -STEP))
              / (2 * STEP);
    }
    agree(name + " in float64, input " + which, analytic, numeric, 1e-6);
  }

  private static double shifted(
      Function f, Device device, Input[] inputs, int which, int element, double by) {
    Input[] moved = Arrays.stream(inputs).map(GradCheck::constant).toArray(Input[]::new);
    double[] values = inputs[which].values().clone();
    values[element] += by;
    moved[which] = new Input(values, inputs[which].shape(), false);
    try (Scope scope = Scope.open()) {
      return weighted(f, tensors(device, DType.FLOAT64, moved)).item();
    }
  }

  private static List<double[]> gradients(Function f, Device device, DType type, Input[] inputs) {
    try (Scope scope = Scope.open()) {
      List<Tensor> tensors = tensors(device, type, inputs);
      Tensor y = weighted(f, tensors);
      if (y.requiresGrad()) { // not so where the first gradient is a constant
        y.backward();
      }
      List<double[]> gradients = new ArrayList<>();
      for (int i = 0; i < inputs.length; i++) {
        Tensor t = tensors.get(i);
        gradients.add(
            inputs[i].differentiable()
                ? t.grad().map(Tensor::toDoubleArray).orElseGet(() -> new double[(int) t.numel()])
                : new double[0]);
      }
      return gradients;
    }
  }

  private static List<Tensor> tensors(Device device, DType type, Input[] inputs) {
    List<Tensor> all = new ArrayList<>();
    for (Input i : inputs) {
      all.add(i.on(device, type));
    }
    return all;
  }

  /** Reduces the result to a scalar by fixed weights, so that every element counts differently. */
  private static Tensor weighted(Function f, List<Tensor> inputs) {
    return weighted(() -> f.of(inputs));
  }

  static Tensor weighted(Supplier<Tensor> f) {
    Generator.manualSeed(7);
    Tensor y = f.get();
    double[] weights = new double[(int) y.numel()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = 0.5 + ((i * 7) % 11) / 8.0;
    }
    return y.mul(Tensor.of(weights, y.shape(), y.device()).to(y.dtype())).sum();
  }

  static void agree(String what, double[] got, double[] want, double tolerance) {
    if (want.length == 0 && got.length == 0) {
      return;
    }
    assertThat(got).as(what).hasSize(want.length);
    double scale = 1;
    for (double w : want) {
      scale = Math.max(scale, Math.abs(w));
    }
    for (int k = 0; k < want.length; k++) {
      assertThat(Math.abs(got[k] - want[k]))
          .as("%s: gradient %d is %s, expected %s", what, k, got[k], want[k])
          .isLessThanOrEqualTo(tolerance * scale);
    }
  }
}
