package dev.kiln.backend;

/**
 * How {@link FusedOps#affineSample} reads an image between its pixels and beside them.
 *
 * @param filter between pixels
 * @param padding beside the image
 */
public record Sampling(Filter filter, Padding padding) {
  /** How pixels between pixels are made. */
  public enum Filter {
    /** The pixel whose middle is nearest; of two equally near ones that of the even index. */
    NEAREST,
    /** From the four neighbours, by distance. */
    BILINEAR
  }

  /** What lies outside an image. */
  public enum Padding {
    /** One value for each channel; a pixel half outside is mixed with it. */
    CONSTANT,
    /** The nearest pixel of the edge. */
    BORDER,
    /** The image mirrored at its outer edges, so that the outermost pixels come twice. */
    REFLECTION
  }
}
