package dev.kiln.optim;

import static dev.kiln.optim.OptimizerCases.give;
import static dev.kiln.optim.OptimizerCases.numbers;
import static dev.kiln.optim.OptimizerCases.parameter;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Slab;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.NoGrad;
import dev.kiln.cpu.Counts;
import dev.kiln.cpu.NullBackend;
import dev.kiln.testing.OnEachDevice;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Groups, frozen parameters, slabs and wrong use. */
class ParameterGroupsTest {
  private static final Device SCALAR = Device.of("scalar");

  private static Tensor ones(Device device) {
    return Tensor.ones(Shape.of(2), DType.FLOAT64, device).requiresGrad(true);
  }

  private static void giveOnes(Tensor... parameters) {
    for (Tensor p : parameters) {
      give(p, 1, 1);
    }
  }

  @OnEachDevice
  void groupsHaveSettingsOfTheirOwn(Device device) {
    Tensor a = ones(device);
    Tensor b = ones(device);
    Tensor c = ones(device);
    Optimizer optimizer =
        SGD.builder()
            .group(List.of(a))
            .group(List.of(b), 0.25)
            .group(List.of(c), g -> g.weightDecay(1).set("momentum", 0.5))
            .lr(0.5)
            .build();
    giveOnes(a, b, c);
    optimizer.step();
    assertThat(a.toDoubleArray()).containsExactly(0.5, 0.5);
    assertThat(b.toDoubleArray()).containsExactly(0.75, 0.75);
    assertThat(c.toDoubleArray()).containsExactly(0, 0); // 1 - 0.5 (1 + 1)
    optimizer.groups().get(0).lr(1);
    optimizer.groups().get(2).set("weightDecay", 0);
    optimizer.step();
    assertThat(a.toDoubleArray()).containsExactly(-0.5, -0.5);
    assertThat(b.toDoubleArray()).containsExactly(0.5, 0.5);
    assertThat(c.toDoubleArray()).containsExactly(-1, -1); // v = 0.5 * 2 + 1
    assertThat(optimizer.groups().get(1).settings())
        .containsEntry("lr", 0.25)
        .containsEntry("nesterov", false);
  }

  @OnEachDevice
  void groupsCanJoinLater(Device device) {
    Tensor a = ones(device);
    Tensor b = ones(device);
    Optimizer optimizer = SGD.builder(List.of(a)).lr(0.5).momentum(0.5).build();
    giveOnes(a, b);
    optimizer.step();
    assertThat(b.toDoubleArray()).containsExactly(1, 1);
    optimizer.addGroup(List.of(b), g -> g.lr(0.25));
    optimizer.step();
    assertThat(b.toDoubleArray()).containsExactly(0.75, 0.75);
    assertThat(optimizer.groups().get(1).get("momentum")).isEqualTo(0.5);
  }

  @OnEachDevice
  void frozenParametersStayAsTheyAre(Device device) {
    Tensor a = ones(device);
    Tensor frozen = ones(device).requiresGrad(false);
    Tensor c = ones(device);
    Optimizer optimizer = AdamW.builder(List.of(a, frozen, c)).lr(0.5).weightDecay(0.5).build();
    giveOnes(a, c);
    optimizer.step();
    assertThat(frozen.toDoubleArray()).containsExactly(1, 1);
    assertThat(a.toDoubleArray()[0]).isLessThan(0.5);
    assertThat(optimizer.state())
        .containsKeys("0.exp_avg", "2.exp_avg")
        .doesNotContainKey("1.step");

    frozen.requiresGrad(true);
    optimizer.zeroGrad();
    giveOnes(frozen);
    double[] before = a.toDoubleArray();
    optimizer.step();
    assertThat(a.toDoubleArray()).isEqualTo(before);
    assertThat(frozen.toDoubleArray()[0]).isLessThan(1);
    assertThat(optimizer.state().get("1.step").item()).isEqualTo(1);
    assertThat(optimizer.state().get("2.step").item()).isEqualTo(1);
  }

  @OnEachDevice
  void differentTypesAreDifferentSlabs(Device device) {
    Tensor a = ones(device);
    Tensor b = Tensor.ones(Shape.of(2), DType.FLOAT32, device).requiresGrad(true);
    Optimizer optimizer = SGD.of(List.of(a, b), 0.5);
    give(a, 1, 1);
    b.sum().backward();
    optimizer.step();
    assertThat(a.toDoubleArray()).containsExactly(0.5, 0.5);
    assertThat(b.toDoubleArray()).containsExactly(0.5, 0.5);
  }

  @OnEachDevice
  void thePaddingBetweenParametersStaysZero(Device device) {
    for (OptimizerCases.Case c : OptimizerCases.all()) {
      Tensor a = parameter(3, 1, DType.FLOAT32, device);
      Tensor b = parameter(17, 2, DType.FLOAT32, device);
      Optimizer optimizer = c.make().apply(List.of(a, b));
      for (int step = 0; step < 3; step++) {
        optimizer.zeroGrad();
        give(a, numbers(3, step));
        give(b, numbers(17, 7 + step));
        GradientClipping.norm(List.of(a, b), 0.1);
        optimizer.step();
      }
      Slab slab = Slab.holding(a).orElseThrow();
      for (Tensor flat : List.of(slab.values(), slab.grads())) {
        float[] all = flat.toFloatArray();
        assertThat(all).hasSize(48);
        for (int i = 0; i < 48; i++) {
          boolean padding = i >= 3 && i < 16 || i >= 33;
          assertThat(all[i] == 0).as("%s [%d]", c, i).isEqualTo(padding);
        }
      }
    }
  }

