package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;
import java.util.Arrays;
import java.util.List;

/** Products of vectors and matrices, sequences and draws, at values worked out by hand. */
class MatrixProductsTest {
  private static final int[] LAST = {-1};

  private static Tensor of(Device device, double... values) {
    return Tensor.of(values, device);
  }

  private static Tensor count(Device device, long... dims) {
    return Tensor.arange(Shape.of(dims).numel(), device).reshape(dims).to(DType.FLOAT64);
  }

  @OnEachDevice
  void products(Device device) {
    Tensor v = of(device, 1, 2, 3);
    Tensor w = of(device, 4, 5, 6);
    Tensor m = count(device, 2, 3);
    assertThat(MatrixProducts.dot(v, w).item()).isEqualTo(32);
    assertThat(MatrixProducts.vecdot(m, v, -1).toDoubleArray()).containsExactly(8, 26);
    assertThat(MatrixProducts.mv(m, v).toDoubleArray()).containsExactly(8, 26);
    assertThat(MatrixProducts.addmv(of(device, 1, 1), m, v, 2, 3).toDoubleArray())
        .containsExactly(26, 80);
    assertThat(MatrixProducts.addr(m, of(device, 1, 2), v, 1, 1).toDoubleArray())
        .containsExactly(1, 3, 5, 5, 8, 11);
    assertThat(MatrixProducts.addr(m.mul(Double.NaN), of(device, 1, 2), v, 0, 1).toDoubleArray())
        .containsExactly(1, 2, 3, 2, 4, 6);
    assertThat(MatrixProducts.cross(v, w, 0).toDoubleArray()).containsExactly(-3, 6, -3);
    assertThat(MatrixProducts.kron(of(device, 1, 2), count(device, 2, 2)).toDoubleArray())
        .containsExactly(0, 1, 0, 2, 2, 3, 4, 6);
    Tensor ints = Tensor.of(new int[] {1, 2, 3}, device);
    assertThat(MatrixProducts.dot(ints, ints).toIntArray()).containsExactly(14);
    Tensor a = count(device, 2, 3, 4);
    Tensor b = count(device, 4, 3, 2);
    Tensor t = MatrixProducts.tensordot(a, b, new int[] {1, 2}, new int[] {1, 0});
    double[] want = new double[4];
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < 2; j++) {
        for (int k = 0; k < 12; k++) {
          want[2 * i + j] += (12 * i + k) * (6 * (k % 4) + 2 * (k / 4) + j);
        }
      }
    }
    assertThat(t.toDoubleArray()).containsExactly(want);
    Tensor chain =
        MatrixProducts.multiDot(
            List.of(count(device, 2, 3), count(device, 3, 1), count(device, 1, 4)));
    assertThat(chain.toDoubleArray())
        .containsExactly(
            count(device, 2, 3)
                .matmul(count(device, 3, 1))
                .matmul(count(device, 1, 4))
                .toDoubleArray());
  }

  @OnEachDevice
  void distances(Device device) {
    Tensor a = of(device, 0, 0, 3, 4).reshape(2, 2);
    Tensor b = of(device, 0, 0, 6, 8, 3, 0).reshape(3, 2);
    assertThat(MatrixProducts.cdist(a, b, 2).toDoubleArray()).containsExactly(0, 10, 3, 5, 5, 4);
    assertThat(MatrixProducts.cdist(a, b, 1).toDoubleArray()).containsExactly(0, 14, 3, 7, 7, 4);
    assertThat(MatrixProducts.cdist(a, b, Double.POSITIVE_INFINITY).toDoubleArray())
        .containsExactly(0, 8, 3, 4, 4, 4);
  }

  @OnEachDevice
  void sequences(Device device) {
    assertThat(Creation.arange(1, 2, 0.25, DType.FLOAT32, device).toDoubleArray())
        .containsExactly(1, 1.25, 1.5, 1.75);
    assertThat(Creation.arange(5, -1, -2, DType.INT64, device).toIntArray())
        .containsExactly(5, 3, 1);
    assertThat(Creation.arange(3, 3, 1, DType.INT64, device).numel()).isZero();
    assertThat(Creation.linspace(0, 1, 5, DType.FLOAT64, device).toDoubleArray())
        .containsExactly(0, 0.25, 0.5, 0.75, 1);
    double[] thirds = Creation.linspace(-1, 1, 7, DType.FLOAT64, device).toDoubleArray();
    for (int i = 0; i < 7; i++) {
      assertThat(thirds[i]).isEqualTo(-thirds[6 - i] + 0.0);
    }
    assertThat(Creation.linspace(3, 9, 1, DType.FLOAT64, device).toDoubleArray())
        .containsExactly(3);
    assertThat(Creation.logspace(0, 2, 3, 10, DType.FLOAT64, device).toDoubleArray())
        .containsExactly(1, 10, 100);
    Tensor like = Tensor.zeros(2, 1).to(device);
    assertThat(Creation.fullLike(like, 3).toDoubleArray()).containsExactly(3, 3);
    assertThat(Creation.randLike(like).shape()).isEqualTo(like.shape());
  }

  @OnEachDevice
  void draws(Device device) {
    Generator generator = Generator.of(device, 3, 1);
    long[] order = Sampling.randperm(100, generator).toLongArray();
    assertThat(order).isNotEqualTo(Arrays.stream(order).sorted().toArray());
    assertThat(Arrays.stream(order).sorted().toArray())
        .isEqualTo(Tensor.arange(100, device).toLongArray());
    int[] dice = Sampling.randint(1, 7, Shape.of(6000), generator).toIntArray();
    for (int face = 1; face <= 6; face++) {
      int f = face;
      assertThat(Arrays.stream(dice).filter(d -> d == f).count()).isBetween(850L, 1150L);
    }
    Tensor weights = of(device, 0, 1, 3, 0);
    long[] drawn = Sampling.multinomial(weights, 4000, true, generator).toLongArray();
    assertThat(Arrays.stream(drawn).filter(i -> i == 2).count()).isBetween(2850L, 3150L);
    assertThat(Arrays.stream(drawn).filter(i -> i == 1).count()).isBetween(850L, 1150L);
    Tensor rows = Tensor.ones(50, 4).to(device).mul(weights.to(DType.FLOAT32));
    long[] both = Sampling.multinomial(rows, 2, false, generator).sum(1).toLongArray();
    assertThat(both).containsOnly(3);
    Tensor p = of(device, 0, 1, 0.25).reshape(3, 1).expand(3, 4000);
    double[] hits = Sampling.bernoulli(p, generator).sum(LAST, false).toDoubleArray();
    assertThat(hits[0]).isZero();
    assertThat(hits[1]).isEqualTo(4000);
    assertThat(hits[2]).isBetween(900.0, 1100.0);
    Tensor z =
        Sampling.normal(
            of(device, -5, 5).reshape(2, 1).expand(2, 4000), of(device, 0.5), generator);
    double[] means = z.mean(1).toDoubleArray();
    assertThat(means[0]).isBetween(-5.05, -4.95);
    assertThat(z.std(1).toDoubleArray()[1]).isBetween(0.48, 0.52);
  }
}
