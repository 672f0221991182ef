package dev.kiln.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width in use and the tile sizes that follow from it, fixed when this class loads.
 *
 * <p>The system property {@code kiln.vectorBits} (128, 256 or 512) forces a width; otherwise it is
 * the machine's preferred one.
 */
final class Lanes {
  static final VectorSpecies<Float> F = choose();
  static final VectorSpecies<Integer> I = F.withLanes(int.class).check(int.class);
  static final int LANES = F.length();

  private static final boolean MANY_REGISTERS = F.vectorBitSize() == 512 || hasThirtyTwoRegisters();

  /**
   * Whether tiles from packed operands take two steps of the depth a turn, see the generator. Made
   * for C2 of JDK 17; that of JDK 25 moves the loads of B past the exits meant to hold them.
   */
  static final boolean PAIRS = !MANY_REGISTERS && Runtime.version().feature() <= 17;

  /**
   * Whether tiles from packed operands are those of {@link PackedTiles}. C2 of JDK 25 makes them 10
   * % (16 registers) to 30 % (32) faster than {@link GemmTiles}, for which it keeps counters in
   * vector registers and moves them on the multiply-add units; that of JDK 17 has room for the
   * counters.
   */
  static final boolean PACKED = Runtime.version().feature() > 17;

  /**
   * Enough rows to keep the FMA units busy, few enough to stay in the registers. Two more than 12
   * would fit these, but C2 of JDK 17 then may make objects of the last vectors; a sixth would fit
   * the 16 registers, but without pairs C2 of JDK 25 keeps some of the tile in memory.
   */
  static final int TILE_ROWS = MANY_REGISTERS ? 12 : PAIRS ? 6 : 5;

  /**
   * Distance between the steps of an interleaved left panel: a power of two for pairs, since C2 of
   * JDK 17 proves no index with another factor.
   */
  static final int LEFT_STEP = PAIRS ? 8 : TILE_ROWS;

  static final int TILE_COLUMNS = 2 * LANES;

  /**
   * Deep, so that C is passed over less often: a left panel of 12 rows then comes from the second
   * cache, as the right ones do, and loses nothing by it.
   */
  static final int DEPTH = 2048;

  /** Not a multiple of a large power of two, so that the rows of a panel share no cache set. */
  static final int ROW_STRIDE = DEPTH + 16;

  static final int DOT_ROWS = TILE_ROWS == 12 ? 4 : 2;
  static final int DOT_COLUMNS = 4;

  private Lanes() {}

  private static VectorSpecies<Float> choose() {
    int bits = Integer.getInteger("kiln.vectorBits", FloatVector.SPECIES_PREFERRED.vectorBitSize());
    if (bits >= 512) {
      return FloatVector.SPECIES_512;
    }
    return bits == 256 ? FloatVector.SPECIES_256 : FloatVector.SPECIES_128;
  }

  private static boolean hasThirtyTwoRegisters() {
    String arch = System.getProperty("os.arch", "");
    return arch.equals("aarch64") || arch.equals("arm64");
  }

  static String describe() {
    return "vector-" + F.vectorBitSize();
  }
}
