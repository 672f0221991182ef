package dev.kiln.cpu.threads;

/**
 * Scratch arrays that a thread keeps between calls, so that kernels allocate nothing once warm.
 *
 * <p>A slot belongs to one kernel at a time: a kernel that calls another kernel must not use a slot
 * the other one uses. Contents are whatever the last user left.
 */
public final class Workspace {
  /** Who uses which scratch array. */
  public enum Slot {
    /** Left panels of a matrix product. */
    LEFT,
    /** Right panels of a matrix product. */
    RIGHT,
    /** One edge tile of a matrix product. */
    TILE,
    /** Partial sums of a product whose depth is split. */
    PARTIAL,
    /** A small operand brought into another layout. */
    LAYOUT,
    /** The padded image of a convolution. */
    IMAGE,
    /** Columns of a convolution's input gradient. */
    COLUMNS,
    /** Rearranged weights or a gradient before it is rearranged. */
    WEIGHTS,
    /** Transformed filters, or their gradient. */
    WINOGRAD_FILTERS,
    /** Transformed tiles of an input. */
    WINOGRAD_INPUT,
    /** Transformed tiles of an output. */
    WINOGRAD_OUTPUT,
    /** Remainders of elementwise loops. */
    TAIL,
    /** A square on its way to being transposed, and one that is to be cut. */
    SQUARE,
    /** Rows of sums. */
    SUMS
  }

  private static final ThreadLocal<Workspace> MINE = ThreadLocal.withInitial(Workspace::new);
  private static final float[] EMPTY = {};

  private final float[][] arrays = new float[Slot.values().length][];
  private final Lines[] lines = new Lines[Slot.values().length];
  private double[] totals = {};

  private Workspace() {
    java.util.Arrays.fill(arrays, EMPTY);
  }

  /** Returns the calling thread's workspace. */
  public static Workspace mine() {
    return MINE.get();
  }

  /**
   * Returns an array of at least {@code size} elements.
   *
   * @throws IllegalArgumentException if {@code size} does not fit an array
   */
  public float[] floats(Slot slot, long size) {
    float[] have = arrays[slot.ordinal()];
    if (have.length >= size) {
      return have;
    }
    if (size > Integer.MAX_VALUE - 16) {
      throw new IllegalArgumentException(
          "[workspace] " + size + " floats of scratch needed, an array holds at most 2^31 - 17");
    }
    int grown =
        (int) Math.min(Integer.MAX_VALUE - 16, Math.max(size, have.length + have.length / 2));
    float[] made = new float[grown];
    arrays[slot.ordinal()] = made;
    return made;
  }

  /**
   * Returns {@code size} elements or more that begin at a line of the cache, where the collector
   * allows it: for operands that a tile's loop reads in vectors.
   *
   * @throws IllegalArgumentException if {@code size} does not fit an array
   */
  public Lines lines(Slot slot, long size) {
    Lines have = lines[slot.ordinal()];
    if (have == null || have.size() < size) {
      have = Lines.make(size);
      lines[slot.ordinal()] = have;
    }
    return have;
  }

  /** Returns an array of at least {@code size} doubles, for sums of many rows. */
  public double[] totals(int size) {
    if (totals.length < size) {
      totals = new double[size];
    }
    return totals;
  }
}
