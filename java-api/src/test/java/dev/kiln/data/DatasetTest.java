package dev.kiln.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DatasetTest {
  /** n examples of two features i and -i, of class i % 3. */
  private static Dataset numbers(int n) {
    float[][] x = new float[n][];
    int[] labels = new int[n];
    for (int i = 0; i < n; i++) {
      x[i] = new float[] {i, -i};
      labels[i] = i % 3;
    }
    return Dataset.of(x, labels);
  }

  private static int id(Dataset d, int index) {
    return (int) DataTests.floats(DataTests.example(d, index)[0])[0];
  }

  private static List<Integer> ids(Dataset d) {
    return IntStream.range(0, d.size()).map(i -> id(d, i)).boxed().toList();
  }

  @Test
  void holdsArrays() {
    Dataset d = numbers(5);
    assertThat(d.size()).isEqualTo(5);
    assertThat(d.fields())
        .containsExactly(
            new Field("input", DType.FLOAT32, Shape.of(2)),
            new Field("label", DType.INT64, Shape.of()));
    assertThat(DataTests.floats(DataTests.example(d, 4)[0])).containsExactly(4f, -4f);
    assertThat(DataTests.label(d, 4)).isEqualTo(1);
    Dataset r = Dataset.of(new float[][] {{1}, {2}}, new float[][] {{3, 4}, {5, 6}});
    assertThat(DataTests.floats(DataTests.example(r, 1)[1])).containsExactly(5f, 6f);
    Field pair = new Field("pair", DType.UINT8, Shape.of(2));
    Dataset b = Dataset.ofBytes(List.of(pair), new byte[] {1, 2, 3, 4});
    assertThat(DataTests.bytes(DataTests.example(b, 1)[0])).containsExactly(3, 4);
  }

  @Test
  void appendsAtTheBuffersPosition() {
    Dataset d = numbers(3);
    ByteBuffer x = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer y = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    d.read(2, new ByteBuffer[] {x, y});
    d.read(1, new ByteBuffer[] {x, y});
    assertThat(x.position()).isEqualTo(16);
    assertThat(x.getFloat(0)).isEqualTo(2f);
    assertThat(x.getFloat(8)).isEqualTo(1f);
    assertThat(y.getLong(8)).isEqualTo(1);
  }

  @Test
  void explainsBadArraysAndIndices() {
    assertThat(DataTests.failure(() -> Dataset.of(new float[2][1], new int[3])))
        .hasMessageContaining("2 rows of x but 3 labels");
    assertThat(DataTests.failure(() -> Dataset.of(new float[][] {{1}, {1, 2}}, new int[2])))
        .hasMessageContaining("row 1 of x has 2 numbers but row 0 has 1");
    assertThat(DataTests.failure(() -> Dataset.of(new float[2][1], new int[] {0, -1})))
        .hasMessageContaining("label -1 of example 1 is negative");
    assertThat(DataTests.failure(() -> DataTests.example(numbers(3), 3)))
        .hasMessageContaining("example 3 does not exist");
    assertThat(DataTests.failure(() -> DataTests.example(numbers(3).subset(0, 2), 2)))
        .hasMessageContaining("example 2 does not exist");
    Field pair = new Field("pair", DType.UINT8, Shape.of(2));
    assertThat(DataTests.failure(() -> Dataset.ofBytes(List.of(pair), new byte[3])))
        .hasMessageContaining("not a multiple of the 2 bytes");
    ByteBuffer small = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(DataTests.failure(() -> numbers(1).read(0, new ByteBuffer[] {small, small})))
        .hasMessageContaining("room for 4 bytes but one example takes 8");
    assertThat(DataTests.failure(() -> numbers(1).read(0, new ByteBuffer[] {small})))
        .hasMessageContaining("one buffer per field");
    Shape huge = Shape.of(1 << 20, 1 << 20);
    assertThat(DataTests.failure(() -> new Field("x", DType.FLOAT32, huge)))
        .hasMessageContaining("field x");
  }

  @Test
  void takesSubsets() {
    assertThat(ids(numbers(9).subset(3, 6))).containsExactly(3, 4, 5);
    assertThat(ids(numbers(9).subset(new int[] {8, 0, 0}))).containsExactly(8, 0, 0);
    assertThat(ids(numbers(9).subset(2, 7).subset(1, 3))).containsExactly(3, 4);
    assertThat(numbers(9).subset(4, 4).size()).isZero();
    assertThat(DataTests.failure(() -> numbers(9).subset(4, 10))).hasMessageContaining("4..10");
    assertThat(DataTests.failure(() -> numbers(9).subset(new int[] {9})))
        .hasMessageContaining("example 9");
  }

  @Test
  void concatenates() {
    Dataset empty = numbers(5).subset(2, 2);
    Dataset all = empty.concat(numbers(2), empty, empty, numbers(3), empty);
    assertThat(ids(all)).containsExactly(0, 1, 0, 1, 2);
    Dataset other = Dataset.of(new float[1][3], new int[1]);
    assertThat(DataTests.failure(() -> numbers(1).concat(other))).hasMessageContaining("fields");
    Dataset ab = numbers(1).withClassNames(List.of("a", "b", "c"));
    assertThat(numbers(1).concat(ab).classNames()).contains(List.of("a", "b", "c"));
    Dataset ba = numbers(1).withClassNames(List.of("b", "a", "c"));
    assertThat(DataTests.failure(() -> ab.concat(ba))).hasMessageContaining("classes");
  }

  @Test
  void splitsAtRandomWithoutOverlap() {
    List<Dataset> parts = numbers(101).randomSplit(7, 0.5, 0.3, 0.2);
    // floor(50.5), floor(30.3), floor(20.2), and the one left over goes to the first.
    assertThat(parts.stream().map(Dataset::size)).containsExactly(51, 30, 20);
    List<Integer> all = new ArrayList<>();
    parts.forEach(p -> all.addAll(ids(p)));
    assertThat(all).containsExactlyInAnyOrderElementsOf(ids(numbers(101)));
    assertThat(all).isNotEqualTo(ids(numbers(101)));
    assertThat(ids(numbers(101).randomSplit(7, 0.5, 0.3, 0.2).get(2))).isEqualTo(ids(parts.get(2)));
    assertThat(ids(numbers(101).randomSplit(8, 0.5, 0.3, 0.2).get(2)))
        .isNotEqualTo(ids(parts.get(2)));
    // 0.1 is not exact in binary; 30 examples still give 3, 6 and 21.
    assertThat(numbers(30).randomSplit(1, 0.1, 0.2, 0.7).stream().map(Dataset::size))
        .containsExactly(3, 6, 21);
    assertThat(DataTests.failure(() -> numbers(9).randomSplit(1, 0.5, 0.6)))
        .hasMessageContaining("must sum to 1");
    assertThat(DataTests.failure(() -> numbers(9).randomSplit(1, 1.5, -0.5)))
        .hasMessageContaining("-0.5 is not positive");
  }

  @Test
  void mapsExamples() {
    Field sum = new Field("sum", DType.FLOAT32, Shape.of());
    Dataset d =
        numbers(4)
            .map(
                List.of(sum),
                (index, in, out) ->
                    out[0].putFloat(in[0].getFloat() * 10 + in[1].getLong() + index * 100));
    assertThat(d.fields()).containsExactly(sum);
    assertThat(DataTests.floats(DataTests.example(d, 3)[0])).containsExactly(330f);
    Dataset lazy = numbers(4).map(List.of(sum), (index, in, out) -> {});
    assertThat(DataTests.failure(() -> lazy.read(1, buffers(4))))
        .hasMessageContaining("wrote 0 bytes of field sum for example 1");
  }

  private static ByteBuffer[] buffers(int bytes) {
    return new ByteBuffer[] {ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN)};
  }

  @Test
  void normalizesBytesAndFloats() {
    Field image = new Field("image", DType.UINT8, Shape.of(2, 1, 2));
    Field label = new Field("label", DType.UINT8, Shape.of());
    Dataset d =
        Dataset.ofBytes(
            List.of(image, label), new byte[] {0, (byte) 255, 51, (byte) 204}, new byte[] {9});
    Dataset n = d.normalize(new float[] {0.5f, 0.2f}, new float[] {0.5f, 0.1f});
    assertThat(n.fields().get(0)).isEqualTo(new Field("image", DType.FLOAT32, Shape.of(2, 1, 2)));
    float[] v = DataTests.floats(DataTests.example(n, 0)[0]);
    assertThat(v[0]).isEqualTo(-1f);
    assertThat(v[1]).isEqualTo(1f);
    assertThat(v[2]).isCloseTo(0f, within(1e-6f));
    assertThat(v[3]).isCloseTo(6f, within(1e-5f));
    assertThat(DataTests.example(n, 0)[1].get()).isEqualTo((byte) 9);
    assertThat(DataTests.failure(() -> d.normalize(new float[1], new float[] {1})))
        .hasMessageContaining("u8[2,1,2]");
    assertThat(DataTests.failure(() -> d.normalize(new float[2], new float[2])))
        .hasMessageContaining("std 0.0 of channel 0");
  }

  @Test
  void keepsExamplesInMemory() {
    int[] reads = {0};
    Dataset counted =
        numbers(5)
            .map(
                numbers(5).fields(),
                (index, in, out) -> {
                  reads[0]++;
                  out[0].put(in[0]);
                  out[1].put(in[1]);
                });
    Dataset kept = counted.withClassNames(List.of("a", "b", "c")).inMemory();
    assertThat(ids(kept)).containsExactly(0, 1, 2, 3, 4);
    assertThat(DataTests.label(kept, 4)).isEqualTo(1);
    assertThat(kept.classNames()).contains(List.of("a", "b", "c"));
    assertThat(reads[0]).isEqualTo(5);
  }
}
