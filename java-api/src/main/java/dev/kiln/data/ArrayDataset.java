package dev.kiln.data;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/** Examples held in memory, one little-endian array per field. */
final class ArrayDataset implements Dataset {
  private final int size;
  private final List<Field> fields;
  private final byte[][] data;
  private final Optional<List<String>> classNames;

  ArrayDataset(int size, List<Field> fields, byte[][] data, Optional<List<String>> classNames) {
    this.size = size;
    this.fields = List.copyOf(fields);
    this.data = data;
    this.classNames = classNames.map(List::copyOf);
  }

  static ArrayDataset ofBytes(
      List<Field> fields, Optional<List<String>> classNames, byte[]... data) {
    if (fields.isEmpty() || fields.size() != data.length) {
      throw new DataException(
          "[dataset] %d arrays for %d fields; give one array per field, and at least one"
              .formatted(data.length, fields.size()));
    }
    int size = -1;
    for (int f = 0; f < data.length; f++) {
      Field field = fields.get(f);
      int n = field.bytes() == 0 ? 0 : data[f].length / field.bytes();
      if ((long) n * field.bytes() != data[f].length) {
        throw new DataException(
            "[dataset] field %s has %d bytes, not a multiple of the %d bytes of one example"
                .formatted(field.name(), data[f].length, field.bytes()));
      }
      if (size >= 0 && n != size) {
        throw new DataException(
            "[dataset] field %s holds %d examples but field %s holds %d"
                .formatted(field.name(), n, fields.get(0).name(), size));
      }
      size = n;
    }
    return new ArrayDataset(size, fields, data.clone(), classNames);
  }

  static ArrayDataset of(float[][] x, int[] labels) {
    checkLengths(x.length, labels.length, "labels");
    byte[] target = new byte[Sizes.product("labels", "dataset", new long[] {labels.length}, 8)];
    ByteBuffer out = ByteBuffer.wrap(target).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0) {
        throw new DataException(
            "[dataset] label %d of example %d is negative; classes are numbered from 0"
                .formatted(labels[i], i));
      }
      out.putLong(labels[i]);
    }
    return new ArrayDataset(
        x.length,
        List.of(matrixField("input", x), new Field("label", DType.INT64, Shape.of())),
        new byte[][] {matrix("x", x), target},
        Optional.empty());
  }

  static ArrayDataset of(float[][] x, float[][] y) {
    checkLengths(x.length, y.length, "rows of y");
    return new ArrayDataset(
        x.length,
        List.of(matrixField("input", x), matrixField("target", y)),
        new byte[][] {matrix("x", x), matrix("y", y)},
        Optional.empty());
  }

  private static void checkLengths(int x, int y, String what) {
    if (x != y) {
      throw new DataException(
          "[dataset] %d rows of x but %d %s; give one for each example".formatted(x, y, what));
    }
  }

  private static Field matrixField(String name, float[][] rows) {
    return new Field(name, DType.FLOAT32, Shape.of(rows.length == 0 ? 0 : rows[0].length));
  }

  private static byte[] matrix(String name, float[][] rows) {
    int columns = rows.length == 0 ? 0 : rows[0].length;
    byte[] bytes = new byte[Sizes.product(name, "dataset", new long[] {rows.length, columns}, 4)];
    ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < rows.length; i++) {
      if (rows[i].length != columns) {
        throw new DataException(
            "[dataset] row %d of %s has %d numbers but row 0 has %d; rows must be equally long"
                .formatted(i, name, rows[i].length, columns));
      }
      for (float v : rows[i]) {
        out.putFloat(v);
      }
    }
    return bytes;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public List<Field> fields() {
    return fields;
  }

  @Override
  public Optional<List<String>> classNames() {
    return classNames;
  }

  @Override
  public void read(int index, ByteBuffer[] out) {
    Checks.read("dataset", index, size, fields, out);
    for (int f = 0; f < data.length; f++) {
      int bytes = fields.get(f).bytes();
      out[f].put(data[f], index * bytes, bytes);
    }
  }

  @Override
  public Dataset inMemory() {
    return this;
  }
}
