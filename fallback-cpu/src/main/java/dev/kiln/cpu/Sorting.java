package dev.kiln.cpu;

import dev.kiln.backend.View;
import java.util.Arrays;
import java.util.Comparator;

/** Sorting of the oracle: each row by the library's stable sort. */
final class Sorting {
  private Sorting() {}

  static void sort(View values, View index, View x, boolean descending) {
    int n = Math.toIntExact(x.shape().dim(-1));
    int k = Math.toIntExact(values.shape().dim(-1));
    CpuStorage v = CpuStorage.of(values);
    CpuStorage p = CpuStorage.of(index);
    CpuStorage from = CpuStorage.of(x);
    long rows = k == 0 ? 0 : values.numel() / k;
    Integer[] order = new Integer[n];
    for (long r = 0; r < rows; r++) {
      long start = x.offset() + r * n;
      Comparator<Integer> ascending =
          x.dtype().isFloating()
              // + 0.0 makes -0 equal to 0.
              ? (i, j) -> Double.compare(from.get(start + i) + 0.0, from.get(start + j) + 0.0)
              : (i, j) -> Long.compare(from.getLong(start + i), from.getLong(start + j));
      Arrays.setAll(order, i -> i);
      Arrays.sort(order, descending ? ascending.reversed() : ascending);
      for (int i = 0; i < k; i++) {
        v.setFrom(values.offset() + r * k + i, from, start + order[i]);
        p.setLong(index.offset() + r * k + i, order[i]);
      }
    }
  }
}
