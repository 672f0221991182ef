package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.testing.EachDevice;
import dev.kiln.testing.OnEachDevice;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

/** Orders, places in orders, and distinct elements. */
class SortingTest {
  private static final float NAN = Float.NaN;

  @Property(tries = 200)
  void sortsStably(@ForAll @Size(max = 40) List<Float> list, @ForAll boolean descending) {
    float[] x = new float[list.size()];
    for (int i = 0; i < x.length; i++) {
      x[i] = i % 3 == 0 ? list.get(i) : Math.round(list.get(i) % 3);
    }
    try (Scope scope = Scope.open()) {
      for (Device device : EachDevice.all()) {
        Sorting.Sorted s = Sorting.sort(Tensor.of(x, device), 0, descending);
        float[] v = s.values().toFloatArray();
        long[] at = s.indices().toLongArray();
        assertThat(Arrays.stream(at).sorted().toArray())
            .isEqualTo(java.util.stream.LongStream.range(0, x.length).toArray());
        for (int i = 0; i < x.length; i++) {
          assertThat(v[i]).isEqualTo(x[(int) at[i]]);
          if (i > 0) {
            boolean same = v[i] == v[i - 1];
            assertThat(same ? at[i] > at[i - 1] : descending ? v[i] < v[i - 1] : v[i] > v[i - 1])
                .as("%s at %d", Arrays.toString(x), i)
                .isTrue();
          }
        }
      }
    }
  }

  @OnEachDevice
  void sortsAlongAnyAxis(Device device) {
    Tensor x = Tensor.of(new float[] {3, 1, NAN, -1, 2, 0}, Shape.of(2, 3), device);
    Sorting.Sorted columns = Sorting.sort(x, 0, false);
    assertThat(columns.values().toFloatArray()).containsExactly(-1, 1, 0, 3, 2, NAN);
    assertThat(columns.indices().toIntArray()).containsExactly(1, 0, 1, 0, 1, 0);
    Sorting.Sorted rows = Sorting.sort(x.t(), -1, true);
    assertThat(rows.values().toFloatArray()).containsExactly(3, -1, 2, 1, NAN, 0);
    assertThat(Sorting.argsort(x, 1, true).toIntArray()).containsExactly(2, 0, 1, 1, 2, 0);
    assertThat(Sorting.topk(x, 2, 1, true).values().toFloatArray()).containsExactly(NAN, 3, 2, 0);
    assertThat(Sorting.topk(x, 1, 1, false).indices().toIntArray()).containsExactly(1, 0);
    assertThat(Sorting.topk(x, 0, 1, true).values().shape()).isEqualTo(Shape.of(2, 0));
    assertThat(Sorting.msort(x.t()).shape()).isEqualTo(Shape.of(3, 2));
    Tensor one = Tensor.scalar(5, DType.INT32, device);
    assertThat(Sorting.sort(one, -1, false).indices().item()).isZero();
    assertThatThrownBy(() -> Sorting.topk(x, 4, 1, true)).isInstanceOf(ShapeException.class);
  }

  @OnEachDevice
  void findsPlaces(Device device) {
    Tensor sorted = Tensor.of(new float[] {1, 3, 3, 5}, device);
    Tensor v = Tensor.of(new float[] {0, 1, 3, 4, 5, 9, NAN}, device);
    assertThat(Searching.searchsorted(sorted, v, false).toIntArray())
        .containsExactly(0, 0, 1, 3, 3, 4, 4);
    assertThat(Searching.searchsorted(sorted, v, true).toIntArray())
        .containsExactly(0, 1, 3, 3, 4, 4, 4);
    assertThat(Searching.bucketize(v.reshape(7, 1), sorted, true).shape())
        .isEqualTo(Shape.of(7, 1));
    Tensor rows = Tensor.of(new int[] {1, 2, 3, 10, 20, 30}, Shape.of(2, 3), device);
    Tensor w = Tensor.of(new int[] {2, 9, 9, 21}, Shape.of(2, 2), device);
    assertThat(Searching.searchsorted(rows, w, false).toIntArray()).containsExactly(1, 3, 0, 2);
    for (int n : new int[] {0, 1, 2, 5, 8, 33}) {
      Tensor line = Tensor.arange(n, device);
      Tensor all = Tensor.arange(n + 1, device);
      assertThat(Searching.searchsorted(line, all, false).toIntArray()).isEqualTo(all.toIntArray());
    }
  }

