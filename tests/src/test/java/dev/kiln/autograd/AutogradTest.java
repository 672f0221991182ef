package dev.kiln.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.AutogradException;
import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.ReleasedException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.StepGraph;
import dev.kiln.Tensor;
import dev.kiln.optim.SGD;
import dev.kiln.testing.OnEachDevice;
import dev.kiln.testing.SettledMemory;
import java.util.List;

/** The walker's rules; expected numbers are derivatives worked out by hand. */
class AutogradTest {
  private static Tensor leaf(Device device, double... values) {
    return Tensor.of(values, device).requiresGrad(true);
  }

  private static double[] grad(Tensor x) {
    return x.grad().orElseThrow().toDoubleArray();
  }

  @OnEachDevice
  void productRule(Device device) {
    Tensor a = leaf(device, 2, 3);
    Tensor b = leaf(device, 5, 7);
    a.mul(b).sum().backward();
    assertThat(grad(a)).containsExactly(5, 7);
    assertThat(grad(b)).containsExactly(2, 3);
  }

  @OnEachDevice
  void anInputUsedManyTimesAddsUp(Device device) {
    Tensor x = leaf(device, 3);
    // x^3 + x + x, derivative 3 x^2 + 2
    x.mul(x).mul(x).add(x).add(x).sum().backward();
    assertThat(grad(x)).containsExactly(29);
  }

  @OnEachDevice
  void theSameTensorOnBothSidesOfAnAdd(Device device) {
    Tensor x = leaf(device, 3, 4);
    Tensor y = x.mul(2);
    y.add(y).add(y).sum().backward();
    assertThat(grad(x)).containsExactly(6, 6);
  }

  @OnEachDevice
  void aDiamondWhoseArmsShareTheirGradient(Device device) {
    Tensor x = leaf(device, 1, 2);
    Tensor h = x.mul(1); // add passes dy itself to both arms
    Tensor left = h.add(1);
    Tensor right = h.reshape(2);
    left.add(right).add(left.mul(3)).sum().backward();
    assertThat(grad(x)).containsExactly(5, 5);
  }

  @OnEachDevice
  void broadcastInputsAreSummedDown(Device device) {
    Tensor row = leaf(device, 1, 2, 3);
    Tensor column = Tensor.of(new double[] {10, 20}, Shape.of(2, 1), device).requiresGrad(true);
    Tensor scalar = Tensor.scalar(2, DType.FLOAT64, device).requiresGrad(true);
    row.add(column).mul(scalar).sum().backward();
    assertThat(grad(row)).containsExactly(4, 4, 4);
    assertThat(column.grad().orElseThrow().shape()).isEqualTo(Shape.of(2, 1));
    assertThat(grad(column)).containsExactly(6, 6);
    assertThat(grad(scalar)).containsExactly(6 * 2 + 3 * 30);
  }

  @OnEachDevice
  void gradientsAccumulateUntilZeroed(Device device) {
    Tensor x = leaf(device, 4);
    x.mul(3).sum().backward();
    x.mul(5).sum().backward();
    assertThat(grad(x)).containsExactly(8);
    x.zeroGrad();
    assertThat(x.grad()).isEmpty();
    x.mul(5).sum().backward();
    assertThat(grad(x)).containsExactly(5);
  }

  @OnEachDevice
  void aZeroedGradientGivesItsMemoryBackUnlessSomebodyHoldsIt(Device device) {
    Tensor x = Tensor.zeros(Shape.of(1000), DType.FLOAT32, device).requiresGrad(true);
    Tensor w = Tensor.full(Shape.of(1000), 3, DType.FLOAT32, device);
    long before = SettledMemory.used(device);
    for (int i = 0; i < 3; i++) {
      try (Scope scope = Scope.open()) {
        x.mul(w).sum().backward();
      }
      assertThat(device.memory().used() - before).isEqualTo(4_000);
      x.zeroGrad();
      assertThat(device.memory().used()).isEqualTo(before);
    }
    x.mul(w).sum().backward();
    Tensor held = x.grad().orElseThrow();
    x.zeroGrad();
    x.mul(5).sum().backward();
    assertThat(held.sum().item()).isEqualTo(3_000);
    assertThat(x.grad().orElseThrow().sum().item()).isEqualTo(5_000);
  }

  @OnEachDevice
  void aGradientThatMovedToASlabStaysThere(Device device) {
    Tensor x = leaf(device, 1, 2);
    x.mul(3).sum().backward();
    SGD sgd = SGD.of(List.of(x), 1);
    sgd.step();
    assertThat(x.toDoubleArray()).containsExactly(-2, -1);
    x.zeroGrad();
    x.mul(5).sum().backward();
    x.zeroGrad();
    x.mul(7).sum().backward();
    sgd.step();
    assertThat(x.toDoubleArray()).containsExactly(-9, -8);
  }

