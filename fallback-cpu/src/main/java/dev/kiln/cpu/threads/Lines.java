package dev.kiln.cpu.threads;

/**
 * A stretch of an array that begins at a line of the cache.
 *
 * <p>A vector that lies across two lines is read in two steps; a tile's loop whose right operand
 * comes from the second cache is a tenth quicker where no vector does. Java tells no addresses, but
 * collectors keep large arrays on pages of their own and do not move them, behind a header of 16
 * bytes. Small stretches are therefore cut out of such an array. Elsewhere nothing is lost but the
 * gain.
 *
 * @param array the array
 * @param at where the stretch begins
 * @param size its elements
 */
public record Lines(float[] array, int at, int size) {
  /** Nothing. */
  public static final Lines NONE = new Lines(new float[0], 0, 0);

  private static final int LINE = 16;
  private static final int HEADER = 4;

  /** Elements that make an array large for the default collector; it is half of its region. */
  private static final int LARGE = large(Runtime.getRuntime().maxMemory());

  private static float[] shared = {};
  private static int used;

  /** The region is a 2048th of the heap, between 1 and 32 MiB, at the next power of two. */
  private static int large(long heap) {
    long region = Math.max(1 << 20, Math.min(32 << 20, heap / 2048));
    return (int) (Long.highestOneBit(2 * region - 1) / 2 / Float.BYTES) + LINE;
  }

  /** Returns the nearest index up to {@code i} at which a line of a large array begins. */
  public static int floor(int i) {
    return i - ((i + HEADER) & (LINE - 1));
  }

  /**
   * Makes a stretch of at least {@code size} elements, whose content has no meaning.
   *
   * @throws IllegalArgumentException if {@code size} does not fit an array
   */
  static synchronized Lines make(long size) {
    if (size > Integer.MAX_VALUE - 4 * LINE) {
      throw new IllegalArgumentException(
          "[workspace] " + size + " floats of scratch needed, an array holds at most 2^31 - 65");
    }
    int whole = (int) ((size + LINE - 1) / LINE * LINE);
    if (whole > LARGE / 4) {
      return new Lines(new float[Math.max(LARGE, whole + LINE)], LINE - HEADER, whole);
    }
    if (used + whole > shared.length) {
      shared = new float[LARGE];
      used = LINE - HEADER;
    }
    used += whole;
    return new Lines(shared, used - whole, whole);
  }
}
