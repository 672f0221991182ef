package dev.kiln.backend;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What can happen in a {@link FusedOps#transformPixels}: for each step the ops of which an image
 * has one. Fixed for a pipeline, while the images' choices are data.
 *
 * @param steps the ops, {@link PixelOp#NONE} among them where a step may be left out; at most
 *     {@link #MAX_STEPS} steps, at most one with EQUALIZE, and neighbours only in the first
 * @param radius how far a blur looks, 0 without one
 * @param first the number of the first step among all of the pipeline; keys its random numbers
 */
public record PixelProgram(List<Set<PixelOp>> steps, int radius, int first) {
  /** The most steps of a program. */
  public static final int MAX_STEPS = 16;

  /** Copies and checks the steps. */
  public PixelProgram {
    steps = steps.stream().map(s -> (Set<PixelOp>) EnumSet.copyOf(s)).toList();
    boolean equalized = false;
    for (int s = 0; s < steps.size(); s++) {
      boolean equalizes = steps.get(s).contains(PixelOp.EQUALIZE);
      boolean misplaced = s > 0 && steps.get(s).stream().anyMatch(PixelOp::looksAround);
      if (equalizes && equalized || misplaced || s >= MAX_STEPS) {
        throw new IllegalArgumentException(
            "[pixel program] "
                + steps
                + " must have at most 16 steps, one EQUALIZE, and neighbours in the first only");
      }
      equalized |= equalizes;
    }
  }

  /**
   * Tells whether images are measured before they are written.
   *
   * @return true if a step may need the whole image
   */
  public boolean measures() {
    return steps.stream().flatMap(Set::stream).anyMatch(PixelOp::measures);
  }

  /**
   * Returns where a step's random numbers begin in an image's stream: the number of the block.
   *
   * @param step the step, from 0
   * @return the counter for {@link dev.kiln.random.Philox}
   */
  public long counter(int step) {
    return (long) (first + step + 1) << 40;
  }
}
