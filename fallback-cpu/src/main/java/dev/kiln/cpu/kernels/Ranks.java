package dev.kiln.cpu.kernels;

import dev.kiln.backend.RankSpec;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.Arrays;

/** Counts examples whose right class has one of the highest scores, without sorting. */
public final class Ranks {
  private static final int PIECE_ELEMENTS = 16_384;

  private final WorkerPool pool;

  /** Creates the kernels over the given threads. */
  public Ranks(WorkerPool pool) {
    this.pool = pool;
  }

  /**
   * The scores of examples.
   *
   * @param x [n, classes, inner]
   * @param offset the first element
   * @param n its sizes
   * @param classes its sizes
   * @param inner its sizes
   */
  public record Scores(float[] x, int offset, int n, int classes, int inner) {}

  /**
   * Counts hits.
   *
   * @param s the scores
   * @param target a label for each example [n, inner]: a class, or, unless hits are those of
   *     argmax, the one to ignore
   * @param at the first label
   * @param spec what a hit is
   * @return the hits, and the examples that count
   */
  public long[] count(Scores s, long[] target, int at, RankSpec spec) {
    int examples = s.n() * s.inner();
    int each = Math.max(1, PIECE_ELEMENTS / Math.max(1, s.classes()));
    int pieces = (examples + each - 1) / each;
    long[] right = new long[pieces];
    long[] all = new long[pieces];
    pool.parallelFor(
        pieces,
        piece -> {
          int end = Math.min(examples, (piece + 1) * each);
          for (int i = piece * each; i < end; i++) {
            long label = target[at + i];
            if (label != spec.ignoreIndex()) {
              all[piece]++;
              right[piece] += isHit(s, i, label, spec) ? 1 : 0;
            }
          }
        });
    return new long[] {Arrays.stream(right).sum(), Arrays.stream(all).sum()};
  }

  private static boolean isHit(Scores s, int example, long label, RankSpec spec) {
    if (label < 0 || label >= s.classes()) {
      return false;
    }
    int first = s.offset() + example / s.inner() * s.classes() * s.inner() + example % s.inner();
    int own = (int) label;
    float score = s.x()[first + own * s.inner()];
    if (spec.argmax() && Float.isNaN(score)) {
      return !hasNaN(s, first, own);
    }
    int before = 0;
    for (int j = 0; j < s.classes(); j++) {
      float v = s.x()[first + j * s.inner()];
      before += v <= score && (v < score || j >= own) ? 0 : 1;
    }
    return before < spec.k();
  }

  private static boolean hasNaN(Scores s, int first, int classes) {
    for (int j = 0; j < classes; j++) {
      if (Float.isNaN(s.x()[first + j * s.inner()])) {
        return true;
      }
    }
    return false;
  }
}
