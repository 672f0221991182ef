package dev.kiln.data;

import java.nio.ByteBuffer;
import java.util.List;

/** The checks that every data set makes before it reads. */
final class Checks {
  private Checks() {}

  static void index(String op, int index, int size) {
    if (index < 0 || index >= size) {
      throw new DataException(
          "[%s] example %d does not exist: the data set has %d, numbered from 0"
              .formatted(op, index, size));
    }
  }

  static void read(String op, int index, int size, List<Field> fields, ByteBuffer[] out) {
    index(op, index, size);
    if (out.length != fields.size()) {
      throw new DataException(
          "[%s] %d buffers given but an example has %d fields %s; give one buffer per field"
              .formatted(op, out.length, fields.size(), fields));
    }
    for (int f = 0; f < out.length; f++) {
      Field field = fields.get(f);
      if (out[f].remaining() < field.bytes()) {
        throw new DataException(
            "[%s] the buffer for field %s has room for %d bytes but one example takes %d"
                .formatted(op, field.name(), out[f].remaining(), field.bytes()));
      }
    }
  }
}
