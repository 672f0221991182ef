package dev.kiln.cpu;

import dev.kiln.DType;
import dev.kiln.OutOfMemoryException;
import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Makes storages from reused arrays, so that a training step allocates nothing once it has run.
 *
 * <p>Array lengths are rounded up to one of eight steps per power of two, at most 1/8 more than
 * asked for. Unused arrays are held softly: the rest of the program never runs out of heap because
 * of them. Thread-safe.
 */
public final class ArrayPool {
  private static final int SMALLEST = 16;
  private static final int LARGEST = Integer.MAX_VALUE - 8;

  private final Map<DType, Map<Integer, Deque<SoftReference<Object>>>> unused =
      new EnumMap<>(DType.class);
  private final boolean poison;

  /** Makes an empty pool. */
  public ArrayPool() {
    this(false);
  }

  /**
   * Makes an empty pool.
   *
   * @param poison whether new storages are filled with NaN or a large number, so that tests see
   *     undefined content being used
   */
  ArrayPool(boolean poison) {
    this.poison = poison;
  }

  /**
   * Makes a storage with undefined content.
   *
   * @param dtype the element type
   * @param length the number of elements
   * @return the storage
   * @throws OutOfMemoryException if the heap has no room, or no array can be so long
   */
  public CpuStorage alloc(DType dtype, long length) {
    if (length > LARGEST) {
      throw new OutOfMemoryException(
          "[alloc] "
              + length
              + " elements of "
              + dtype
              + "; a CPU tensor holds at most "
              + LARGEST
              + ": split it");
    }
    int capacity = capacity((int) length);
    Object array = take(dtype, capacity);
    if (array == null) {
      array = create(dtype, capacity, length);
    }
    if (poison) {
      poison(array);
    }
    return new CpuStorage(dtype, length, array);
  }

  /**
   * Takes back a storage's array for reuse.
   *
   * @param storage a storage from {@link #alloc} that is not used again
   */
  public synchronized void free(CpuStorage storage) {
    int capacity = capacity((int) storage.length());
    unused
        .computeIfAbsent(kind(storage.dtype()), k -> new HashMap<>())
        .computeIfAbsent(capacity, k -> new ArrayDeque<>())
        .push(new SoftReference<>(storage.release()));
  }

  /**
   * Returns how many bytes are held for reuse.
   *
   * @return bytes in unused arrays
   */
  public synchronized long cachedBytes() {
    long sum = 0;
    for (var kind : unused.entrySet()) {
      for (var arrays : kind.getValue().entrySet()) {
        arrays.getValue().removeIf(a -> a.get() == null);
        sum += (long) arrays.getValue().size() * arrays.getKey() * kind.getKey().bytes();
      }
    }
    return sum;
  }

  /** Drops all unused arrays. */
  public synchronized void trim() {
    unused.clear();
  }

  /** The length of the array that serves a request. */
  static int capacity(int length) {
    if (length <= SMALLEST) {
      return SMALLEST;
    }
    int step = Integer.highestOneBit(length - 1) >>> 3;
    long rounded = ((long) length + step - 1) / step * step;
    return (int) Math.min(rounded, LARGEST);
  }

  /** Types that are stored in the same kind of array share it. */
  private static DType kind(DType dtype) {
    return switch (dtype) {
      case BOOL -> DType.UINT8;
      case FLOAT16 -> DType.BFLOAT16;
      default -> dtype;
    };
  }

  private synchronized Object take(DType dtype, int capacity) {
    var kind = unused.get(kind(dtype));
    Deque<SoftReference<Object>> arrays = kind == null ? null : kind.get(capacity);
    Object array = null;
    while (array == null && arrays != null && !arrays.isEmpty()) {
      array = arrays.pop().get();
    }
    return array;
  }

  private Object create(DType dtype, int capacity, long length) {
    IntFunction<Object> make =
        switch (kind(dtype)) {
          case FLOAT32 -> float[]::new;
          case FLOAT64 -> double[]::new;
          case INT32 -> int[]::new;
          case INT64 -> long[]::new;
          case UINT8 -> byte[]::new;
          default -> short[]::new;
        };
    try {
      return make.apply(capacity);
    } catch (OutOfMemoryError first) {
      trim();
      try {
        return make.apply(capacity);
      } catch (OutOfMemoryError second) {
        throw new OutOfMemoryException(
            "[alloc] "
                + length * dtype.bytes()
                + " bytes for "
                + length
                + " elements of "
                + dtype
                + " do not fit the Java heap of "
                + Runtime.getRuntime().maxMemory()
                + " bytes; start Java with a larger -Xmx, or use smaller batches");
      }
    }
  }

  private static void poison(Object array) {
    if (array instanceof float[] a) {
      Arrays.fill(a, Float.NaN);
    } else if (array instanceof double[] a) {
      Arrays.fill(a, Double.NaN);
    } else if (array instanceof int[] a) {
      Arrays.fill(a, 0x7EADBEEF);
    } else if (array instanceof long[] a) {
      Arrays.fill(a, 0x7EADBEEF7EADBEEFL);
    } else if (array instanceof byte[] a) {
      Arrays.fill(a, (byte) 0x7E);
    } else if (array instanceof short[] a) {
      Arrays.fill(a, (short) 0x7FFF);
    }
  }
}
