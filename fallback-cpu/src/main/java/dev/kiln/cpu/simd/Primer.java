package dev.kiln.cpu.simd;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;

/**
 * Gets a loop compiled by C2 before its first large work: until then each vector operation makes an
 * object, which is hundreds of times slower than the machine instruction.
 *
 * <p>Left alone, a loop of many turns is compiled on-stack first, which takes C2 up to ten times as
 * long as compiling the method, and is of use to nobody after. Many short calls avoid that. Whoever
 * needs the loop meanwhile waits: working on at that speed would only take the core from C2.
 */
final class Primer {
  /** A loop over scratch data. */
  interface Loop {
    void run(int turns);
  }

  /** Zeros that primed loops read: as many as 16 turns of the greatest tile touch. */
  static final float[] SCRATCH = new float[Lanes.TILE_ROWS * Lanes.ROW_STRIDE + 64 * Lanes.LANES];

  /** What primed loops write to. */
  static final float[] SINK = new float[64 * Lanes.LANES];

  /** Work below this many turns is done before the compiler is. */
  private static final int COLD_TURNS = 1000;

  /** Calls of one turn, after which C1 compiles the loop. */
  private static final int FIRST_CALLS = 256;

  /** Turns of the calls after those; more than twice as many would make for on-stack code. */
  private static final int TURNS = 16;

  /**
   * Calls of {@link #TURNS} after which C2 is asked; then the core is left to it, half the time.
   */
  private static final int C2_CALLS = 1100;

  private static final int BURST = 32;

  /**
   * C2's code is well below, the code before it above, unless a turn is two or three operations.
   */
  private static final long FAST_NANOS = 100L * TURNS;

  /** Reached where there is no C2; then it is not tried again. */
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static volatile boolean hopeless;

  private final Loop loop;
  private int seen;
  private volatile boolean done;

  Primer(Loop loop) {
    this.loop = loop;
  }

  /** Makes a primer for each of some related loops. */
  static Primer[] of(int count, IntFunction<Loop> loops) {
    Primer[] all = new Primer[count];
    for (int i = 0; i < count; i++) {
      all[i] = new Primer(loops.apply(i));
    }
    return all;
  }

  /** To be called before {@code turns} turns of the loop. */
  void before(int turns) {
    if (done) {
      return;
    }
    seen += turns; // may lose counts to a race, which does no harm
    if (seen > COLD_TURNS) {
      prime();
    }
  }

  private synchronized void prime() {
    long begin = System.nanoTime();
    for (int i = 0; i < FIRST_CALLS && !done && !hopeless; i++) {
      loop.run(1);
    }
    int fast = 0;
    for (int calls = 1; (fast < 3 || calls < C2_CALLS) && !done && !hopeless; calls++) {
      long start = System.nanoTime();
      loop.run(TURNS);
      long end = System.nanoTime();
      fast = end - start < FAST_NANOS ? fast + 1 : 0;
      hopeless = end - begin > LIMIT_NANOS;
      if (fast == 0 && calls > C2_CALLS && calls % BURST == 0) {
        LockSupport.parkNanos(1_000_000);
      }
    }
    done = true;
  }
}
