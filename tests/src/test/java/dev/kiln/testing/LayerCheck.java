package dev.kiln.testing;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.nn.Module;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Checks a layer's gradients, of its input and of all its parameters: on the oracle in float64
 * against central differences, and on every device in float32 against the oracle.
 */
public final class LayerCheck {
  private LayerCheck() {}

  /**
   * Runs both checks. Parameters and floating buffers get values that make each count.
   *
   * @param name the layer's name for messages
   * @param layer the layer, in the mode to check
   * @param x its input
   */
  public static void check(String name, Module layer, Input x) {
    Map<String, double[]> state = values(layer);
    Device oracle = Device.of("scalar");
    layer.to(oracle).to(DType.FLOAT64);
    load(layer, state);
    Map<String, double[]> analytic = gradients(layer, x);
    numerically(name, layer, x, analytic);
    for (Device device : EachDevice.all()) {
      layer.to(device).to(DType.FLOAT32);
      load(layer, state);
      Map<String, double[]> found = gradients(layer, x);
      analytic.forEach(
          (of, want) ->
              GradCheck.agree(name + " on " + device + ", " + of, found.get(of), want, 2e-4));
    }
  }

  private static void numerically(
      String name, Module layer, Input x, Map<String, double[]> analytic) {
    double[] numeric = new double[x.values().length];
    for (int k = 0; k < numeric.length; k++) {
      numeric[k] =
          (loss(layer, moved(x, k, GradCheck.STEP)) - loss(layer, moved(x, k, -GradCheck.STEP)))
              / (2 * GradCheck.STEP);
    }
    GradCheck.agree(name + " in float64, input", analytic.get("input"), numeric, 1e-6);
    layer
        .namedParameters()
        .forEach(
            (of, p) -> {
              double[] values = p.toDoubleArray();
              double[] slopes = new double[values.length];
              for (int k = 0; k < slopes.length; k++) {
                double up = lossAt(layer, x, p, values, k, GradCheck.STEP);
                double down = lossAt(layer, x, p, values, k, -GradCheck.STEP);
                slopes[k] = (up - down) / (2 * GradCheck.STEP);
              }
              set(p, values);
              GradCheck.agree(name + " in float64, " + of, analytic.get(of), slopes, 1e-6);
            });
  }

  private static double lossAt(Module layer, Input x, Tensor p, double[] values, int k, double by) {
    double[] changed = values.clone();
    changed[k] += by;
    set(p, changed);
    return loss(layer, x);
  }

  private static Input moved(Input x, int k, double by) {
    double[] values = x.values().clone();
    values[k] += by;
    return new Input(values, x.shape(), false);
  }

  private static double loss(Module layer, Input x) {
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      Tensor in = GradCheck.constant(x).on(layer.device(), DType.FLOAT64);
      return GradCheck.weighted(() -> layer.call(in)).item();
    }
  }

  private static Map<String, double[]> gradients(Module layer, Input x) {
    layer.zeroGrad();
    try (Scope scope = Scope.open()) {
      Tensor in = x.on(layer.device(), layer.dtype());
      GradCheck.weighted(() -> layer.call(in)).backward();
      Map<String, double[]> all = new TreeMap<>();
      all.put("input", in.grad().orElseThrow().toDoubleArray());
      layer
          .namedParameters()
          .forEach((of, p) -> all.put(of, p.grad().orElseThrow().toDoubleArray()));
      return all;
    }
  }

  /** Values for the state: spread parameters and means, variances about 1; exact in float32. */
  private static Map<String, double[]> values(Module layer) {
    SplittableRandom random = new SplittableRandom(3);
    Map<String, double[]> all = new TreeMap<>();
    layer
        .stateDict()
        .forEach(
            (of, t) -> {
              double low = of.endsWith("running_var") ? 0.5 : -1;
              double[] v = new double[(int) t.numel()];
              for (int i = 0; i < v.length; i++) {
                v[i] = Math.rint((low + (1.5 - low) * random.nextDouble()) * 4096) / 4096;
              }
              if (t.dtype().isFloating()) {
                all.put(of, v);
              }
            });
    return all;
  }

  private static void load(Module layer, Map<String, double[]> state) {
    Map<String, Tensor> own = layer.stateDict();
    List<String> names = new ArrayList<>(state.keySet());
    names.forEach(of -> set(own.get(of), state.get(of)));
  }

  private static void set(Tensor t, double[] values) {
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      t.copyFrom(Tensor.of(values, t.shape(), t.device()));
    }
  }
}
