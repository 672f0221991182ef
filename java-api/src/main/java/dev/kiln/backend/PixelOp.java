package dev.kiln.backend;

/**
 * What a step of {@link FusedOps#transformPixels} can do to an image, whose values v are on the
 * scale 0 to 1. A step's parameters are called p0 to p4; clamp is to 0 .. 1.
 *
 * <p>The grey of a pixel is {@code 0.2989 red + 0.587 green + 0.114 blue}. Images with other than
 * three channels are treated channel by channel, each as a grey image: {@link #SATURATION}, {@link
 * #HUE} and {@link #GRAYSCALE} leave them as they are. Formulas are torchvision's.
 */
public enum PixelOp {
  /** v. */
  NONE,
  /** clamp(p0 v). */
  BRIGHTNESS,
  /** clamp(p0 v + (1 - p0) m), m being the image's mean grey. */
  CONTRAST,
  /** clamp(p0 v + (1 - p0) grey). */
  SATURATION,
  /** The hue turned by p0 full turns, in the HSV model (Smith 1978). */
  HUE,
  /** The pixel's grey in each channel. */
  GRAYSCALE,
  /** 1 - v. */
  INVERT,
  /** v on the scale 0 to 255, rounded, then down to a multiple of p0. */
  POSTERIZE,
  /** 1 - v where v is at least p0. */
  SOLARIZE,
  /** Each channel stretched to 0 .. 1; a channel of one value stays. */
  AUTOCONTRAST,
  /** Each channel's 256 levels spread so that their histogram is as flat as can be. */
  EQUALIZE,
  /** (v - mean) / deviation, with those of the channel. */
  NORMALIZE,
  /**
   * p4 in rows p0 to p2 and columns p1 to p3, the ends exclusive; where p4 is NaN, normal random
   * numbers.
   */
  ERASE,
  /** v + p0 + p1 z, z normal; clamped if p2 is not 0. */
  NOISE,
  /**
   * clamp(p0 v + (1 - p0) s), s being the mean of the 3 x 3 neighbours in which the middle counts
   * five times; the outermost pixels stay. First step only.
   */
  SHARPNESS,
  /**
   * The weighted mean of p0 pixels to the left, the pixel and p0 to the right, the image mirrored
   * at its outermost pixels; a pixel k away has the weight p1^(k k), where {@code p1 = exp(-1 / (2
   * sigma^2))}. First step only.
   */
  BLUR_ROWS,
  /** The same up and down. First step only. */
  BLUR_COLUMNS;

  /** Parameters of a step beside the op: a row of the steps' tensor has one more. */
  public static final int PARAMETERS = 5;

  /**
   * Tells whether the op looks at neighbours, and so must be the first step.
   *
   * @return true for SHARPNESS and the blurs
   */
  public boolean looksAround() {
    return this == SHARPNESS || this == BLUR_ROWS || this == BLUR_COLUMNS;
  }

  /**
   * Tells whether the op needs to have seen the whole image.
   *
   * @return true for CONTRAST, AUTOCONTRAST and EQUALIZE
   */
  public boolean measures() {
    return this == CONTRAST || this == AUTOCONTRAST || this == EQUALIZE;
  }
}
