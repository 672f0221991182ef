package dev.kiln;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Conversions between Java arrays and the little-endian bytes that devices take and give. */
final class HostData {
  private HostData() {}

  static ByteBuffer allocate(DType dtype, Shape shape) {
    long bytes = Math.multiplyExact(shape.numel(), (long) dtype.bytes());
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new ShapeException(
          "[read] "
              + dtype
              + shape
              + " has "
              + bytes
              + " bytes; one Java buffer holds 2 GiB: read it in parts with narrow()");
    }
    return ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static ByteBuffer little(ByteBuffer data) {
    return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  static void requireBytes(String op, ByteBuffer data, DType dtype, Shape shape) {
    long need = shape.numel() * dtype.bytes();
    if (data.remaining() < need) {
      throw new ShapeException(
          "["
              + op
              + "] "
              + dtype
              + shape
              + " needs "
              + need
              + " bytes but the buffer has "
              + data.remaining()
              + " left");
    }
  }

  static void requireLength(int length, Shape shape) {
    if (shape.numel() != length) {
      throw new ShapeException(
          "[tensor] " + length + " values cannot fill shape " + shape + " of " + shape.numel());
    }
  }

  static ByteBuffer bytes(float[] values) {
    ByteBuffer b = allocate(DType.FLOAT32, Shape.of(values.length));
    b.asFloatBuffer().put(values);
    return b;
  }

  static ByteBuffer bytes(double[] values) {
    ByteBuffer b = allocate(DType.FLOAT64, Shape.of(values.length));
    b.asDoubleBuffer().put(values);
    return b;
  }

  static ByteBuffer bytes(int[] values) {
    ByteBuffer b = allocate(DType.INT32, Shape.of(values.length));
    b.asIntBuffer().put(values);
    return b;
  }

  static ByteBuffer bytes(long[] values) {
    ByteBuffer b = allocate(DType.INT64, Shape.of(values.length));
    b.asLongBuffer().put(values);
    return b;
  }

  static float[] floats(ByteBuffer data) {
    float[] out = new float[data.remaining() / 4];
    little(data).asFloatBuffer().get(out);
    return out;
  }

  static double[] doubles(ByteBuffer data) {
    double[] out = new double[data.remaining() / 8];
    little(data).asDoubleBuffer().get(out);
    return out;
  }

  static int[] ints(ByteBuffer data) {
    int[] out = new int[data.remaining() / 4];
    little(data).asIntBuffer().get(out);
    return out;
  }

  static long[] longs(ByteBuffer data) {
    long[] out = new long[data.remaining() / 8];
    little(data).asLongBuffer().get(out);
    return out;
  }

  static long[] range(long n) {
    long[] values = new long[Math.toIntExact(n)];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    return values;
  }

  static Shape shape(float[][] rows) {
    return Shape.of(rows.length, rows.length == 0 ? 0 : rows[0].length);
  }

  static float[] flat(float[][] rows) {
    int width = rows.length == 0 ? 0 : rows[0].length;
    float[] out = new float[Math.multiplyExact(rows.length, width)];
    for (int i = 0; i < rows.length; i++) {
      if (rows[i].length != width) {
        throw new ShapeException(
            "[tensor] row "
                + i
                + " has "
                + rows[i].length
                + " values but row 0 has "
                + width
                + "; all rows need the same length");
      }
      System.arraycopy(rows[i], 0, out, i * width, width);
    }
    return out;
  }
}
