package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.IndexException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Placing.Reduce;
import dev.kiln.testing.OnEachDevice;
import java.util.List;

/** Picking and placing, moving of axes and diagonals, at values worked out by hand. */
class PlacingTest {
  private static Tensor at(Device device, long... values) {
    return Tensor.of(values, device);
  }

  private static Tensor count(Device device, long... dims) {
    return Tensor.arange(Shape.of(dims).numel(), device).reshape(dims);
  }

  @OnEachDevice
  void scattersTheLast(Device device) {
    Tensor x = Tensor.zeros(2, 3).to(device);
    Tensor index = Tensor.of(new long[] {2, 2, 0, 1}, Shape.of(2, 2), device);
    Tensor src = Tensor.of(new float[] {1, 2, 3, 4}, Shape.of(2, 2), device).requiresGrad(true);
    Tensor y = Indexing.scatter(x, 1, index, src);
    assertThat(y.detach().toFloatArray()).containsExactly(0, 0, 2, 3, 4, 0);
    y.mul(count(device, 2, 3).add(1)).sum().backward();
    assertThat(src.grad().orElseThrow().toFloatArray()).containsExactly(0, 3, 4, 5);
    assertThatThrownBy(() -> Indexing.scatter(x, 1, index.add(1), src.detach()))
        .isInstanceOf(IndexException.class);
    assertThat(Placing.scatter(x, 1, index, 9).toFloatArray()).containsExactly(0, 0, 9, 9, 9, 0);
  }

