package dev.kiln.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.cpu.NullBackend;
import dev.kiln.testing.OnEachDevice;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GradScalerTest {
  private static Tensor parameter(Device device) {
    return Tensor.of(new float[] {1, -2, 3}, device).requiresGrad(true);
  }

  /** A loss whose gradient is the factors. */
  private static Tensor loss(Tensor p, float... factors) {
    return p.mul(Tensor.of(factors, p.device())).sum();
  }

  private static void scaledStep(GradScaler scaler, Optimizer optimizer, Tensor p, float... g) {
    try (Scope scope = Scope.open()) {
      optimizer.zeroGrad();
      scaler.scale(loss(p, g)).backward();
      scaler.step(optimizer);
      scaler.update();
    }
  }

  @OnEachDevice
  void aPowerOfTwoChangesNothingButTheScaleOfGradients(Device device) {
    Tensor plain = parameter(device);
    Tensor scaled = parameter(device);
    Optimizer a = Adam.of(List.of(plain), 0.1);
    Optimizer b = Adam.of(List.of(scaled), 0.1);
    GradScaler scaler = GradScaler.on(device);
    for (int step = 1; step <= 4; step++) {
      try (Scope scope = Scope.open()) {
        a.zeroGrad();
        loss(plain, step, 0.5f, -step).backward();
        a.step();
      }
      scaledStep(scaler, b, scaled, step, 0.5f, -step);
      assertThat(scaled.grad().orElseThrow().toFloatArray()[0]).isEqualTo(65536f * step);
    }
    assertThat(scaled.toFloatArray()).isEqualTo(plain.toFloatArray());
  }

  @OnEachDevice
  void aStepThatOverflowedIsSkippedAndNotCounted(Device device) {
    Tensor p = parameter(device);
    Optimizer optimizer = SGD.builder(List.of(p)).lr(0.1).momentum(0.9).build();
    GradScaler scaler = GradScaler.builder(device).initScale(8).growthInterval(3).build();
    scaledStep(scaler, optimizer, p, 1, 1, 1);
    float[] before = p.toFloatArray();
    Map<String, float[]> state = values(optimizer);
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.MAX_VALUE}) {
      scaledStep(scaler, optimizer, p, 1, bad, 1);
      assertThat(p.toFloatArray()).isEqualTo(before);
      assertThat(values(optimizer)).usingRecursiveComparison().isEqualTo(state);
    }
    assertThat(scaler.scale()).isEqualTo(1);
    scaledStep(scaler, optimizer, p, 1, 1, 1);
    // velocity 0.9 * 1 + 1, as if the three had not been
    assertThat(p.toFloatArray()[0]).isEqualTo(before[0] - 0.1f * 1.9f);
    assertThat(optimizer.state().get("0.step").item()).isEqualTo(2);
  }

  private static Map<String, float[]> values(Optimizer optimizer) {
    Map<String, float[]> values = new HashMap<>();
    optimizer.state().forEach((name, t) -> values.put(name, t.toFloatArray()));
    return values;
  }

  @OnEachDevice
  void theScaleGrowsAfterGoodStepsInARow(Device device) {
    Tensor p = parameter(device);
    Optimizer optimizer = SGD.of(List.of(p), 0);
    GradScaler scaler =
        GradScaler.builder(device)
            .initScale(4)
            .growthFactor(3)
            .backoffFactor(0.25)
            .growthInterval(2)
            .build();
    double[] scales = {4, 12, 3, 3, 9, 9, 27};
    for (int step = 0; step < scales.length; step++) {
      scaledStep(scaler, optimizer, p, 1, step == 2 ? Float.NaN : 1, 1);
      assertThat(scaler.scale()).as("after step %d", step + 1).isEqualTo(scales[step]);
    }
  }

  @OnEachDevice
  void unscaledGradientsCanBeClipped(Device device) {
    Tensor p = parameter(device);
    Optimizer optimizer = SGD.of(List.of(p), 1);
    GradScaler scaler = GradScaler.on(device);
    optimizer.zeroGrad();
    scaler.scale(loss(p, 3, 0, 4)).backward();
    scaler.unscale(optimizer);
    assertThat(p.grad().orElseThrow().toFloatArray()).containsExactly(3, 0, 4);
    assertThat(GradientClipping.norm(List.of(p), 2.5, 0).item()).isEqualTo(5);
    scaler.step(optimizer);
    assertThat(p.toFloatArray()).containsExactly(1 - 1.5f, -2, 3 - 2);
    assertThatThrownBy(() -> scaler.unscale(optimizer))
        .hasMessageContaining("since the last update");
    scaler.update();
  }

  @OnEachDevice
  void goesOnWhereASavedOneWas(Device device) {
    Tensor p = parameter(device);
    Optimizer optimizer = SGD.of(List.of(p), 0);
    GradScaler a = GradScaler.builder(device).initScale(16).growthInterval(2).build();
    scaledStep(a, optimizer, p, 1, 1, 1);
    GradScaler b = GradScaler.builder(device).growthInterval(2).build();
    b.load(a.state());
    scaledStep(b, optimizer, p, 1, 1, 1);
    assertThat(b.scale()).isEqualTo(32);
    assertThatThrownBy(() -> b.load(Map.of())).hasMessageContaining("'scale' of one number");
  }

  @Test
  void nothingIsReadBack() {
    Device device = Device.of(NullBackend.TYPE);
    Tensor p = Tensor.ones(Shape.of(3), DType.FLOAT32, device).requiresGrad(true);
    Optimizer optimizer = AdamW.of(List.of(p), 0.1);
    GradScaler scaler = GradScaler.on(device);
    NullBackend counter = (NullBackend) device.backend();
    for (int step = 0; step < 2; step++) {
      counter.resetCounts();
      try (Scope scope = Scope.open()) {
        optimizer.zeroGrad();
        scaler.scale(p.sum()).backward();
        scaler.step(optimizer);
        scaler.update();
      }
    }
    assertThat(counter.counts().downloads() + counter.counts().syncs()).isZero();
    assertThat(counter.counts().uploads()).isZero();
  }

  @OnEachDevice
  void climbs(Device device) {
    Tensor p = parameter(device);
    Optimizer optimizer = SGD.builder(List.of(p)).lr(0.5).maximize(true).build();
    optimizer.zeroGrad();
    loss(p, 1, 2, 4).backward();
    optimizer.step();
    assertThat(p.toFloatArray()).containsExactly(1.5f, -1, 5);
    optimizer.groups().get(0).set("maximize", 0);
    optimizer.step();
    assertThat(p.toFloatArray()).containsExactly(1, -2, 3);
    GradScaler scaler = GradScaler.on(device);
    optimizer.groups().get(0).set("maximize", 1);
    scaledStep(scaler, optimizer, p, 1, 2, 4);
    assertThat(p.toFloatArray()).containsExactly(1.5f, -1, 5);
  }

  @Test
  void refusesSettingsThatCannotBe() {
    Device device = Device.of("cpu");
    assertThatThrownBy(() -> GradScaler.builder(device).backoffFactor(1))
        .hasMessageContaining("backoffFactor = 1.0 must be between 0 and 1");
    assertThatThrownBy(() -> GradScaler.builder(device).growthFactor(1))
        .hasMessageContaining("above 1");
    assertThatThrownBy(() -> GradScaler.builder(device).growthInterval(0))
        .hasMessageContaining("1 or more");
    assertThatThrownBy(() -> GradScaler.builder(device).initScale(Double.NaN))
        .hasMessageContaining("above 0");
  }
}
