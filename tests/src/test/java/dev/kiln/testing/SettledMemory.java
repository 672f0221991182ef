package dev.kiln.testing;

import dev.kiln.Device;

/** Live bytes of a device without what tests before have left to the garbage collector. */
public final class SettledMemory {
  private static final int ROUNDS = 3;
  private static final int PAUSE_MILLIS = 20;

  private SettledMemory() {}

  /** Returns the live bytes once collection has given back what it can. */
  public static long used(Device device) {
    long before;
    long now = Long.MAX_VALUE;
    do {
      before = now;
      for (int i = 0; i < ROUNDS; i++) {
        System.gc();
        try {
          Thread.sleep(PAUSE_MILLIS); // the cleaner's thread needs its turn
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      now = device.memory().used();
    } while (now < before);
    return now;
  }
}
