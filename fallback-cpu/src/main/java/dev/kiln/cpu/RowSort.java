package dev.kiln.cpu;

import dev.kiln.DType;
import dev.kiln.backend.View;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.Arrays;

/**
 * Sorts rows on the pool's threads, without comparators: every element becomes an unsigned key
 * whose order is the element's, and keys are sorted by their digits, which keeps equal ones in
 * order.
 *
 * <p>Keys of 32 bits travel in one long with their position, so that one array is moved; where only
 * a few first elements are wanted of a long row, a heap of that many keeps them.
 */
final class RowSort {
  private static final int PIECE_ELEMENTS = 8_192;
  private static final int SHORT_ROW = 1_024;
  private static final int DIGIT_BITS = 11;
  private static final int DIGITS = 1 << DIGIT_BITS;

  private RowSort() {}

  static void sort(WorkerPool pool, View values, View index, View x, boolean descending) {
    int n = (int) x.shape().dim(-1);
    int k = (int) values.shape().dim(-1);
    int rows = k == 0 ? 0 : (int) (values.numel() / k);
    boolean wide = x.dtype().bytes() == 8;
    int each = Math.max(1, PIECE_ELEMENTS / Math.max(1, n));
    pool.parallelFor(
        (rows + each - 1) / each,
        piece -> {
          Row row = wide ? new WideRow(n) : new NarrowRow(n, k);
          for (int r = piece * each; r < Math.min(rows, (piece + 1) * each); r++) {
            row.order(CpuStorage.of(x), (int) x.offset() + r * n, descending);
            store(values, index, x, r, n, k, row);
          }
        });
  }

  private static void store(View values, View index, View x, int r, int n, int k, Row row) {
    CpuStorage v = CpuStorage.of(values);
    CpuStorage from = CpuStorage.of(x);
    long[] p = CpuStorage.of(index).longs();
    int pOffset = (int) index.offset() + r * k;
    for (int i = 0; i < k; i++) {
      p[pOffset + i] = row.position(i);
    }
    if (x.dtype() == DType.FLOAT32) {
      pick(
          from.floats(),
          (int) x.offset() + r * n,
          v.floats(),
          (int) values.offset() + r * k,
          k,
          row);
      return;
    }
    long vOffset = values.offset() + (long) r * k;
    long xOffset = x.offset() + (long) r * n;
    for (int i = 0; i < k; i++) {
      v.setFrom(vOffset + i, from, xOffset + row.position(i));
    }
  }

  private static void pick(float[] x, int xo, float[] y, int yo, int k, Row row) {
    for (int i = 0; i < k; i++) {
      y[yo + i] = x[xo + row.position(i)];
    }
  }

  /** The order of one row. */
  private interface Row {
    /** Finds the order of the elements from an offset on. */
    void order(CpuStorage x, int offset, boolean descending);

    /** The position of the i-th element of the order. */
    int position(int i);
  }

  /** Rows of types of up to 32 bits: keys in the upper half, positions in the lower. */
  private static final class NarrowRow implements Row {
    private final int n;
    private final int k;
    private final int[] counts = new int[DIGITS];
    private long[] keys;
    private long[] spare;

    NarrowRow(int n, int k) {
      this.n = n;
      this.k = k;
      keys = new long[n];
      spare = new long[n > SHORT_ROW ? n : 0];
    }

    @Override
    public int position(int i) {
      return (int) keys[i];
    }

    @Override
    public void order(CpuStorage x, int offset, boolean descending) {
      long flip = descending ? -1L << 32 : 0;
      boolean few = k < n / 16;
      if (x.dtype() == DType.FLOAT32) {
        floatKeys(x.floats(), offset, few ? k : n, flip);
        if (few) {
          keepSmallest(x.floats(), offset, descending, flip);
          return;
        }
      } else {
        for (int i = 0; i < n; i++) {
          keys[i] = (long) key(x, offset + i) << 32 ^ flip | i;
        }
      }
      // As signed numbers, keys whose top bit was turned are in order.
      if (few) {
        keepSmallest();
      } else if (n <= SHORT_ROW) {
        Arrays.sort(keys, 0, n);
      } else {
        byDigits();
      }
    }

    private void floatKeys(float[] x, int offset, int count, long flip) {
      for (int i = 0; i < count; i++) {
        keys[i] = (long) floatKey(x[offset + i]) << 32 ^ flip | i;
      }
    }

    /** A number whose signed order is the element's. */
    private static int key(CpuStorage x, int at) {
      return switch (x.dtype()) {
        case INT32 -> x.ints()[at];
        case UINT8, BOOL -> x.bytes8()[at] & 0xFF;
        default -> floatKey((float) x.get(at));
      };
    }

    private static int floatKey(float v) {
      // Adding 0 makes -0 equal to 0; floatToIntBits makes all NaN one.
      int bits = Float.floatToIntBits(v + 0f);
      return bits ^ bits >> 31 & 0x7FFFFFFF;
    }

