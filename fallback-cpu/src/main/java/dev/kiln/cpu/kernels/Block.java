package dev.kiln.cpu.kernels;

/**
 * Parts of up to four arrays, copied so that a loop finds them all from index 0 on.
 *
 * <p>C2 vectorises no loop over arrays at offsets of their own, since it cannot tell whether what
 * is written is read again; the copies stay in the first cache and cost a fraction of what that
 * saves.
 */
final class Block {
  /** How many elements a block holds. */
  static final int SIZE = 512;

  private static final ThreadLocal<Block> MINE = ThreadLocal.withInitial(Block::new);

  final float[] a = new float[SIZE];
  final float[] b = new float[SIZE];
  final float[] c = new float[SIZE];
  final float[] d = new float[SIZE];

  private Block() {}

  /** Returns the calling thread's block, with whatever it last held. */
  static Block mine() {
    return MINE.get();
  }
}
