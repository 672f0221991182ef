package dev.kiln.backend;

/**
 * Whether products of FLOAT32 operands may be rounded to TF32, asked by backends that can do that
 * themselves ({@link Backend#roundsToTf32}). {@link dev.kiln.Autocast} says so, for its thread.
 */
public final class Tf32 {
  private static final ThreadLocal<Boolean> ALLOWED = ThreadLocal.withInitial(() -> false);

  private Tf32() {}

  /**
   * Tells whether it is allowed on this thread now.
   *
   * @return false outside a stretch of TF32
   */
  public static boolean isAllowed() {
    return ALLOWED.get();
  }

  /**
   * Allows it on this thread, or no longer; {@link dev.kiln.Autocast} alone calls this.
   *
   * @param allowed whether operands may be rounded from now on
   */
  public static void allow(boolean allowed) {
    ALLOWED.set(allowed);
  }
}
