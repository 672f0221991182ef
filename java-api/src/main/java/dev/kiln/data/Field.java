package dev.kiln.data;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.util.Objects;

/**
 * Describes one part of an example, such as the image or the label.
 *
 * @param name what the part is called, e.g. {@code image}
 * @param dtype the type of its elements
 * @param shape its shape without the batch axis; {@code Shape.of()} is a single number
 */
public record Field(String name, DType dtype, Shape shape) {
  /**
   * Checks that one example of this field fits an array.
   *
   * @throws DataException if one example would take 2 GiB or more
   */
  public Field {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(shape, "shape");
    Sizes.product("field " + name, "field", shape.dims(), dtype.bytes());
  }

  /**
   * Returns how many bytes one example of this field takes.
   *
   * @return the number of elements times the width of one
   */
  public int bytes() {
    return Math.toIntExact(shape.numel() * dtype.bytes());
  }
}