    /** Sorts by the three digits of the key, the lowest first. */
    private void byDigits() {
      for (int shift = 32; shift < 64; shift += DIGIT_BITS) {
        Arrays.fill(counts, 0);
        for (int i = 0; i < n; i++) {
          counts[digit(keys[i], shift)]++;
        }
        int start = 0;
        for (int d = 0; d < DIGITS; d++) {
          int count = counts[d];
          counts[d] = start;
          start += count;
        }
        for (int i = 0; i < n; i++) {
          spare[counts[digit(keys[i], shift)]++] = keys[i];
        }
        long[] sorted = spare;
        spare = keys;
        keys = sorted;
      }
    }

    private static int digit(long key, int shift) {
      return (int) ((key ^ Long.MIN_VALUE) >>> shift) & DIGITS - 1;
    }

    /**
     * The same of the keys of floats, which are made only for what may be among them: whatever is
     * not on the far side of the last that is, which a NaN never is.
     */
    private void keepSmallest(float[] x, int offset, boolean descending, long flip) {
      if (k == 0) {
        return;
      }
      heapify();
      int i = k;
      while (i < n) {
        float last = x[offset + (int) keys[0]];
        i = descending ? above(x, offset, i, last) : below(x, offset, i, last);
        if (i < n) {
          long key = (long) floatKey(x[offset + i]) << 32 ^ flip | i;
          if (key < keys[0]) {
            sink(0, key);
          }
          i++;
        }
      }
      Arrays.sort(keys, 0, k);
    }

    /** The first place from {@code i} on that is not below or at a number, n for none. */
    private int above(float[] x, int offset, int i, float last) {
      int at = i;
      while (at < n && x[offset + at] <= last) {
        at++;
      }
      return at;
    }

    /** The first place from {@code i} on that is not above or at a number, n for none. */
    private int below(float[] x, int offset, int i, float last) {
      int at = i;
      while (at < n && x[offset + at] >= last) {
        at++;
      }
      return at;
    }

    private void heapify() {
      for (int i = k / 2 - 1; i >= 0; i--) {
        sink(i, keys[i]);
      }
    }

    /** Brings the k smallest to the front, in order. */
    private void keepSmallest() {
      heapify();
      for (int i = k; i < n && k > 0; i++) {
        if (keys[i] < keys[0]) {
          sink(0, keys[i]);
        }
      }
      Arrays.sort(keys, 0, k);
    }

    /** Puts a key into the heap of the first k, whose largest is at the top. */
    private void sink(int from, long key) {
      int at = from;
      for (int child = 2 * at + 1; child < k; child = 2 * at + 1) {
        if (child + 1 < k && keys[child + 1] > keys[child]) {
          child++;
        }
        if (keys[child] <= key) {
          break;
        }
        keys[at] = keys[child];
        at = child;
      }
      keys[at] = key;
    }
  }

  /** Rows of FLOAT64 and INT64: keys beside positions. */
  private static final class WideRow implements Row {
    private static final int BYTE = 256;

    private final int n;
    private final int[] counts = new int[BYTE];
    private long[] keys;
    private int[] positions;
    private long[] spareKeys;
    private int[] sparePositions;

    WideRow(int n) {
      this.n = n;
      keys = new long[n];
      positions = new int[n];
      spareKeys = new long[n];
      sparePositions = new int[n];
    }

    @Override
    public int position(int i) {
      return positions[i];
    }

    @Override
    public void order(CpuStorage x, int offset, boolean descending) {
      boolean floating = x.dtype().isFloating();
      long flip = descending ? -1 : 0;
      for (int i = 0; i < n; i++) {
        keys[i] = (floating ? key(x.doubles()[offset + i]) : x.longs()[offset + i]) ^ flip;
        positions[i] = i;
      }
      if (n <= 48) {
        insert();
      } else {
        byBytes();
      }
    }

    private static long key(double v) {
      long bits = Double.doubleToLongBits(v + 0.0);
      return bits ^ bits >> 63 & Long.MAX_VALUE;
    }

    private void insert() {
      for (int i = 1; i < n; i++) {
        long key = keys[i];
        int at = i;
        for (; at > 0 && keys[at - 1] > key; at--) {
          keys[at] = keys[at - 1];
          positions[at] = positions[at - 1];
        }
        keys[at] = key;
        positions[at] = i;
      }
    }

    private void byBytes() {
      for (int shift = 0; shift < 64; shift += 8) {
        Arrays.fill(counts, 0);
        for (int i = 0; i < n; i++) {
          counts[digit(keys[i], shift)]++;
        }
        if (counts[digit(keys[0], shift)] < n) {
          move(shift);
        }
      }
    }

    private void move(int shift) {
      int start = 0;
      for (int d = 0; d < BYTE; d++) {
        int count = counts[d];
        counts[d] = start;
        start += count;
      }
      for (int i = 0; i < n; i++) {
        int to = counts[digit(keys[i], shift)]++;
        spareKeys[to] = keys[i];
        sparePositions[to] = positions[i];
      }
      long[] sortedKeys = spareKeys;
      spareKeys = keys;
      keys = sortedKeys;
      int[] sortedPositions = sparePositions;
      sparePositions = positions;
      positions = sortedPositions;
    }

    private static int digit(long key, int shift) {
      return (int) ((key ^ Long.MIN_VALUE) >>> shift) & BYTE - 1;
    }
  }
}
