package dev.kiln.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.kiln.Autocast;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Precision;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.GELU;
import dev.kiln.nn.Linear;
import dev.kiln.nn.MaxPool2d;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import dev.kiln.optim.GradScaler;
import dev.kiln.optim.SGD;
import dev.kiln.testing.OnEachDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AutocastTest {
  private static Tensor random(long seed, Device device, long... dims) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[(int) Shape.of(dims).numel()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-2, 2);
    }
    return Tensor.of(values, Shape.of(dims), device);
  }

  @OnEachDevice
  void productsRoundTheirOperandsTo16Bits(Device device) {
    Tensor a = random(1, device, 5, 33);
    Tensor b = random(2, device, 33, 7);
    for (Precision p : List.of(Precision.BF16, Precision.FP16)) {
      DType type = p.storage().orElseThrow();
      Tensor y;
      try (Autocast cast = Autocast.open(p)) {
        y = a.matmul(b);
      }
      assertThat(y.dtype()).isEqualTo(type);
      double[] want =
          a.to(type).to(DType.FLOAT64).matmul(b.to(type).to(DType.FLOAT64)).toDoubleArray();
      double[] got = y.toDoubleArray();
      double half = p == Precision.BF16 ? 0x1p-9 : 0x1p-12;
      for (int i = 0; i < want.length; i++) {
        assertThat(Math.abs(got[i] - want[i]))
            .as("%s %d: got %s, want %s", p, i, got[i], want[i])
            .isLessThanOrEqualTo(1.01 * half * Math.abs(want[i]) * 2 + 1e-5);
      }
    }
  }

  /** Rounds to 10 bits of fraction, ties to even, by bits. */
  private static float tf32(float x) {
    int bits = Float.floatToRawIntBits(x);
    int half = 0xfff + ((bits >> 13) & 1);
    return Float.intBitsToFloat((bits + half) & ~0x1fff);
  }

  @OnEachDevice
  void tf32RoundsToTenBitsOfFraction(Device device) {
    float[] x = random(3, device, 64).toFloatArray();
    x[0] = Float.intBitsToFloat(0x3f801000); // ties
    x[1] = Float.intBitsToFloat(0x3f803000);
    x[2] = -1e-30f;
    x[3] = 3e37f;
    Tensor column = Tensor.of(x, Shape.of(64, 1), device);
    Tensor one = Tensor.of(new float[] {1}, Shape.of(1, 1), device);
    float[] y;
    try (Autocast cast = Autocast.open(Precision.TF32)) {
      y = column.matmul(one).toFloatArray();
    }
    boolean byItself = device.backend().roundsToTf32(); // to nearest, but ties as it likes
    for (int i = 0; i < x.length; i++) {
      if (byItself) {
        assertThat(y[i]).as("%d: %s", i, x[i]).isEqualTo(x[i], offset(0x1p-11f * Math.abs(x[i])));
        assertThat(Float.floatToRawIntBits(y[i]) & 0x1fff).as("%d: %s", i, x[i]).isZero();
      } else {
        assertThat(y[i]).as("%d: %s", i, x[i]).isEqualTo(i == 3 ? x[i] : tf32(x[i]));
      }
    }
    assertThat(column.matmul(one).toFloatArray()).isEqualTo(x);
  }

  @OnEachDevice
  void sumsAndExponentialsAreFloat32(Device device) {
    Tensor x = random(4, device, 3, 4).to(DType.BFLOAT16);
    Map<String, Tensor> full;
    try (Autocast cast = Autocast.open(Precision.BF16)) {
      full =
          Map.of(
              "softmax", x.softmax(1),
              "logSoftmax", x.logSoftmax(0),
              "sum", x.sum(),
              "exp", x.exp(),
              "log", x.abs().log(),
              "pow", x.pow(2));
      assertThat(x.relu().dtype()).isEqualTo(DType.BFLOAT16);
      assertThat(x.add(1).dtype()).isEqualTo(DType.BFLOAT16);
    }
    full.forEach((op, y) -> assertThat(y.dtype()).as(op).isEqualTo(DType.FLOAT32));
    assertThat(x.exp().dtype()).isEqualTo(DType.BFLOAT16);
  }

  @OnEachDevice
  void doublesAndIntegersAreLeftAlone(Device device) {
    Tensor d = random(5, device, 2, 2).to(DType.FLOAT64);
    Tensor i = Tensor.of(new int[] {1, 2, 3, 4}, Shape.of(2, 2), device);
    try (Autocast cast = Autocast.open(Precision.FP16)) {
      assertThat(d.matmul(d).dtype()).isEqualTo(DType.FLOAT64);
      assertThat(i.matmul(i).toIntArray()).containsExactly(7, 10, 15, 22);
    }
  }

  @OnEachDevice
  void parametersAreConvertedOnce(Device device) {
    Tensor w = random(7, device, 3, 3).requiresGrad(true);
    Tensor x = random(8, device, 2, 3);
    try (Autocast cast = Autocast.open(Precision.BF16)) {
      Tensor once = Autocast.convert(w);
      assertThat(once.dtype()).isEqualTo(DType.BFLOAT16);
      assertThat(Autocast.convert(w)).isSameAs(once);
      assertThat(Autocast.convert(x)).isNotSameAs(Autocast.convert(x));
      NoGrad.run(() -> assertThat(Autocast.convert(w).requiresGrad()).isFalse());
      try (Autocast inner = Autocast.open(Precision.FP16)) {
        assertThat(Autocast.convert(w).dtype()).isEqualTo(DType.FLOAT16);
      }

      // Twice the same weight, twice the whole pass: gradients add up.
      for (int pass = 1; pass <= 2; pass++) {
        x.matmul(w).matmul(w).sum().backward();
        assertThat(Autocast.convert(w)).isNotSameAs(once);
        float[] want = gradient(x, w);
        float[] got = w.grad().orElseThrow().toFloatArray();
        for (int i = 0; i < got.length; i++) {
          assertThat(got[i]).isEqualTo(pass * want[i], offset(0.05f * pass * 16));
        }
      }
    }
    assertThat(Autocast.convert(w)).isSameAs(w);
  }

  private static float[] gradient(Tensor x, Tensor w) {
    try (Autocast off = Autocast.open(Precision.FP32)) {
      Tensor copy = w.detach().copy().requiresGrad(true);
      x.matmul(copy).matmul(copy).sum().backward();
      return copy.grad().orElseThrow().toFloatArray();
    }
  }

  @OnEachDevice
  void whatWasConvertedIsForgottenWhenItChanges(Device device) {
    Tensor w = random(7, device, 2, 2).requiresGrad(true);
    Tensor one = Tensor.of(new float[] {1, 0, 0, 1}, Shape.of(2, 2), device);
    SGD optimizer = SGD.builder(List.of(w)).lr(1).build();
    try (Autocast cast = Autocast.open(Precision.BF16)) {
      one.matmul(w);
      NoGrad.run(() -> w.copyFrom(one.mul(3)));
      assertThat(one.matmul(w).toFloatArray()).containsExactly(3, 0, 0, 3);
      one.matmul(w).sum().backward(true);
      one.matmul(w);
      optimizer.step();
      assertThat(one.matmul(w).toFloatArray()).containsExactly(2, -1, -1, 2);
      try (Scope scope = Scope.open()) {
        one.matmul(w);
      }
      assertThat(one.matmul(w).toFloatArray()).as("released").containsExactly(2, -1, -1, 2);
    }
  }

  @Test
  void theInnermostStretchHolds() {
    assertThat(Autocast.current()).isEqualTo(Precision.FP32);
    try (Autocast outer = Autocast.open(Precision.BF16)) {
      try (Autocast inner = Autocast.open(Precision.FP32)) {
        assertThat(Autocast.current()).isEqualTo(Precision.FP32);
      }
      assertThat(Autocast.current()).isEqualTo(Precision.BF16);
    }
    assertThat(Autocast.current()).isEqualTo(Precision.FP32);
  }

  private static Sequential network(Device device) {
    Generator.manualSeed(3);
    Sequential net =
        new Sequential(
            Conv2d.builder(1, 4, 3).padding(1).bias(false).build(),
            new BatchNorm2d(4),
            new ReLU(),
            new MaxPool2d(2),
            new Flatten(),
            new Linear(64, 16),
            new GELU(),
            new Linear(16, 3));
    net.to(device);
    return net;
  }

  /** What training shows: each step's loss, and the scale after it. */
  private record Course(List<Double> losses, List<Double> scales) {}

  private static Course train(Device device, Precision precision, double initScale) {
    Sequential net = network(device);
    SGD optimizer = SGD.builder(net.parameters()).lr(0.1).momentum(0.9).build();
    GradScaler scaler = GradScaler.builder(device).initScale(initScale).build();
    CrossEntropyLoss criterion = new CrossEntropyLoss();
    Tensor x = random(6, device, 12, 1, 8, 8);
    Tensor y = Tensor.of(new long[] {0, 1, 2, 0, 1, 2, 2, 1, 0, 0, 1, 2}, device);
    Course course = new Course(new ArrayList<>(), new ArrayList<>());
    for (int step = 0; step < 10; step++) {
      try (Scope scope = Scope.open();
          Autocast cast = Autocast.open(precision)) {
        optimizer.zeroGrad();
        Tensor loss = criterion.of(net.call(x), y);
        assertThat(loss.dtype()).isEqualTo(DType.FLOAT32);
        scaler.scale(loss).backward();
        scaler.step(optimizer);
        scaler.update();
        course.losses().add(loss.item());
        course.scales().add(scaler.scale());
      }
    }
    net.namedParameters()
        .forEach(
            (name, p) -> {
              assertThat(p.dtype()).as(name).isEqualTo(DType.FLOAT32);
              assertThat(p.grad().orElseThrow().dtype()).as(name).isEqualTo(DType.FLOAT32);
            });
    return course;
  }

  private static List<Double> losses(Device device, Precision precision) {
    return train(device, precision, 1024).losses();
  }

  @OnEachDevice
  void aStepWhoseGradientsOverflowIsSkippedEverywhereAlike(Device device) {
    Course want = train(Device.of("cpu"), Precision.FP16, 0x1p22);
    Course got = train(device, Precision.FP16, 0x1p22);
    assertThat(got.scales()).isEqualTo(want.scales());
    assertThat(got.scales().get(0)).isEqualTo(0x1p21);
    assertThat(got.losses().get(1)).as("skipped").isEqualTo(got.losses().get(0));
    assertThat(got.scales().get(9)).as("some step is not").isEqualTo(got.scales().get(8));
    for (int step = 0; step < 10; step++) {
      assertThat(got.losses().get(step))
          .as("loss of step %d", step)
          .isCloseTo(want.losses().get(step), offset(0.002));
    }
    assertThat(got.losses().get(9)).isLessThan(got.losses().get(0));
  }

  @OnEachDevice
  void trainingFollowsThatInFloat32(Device device) {
    List<Double> want = losses(Device.of("scalar"), Precision.FP32);
    Map<Precision, Double> tolerance =
        Map.of(Precision.TF32, 0.004, Precision.FP16, 0.004, Precision.BF16, 0.03);
    tolerance.forEach(
        (precision, bound) -> {
          List<Double> got = losses(device, precision);
          boolean differs = false;
          for (int step = 0; step < want.size(); step++) {
            assertThat(got.get(step))
                .as("%s, loss of step %d", precision, step)
                .isCloseTo(want.get(step), offset(bound));
            differs |= Math.abs(got.get(step) - want.get(step)) > 1e-6;
          }
          assertThat(differs).as("%s rounds", precision).isTrue();
          assertThat(got.get(9)).isLessThan(got.get(0) / 2);
        });
  }
}