  @OnEachDevice
  void aGradientWithAGraphCanFollowOneWithout(Device device) {
    Tensor x = leaf(device, 2);
    x.mul(3).sum().backward();
    x.mul(x).mul(x).sum().backward(true, true);
    Tensor slope = x.grad().orElseThrow();
    assertThat(slope.toDoubleArray()).containsExactly(3 + 3 * 4);
    x.zeroGrad();
    slope.sum().backward();
    assertThat(grad(x)).containsExactly(6 * 2);
  }

  @OnEachDevice
  void aRecordedStepGoesOnWritingItsGradient(Device device) {
    Tensor x = leaf(device, 2, 3);
    try (StepGraph step =
        StepGraph.of(
            device,
            inputs -> {
              x.zeroGrad();
              Tensor loss = x.mul(inputs.get(0)).sum();
              loss.backward();
              return loss;
            })) {
      for (int i = 1; i <= 5; i++) {
        step.run(Tensor.of(new double[] {i, 10 * i}, device));
      }
      assertThat(grad(x)).containsExactly(5, 50);
      x.zeroGrad();
      x.mul(4).sum().backward();
      Tensor other = Tensor.of(new double[] {1, 2}, device);
      Tensor loss = step.run(Tensor.of(new double[] {6, 60}, device));
      assertThat(loss.item()).isEqualTo(2 * 6 + 3 * 60);
      assertThat(other.toDoubleArray()).containsExactly(1, 2);
    }
  }

  @OnEachDevice
  void aLeafThatIsTheLossItself(Device device) {
    Tensor x = leaf(device, 4);
    x.backward();
    assertThat(grad(x)).containsExactly(1);
  }

  @OnEachDevice
  void theCallersGradientIsLeftAlone(Device device) {
    Tensor x = leaf(device, 1, 2);
    Tensor dy = Tensor.of(new double[] {3, 4}, device);
    x.add(x).backward(dy);
    assertThat(dy.toDoubleArray()).containsExactly(3, 4);
    assertThat(grad(x)).containsExactly(6, 8);
    Tensor y = leaf(device, 1, 2);
    y.reshape(2, 1).reshape(2).backward(dy);
    y.mul(2).sum().backward();
    assertThat(dy.toDoubleArray()).containsExactly(3, 4);
    assertThat(grad(y)).containsExactly(5, 6);
  }

  @OnEachDevice
  void twoLeavesNeverShareOneGradient(Device device) {
    Tensor a = leaf(device, 1);
    Tensor b = leaf(device, 1);
    a.add(b).sum().backward();
    a.mul(10).sum().backward();
    assertThat(grad(a)).containsExactly(11);
    assertThat(grad(b)).containsExactly(1);
  }

  @OnEachDevice
  void aSecondPassNeedsARetainedGraph(Device device) {
    Tensor x = leaf(device, 3);
    Tensor y = x.square().sum();
    y.backward();
    assertThatThrownBy(y::backward)
        .isInstanceOf(AutogradException.class)
        .hasMessageContaining("freed by an earlier backward pass")
        .hasMessageContaining("retainGraph");

    Tensor z = leaf(device, 3);
    Tensor w = z.square().sum();
    w.backward(true);
    w.backward();
    assertThat(grad(z)).containsExactly(12);
  }

  @OnEachDevice
  void nothingIsRecordedWithoutGradients(Device device) {
    Tensor x = leaf(device, 3);
    Tensor y;
    try (NoGrad off = NoGrad.open()) {
      y = x.square().sum();
    }
    assertThat(y.requiresGrad()).isFalse();
    assertThat(NoGrad.isRecording()).isTrue();
    assertThatThrownBy(y::backward)
        .isInstanceOf(AutogradException.class)
        .hasMessageContaining("requiresGrad(true)");
  }

  @OnEachDevice
  void detachCutsTheGraph(Device device) {
    Tensor x = leaf(device, 3);
    x.mul(x.detach()).sum().backward();
    assertThat(grad(x)).containsExactly(3);
  }

  @OnEachDevice
  void onlyScalarsStartByThemselves(Device device) {
    Tensor x = leaf(device, 3, 4);
    assertThatThrownBy(() -> x.mul(2).backward())
        .isInstanceOf(AutogradException.class)
        .hasMessageContaining("f64[2]")
        .hasMessageContaining("not a scalar");
  }

  @OnEachDevice
  void gradTouchesNoLeaf(Device device) {
    Tensor x = leaf(device, 3);
    Tensor h = x.square();
    Tensor unrelated = leaf(device, 1, 1);
    Tensor y = h.mul(2).add(h).sum();
    List<Tensor> g = Autograd.grad(y, List.of(x, h, unrelated), false);
    assertThat(g.get(0).toDoubleArray()).containsExactly(18);
    assertThat(g.get(1).toDoubleArray()).containsExactly(3);
    assertThat(g.get(2).toDoubleArray()).containsExactly(0, 0);
    assertThat(x.grad()).isEmpty();
  }

