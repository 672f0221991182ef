package dev.kiln.fused;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.cuda.sim.SimControl;
import dev.kiln.cuda.sim.SimDevice;
import dev.kiln.ops.Normalization;
import dev.kiln.testing.AgainstOracle;
import dev.kiln.testing.OnEachDevice;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Normalisation of groups of channels, of all sizes that kernels tell apart. */
class GroupNormTest {
  /** Images, groups, channels of a group, elements of a plane. */
  private record Size(int images, int groups, int channels, int inner) {
    Shape x() {
      return Shape.of(images, groups * (long) channels, inner);
    }

    Shape weight() {
      return Shape.of(groups * (long) channels);
    }
  }

  /** A group is held by lanes up to 512 elements, by a block up to 16384, then walked through. */
  private static final Size[] SIZES = {
    new Size(1, 1, 1, 1),
    new Size(3, 1, 5, 1),
    new Size(3, 5, 1, 7),
    new Size(2, 4, 3, 9),
    new Size(2, 2, 8, 16),
    new Size(3, 2, 3, 100),
    new Size(2, 3, 4, 128),
    new Size(2, 2, 1, 600),
    new Size(2, 2, 3, 1000),
    new Size(2, 2, 16, 256),
    new Size(1, 2, 5, 1111),
    new Size(2, 1, 17, 1024),
    new Size(1, 2, 2, 8200),
    new Size(1, 1, 3, 16_385),
  };

  private static final Optional<Tensor> NONE = Optional.empty();

  @OnEachDevice
  void agreesWithTheOracle(Device device) {
    for (DType type : AgainstOracle.TYPES) {
      for (Size size : SIZES) {
        agree(new AgainstOracle(device, type, false), size);
        if (size.inner() % 8 == 0) {
          agree(new AgainstOracle(device, type, true), size);
        }
      }
    }
  }

  private static void agree(AgainstOracle against, Size size) {
    double[] x = AgainstOracle.random(1, size.x(), 2);
    double[] w = AgainstOracle.random(2, size.weight(), 1);
    double[] b = AgainstOracle.random(3, size.weight(), 1);
    int g = size.groups();
    against.agree(
        "group_norm of " + size,
        t ->
            Normalization.groupNorm(t.get(0), g, Optional.of(t.get(1)), Optional.of(t.get(2)), 0.1),
        4,
        x,
        size.x(),
        w,
        size.weight(),
        b,
        size.weight());
    against.agree(
        "group_norm without weight of " + size,
        t -> Normalization.groupNorm(t.get(0), g, NONE, Optional.of(t.get(1)), 0.1),
        4,
        x,
        size.x(),
        b,
        size.weight());
  }

  @OnEachDevice
  void nothingHasGradientsOfZeros(Device device) {
    for (Shape shape : new Shape[] {Shape.of(0, 4, 3), Shape.of(2, 4, 0), Shape.of(2, 0, 3)}) {
      try (Scope scope = Scope.open()) {
        Tensor x = Tensor.zeros(shape, DType.FLOAT32, device).requiresGrad(true);
        Shape channels = Shape.of(shape.dim(1));
        Tensor w = Tensor.zeros(channels, DType.FLOAT32, device).requiresGrad(true);
        Tensor b = Tensor.zeros(channels, DType.FLOAT32, device).requiresGrad(true);
        Tensor y = Normalization.groupNorm(x, 2, Optional.of(w), Optional.of(b), 1e-5);
        assertThat(y.shape()).isEqualTo(shape);
        y.sum().backward();
        for (Tensor t : new Tensor[] {w, b}) {
          assertThat(t.grad().orElseThrow().toFloatArray())
              .hasSize((int) shape.dim(1))
              .containsOnly(new float[(int) shape.dim(1)]);
        }
      }
    }
  }

  @Test
  void takesOneLaunch() {
    Device device = SimDevice.open();
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.full(Shape.of(2, 6, 5, 5), 1.5, DType.FLOAT32, device);
      Tensor w = Tensor.full(Shape.of(6), 2, DType.FLOAT32, device);
      SimControl.resetCalls();
      Normalization.groupNorm(x, 3, Optional.of(w), Optional.of(w), 1e-5);
      assertThat(SimControl.calls("cuLaunchKernel")).isEqualTo(1);
    }
  }
}