  @OnEachDevice
  void gradientsThatArePartOfAGraphAreUsedToo(Device device) {
    Tensor p = ones(device);
    Optimizer optimizer = SGD.of(List.of(p), 0.5);
    Tensor loss = p.mul(p).sum();
    Autograd.backward(loss, Autograd.onesFor("test", loss), true, true);
    optimizer.step();
    assertThat(p.toDoubleArray()).containsExactly(0, 0);
  }

  @OnEachDevice
  void aParameterThatMovedAwayIsNoticed(Device device) {
    Tensor p = ones(device);
    Optimizer first = SGD.of(List.of(p), 0.5);
    SGD.of(List.of(p), 0.5);
    giveOnes(p);
    assertThatThrownBy(first::step)
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("moved out of this slab");
  }

  @Test
  void refusesWhatItCannotOptimize() {
    Tensor p = ones(SCALAR);
    assertThatThrownBy(() -> Adam.of(List.of(), 0.1)).hasMessageContaining("has no parameters");
    assertThatThrownBy(() -> Adam.builder().build()).hasMessageContaining("has no parameters");
    assertThatThrownBy(() -> SGD.of(List.of(p, p), 0.1)).hasMessageContaining("is given twice");
    assertThatThrownBy(() -> SGD.builder(List.of(p)).group(List.of(p)).build())
        .hasMessageContaining("is given twice");
    assertThatThrownBy(() -> SGD.of(List.of(p.mul(2)), 0.1))
        .isInstanceOf(OptimizerException.class)
        .hasMessage(
            "[SGD] parameter 0 f64[2] is the result of an op; optimize the leaves that it was made"
                + " from");
    assertThatThrownBy(() -> SGD.of(List.of(Tensor.of(new int[] {1}, SCALAR)), 0.1))
        .hasMessageContaining("i32[1] is not floating");
  }

  @Test
  void refusesSettingsOutsideTheirRange() {
    List<Tensor> p = List.of(ones(SCALAR));
    assertThatThrownBy(() -> SGD.of(p, -1))
        .isInstanceOf(OptimizerException.class)
        .hasMessage("[SGD] lr = -1.0 must be a finite number >= 0");
    assertThatThrownBy(() -> SGD.of(p, Double.NaN)).hasMessageContaining("lr = NaN");
    assertThatThrownBy(() -> Adam.builder(p).betas(1, 0.9)).hasMessageContaining("beta1 = 1.0");
    assertThatThrownBy(() -> RMSprop.builder(p).eps(-1)).hasMessageContaining("eps = -1.0");
    assertThatThrownBy(() -> Adagrad.builder(p).weightDecay(Double.POSITIVE_INFINITY))
        .hasMessageContaining("weightDecay");
    assertThatThrownBy(() -> SGD.builder(p).nesterov(true).build())
        .hasMessageContaining("nesterov with momentum = 0.0");
    Optimizer sgd = SGD.builder(p).momentum(0.9).nesterov(true).build();
    ParameterGroup group = sgd.groups().get(0);
    assertThatThrownBy(() -> group.set("momentum", 0)).hasMessageContaining("nesterov");
    assertThat(group.get("momentum")).isEqualTo(0.9);
    assertThatThrownBy(() -> group.lr(-1)).isInstanceOf(OptimizerException.class);
    assertThatThrownBy(() -> group.set("beta1", 0.5))
        .hasMessageContaining("no setting 'beta1'; it has [lr, momentum");
  }

  @Test
  void momentumCanBeSwitchedOnLater() {
    Tensor p = ones(SCALAR);
    Optimizer optimizer = SGD.of(List.of(p), 0.5);
    giveOnes(p);
    optimizer.step();
    optimizer.groups().get(0).set("momentum", 0.5);
    optimizer.step();
    optimizer.step();
    assertThat(p.toDoubleArray()[0]).isEqualTo(1 - 0.5 - 0.5 * 1 - 0.5 * 1.5);
  }

  @Test
  void aStepIsOneLaunchAndTransfersNothing() {
    Device device = Device.of(NullBackend.TYPE);
    NullBackend counts = (NullBackend) device.backend();
    List<Tensor> parameters =
        List.of(
            parameter(3, 1, DType.FLOAT32, device),
            parameter(40, 2, DType.FLOAT32, device),
            parameter(16, 3, DType.FLOAT32, device));
    Optimizer optimizer = AdamW.of(parameters, 0.1);
    for (Tensor p : parameters) {
      give(p, new double[(int) p.numel()]);
    }
    optimizer.step();
    counts.resetCounts();
    optimizer.step();
    Counts step = counts.counts();
    assertThat(step.totalLaunches()).as("%s", step.launches()).isEqualTo(2); // count, then update
    assertThat(step.uploads() + step.downloads() + step.syncs() + step.allocs()).isZero();

    optimizer.groups().get(0).lr(0.05);
    optimizer.groups().get(0).lr(0.05);
    assertThat(counts.counts().uploads()).isEqualTo(1);

    counts.resetCounts();
    NoGrad.run(() -> GradientClipping.norm(parameters, 1));
    Counts clip = counts.counts();
    assertThat(clip.uploads() + clip.downloads() + clip.syncs()).isZero();
    assertThat(clip.launches("gradient_norm")).isEqualTo(1);
    assertThat(clip.launches("scale_all")).isEqualTo(1);
  }
}
