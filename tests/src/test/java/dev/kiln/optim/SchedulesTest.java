package dev.kiln.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.Gson;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Schedules follow PyTorch's formulas, here unrolled by its recursions or written out by hand. */
class SchedulesTest {
  private static final Device DEVICE = Device.of("scalar");

  private static Tensor parameter() {
    return Tensor.zeros(Shape.of(3), DType.FLOAT32, DEVICE).requiresGrad(true);
  }

  private static Optimizer sgd(double... lrs) {
    SGD.Builder builder = SGD.builder();
    for (double lr : lrs) {
      builder.group(List.of(parameter()), lr);
    }
    return builder.build();
  }

  private static void assertLr(LrScheduler s, double... expected) {
    for (int g = 0; g < expected.length; g++) {
      assertThat(s.lrs().get(g))
          .as("%s group %d", s.kind(), g)
          .isCloseTo(expected[g], within(1e-12 * Math.max(1, Math.abs(expected[g]))));
    }
  }

  private static void assertFollows(LrScheduler s, double... expected) {
    for (int t = 0; t < expected.length; t++) {
      if (t > 0) {
        s.step();
      }
      assertThat(s.lrs().get(0)).as("step %d", t).isCloseTo(expected[t], within(1e-12));
    }
  }

  @Test
  void stepLr() {
    // PyTorch's documentation: lr = 0.05 if epoch < 30, 0.005 if < 60, 0.0005 if < 90.
    Optimizer optimizer = sgd(0.05, 1);
    StepLR s = StepLR.of(optimizer, 30, 0.1);
    for (int t = 0; t < 90; t++) {
      double f = t < 30 ? 1 : t < 60 ? 0.1 : 0.01;
      assertLr(s, 0.05 * f, f);
      s.step();
    }
    assertThat(s.stepCount()).isEqualTo(90);
  }

  @Test
  void multiStepLr() {
    // PyTorch's documentation: milestones 30 and 80.
    MultiStepLR s = MultiStepLR.of(sgd(0.05), List.of(80L, 30L), 0.1);
    for (int t = 0; t < 100; t++) {
      assertLr(s, t < 30 ? 0.05 : t < 80 ? 0.005 : 0.0005);
      s.step();
    }
    assertFollows(MultiStepLR.of(sgd(1), List.of(1L, 1L), 0.5), 1, 0.25, 0.25);
  }

  @Test
  void exponentialLr() {
    ExponentialLR s = ExponentialLR.of(sgd(0.3, 2), 0.9);
    double a = 0.3;
    for (int t = 0; t < 40; t++) {
      assertLr(s, a, a / 0.3 * 2);
      s.step();
      a *= 0.9;
    }
  }

  @Test
  void cosineAnnealing() {
    CosineAnnealingLR s = CosineAnnealingLR.of(sgd(0.1), 50, 0.001);
    double lr = 0.1;
    for (int t = 1; t <= 50; t++) { // PyTorch's recursive form
      s.step();
      lr =
          (1 + Math.cos(Math.PI * t / 50)) / (1 + Math.cos(Math.PI * (t - 1) / 50)) * (lr - 0.001)
              + 0.001;
      assertLr(s, lr);
    }
    assertLr(s, 0.001);
    double half = Math.sqrt(0.5);
    assertFollows(
        CosineAnnealingLR.of(sgd(1), 4), 1, (1 + half) / 2, 0.5, (1 - half) / 2, 0, (1 - half) / 2);
  }

  @Test
  void warmRestarts() {
    CosineAnnealingWarmRestarts s = CosineAnnealingWarmRestarts.of(sgd(1), 2, 2, 0);
    double half = Math.sqrt(0.5);
    // rounds of 2, 4 and 8 steps
    assertFollows(s, 1, 0.5, 1, (1 + half) / 2, 0.5, (1 - half) / 2, 1);
    s.stepTo(2.5);
    assertLr(s, (1 + Math.cos(Math.PI * 0.5 / 4)) / 2);
    s.stepTo(9);
    assertLr(s, (1 + Math.cos(Math.PI * 3 / 8)) / 2);
    s.step();
    assertLr(s, 0.5);
    assertFollows(CosineAnnealingWarmRestarts.of(sgd(1), 2, 1, 0.2), 1, 0.6, 1, 0.6, 1);
    assertThatThrownBy(() -> s.stepTo(-1)).isInstanceOf(OptimizerException.class);
  }

