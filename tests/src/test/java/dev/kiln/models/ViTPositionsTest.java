package dev.kiln.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.io.Safetensors;
import dev.kiln.testing.OnEachDevice;
import dev.kiln.transfer.Pretrained;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Positions on another grid, against Keys's cubic filter worked out by hand. */
class ViTPositionsTest {
  @TempDir Path folder;

  /**
   * From 2 to 4: the middles of the new cells lie at 0.25, 0.75, 1.25, 1.75. The filter's values at
   * the distances 0.25, 0.75, 1.25 are 111/128, 29/128, -9/128; each row is divided by its sum.
   */
  private static final double[][] UP = {
    {111 / 102.0, -9 / 102.0},
    {111 / 140.0, 29 / 140.0},
    {29 / 140.0, 111 / 140.0},
    {-9 / 102.0, 111 / 102.0}
  };

  /** From 4 to 2: the filter is twice as wide, so its distances are half of those in cells. */
  private static final double[][] DOWN = {
    {111 / 242.0, 111 / 242.0, 29 / 242.0, -9 / 242.0},
    {-9 / 242.0, 29 / 242.0, 111 / 242.0, 111 / 242.0}
  };

  private static float[] random(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  private static void assertResampled(
      Device device, int prefix, int old, double[][] rows, double[][] columns) {
    int dim = 3;
    float[] values = random((prefix + old * old) * dim, 5);
    try (Scope scope = Scope.open()) {
      Tensor given = Tensor.of(values, Shape.of(1, prefix + old * old, dim), device);
      Tensor made = ViT.resamplePositions(given, rows.length, columns.length, prefix);
      assertThat(made.shape()).isEqualTo(Shape.of(1, prefix + rows.length * columns.length, dim));
      float[] got = made.toFloatArray();
      for (int i = 0; i < prefix * dim; i++) {
        assertThat(got[i]).isEqualTo(values[i]);
      }
      for (int r = 0; r < rows.length; r++) {
        for (int c = 0; c < columns.length; c++) {
          for (int d = 0; d < dim; d++) {
            double want = 0;
            for (int y = 0; y < old; y++) {
              for (int x = 0; x < old; x++) {
                want += rows[r][y] * columns[c][x] * values[(prefix + y * old + x) * dim + d];
              }
            }
            assertThat((double) got[(prefix + r * columns.length + c) * dim + d])
                .as("row %d, column %d, feature %d", r, c, d)
                .isCloseTo(want, within(2e-6));
          }
        }
      }
    }
  }

  @OnEachDevice
  void gridsGrowAndShrinkByTheCubicFilter(Device device) {
    assertResampled(device, 1, 2, UP, UP);
    assertResampled(device, 1, 4, DOWN, DOWN);
    assertResampled(device, 0, 4, DOWN, DOWN);
    assertResampled(device, 2, 2, UP, new double[][] {{1, 0}, {0, 1}}); // rows alone
  }

  @Test
  void aGridOfTheSameSizeIsLeftAlone() {
    try (Scope scope = Scope.open()) {
      Tensor positions = Tensor.randn(1, 10, 4);
      assertThat(ViT.resamplePositions(positions, 3, 3, 1)).isSameAs(positions);
    }
  }

  @Test
  void halfPrecisionStaysAndConstantsToo() {
    try (Scope scope = Scope.open()) {
      Tensor positions = Tensor.full(Shape.of(1, 50, 4), 0.5, DType.FLOAT16, Device.of("cpu"));
      Tensor made = ViT.resamplePositions(positions, 12, 5, 1);
      assertThat(made.dtype()).isEqualTo(DType.FLOAT16);
      assertThat(made.shape()).isEqualTo(Shape.of(1, 61, 4));
      assertThat(made.toFloatArray()).containsOnly(0.5f);
    }
  }

  private static ViT vit(int size) {
    return ViT.builder(size, 4).channels(1).classes(3).dim(8).depth(1).heads(2).build();
  }

  @Test
  void aNetworkForOtherImagesIsLoaded() {
    ViT small = vit(8);
    Path file = folder.resolve("vit.safetensors");
    Safetensors.save(small.stateDict(), file);
    ViT large = vit(16);
    assertThatThrownBy(() -> Pretrained.file(file).into(large))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("pos_embed is");
    Pretrained.file(file).changing("pos_embed", large::fitPositions).into(large);
    float[] from = small.stateDict().get("pos_embed").toFloatArray();
    float[] to = large.stateDict().get("pos_embed").toFloatArray();
    assertThat(to).startsWith(Arrays.copyOf(from, 8)); // the class token's
    double corner = 0;
    for (int y = 0; y < 2; y++) {
      for (int x = 0; x < 2; x++) {
        corner += UP[0][y] * UP[0][x] * from[(1 + 2 * y + x) * 8];
      }
    }
    assertThat((double) to[8]).isCloseTo(corner, within(1e-6));
    assertThat(large.stateDict().get("head.weight").toFloatArray())
        .isEqualTo(small.stateDict().get("head.weight").toFloatArray());
    try (Scope scope = Scope.open();
        NoGrad off = NoGrad.open()) {
      assertThat(large.eval().call(Tensor.randn(2, 1, 16, 16)).shape()).isEqualTo(Shape.of(2, 3));
    }
  }

  @Test
  void whatCannotBeIsExplained() {
    try (Scope scope = Scope.open()) {
      Tensor odd = Tensor.zeros(1, 8, 4);
      assertThatThrownBy(() -> ViT.resamplePositions(odd, 3, 3, 1))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("f32[1,8,4]")
          .hasMessageContaining("[1,1+n*n,dim]");
      assertThatThrownBy(() -> ViT.resamplePositions(Tensor.zeros(1, 10, 4), 0, 3, 1))
          .hasMessageContaining("0 x 3");
      assertThatThrownBy(() -> ViT.resamplePositions(Tensor.zeros(1, 4), 2, 2, 1))
          .isInstanceOf(ShapeException.class);
    }
    Path file = folder.resolve("vit.safetensors");
    ViT net = vit(8);
    Safetensors.save(net.stateDict(), file);
    assertThatThrownBy(
            () -> Pretrained.file(file).changing("position", net::fitPositions).into(net))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("has no \"position\" to change")
        .hasMessageContaining("pos_embed");
  }
}
