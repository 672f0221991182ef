package dev.kiln.fused;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.backend.OptimizerKind;
import dev.kiln.backend.View;
import dev.kiln.testing.OnEachDevice;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Optimizer steps on each device against the float64 oracle, at the sizes where loops end. */
class OptimizerStepTest {
  private static final int[] SIZES = {0, 1, 7, 31, 32, 33, 1000, 1025};
  private static final DType[] TYPES = {
    DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.FLOAT16
  };

  /** Where operands begin: aligned; all at the same odd place; at different ones. */
  private static final int[][] OFFSETS = {{0, 0, 0, 0, 0}, {3, 3, 3, 3, 3}, {1, 2, 0, 5, 3}};

  /** A rule with settings: lr, step and scale apart. */
  private record Setup(OptimizerKind kind, int states, double... settings) {
    boolean uses(int state) {
      return (states >> state & 1) == 1;
    }

    double[] hyper(double step, double scale) {
      double[] h = new double[OptimizerKind.FIRST_SETTING + settings.length];
      h[OptimizerKind.LR] = 0.05;
      h[OptimizerKind.STEP] = step;
      h[OptimizerKind.GRAD_SCALE] = scale;
      System.arraycopy(settings, 0, h, OptimizerKind.FIRST_SETTING, settings.length);
      return h;
    }
  }

  private static final List<Setup> SETUPS =
      List.of(
          new Setup(OptimizerKind.SGD, 0, 0, 0, 0.01, 0),
          new Setup(OptimizerKind.SGD, 1, 0.9, 0.1, 0.01, 0),
          new Setup(OptimizerKind.SGD, 1, 0.9, 0, 0, 1),
          new Setup(OptimizerKind.ADAGRAD, 1, 0.1, 0.01, 1e-8),
          new Setup(OptimizerKind.ADAM, 3, 0.9, 0.99, 1e-3, 0.02, 0),
          new Setup(OptimizerKind.ADAM, 7, 0.8, 0.9, 1e-3, 0, 1),
          new Setup(OptimizerKind.ADAMW, 3, 0.9, 0.99, 1e-3, 0.5, 0),
          new Setup(OptimizerKind.ADAMW, 7, 0.8, 0.9, 1e-3, 0.5, 1),
          new Setup(OptimizerKind.RMSPROP, 1, 0.9, 1e-2, 0.01, 0, 0),
          new Setup(OptimizerKind.RMSPROP, 3, 0.9, 1e-2, 0.01, 0.8, 0),
          new Setup(OptimizerKind.RMSPROP, 5, 0.9, 1e-1, 0.01, 0, 1),
          new Setup(OptimizerKind.RMSPROP, 7, 0.9, 1e-1, 0.01, 0.8, 1));

  /** Parameters, gradient, the rule's states and settings in both places. */
  private static final class Run {
    final Twin twin;
    final Setup setup;
    final Twin.Pair param;
    final Twin.Pair[] states;
    final int[] offsets;

    Run(Twin twin, Setup setup, DType type, int n, int[] offsets) {
      this.twin = twin;
      this.setup = setup;
      this.offsets = offsets;
      param = twin.random(type, offsets[0], 1, n);
      states =
          IntStream.range(0, setup.kind.states())
              .mapToObj(
                  s ->
                      setup.uses(s)
                          ? twin.of(type, offsets[2 + s], start(s, n), n)
                          : twin.empty(type, 0, 0))
              .toArray(Twin.Pair[]::new);
    }

    /** Squares come first for one rule and second for another: all are positive. */
    private static double[] start(int state, int n) {
      double[] values = Twin.random(20 + state, n);
      Arrays.setAll(values, i -> 0.1 + values[i] * values[i] / 8);
      return values;
    }

    void step(DType type, double[] gradient, double[] hyper) {
      Twin.Pair g = twin.of(type, offsets[1], gradient, gradient.length);
      Twin.Pair h = twin.of(DType.FLOAT64, 0, hyper, hyper.length);
      List<View> there = Arrays.stream(states).map(Twin.Pair::device).toList();
      List<View> here = Arrays.stream(states).map(Twin.Pair::oracle).toList();
      twin.onDevice().optimizerStep(setup.kind, param.device(), g.device(), there, h.device());
      twin.onOracle().optimizerStep(setup.kind, param.oracle(), g.oracle(), here, h.oracle());
    }
  }

