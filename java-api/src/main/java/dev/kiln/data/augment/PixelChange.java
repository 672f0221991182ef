package dev.kiln.data.augment;

import dev.kiln.backend.PixelOp;
import dev.kiln.backend.PixelProgram;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A random change of pixels.
 *
 * @param steps the ops that each of its steps can be
 * @param radius how far it looks, 0 if not around
 * @param draw sets the steps of a sample
 * @param always whether it is done in evaluation too
 */
record PixelChange(List<Set<PixelOp>> steps, int radius, Draw draw, boolean always)
    implements Transform {
  /** The columns of a step. */
  static final int WIDTH = PixelOp.PARAMETERS + 1;

  /** Sets a sample's steps, which come as {@link PixelOp#NONE}. */
  @FunctionalInterface
  interface Draw {
    void steps(SampleDraws r, Size size, float[][] steps);
  }

  /** Draws one step. */
  @FunctionalInterface
  interface One {
    void set(SampleDraws r, float[] step);
  }

  /** One op, applied with a probability. */
  static PixelChange one(PixelOp op, double p, One one) {
    Set<PixelOp> ops = p < 1 ? EnumSet.of(PixelOp.NONE, op) : EnumSet.of(op);
    return new PixelChange(
        List.of(ops),
        0,
        (r, size, steps) -> {
          if (p >= 1 || r.chance(p)) {
            one.set(r, step(steps[0], op));
          }
        },
        false);
  }

  /** Sets a step and returns it. */
  static float[] step(float[] step, PixelOp op, double... parameters) {
    step[0] = op.ordinal();
    for (int i = 0; i < parameters.length; i++) {
      step[i + 1] = (float) parameters[i];
    }
    return step;
  }

  /** One op whose parameter is uniform. */
  static PixelChange factor(PixelOp op, double[] range) {
    return one(op, 1, (r, step) -> step(step, op, r.uniform(range[0], range[1])));
  }

  static PixelChange normalize() {
    return new PixelChange(
        List.of(EnumSet.of(PixelOp.NORMALIZE)),
        0,
        (r, size, steps) -> step(steps[0], PixelOp.NORMALIZE),
        true);
  }

  /** Changes of colour in an order of their own for each sample. */
  static PixelChange jitter(List<PixelOp> ops, List<double[]> ranges) {
    return new PixelChange(
        ops.stream().map(op -> (Set<PixelOp>) EnumSet.copyOf(ops)).toList(),
        0,
        (r, size, steps) -> {
          for (int i = 0; i < steps.length; i++) {
            // The first i steps are taken; op i goes to one of the i + 1 places, and moves that
            // one.
            int place = r.below(i + 1);
            float[] moved = steps[place].clone();
            double[] range = ranges.get(i);
            step(steps[place], ops.get(i), r.uniform(range[0], range[1]));
            if (place != i) {
              steps[i] = moved;
            }
          }
        },
        false);
  }

  static PixelChange blur(int kernelSize, double low, double high, double p) {
    int radius = kernelSize / 2;
    Draw draw =
        (r, size, steps) -> {
          if (r.chance(p)) {
            double sigma = r.uniform(low, high);
            double ratio = Math.exp(-1 / (2 * sigma * sigma));
            step(steps[0], PixelOp.BLUR_ROWS, radius, ratio);
            step(steps[1], PixelOp.BLUR_COLUMNS, radius, ratio);
          }
        };
    return new PixelChange(
        List.of(
            EnumSet.of(PixelOp.NONE, PixelOp.BLUR_ROWS),
            EnumSet.of(PixelOp.NONE, PixelOp.BLUR_COLUMNS)),
        radius,
        draw,
        false);
  }

  /** Zhong et al. 2020: Random erasing data augmentation. */
  static PixelChange erasing(double p, double[] scale, double[] ratio, double value) {
    return rectangle(
        (r, size, steps) -> {
          if (!r.chance(p)) {
            return;
          }
          double area = (double) size.h() * size.w();
          for (int attempt = 0; attempt < 10; attempt++) {
            double target = area * r.uniform(scale[0], scale[1]);
            double aspect = Math.exp(r.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
            int h = (int) Math.rint(Math.sqrt(target * aspect));
            int w = (int) Math.rint(Math.sqrt(target / aspect));
            if (h < size.h() && w < size.w()) {
              int top = r.below(size.h() - h + 1);
              int left = r.below(size.w() - w + 1);
              step(steps[0], PixelOp.ERASE, top, left, top + h, left + w, value);
              return;
            }
          }
        });
  }

  /** DeVries and Taylor 2017: Improved regularization of convolutional networks with cutout. */
  static PixelChange cutout(int length, double value) {
    return rectangle(
        (r, size, steps) -> {
          int top = r.below(size.h()) - length / 2;
          int left = r.below(size.w()) - length / 2;
          step(steps[0], PixelOp.ERASE, top, left, top + length, left + length, value);
        });
  }

  private static PixelChange rectangle(Draw draw) {
    return new PixelChange(List.of(EnumSet.of(PixelOp.NONE, PixelOp.ERASE)), 0, draw, false);
  }

  /** Whether it must begin a program, or a program that has these steps has no room for it. */
  boolean startsAnew(List<Set<PixelOp>> before, int step) {
    Set<PixelOp> ops = steps.get(step);
    boolean twice =
        ops.contains(PixelOp.EQUALIZE)
            && before.stream().anyMatch(s -> s.contains(PixelOp.EQUALIZE));
    return ops.stream().anyMatch(PixelOp::looksAround)
        || twice
        || before.size() >= PixelProgram.MAX_STEPS;
  }

  /** Whether it is defined for grey and colour images only. */
  boolean needsColour() {
    return steps.stream()
        .flatMap(Set::stream)
        .anyMatch(
            op ->
                Stream.of(PixelOp.CONTRAST, PixelOp.SATURATION, PixelOp.HUE, PixelOp.GRAYSCALE)
                    .anyMatch(op::equals));
  }
}
