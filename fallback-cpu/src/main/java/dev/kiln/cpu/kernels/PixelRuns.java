package dev.kiln.cpu.kernels;

import java.util.Arrays;

/** Where in memory pixels lie that are wanted side by side: in runs, each up to some length. */
public final class PixelRuns {
  private int longest;
  private int[] start = new int[64];
  private int[] column = new int[65];
  private int count;
  private int end;

  /** Begins anew, with runs of {@code length} pixels at most. */
  void clear(int length) {
    longest = length;
    count = 0;
    column[0] = 0;
  }

  /** Adds the pixels from {@code from} on, behind the last run where they follow it in memory. */
  void add(int from, int length) {
    int done = 0;
    if (count > 0 && from == end) {
      done = Math.min(length, longest - (column[count] - column[count - 1]));
      column[count] += done;
    }
    while (done < length) {
      if (count == start.length) {
        start = Arrays.copyOf(start, 2 * count);
        column = Arrays.copyOf(column, 2 * count + 1);
      }
      int n = Math.min(longest, length - done);
      start[count] = from + done;
      column[count + 1] = column[count] + n;
      count++;
      done += n;
    }
    end = from + length;
  }

  /** How many runs there are. */
  public int count() {
    return count;
  }

  /** How many pixels there are. */
  public int pixels() {
    return column[count];
  }

  /** Where run {@code r} lies. */
  public int start(int r) {
    return start[r];
  }

  /** How many pixels come before run {@code r}. */
  public int column(int r) {
    return column[r];
  }
}