  @OnEachDevice
  void stepsLikeTheOracle(Device device) {
    double[] scales = {1, 0.25, -1};
    for (DType type : TYPES) {
      for (Setup setup : SETUPS) {
        for (int n : SIZES) {
          for (int[] offsets : n == 7 || n == 1025 ? OFFSETS : new int[][] {OFFSETS[0]}) {
            try (Twin twin = new Twin(device)) {
              Run run = new Run(twin, setup, type, n, offsets);
              String what = setup + " of " + n + " " + type;
              for (int step = 1; step <= scales.length; step++) {
                run.step(type, Twin.random(step, n), setup.hyper(step, scales[step - 1]));
                twin.same(what, run.param, Twin.tolerance(type));
                for (Twin.Pair s : run.states) {
                  twin.same(what + " state", s, Twin.tolerance(type));
                }
              }
            }
          }
        }
      }
    }
  }

  @OnEachDevice
  void aSkippedStepTouchesNothing(Device device) {
    for (DType type : TYPES) {
      for (Setup setup : SETUPS) {
        for (int[] offsets : OFFSETS) {
          try (Twin twin = new Twin(device)) {
            Run run = new Run(twin, setup, type, 33, offsets);
            double[] before = twin.read(run.param.device());
            double[][] states =
                Arrays.stream(run.states).map(s -> twin.read(s.device())).toArray(double[][]::new);
            double[] gradient = new double[33];
            Arrays.fill(gradient, Double.NaN);
            gradient[4] = Double.POSITIVE_INFINITY;
            run.step(type, gradient, setup.hyper(2, 0));
            run.step(type, gradient, setup.hyper(2, -0.0));
            assertThat(twin.read(run.param.device())).as("%s", setup).containsExactly(before);
            for (int s = 0; s < states.length; s++) {
              assertThat(twin.read(run.states[s].device())).containsExactly(states[s]);
            }
          }
        }
      }
    }
  }

  @OnEachDevice
  void theClockCountsTheStepsThatAreTaken(Device device) {
    try (Twin twin = new Twin(device)) {
      Twin.Pair hyper = twin.of(DType.FLOAT64, 1, new double[] {0.1, 4, 1, 9}, 4);
      View h = hyper.device();
      twin.onDevice().optimizerClock(h, Optional.empty());
      assertThat(twin.read(h)).containsExactly(0.1, 5, 1, 9);
      twin.onDevice().optimizerClock(h, factor(twin, 0.25));
      assertThat(twin.read(h)).containsExactly(0.1, 6, 0.25, 9);
      twin.onDevice().optimizerClock(h, factor(twin, 0));
      assertThat(twin.read(h)).containsExactly(0.1, 6, 0, 9);
      twin.onDevice().optimizerClock(h, Optional.empty());
      assertThat(twin.read(h)).containsExactly(0.1, 7, 1, 9);
    }
  }

  @OnEachDevice
  void theClockKeepsTheDirection(Device device) {
    try (Twin twin = new Twin(device)) {
      Twin.Pair hyper = twin.of(DType.FLOAT64, 0, new double[] {0.1, 0, -1, 9}, 4);
      View h = hyper.device();
      twin.onDevice().optimizerClock(h, factor(twin, 0.5));
      assertThat(twin.read(h)).containsExactly(0.1, 1, -0.5, 9);
      twin.onDevice().optimizerClock(h, factor(twin, 0));
      assertThat(twin.read(h)).containsExactly(0.1, 1, -0.0, 9);
      twin.onDevice().optimizerClock(h, Optional.empty());
      assertThat(twin.read(h)).containsExactly(0.1, 2, -1, 9);
    }
  }

  private static Optional<View> factor(Twin twin, double value) {
    return Optional.of(twin.of(DType.FLOAT64, 0, new double[] {value}, 1).device());
  }
}