  @Test
  void linearLr() {
    // PyTorch's documentation: 0.05 with start factor 0.5 over 4 epochs.
    assertFollows(LinearLR.of(sgd(0.05), 0.5, 1, 4), 0.025, 0.03125, 0.0375, 0.04375, 0.05, 0.05);
    assertFollows(LinearLR.of(sgd(2), 1, 0, 2), 2, 1, 0, 0);
    assertFollows(LinearLR.warmup(sgd(1), 4), 0.25, 0.5, 0.75, 1, 1);
    assertFollows(LinearLR.warmup(sgd(1), 1), 1, 1);
  }

  @Test
  void lambdaLr() {
    assertFollows(LambdaLR.of(sgd(0.5), t -> 1.0 / (1 + t)), 0.5, 0.25, 0.5 / 3);
    Optimizer two = sgd(1, 10);
    LambdaLR s = LambdaLR.of(two, List.of(t -> 0.5 * t, t -> 1 + t));
    assertLr(s, 0, 10);
    s.step();
    s.step();
    assertLr(s, 1, 30);
    assertThatThrownBy(() -> LambdaLR.of(two, List.of(t -> 1, t -> 1, t -> 1)))
        .hasMessageContaining("3 functions for 2 groups");
  }

  @Test
  void oneCycle() {
    Optimizer optimizer = SGD.builder(List.of(parameter())).lr(7).momentum(0.5).build();
    OneCycleLR s =
        OneCycleLR.builder(optimizer, 0.1, 101)
            .pctStart(0.3)
            .divFactor(10)
            .finalDivFactor(100)
            .build();
    double top = 0.3 * 101 - 1;
    for (int t = 0; t <= 100; t++) {
      boolean rising = t <= top;
      double part = rising ? t / top : (t - top) / (100 - top);
      double wave = (1 + Math.cos(Math.PI * part)) / 2; // 1 to 0
      double from = rising ? 0.01 : 0.1;
      double to = rising ? 0.1 : 0.0001;
      assertLr(s, to + (from - to) * wave);
      double m = rising ? 0.85 + 0.10 * wave : 0.95 - 0.10 * wave;
      assertThat(optimizer.groups().get(0).get("momentum")).isCloseTo(m, within(1e-12));
      s.step();
    }
    assertLr(s, 0.0001);
    assertThatThrownBy(s::step)
        .isInstanceOf(OptimizerException.class)
        .hasMessageContaining("past the end of a cycle of 101 steps");
  }

  @Test
  void oneCycleOfStraightLines() {
    Optimizer adam = Adam.builder(List.of(parameter())).lr(1).build();
    OneCycleLR s =
        OneCycleLR.builder(adam, 1, 11)
            .pctStart(3.0 / 11)
            .anneal(OneCycleLR.Anneal.LINEAR)
            .divFactor(2)
            .finalDivFactor(5)
            .momentum(0.8, 0.9)
            .build();
    assertFollows(s, 0.5, 0.75, 1, 0.8875, 0.775, 0.6625, 0.55, 0.4375, 0.325, 0.2125, 0.1);
    assertThat(adam.groups().get(0).get("beta1")).isCloseTo(0.9, within(1e-12));
    // A net without momentum is left without.
    Optimizer plain = sgd(1);
    OneCycleLR.of(plain, 1, 10);
    assertThat(plain.groups().get(0).get("momentum")).isZero();
    assertThatThrownBy(() -> OneCycleLR.of(plain, 0, 10)).hasMessageContaining("maxLr");
  }

