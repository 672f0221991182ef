package dev.kiln.data.augment;

import dev.kiln.backend.PixelOp;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * One random choice among the ops of RandAugment (Cubuk et al. 2020) and TrivialAugment (Mueller
 * and Hutter 2021), with torchvision's lists and magnitudes. A choice is drawn twice from the same
 * numbers: for where pixels are read, and for what becomes of them.
 */
final class Policy {
  /** The choices, torchvision's in its order. */
  enum Choice {
    IDENTITY,
    SHEAR_X,
    SHEAR_Y,
    TRANSLATE_X,
    TRANSLATE_Y,
    ROTATE,
    BRIGHTNESS,
    COLOR,
    CONTRAST,
    SHARPNESS,
    POSTERIZE,
    SOLARIZE,
    AUTO_CONTRAST,
    EQUALIZE
  }

  private static final Choice[] CHOICES = Choice.values();
  private static final Set<PixelOp> PIXELS =
      EnumSet.of(
          PixelOp.NONE,
          PixelOp.BRIGHTNESS,
          PixelOp.SATURATION,
          PixelOp.CONTRAST,
          PixelOp.SHARPNESS,
          PixelOp.POSTERIZE,
          PixelOp.SOLARIZE,
          PixelOp.AUTOCONTRAST,
          PixelOp.EQUALIZE);

  private final boolean wide;
  private final int magnitude;
  private final int bins;

  /** What was chosen: how strong, in which direction. */
  record Drawn(Choice choice, double strength, double sign) {
    double signed(double most) {
      return sign * strength * most;
    }
  }

  private Policy(boolean wide, int magnitude, int bins) {
    this.wide = wide;
    this.magnitude = magnitude;
    this.bins = bins;
  }

  static Policy rand(int magnitude, int bins) {
    return new Policy(false, magnitude, bins);
  }

  static Policy trivial(int bins) {
    return new Policy(true, 0, bins);
  }

  Drawn choose(SampleDraws r) {
    Choice choice = CHOICES[r.below(CHOICES.length)];
    int bin = wide ? r.below(bins) : magnitude;
    return new Drawn(choice, bins > 1 ? (double) bin / (bins - 1) : 0, r.chance(0.5) ? -1 : 1);
  }

  Geometry geometry() {
    return Geometry.same(
        (r, in, out) -> {
          Drawn d = choose(r);
          return switch (d.choice()) {
            case SHEAR_X -> Affine.shear(d.signed(wide ? 0.99 : 0.3), 0);
            case SHEAR_Y -> Affine.shear(0, d.signed(wide ? 0.99 : 0.3));
            case TRANSLATE_X -> Affine.shift(-whole(d.signed(wide ? 32 : 150.0 / 331 * in.w())), 0);
            case TRANSLATE_Y -> Affine.shift(0, -whole(d.signed(wide ? 32 : 150.0 / 331 * in.h())));
            case ROTATE -> Affine.turn(d.signed(wide ? 135 : 30)).about(in);
            default -> Affine.IDENTITY;
          };
        });
  }

  private static double whole(double pixels) {
    return (int) pixels;
  }

  PixelChange pixels() {
    return new PixelChange(List.of(PIXELS), 0, (r, size, steps) -> set(choose(r), steps[0]), false);
  }

  private void set(Drawn d, float[] step) {
    double factor = 1 + d.signed(wide ? 0.99 : 0.9);
    switch (d.choice()) {
      case BRIGHTNESS -> PixelChange.step(step, PixelOp.BRIGHTNESS, factor);
      case COLOR -> PixelChange.step(step, PixelOp.SATURATION, factor);
      case CONTRAST -> PixelChange.step(step, PixelOp.CONTRAST, factor);
      case SHARPNESS -> PixelChange.step(step, PixelOp.SHARPNESS, factor);
      case POSTERIZE -> {
        long bits = 8 - Math.round(Math.rint(d.strength() * (wide ? 6 : 4)));
        PixelChange.step(step, PixelOp.POSTERIZE, 1 << (8 - bits));
      }
      case SOLARIZE -> PixelChange.step(step, PixelOp.SOLARIZE, 1 - d.strength());
      case AUTO_CONTRAST -> PixelChange.step(step, PixelOp.AUTOCONTRAST);
      case EQUALIZE -> PixelChange.step(step, PixelOp.EQUALIZE);
      default -> {
        // a matter of geometry
      }
    }
  }
}
