package dev.kiln.cpu;

import dev.kiln.cpu.threads.Workspace;
import java.util.Arrays;

/** Numbers that stand for whole rows, repeated so that loops over spans can read them. */
final class Repeated {
  /** How often: loops take so many elements at a time. */
  static final int PART = 1024;

  private Repeated() {}

  /** Whether elements so far apart are a span, or one number again and again. */
  static boolean serves(int step) {
    return step == 0 || step == 1;
  }

  /** Returns a, as often as n elements need it, and from {@link #PART} on b: till the next call. */
  static float[] both(float a, float b, int n) {
    float[] both = Workspace.mine().floats(Workspace.Slot.TAIL, 2 * PART);
    int times = Math.min(n, PART);
    Arrays.fill(both, 0, times, a);
    Arrays.fill(both, PART, PART + times, b);
    return both;
  }
}
