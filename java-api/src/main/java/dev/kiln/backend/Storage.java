package dev.kiln.backend;

import dev.kiln.DType;

/**
 * A flat run of elements on a device, made and understood by one backend.
 *
 * <p>Backends extend it with their own memory; the rest of Kiln only passes it around.
 */
public abstract class Storage {
  private final DType dtype;
  private final long length;

  /**
   * Describes the storage.
   *
   * @param dtype the type of every element
   * @param length the number of elements
   */
  protected Storage(DType dtype, long length) {
    this.dtype = dtype;
    this.length = length;
  }

  /**
   * Returns the element type.
   *
   * @return the type of every element
   */
  public final DType dtype() {
    return dtype;
  }

  /**
   * Returns the size in elements.
   *
   * @return the number of elements
   */
  public final long length() {
    return length;
  }

  /**
   * Returns the size in bytes.
   *
   * @return elements times the element size
   */
  public final long bytes() {
    return length * dtype.bytes();
  }
}
