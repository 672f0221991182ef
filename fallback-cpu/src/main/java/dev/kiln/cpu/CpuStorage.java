package dev.kiln.cpu;

import dev.kiln.DType;
import dev.kiln.backend.HalfFloats;
import dev.kiln.backend.Storage;
import dev.kiln.backend.View;

/**
 * Elements in a Java array of their type: {@code float[]}, {@code double[]}, {@code int[]}, {@code
 * long[]}, {@code byte[]} for UINT8 and BOOL, {@code short[]} for the 16-bit floats.
 *
 * <p>The array may be longer than {@link #length()}; what lies behind has no meaning.
 */
public final class CpuStorage extends Storage {
  private Object array;

  CpuStorage(DType dtype, long length, Object array) {
    super(dtype, length);
    this.array = array;
  }

  /**
   * Returns the storage behind a view of a CPU tensor.
   *
   * @param view a view made by a CPU backend
   * @return its storage
   */
  public static CpuStorage of(View view) {
    return (CpuStorage) view.storage();
  }

  /**
   * Returns the FLOAT32 elements.
   *
   * @return the array itself
   */
  public float[] floats() {
    return (float[]) array();
  }

  /**
   * Returns the FLOAT64 elements.
   *
   * @return the array itself
   */
  public double[] doubles() {
    return (double[]) array();
  }

  /**
   * Returns the INT32 elements.
   *
   * @return the array itself
   */
  public int[] ints() {
    return (int[]) array();
  }

  /**
   * Returns the INT64 elements.
   *
   * @return the array itself
   */
  public long[] longs() {
    return (long[]) array();
  }

  /**
   * Returns the UINT8 or BOOL elements.
   *
   * @return the array itself
   */
  public byte[] bytes8() {
    return (byte[]) array();
  }

  /**
   * Returns the bits of the BFLOAT16 or FLOAT16 elements.
   *
   * @return the array itself
   */
  public short[] shorts() {
    return (short[]) array();
  }

  /** Returns the array, whatever its type; fails on a freed storage. */
  Object array() {
    if (array == null) {
      throw new IllegalStateException(
          "[storage] "
              + dtype()
              + " storage of "
              + length()
              + " elements was freed before its use");
    }
    return array;
  }

  /** Hands the array out for good. */
  Object release() {
    Object a = array();
    array = null;
    return a;
  }

  /**
   * Reads an element.
   *
   * @param i its position
   * @return its value; INT64 beyond 2^53 is rounded, see {@link #getLong}
   */
  public double get(long i) {
    int at = (int) i;
    return switch (dtype()) {
      case FLOAT32 -> floats()[at];
      case FLOAT64 -> doubles()[at];
      case INT32 -> ints()[at];
      case INT64 -> longs()[at];
      case UINT8, BOOL -> bytes8()[at] & 0xFF;
      case BFLOAT16 -> HalfFloats.fromBfloat16(shorts()[at]);
      case FLOAT16 -> HalfFloats.fromFloat16(shorts()[at]);
    };
  }

  /**
   * Writes an element, converted as PyTorch does: to integers by cutting off the fraction, to UINT8
   * modulo 256, to BOOL as {@code v != 0}, to 16 bits by way of FLOAT32, to the nearest.
   *
   * @param i its position
   * @param v the value
   */
  public void set(long i, double v) {
    int at = (int) i;
    switch (dtype()) {
      case FLOAT32 -> floats()[at] = (float) v;
      case FLOAT64 -> doubles()[at] = v;
      case INT32 -> ints()[at] = (int) v;
      case INT64 -> longs()[at] = (long) v;
      case UINT8 -> bytes8()[at] = (byte) (long) v;
      case BOOL -> bytes8()[at] = (byte) (v != 0 ? 1 : 0);
      case BFLOAT16 -> shorts()[at] = HalfFloats.toBfloat16((float) v);
      case FLOAT16 -> shorts()[at] = HalfFloats.toFloat16((float) v);
    }
  }

  /**
   * Reads an element as an integer.
   *
   * @param i its position
   * @return its value, without its fraction
   */
  public long getLong(long i) {
    int at = (int) i;
    return switch (dtype()) {
      case INT32 -> ints()[at];
      case INT64 -> longs()[at];
      case UINT8, BOOL -> bytes8()[at] & 0xFF;
      case FLOAT32, FLOAT64, BFLOAT16, FLOAT16 -> (long) get(i);
    };
  }

  /**
   * Writes an integer, exactly where the type can hold it; to narrower integers modulo their range.
   *
   * @param i its position
   * @param v the value
   */
  public void setLong(long i, long v) {
    int at = (int) i;
    switch (dtype()) {
      case FLOAT32 -> floats()[at] = v;
      case FLOAT64 -> doubles()[at] = v;
      case INT32 -> ints()[at] = (int) v;
      case INT64 -> longs()[at] = v;
      case UINT8 -> bytes8()[at] = (byte) v;
      case BOOL -> bytes8()[at] = (byte) (v != 0 ? 1 : 0);
      case BFLOAT16 -> shorts()[at] = HalfFloats.toBfloat16((float) v);
      case FLOAT16 -> shorts()[at] = HalfFloats.toFloat16((float) v);
    }
  }

  /**
   * Writes an element of another storage, converted as {@link #set} and {@link #setLong} say.
   *
   * @param i where to
   * @param from the other storage
   * @param j its element
   */
  public void setFrom(long i, CpuStorage from, long j) {
    if (from.dtype().isFloating()) {
      set(i, from.get(j));
    } else {
      setLong(i, from.getLong(j));
    }
  }
}