  @Test
  void plateau() {
    Optimizer optimizer = sgd(1, 0.5);
    ReduceLROnPlateau s =
        ReduceLROnPlateau.builder(optimizer).patience(2).factor(0.5).cooldown(1).minLr(0.2).build();
    double[] metrics = {1, 0.9, 0.9, 0.95, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9};
    // best at index 1; 3 bad ones -> reduced at 4; 5 is cooldown; 6, 7, 8 bad -> reduced at 8
    double[] expected = {1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25};
    for (int t = 0; t < metrics.length; t++) {
      s.step(metrics[t]);
      assertLr(s, expected[t], Math.max(0.2, expected[t] / 2));
    }
    s.step(Double.NaN); // never better; the third bad one after the cooldown
    assertLr(s, 0.2, 0.2);
    assertThatThrownBy(s::step).hasMessageContaining("step(metric)");
  }

  @Test
  void plateauModes() {
    Function<ReduceLROnPlateau.Builder, ReduceLROnPlateau> eager =
        b -> b.patience(0).factor(0.5).build();
    ReduceLROnPlateau relative =
        eager.apply(
            ReduceLROnPlateau.builder(sgd(1))
                .mode(ReduceLROnPlateau.Mode.MAX)
                .threshold(0.1, ReduceLROnPlateau.ThresholdMode.REL));
    relative.step(1);
    relative.step(1.11);
    assertLr(relative, 1);
    relative.step(1.2); // 8% is not enough
    assertLr(relative, 0.5);
    ReduceLROnPlateau absolute =
        eager.apply(
            ReduceLROnPlateau.builder(sgd(1)).threshold(0.1, ReduceLROnPlateau.ThresholdMode.ABS));
    absolute.step(1);
    absolute.step(0.89);
    assertLr(absolute, 1);
    absolute.step(0.8);
    assertLr(absolute, 0.5);
  }

  @Test
  void oneAfterAnother() {
    Optimizer optimizer = sgd(1, 2);
    SequentialLR s =
        SequentialLR.of(
            optimizer,
            List.of(LinearLR.warmup(optimizer, 4), CosineAnnealingLR.of(optimizer, 4)),
            List.of(4L));
    double half = Math.sqrt(0.5);
    double[] expected = {0.25, 0.5, 0.75, 1, 1, (1 + half) / 2, 0.5, (1 - half) / 2, 0};
    for (double f : expected) {
      assertLr(s, f, 2 * f);
      s.step();
    }
  }

  @Test
  void allAtOnce() {
    // PyTorch's documentation: ConstantLR(0.1, 2) chained with ExponentialLR(0.9) at lr 0.05.
    Optimizer optimizer = sgd(0.05);
    ChainedScheduler s =
        ChainedScheduler.of(
            optimizer,
            List.of(
                LambdaLR.of(optimizer, t -> t < 2 ? 0.1 : 1), ExponentialLR.of(optimizer, 0.9)));
    assertFollows(s, 0.005, 0.0045, 0.0405, 0.03645, 0.032805);
    assertThatThrownBy(() -> ChainedScheduler.of(sgd(1), List.of(s)))
        .hasMessageContaining("another optimizer");
  }

  @Test
  void startsFromTheRatesThatWereGiven() {
    Optimizer optimizer = sgd(1);
    ExponentialLR first = ExponentialLR.of(optimizer, 0.5);
    first.step();
    assertLr(first, 0.5);
    assertLr(StepLR.of(optimizer, 10, 0.1), 1);
    optimizer.groups().get(0).lr(0.3);
    assertLr(StepLR.of(optimizer, 10, 0.1), 0.3);
  }

  @Test
  void groupsThatJoinLaterStartFromTheirOwnRate() {
    Optimizer optimizer = sgd(1);
    ExponentialLR s = ExponentialLR.of(optimizer, 0.5);
    s.step();
    optimizer.addGroup(List.of(parameter()), g -> g.lr(0.1));
    s.step();
    assertLr(s, 0.25, 0.025);
  }