  @OnEachDevice
  void findsDistinctElements(Device device) {
    Tensor x = Tensor.of(new int[] {3, 1, 3, 2, 1, 3}, Shape.of(2, 3), device);
    Searching.Distinct d = Searching.unique(x);
    assertThat(d.values().toIntArray()).containsExactly(1, 2, 3);
    assertThat(d.values().dtype()).isEqualTo(DType.INT32);
    assertThat(d.inverse().toIntArray()).containsExactly(2, 0, 2, 1, 0, 2);
    assertThat(d.inverse().shape()).isEqualTo(x.shape());
    assertThat(d.counts().toIntArray()).containsExactly(2, 1, 3);
    Tensor runs = Tensor.of(new float[] {1, 1, 2, 1, NAN, NAN}, device);
    Searching.Distinct r = Searching.uniqueConsecutive(runs);
    assertThat(r.values().toFloatArray()).containsExactly(1, 2, 1, NAN, NAN);
    assertThat(r.inverse().toIntArray()).containsExactly(0, 0, 1, 2, 3, 4);
    assertThat(r.counts().toIntArray()).containsExactly(2, 1, 1, 1, 1);
    assertThat(Searching.unique(Tensor.zeros(0).to(device)).values().numel()).isZero();
  }

  @OnEachDevice
  void findsWhatIsNotZero(Device device) {
    Tensor x = Tensor.of(new float[] {0, 2, NAN, 0, 0, -1}, Shape.of(2, 3), device);
    assertThat(Searching.nonzero(x).shape()).isEqualTo(Shape.of(3, 2));
    assertThat(Searching.nonzero(x).toIntArray()).containsExactly(0, 1, 0, 2, 1, 2);
    assertThat(Searching.nonzero(Tensor.zeros(2, 2).to(device)).shape()).isEqualTo(Shape.of(0, 2));
    assertThat(Searching.nonzero(Tensor.scalar(1, DType.FLOAT32, device)).shape())
        .isEqualTo(Shape.of(1, 0));
    assertThat(Searching.maskedSelect(x, x.lt(1)).toFloatArray()).containsExactly(0, 0, 0, -1);
    Tensor row = Tensor.of(new int[] {1, 0, 1}, device).to(DType.BOOL);
    assertThat(Searching.maskedSelect(x, row).toFloatArray()).containsExactly(0, NAN, 0, -1);
    Tensor source = Tensor.of(new float[] {7, 8, 9, 10, 11}, device);
    assertThat(Searching.maskedScatter(x, row, source).toFloatArray())
        .containsExactly(7, 2, 8, 9, 0, 10);
  }

  @OnEachDevice
  void counts(Device device) {
    Tensor x = Tensor.of(new int[] {1, 3, 1, 0}, device);
    assertThat(Statistics.bincount(x, Optional.empty(), 0).toIntArray())
        .containsExactly(1, 2, 0, 1);
    Tensor w = Tensor.of(new float[] {0.5f, 1, 2, 4}, device);
    assertThat(Statistics.bincount(x, Optional.of(w), 6).toFloatArray())
        .containsExactly(4, 2.5f, 0, 1, 0, 0);
    Tensor v = Tensor.of(new float[] {0, 0.5f, 1, 1.9f, 2, 3, -1, NAN}, device);
    assertThat(Statistics.histc(v, 4, 0, 2).toFloatArray()).containsExactly(1, 1, 1, 2);
    assertThat(Statistics.histc(v.narrow(0, 0, 6), 3, 0, 0).toFloatArray())
        .containsExactly(2, 2, 2);
    assertThat(Statistics.histc(Tensor.ones(3).to(device), 2, 0, 0).toFloatArray())
        .containsExactly(0, 3);
    assertThat(Statistics.countNonzero(v, new int[0]).item()).isEqualTo(7);
  }
}