  @OnEachDevice
  void reduces(Device device) {
    Tensor index = at(device, 0, 2, 0, 2, 2);
    double[][] want = {
      {14, 20, 45}, {90, 20, 480}, {14.0 / 3, 20, 11.25}, {10, 20, 30}, {1, 20, 2}
    };
    double[][] only = {{4, 20, 15}, {3, 20, 60}, {2, 20, 5}, {3, 20, 8}, {1, 20, 2}};
    for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.INT64}) {
      Tensor x = Tensor.of(new double[] {10, 20, 30}, device).to(t);
      Tensor src = Tensor.of(new double[] {1, 2, 3, 8, 5}, device).to(t);
      Tensor small = Tensor.of(new double[] {1, 2, 3, 2, 4}, device).to(t);
      for (Reduce r : Reduce.values()) {
        boolean prod = r == Reduce.PROD;
        double[] with =
            Placing.scatterReduce(x, 0, index, prod ? small : src, r, true).toDoubleArray();
        double[] alone =
            Placing.scatterReduce(x, 0, index, prod ? small : src, r, false).toDoubleArray();
        double[] w = prod ? new double[] {30, 20, 480} : want[r.ordinal()];
        double[] o = prod ? new double[] {3, 20, 16} : only[r.ordinal()];
        for (int i = 0; i < 3; i++) {
          double expected = t == DType.INT64 ? Math.floor(w[i]) : w[i];
          assertThat(with[i])
              .as("%s %s at %d", t, r, i)
              .isCloseTo(expected, org.assertj.core.data.Offset.offset(1e-6));
          assertThat(alone[i]).as("only %s %s at %d", t, r, i).isEqualTo(o[i]);
        }
      }
    }
  }

  @OnEachDevice
  void picksByPositions(Device device) {
    Tensor x = count(device, 2, 3, 4);
    assertThat(Placing.take(x, at(device, 0, -1, 7)).toIntArray()).containsExactly(0, 23, 7);
    assertThat(Placing.index(x, List.of(at(device, 1, -2), at(device, 2, 0))).toIntArray())
        .containsExactly(20, 21, 22, 23, 0, 1, 2, 3);
    Tensor grid =
        Placing.index(x, List.of(at(device, 0, 1).reshape(2, 1), at(device, 0, 2), at(device, 3)));
    assertThat(grid.shape()).isEqualTo(Shape.of(2, 2));
    assertThat(grid.toIntArray()).containsExactly(3, 11, 15, 23);
    assertThatThrownBy(() -> Placing.index(x, List.of(at(device, 0), at(device, 3))))
        .isInstanceOf(IndexException.class);
    Tensor z = Tensor.zeros(2, 3).to(device);
    List<Tensor> places = List.of(at(device, 0, 0, 1), at(device, 1, 1, -1));
    Tensor v = Tensor.of(new float[] {1, 2, 3}, device);
    assertThat(Placing.indexPut(z, places, v, true).toFloatArray())
        .containsExactly(0, 3, 0, 0, 0, 3);
    assertThat(Placing.indexPut(z, places, v, false).toFloatArray())
        .containsExactly(0, 2, 0, 0, 0, 3);
    assertThat(Placing.indexFill(z, 1, at(device, -1), 5).toFloatArray())
        .containsExactly(0, 0, 5, 0, 0, 5);
    assertThat(Placing.indexCopy(z, 0, at(device, 1), v.reshape(1, 3)).toFloatArray())
        .containsExactly(0, 0, 0, 1, 2, 3);
    assertThat(Placing.takeAlongDim(x, at(device, 2, 0).reshape(1, 2, 1), 1).toIntArray())
        .startsWith(8, 9, 10, 11, 0, 1);
  }

  @OnEachDevice
  void movesAxes(Device device) {
    Tensor x = count(device, 2, 5);
    assertThat(Axes.chunk(x, 3, 1).stream().map(t -> t.size(1)).toList())
        .containsExactly(2L, 2L, 1L);
    assertThat(Axes.chunk(x, 4, 1)).hasSize(3);
    assertThat(Axes.unbind(x, 0).get(1).toIntArray()).containsExactly(5, 6, 7, 8, 9);
    assertThat(Axes.tile(at(device, 1, 2), 2, 2).toIntArray())
        .containsExactly(1, 2, 1, 2, 1, 2, 1, 2);
    assertThat(Axes.repeatInterleave(at(device, 1, 2), 2, 0).toIntArray())
        .containsExactly(1, 1, 2, 2);
    assertThat(Axes.repeatInterleave(at(device, 4, 5, 6), at(device, 2, 0, 1), 0).toIntArray())
        .containsExactly(4, 4, 6);
    Tensor y = count(device, 2, 3, 4);
    assertThat(Axes.movedim(y, new int[] {0, 1}, new int[] {2, 0}).shape())
        .isEqualTo(Shape.of(3, 4, 2));
    assertThat(Axes.unflatten(y, -1, 2, -1).shape()).isEqualTo(Shape.of(2, 3, 2, 2));
    assertThat(Axes.squeeze(Tensor.zeros(1, 2, 1).to(device)).shape()).isEqualTo(Shape.of(2));
    Tensor square = count(device, 2, 2);
    assertThat(Axes.rot90(square, 1, 0, 1).toIntArray()).containsExactly(1, 3, 0, 2);
    assertThat(Axes.rot90(square, 2, 0, 1).toIntArray()).containsExactly(3, 2, 1, 0);
    assertThat(Axes.rot90(square, -1, 0, 1).toIntArray()).containsExactly(2, 0, 3, 1);
    List<Tensor> xy = Axes.meshgrid(List.of(at(device, 1, 2, 3), at(device, 4, 5)), Axes.Grid.XY);
    assertThat(xy.get(0).toIntArray()).containsExactly(1, 2, 3, 1, 2, 3);
    assertThat(xy.get(1).toIntArray()).containsExactly(4, 4, 4, 5, 5, 5);
    assertThat(
            Axes.meshgrid(List.of(at(device, 1, 2, 3), at(device, 4, 5)), Axes.Grid.IJ)
                .get(1)
                .toIntArray())
        .containsExactly(4, 5, 4, 5, 4, 5);
    assertThat(Axes.hstack(List.of(at(device, 1), at(device, 2, 3))).toIntArray())
        .containsExactly(1, 2, 3);
    assertThat(Axes.vstack(List.of(at(device, 1, 2), at(device, 3, 4))).shape())
        .isEqualTo(Shape.of(2, 2));
    assertThat(Axes.dstack(List.of(at(device, 1, 2), at(device, 3, 4))).toIntArray())
        .containsExactly(1, 3, 2, 4);
    assertThat(Axes.atLeast(at(device, 1, 2), 3).shape()).isEqualTo(Shape.of(1, 2, 1));
  }

  @OnEachDevice
  void diagonals(Device device) {
    Tensor x = count(device, 3, 4);
    assertThat(Diagonals.diagonal(x, 0, 0, 1).toIntArray()).containsExactly(0, 5, 10);
    assertThat(Diagonals.diagonal(x, 2, 0, 1).toIntArray()).containsExactly(2, 7);
    assertThat(Diagonals.diagonal(x, -1, 0, 1).toIntArray()).containsExactly(4, 9);
    assertThat(Diagonals.diagonal(x, 9, 0, 1).numel()).isZero();
    assertThat(Diagonals.diagonal(x, 1, 1, 0).toIntArray()).containsExactly(4, 9);
    assertThat(Diagonals.diag(at(device, 1, 2), -1).toIntArray())
        .containsExactly(0, 0, 0, 1, 0, 0, 0, 2, 0);
    assertThat(Diagonals.diagEmbed(count(device, 2, 2), 0, -2, -1).toIntArray())
        .containsExactly(0, 0, 0, 1, 2, 0, 0, 3);
    assertThat(Diagonals.trace(x).item()).isEqualTo(15);
    assertThat(Creation.eye(2, 3, DType.INT32, device).toIntArray())
        .containsExactly(1, 0, 0, 0, 1, 0);
    assertThat(Creation.trilIndices(2, 3, 0, device).toIntArray())
        .containsExactly(0, 1, 1, 0, 0, 1);
    assertThat(Creation.triuIndices(2, 3, 1, device).toIntArray())
        .containsExactly(0, 0, 1, 1, 2, 2);
  }
}
