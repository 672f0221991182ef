package dev.kiln.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.RecordingException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.StepGraph;
import dev.kiln.Tensor;
import dev.kiln.nn.Dropout;
import dev.kiln.nn.Linear;
import dev.kiln.nn.MSELoss;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import dev.kiln.optim.AdamW;
import dev.kiln.optim.Optimizer;
import dev.kiln.testing.OnEachDevice;
import dev.kiln.testing.SettledMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Steps that record themselves: the same numbers as steps that do not, and errors on misuse. */
class StepGraphTest {
  private static final int STEPS = 6;

  /** A small network with dropout and its optimizer, the same at every call. */
  private static final class Training {
    final Module model;
    final Optimizer optimizer;

    Training(Device device) {
      Device before = Device.defaultDevice();
      Device.setDefault(device);
      try {
        device.generator().seed(3);
        model = new Sequential(new Linear(5, 8), new ReLU(), new Dropout(0.4), new Linear(8, 2));
      } finally {
        Device.setDefault(before);
      }
      model.train();
      optimizer = AdamW.of(model.parameters(), 0.05);
    }

    Tensor step(Tensor x, Tensor y) {
      optimizer.zeroGrad();
      Tensor loss = new MSELoss().of(model.call(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    }

    float[] weights() {
      return model.parameters().get(0).toFloatArray();
    }
  }

  private static Tensor input(Device device, int step) {
    float[] values = new float[15];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(i + 10 * step);
    }
    return Tensor.of(values, Shape.of(3, 5), device);
  }

  private static Tensor target(Device device, int step) {
    return Tensor.of(new float[] {step, 1, 2, 3, 4, -step}, Shape.of(3, 2), device);
  }

  @OnEachDevice
  void givesTheSameNumbersAsTheStepItself(Device device) {
    List<Float> expected = new ArrayList<>();
    Training plain = new Training(device);
    for (int i = 0; i < STEPS; i++) {
      plain.optimizer.groups().get(0).lr(0.05 / (1 + i));
      try (Scope scope = Scope.open()) {
        expected.add((float) plain.step(input(device, i), target(device, i)).item());
      }
    }
    List<Float> actual = new ArrayList<>();
    Training recorded = new Training(device);
    try (StepGraph graph =
        StepGraph.of(device, batch -> recorded.step(batch.get(0), batch.get(1)))) {
      for (int i = 0; i < STEPS; i++) {
        recorded.optimizer.groups().get(0).lr(0.05 / (1 + i));
        try (Scope scope = Scope.open()) {
          actual.add((float) graph.run(input(device, i), target(device, i)).item());
        }
        assertThat(graph.isRecorded()).isEqualTo(i >= 2 && device.backend().records());
      }
    }
    assertThat(actual).isEqualTo(expected);
    assertThat(recorded.weights()).containsExactly(plain.weights());
  }

  @OnEachDevice
  void runsTheCodeOfAStepThreeTimesWhereItIsRecorded(Device device) {
    AtomicInteger runs = new AtomicInteger();
    Tensor counter = Tensor.zeros(Shape.of(1), DType.FLOAT32, device);
    try (StepGraph graph =
        StepGraph.of(
            device,
            () -> {
              runs.incrementAndGet();
              counter.copyFrom(counter.add(1));
            })) {
      for (int i = 0; i < 10; i++) {
        graph.run();
      }
    }
    assertThat(runs).hasValue(device.backend().records() ? 3 : 10);
    assertThat(counter.item()).isEqualTo(10);
  }

  @OnEachDevice
  void throwsWhereAStepReadsAValue(Device device) {
    Tensor x = Tensor.zeros(Shape.of(2), DType.FLOAT32, device);
    AtomicInteger reads = new AtomicInteger();
    try (StepGraph graph =
        StepGraph.of(
            device,
            () -> {
              if (x.add(1).sum().item() > 0) {
                reads.incrementAndGet();
              }
            })) {
      graph.run();
      graph.run();
      assertThatThrownBy(graph::run)
          .isInstanceOf(RecordingException.class)
          .hasMessageContaining("read it after the step");
      assertThat(reads).hasValue(2);
      assertThatThrownBy(graph::run).isInstanceOf(RecordingException.class);
    }
    assertThat(x.add(4).toFloatArray()).as("the device goes on").containsExactly(4, 4);
  }

  @OnEachDevice
  void throwsWhereAStepSendsOtherDataEachTime(Device device) {
    AtomicInteger step = new AtomicInteger();
    Tensor sum = Tensor.zeros(Shape.of(2), DType.FLOAT32, device);
    try (StepGraph graph =
        StepGraph.of(
            device,
            () -> {
              float n = step.incrementAndGet();
              sum.copyFrom(sum.add(Tensor.of(new float[] {n, 2 * n}, device)));
            })) {
      graph.run();
      graph.run();
      assertThatThrownBy(graph::run)
          .isInstanceOf(RecordingException.class)
          .hasMessageContaining("f32[2]")
          .hasMessageContaining("made outside");
    }
    assertThat(sum.toFloatArray()).containsExactly(3, 6);
  }

  @OnEachDevice
  void sendsConstantsAtEveryRun(Device device) {
    Tensor sum = Tensor.zeros(Shape.of(2), DType.FLOAT32, device);
    try (StepGraph graph =
        StepGraph.of(
            device,
            () -> {
              Tensor constant = Tensor.of(new float[] {1, 2}, device);
              sum.copyFrom(sum.add(constant));
              constant.fill(100);
            })) {
      for (int i = 0; i < 5; i++) {
        graph.run();
      }
    }
    assertThat(sum.toFloatArray()).containsExactly(5, 10);
  }

  @OnEachDevice
  void refusesInputsOfAnotherShape(Device device) {
    try (StepGraph graph = StepGraph.of(device, in -> in.get(0).mul(2));
        Scope scope = Scope.open()) {
      Tensor y = graph.run(Tensor.of(new float[] {1, 2}, device));
      assertThat(y.toFloatArray()).containsExactly(2, 4);
      assertThatThrownBy(() -> graph.run(Tensor.of(new float[] {1, 2, 3}, device)))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("input 0 is f32[3]")
          .hasMessageContaining("f32[2]");
    }
  }

  @OnEachDevice
  void keepsTensorsOfARecordedStepValidAndFreesAllAtTheEnd(Device device) {
    long before = SettledMemory.used(device);
    Tensor x = Tensor.of(new float[] {1, 2}, device);
    List<Tensor> kept = new ArrayList<>();
    StepGraph graph =
        StepGraph.of(device, () -> kept.add(Scope.current().orElseThrow().keep(x.mul(3).add(1))));
    for (int i = 0; i < 4; i++) {
      graph.run();
    }
    graph.close();
    for (int i = 0; i < kept.size(); i++) {
      assertThat(kept.get(i).toFloatArray()).as("run " + i).containsExactly(4, 7);
    }
    kept.forEach(Tensor::close);
    x.close();
    assertThat(device.memory().used()).isEqualTo(before);
    assertThatThrownBy(graph::run).hasMessageContaining("closed");
  }
}