  static Stream<Arguments> all() {
    return Stream.<Function<Optimizer, LrScheduler>>of(
            o -> StepLR.of(o, 3, 0.7),
            o -> MultiStepLR.of(o, List.of(2L, 5L), 0.7),
            o -> ExponentialLR.of(o, 0.7),
            o -> CosineAnnealingLR.of(o, 20, 0.1),
            o -> CosineAnnealingWarmRestarts.of(o, 3, 2, 0),
            o -> LinearLR.of(o, 0.1, 1, 8),
            o -> LambdaLR.of(o, t -> 1.0 / (t + 1)),
            o -> OneCycleLR.of(o, 3, 20),
            o -> ReduceLROnPlateau.builder(o).patience(1).factor(0.5).build(),
            o ->
                SequentialLR.of(
                    o, List.of(LinearLR.warmup(o, 5), ExponentialLR.of(o, 0.9)), List.of(5L)),
            o -> ChainedScheduler.of(o, List.of(LinearLR.warmup(o, 5), ExponentialLR.of(o, 0.9))))
        .map(Arguments::of);
  }

  @ParameterizedTest
  @MethodSource("all")
  @SuppressWarnings("unchecked")
  void goesOnFromASavedState(Function<Optimizer, LrScheduler> make) {
    Optimizer a = sgd(1, 0.5);
    LrScheduler whole = make.apply(a);
    for (int t = 0; t < 7; t++) {
      whole.step(1);
    }
    Gson gson = new Gson();
    Map<String, Object> state = gson.fromJson(gson.toJson(whole.state()), Map.class);
    Map<String, Object> hyper = gson.fromJson(gson.toJson(a.hyperParameters()), Map.class);
    Optimizer b = sgd(9, 9);
    LrScheduler resumed = make.apply(b);
    b.load(hyper, a.state());
    resumed.load(state);
    for (int t = 0; t < 7; t++) {
      assertThat(resumed.lrs()).isEqualTo(whole.lrs());
      whole.step(1);
      resumed.step(1);
    }
    assertThat(resumed.state()).isEqualTo(whole.state());
  }

  @Test
  void refusesAForeignState() {
    StepLR s = StepLR.of(sgd(1), 1, 0.5);
    assertThatThrownBy(() -> s.load(ExponentialLR.of(sgd(1), 0.5).state()))
        .hasMessage("[load] the saved schedule is ExponentialLR but this one is StepLR");
    assertThatThrownBy(() -> s.load(StepLR.of(sgd(1, 2), 1, 0.5).state()))
        .hasMessageContaining("2 groups but the optimizer has 1");
    assertThatThrownBy(() -> s.load(Map.of("kind", "StepLR")))
        .hasMessage("[load] the saved StepLR has no number 'step'");
  }

  @Test
  void refusesSettingsOutsideTheirRange() {
    Optimizer o = sgd(1);
    assertThatThrownBy(() -> StepLR.of(o, 0, 0.1)).hasMessageContaining("stepSize = 0");
    assertThatThrownBy(() -> ExponentialLR.of(o, -1)).hasMessageContaining("gamma = -1.0");
    assertThatThrownBy(() -> CosineAnnealingLR.of(o, 0)).hasMessageContaining("tMax = 0");
    assertThatThrownBy(() -> LinearLR.of(o, 0, 1, 5)).hasMessageContaining("startFactor = 0.0");
    assertThatThrownBy(() -> OneCycleLR.of(o, 1, 1)).hasMessageContaining("totalSteps = 1");
    assertThatThrownBy(() -> ReduceLROnPlateau.builder(o).factor(1))
        .hasMessageContaining("factor = 1.0");
    assertThatThrownBy(() -> SequentialLR.of(o, List.of(StepLR.of(o, 1, 1)), List.of(3L)))
        .hasMessageContaining("one milestone fewer");
    assertThatThrownBy(
            () ->
                SequentialLR.of(
                    o,
                    List.of(StepLR.of(o, 1, 1), StepLR.of(o, 1, 1), StepLR.of(o, 1, 1)),
                    List.of(3L, 3L)))
        .hasMessageContaining("ascending");
  }
}
