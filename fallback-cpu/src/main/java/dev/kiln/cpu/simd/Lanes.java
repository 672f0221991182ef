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

  /**
   * Enough rows to keep the FMA units busy, few enough to stay in the registers. Two more would fit
   * these, but C2 of JDK 17 then may make objects of the last vectors: see the generator.
   */
  static final int TILE_ROWS = F.vectorBitSize() == 512 || hasThirtyTwoRegisters() ? 12 : 5;

  static final int TILE_COLUMNS = 2 * LANES;
  static final int DEPTH = 512;

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
