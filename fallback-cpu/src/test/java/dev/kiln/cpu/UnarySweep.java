package dev.kiln.cpu;

import dev.kiln.cpu.kernels.Kernels;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Measures functions at every one of the 2^32 floats: {@code java ... UnarySweep EXP LOG ERF}, all
 * without names. A function takes one to three minutes of one core; docs/numerics.md has the
 * command and what it printed.
 */
public final class UnarySweep {
  private static final int PIECE = 1 << 16;

  private UnarySweep() {}

  public static void main(String[] names) {
    Kernels vector = Kernels.best();
    System.out.println(vector.name() + ", Java " + Runtime.version());
    for (AccuracyTable.Row row : AccuracyTable.ROWS) {
      if (names.length > 0 && !List.of(names).contains(row.op().name())) {
        continue;
      }
      List<Kernels> sets = List.of(vector, Kernels.loops());
      UnaryAccuracy.Worst[] worsts =
          IntStream.range(0, PIECE)
              .parallel()
              .mapToObj(piece -> piece(sets, row, piece))
              .reduce(UnarySweep::worse)
              .orElseThrow();
      for (int i = 0; i < worsts.length; i++) {
        UnaryAccuracy.Worst worst = worsts[i];
        System.out.printf(
            Locale.ROOT,
            "%-12s a=%.2f b=%.2f %-10s %.2f ulp at %s: %s, exactly %s%n",
            row.op(),
            row.a(),
            row.b(),
            sets.get(i).name(),
            worst.ulps(),
            (float) worst.at(),
            (float) worst.got(),
            worst.want());
      }
    }
  }

  private static UnaryAccuracy.Worst[] piece(List<Kernels> sets, AccuracyTable.Row row, int piece) {
    float a = (float) row.a();
    float b = (float) row.b();
    float[] x = new float[PIECE];
    for (int i = 0; i < PIECE; i++) {
      x[i] = Float.intBitsToFloat(piece << 16 | i);
    }
    double[] want = UnaryAccuracy.exact(row.op(), a, b, x);
    return sets.stream()
        .map(set -> UnaryAccuracy.ofFloats(set.unary(), row.op(), a, b, x, want))
        .toArray(UnaryAccuracy.Worst[]::new);
  }

  private static UnaryAccuracy.Worst[] worse(UnaryAccuracy.Worst[] p, UnaryAccuracy.Worst[] q) {
    return IntStream.range(0, p.length)
        .mapToObj(i -> p[i].or(q[i]))
        .toArray(UnaryAccuracy.Worst[]::new);
  }
}