  @OnEachDevice
  void theGradientOfAGradient(Device device) {
    Tensor x = leaf(device, 2);
    Tensor y = x.mul(x).mul(x).sum(); // x^3
    Tensor first = Autograd.grad(y, List.of(x), true).get(0);
    assertThat(first.item()).isEqualTo(12);
    Tensor second = Autograd.grad(first.sum(), List.of(x), true).get(0);
    assertThat(second.item()).isEqualTo(12);
    assertThat(Autograd.grad(second.sum(), List.of(x), false).get(0).item()).isEqualTo(6);
  }

  @OnEachDevice
  void backwardAfterTheScopeClosedNamesIt(Device device) {
    Tensor x = leaf(device, 1, 2);
    Tensor loss;
    try (Scope step = Scope.open("step 812")) {
      loss = step.keep(x.exp().mul(x).sum());
    }
    assertThatThrownBy(loss::backward)
        .isInstanceOf(ReleasedException.class)
        .hasMessageContaining("step 812")
        .hasMessageContaining("scope.keep(t)");
    assertThat(Scope.current()).isEmpty();
  }

  @OnEachDevice
  void backwardFreesItsTemporaries(Device device) {
    Tensor x = Tensor.zeros(Shape.of(1000), DType.FLOAT32, device).requiresGrad(true);
    try (Scope scope = Scope.open()) {
      Tensor y = x;
      for (int i = 0; i < 20; i++) {
        y = y.mul(1.5).tanh();
      }
      Tensor loss = y.sum();
      device.resetPeakMemory();
      long before = SettledMemory.used(device);
      loss.backward();
      long peak = device.memory().peak() - before;
      // 40 ops of 4000 bytes: a walker that kept every gradient would need 160000.
      assertThat(peak).isLessThan(40_000);
      assertThat(device.memory().used() - before).isLessThanOrEqualTo(8_000);
    }
  }

  @OnEachDevice
  void gradientsKeepTheTypeOfTheirLeaf(Device device) {
    Tensor x = Tensor.of(new float[] {1, 2}, device).requiresGrad(true);
    x.to(DType.FLOAT64).mul(3).sum().backward();
    assertThat(x.grad().orElseThrow().dtype()).isEqualTo(DType.FLOAT32);
    assertThat(grad(x)).containsExactly(3, 3);
  }

  @OnEachDevice
  void trackedTensorsAreNotWrittenInPlace(Device device) {
    Tensor x = leaf(device, 1, 2);
    assertThatThrownBy(() -> x.fill(0))
        .isInstanceOf(AutogradException.class)
        .hasMessageContaining("NoGrad");
    NoGrad.run(() -> x.fill(7));
    assertThat(x.toDoubleArray()).containsExactly(7, 7);
    assertThatThrownBy(() -> x.mul(2).requiresGrad(false))
        .isInstanceOf(AutogradException.class)
        .hasMessageContaining("detach()");
  }

  @OnEachDevice
  void partsOfOneTensorAddUpWhereTheyOverlap(Device device) {
    Tensor x = leaf(device, 1, 2, 3, 4, 5, 6, 7, 8);
    Tensor rows = x.mul(1).reshape(2, 4);
    Tensor left = rows.narrow(1, 0, 3).mul(2).sum();
    Tensor right = rows.narrow(1, 2, 2).mul(3).sum();
    Tensor even = rows.slice(1, 0, 4, 2).mul(5).sum();
    Tensor below = rows.select(0, 1).mul(Tensor.of(new double[] {10, 20, 30, 40}, device)).sum();
    Tensor all = rows.mul(100).sum();
    left.add(right).add(even).add(below).add(all).backward();
    assertThat(grad(x)).containsExactly(107, 102, 110, 103, 117, 122, 140, 143);
  }

  @OnEachDevice
  void partsAddUpInALeafAndWhereAGradientIsShared(Device device) {
    Tensor x = leaf(device, 1, 2, 3, 4);
    x.narrow(0, 0, 2).mul(2).sum().add(x.narrow(0, 1, 2).mul(3).sum()).backward();
    assertThat(grad(x)).containsExactly(2, 5, 3, 0);

    Tensor z = leaf(device, 1, 2, 3, 4);
    Tensor h = z.mul(1); // add passes one dy to h and to its other input
    h.add(z).sum().add(h.narrow(0, 3, 1).sum()).backward();
    assertThat(grad(z)).containsExactly(2, 2, 2, 3);
  }

  @OnEachDevice
  void partsHaveGradientsOfGradients(Device device) {
    Tensor x = leaf(device, 2, 3, 4);
    Tensor h = x.mul(1);
    // (x0 x1)^2 + x1 x2
    Tensor y = h.select(0, 0).mul(h.select(0, 1)).square().add(h.select(0, 1).mul(h.select(0, 2)));
    Tensor g = Autograd.grad(y, List.of(x), true).get(0);
    assertThat(g.toDoubleArray()).containsExactly(36, 28, 3);
    g.select(0, 1).backward(); // 2 x0^2 x1 + x2
    assertThat(grad(x)).containsExactly(24, 8, 1);
  }
}
