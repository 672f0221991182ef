package dev.kiln.ensemble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.cpu.Counts;
import dev.kiln.cpu.NullBackend;
import dev.kiln.models.LeNet;
import dev.kiln.models.Mlp;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.Sequential;
import dev.kiln.testing.OnEachDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Ensembles whose members run together give what their members give one by one. */
class EnsembleTogetherTest {
  private static List<Module> members(Device d, int count, Supplier<? extends Module> maker) {
    List<Module> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(maker.get().to(d));
    }
    return all;
  }

  private static void assertClose(Tensor found, Tensor expected) {
    assertThat(found.shape()).isEqualTo(expected.shape());
    double[] y = found.toDoubleArray();
    double[] e = expected.toDoubleArray();
    for (int i = 0; i < e.length; i++) {
      assertThat(y[i]).isCloseTo(e[i], within(1e-4 * Math.max(1, Math.abs(e[i]))));
    }
  }

  /** While gradients are recorded members run one by one, in eval mode too. */
  private static void assertAsOneByOne(Ensemble ensemble, Tensor x) {
    try (Scope scope = Scope.open()) {
      assertClose(NoGrad.run(() -> ensemble.call(x)), ensemble.call(x));
    }
  }

  @OnEachDevice
  void combinedScoresAreTheSame(Device d) {
    for (Combining how : Combining.values()) {
      Ensemble dense = Ensemble.of(how, members(d, 3, () -> new Mlp(4, 6, 3)));
      Ensemble images = Ensemble.weighted(how, members(d, 3, () -> new LeNet(1, 8, 4)), 3, 0.5, 1);
      dense.eval();
      images.eval();
      try (Scope scope = Scope.open()) {
        assertAsOneByOne(dense, Tensor.randn(Shape.of(5, 4), DType.FLOAT32, d));
        assertAsOneByOne(images, Tensor.randn(Shape.of(2, 1, 8, 8), DType.FLOAT32, d));
      }
    }
  }

  @OnEachDevice
  void othersInAMembersPlaceAndLoadedOnesAreSeen(Device d) {
    Ensemble ensemble = Ensemble.of(Combining.LOGITS, members(d, 3, () -> new Linear(4, 3)));
    Ensemble other = Ensemble.of(Combining.LOGITS, members(d, 3, () -> new Linear(4, 3)));
    ensemble.eval();
    other.eval();
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.randn(Shape.of(5, 4), DType.FLOAT32, d);
      assertAsOneByOne(ensemble, x);
      ensemble.loadStateDict(other.stateDict());
      assertAsOneByOne(ensemble, x);
      assertClose(NoGrad.run(() -> ensemble.call(x)), NoGrad.run(() -> other.call(x)));
      ensemble.replace("members.1", new Linear(4, 3)).eval();
      assertAsOneByOne(ensemble, x);
      ensemble.replace("members.1", new Sequential(new Linear(4, 3))).eval();
      assertAsOneByOne(ensemble, x);
    }
  }

  @OnEachDevice
  void errorsNameTheMemberAndItsLayer(Device d) {
    Ensemble ensemble = Ensemble.of(Combining.LOGITS, members(d, 2, () -> new Mlp(4, 3)));
    ensemble.eval();
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      assertThatThrownBy(() -> ensemble.call(Tensor.ones(2, 5).to(d)))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("(in 0.fc1)");
    }
  }

  private static Counts counted(Ensemble ensemble, NullBackend counter, Tensor x) {
    try (Scope scope = Scope.open()) {
      ensemble.call(x);
      counter.resetCounts();
      ensemble.call(x);
    }
    return counter.counts();
  }

  @Test
  void launchesAreThoseOfAboutOneMember() {
    Device device = Device.of("null");
    NullBackend counter = (NullBackend) device.backend();
    Tensor x = Scope.outside(() -> Tensor.zeros(Shape.of(2, 4), DType.FLOAT32, device));
    Ensemble eight =
        Ensemble.of(Combining.LOGITS, members(device, 8, () -> new Mlp(4, 8, 8, 8, 3)));
    eight.eval();
    Counts apart = counted(eight, counter, x);
    Counts together = NoGrad.run(() -> counted(eight, counter, x));
    assertThat(apart.launches("matmul")).isEqualTo(8 * 4);
    assertThat(together.launches("matmul")).isEqualTo(4);
    assertThat(together.totalLaunches()).isLessThan(apart.totalLaunches() / 4);
  }
}
