package dev.kiln.data.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;
import org.junit.jupiter.api.Test;

/** Where pixels are read, against torchvision's matrices and a plain resize. */
class GeometryTest {
  /**
   * The matrix from input to output in torchvision is a shear along y after one along x with
   * opposite signs; what is read is its inverse.
   */
  @Test
  void slantsBothWaysAreTorchvisions() {
    for (double[] degrees : new double[][] {{30, 40}, {-20, 45}, {45, 45}, {10, 0}, {0, -70}}) {
      double sx = Math.toRadians(degrees[0]);
      double sy = Math.toRadians(degrees[1]);
      double a = Math.cos(-sy) / Math.cos(sy);
      double b = -Math.cos(-sy) * Math.tan(sx) / Math.cos(sy);
      double c = Math.sin(-sy) / Math.cos(sy);
      double d = -Math.sin(-sy) * Math.tan(sx) / Math.cos(sy) + 1;
      Affine read = Affine.shear(Math.tan(sx), Math.tan(sy));
      double[] got = {read.a(), read.b(), read.c(), read.d(), read.e(), read.f()};
      assertThat(got).containsExactly(new double[] {d, -b, 0, -c, a, 0}, within(1e-12));
      assertThat(read.a() * read.e() - read.b() * read.d()).isCloseTo(1, within(1e-12));
    }
  }

  /** Bilinear between pixels' middles; beyond the outermost middles there is one pixel only. */
  private static double resized(float[] v, int h, int w, double y, double x) {
    double row = Math.max(0, Math.min(h - 1, y - 0.5));
    double column = Math.max(0, Math.min(w - 1, x - 0.5));
    int i = (int) row;
    int j = (int) column;
    double down = row - i;
    double right = column - j;
    int below = Math.min(h - 1, i + 1);
    int beside = Math.min(w - 1, j + 1);
    double upper = (1 - right) * v[i * w + j] + right * v[i * w + beside];
    double lower = (1 - right) * v[below * w + j] + right * v[below * w + beside];
    return (1 - down) * upper + down * lower;
  }

  @OnEachDevice
  void enlargedImagesHaveNoFrame(Device device) {
    int h = 7;
    int w = 9;
    Tensor x = Images.random(device, 5, 1, 1, h, w);
    float[] v = Images.scaled(x);
    double aspect = (double) w / h;
    Augment whole = Augment.builder().randomResizedCrop(16, 20, 1, 1, aspect, aspect).build();
    float[] y = whole.apply(x, 0, 0).toFloatArray();
    for (int i = 0; i < 16; i++) {
      for (int j = 0; j < 20; j++) {
        double want = resized(v, h, w, (i + 0.5) * h / 16, (j + 0.5) * w / 20);
        assertThat((double) y[i * 20 + j]).as("[%d,%d]", i, j).isCloseTo(want, within(1e-5));
      }
    }
  }

  @OnEachDevice
  void whatReadsNothingOutsideIsWhiteUpToTheEdge(Device device) {
    Tensor white = Tensor.ones(Shape.of(20, 3, 13, 10), DType.FLOAT32, device);
    Augment augment =
        Augment.builder().randomResizedCrop(32).horizontalFlip(0.5).randomCrop(31).build();
    assertThat(augment.apply(white, 1, Images.ids(20)).toFloatArray()).containsOnly(1f);
    assertThat(augment.evaluate(white).toFloatArray()).containsOnly(1f);
    Augment padded = Augment.builder().randomCrop(13, 10, 2).randomResizedCrop(32).build();
    assertThat(padded.apply(white, 1, Images.ids(20)).toFloatArray()).contains(0f);
  }
}
