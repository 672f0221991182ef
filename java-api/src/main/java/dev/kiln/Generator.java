package dev.kiln;

import dev.kiln.backend.Dist;
import dev.kiln.backend.View;

/**
 * A source of Philox4x32-10 random numbers whose counter lives on the device: the same seed gives
 * the same bits on every device. Salmon et al., SC'11.
 */
public final class Generator {
  /** The seed of generators that nobody has seeded. */
  public static final long DEFAULT_SEED = 42;

  private final Tensor state;

  private Generator(Tensor state) {
    this.state = state;
  }

  /**
   * Makes a generator on a device.
   *
   * @param device where it draws
   * @param seed the key
   * @param stream tells apart generators of one seed
   * @return the generator, at counter 0
   */
  public static Generator of(Device device, long seed, long stream) {
    return new Generator(Scope.outside(() -> Tensor.of(new long[] {seed, stream, 0}, device)));
  }

  /**
   * Seeds the default generator of every device, those opened later included.
   *
   * @param seed the key
   */
  public static void manualSeed(long seed) {
    Device.seedAll(seed);
  }

  /**
   * Returns the device it draws on.
   *
   * @return the device
   */
  public Device device() {
    return state.device();
  }

  /**
   * Starts again from a seed, on stream 0 and counter 0.
   *
   * @param seed the key
   */
  public void seed(long seed) {
    restore(new long[] {seed, 0, 0});
  }

  /**
   * Reads the state, for a checkpoint.
   *
   * @return seed, stream and counter
   */
  public long[] state() {
    return state.toLongArray();
  }

  /**
   * Puts back a state.
   *
   * @param saved seed, stream and counter, as {@link #state()} gave them
   */
  public void restore(long[] saved) {
    if (saved.length != 3) {
      throw new ShapeException(
          "[generator] a state has 3 numbers (seed, stream, counter), not " + saved.length);
    }
    state.set(saved);
  }

  /**
   * Fills a tensor with random numbers.
   *
   * @param out a floating tensor on this device; dense
   * @param dist the distribution
   * @param a its first parameter
   * @param b its second parameter
   * @return the same tensor
   */
  public Tensor fill(Tensor out, Dist dist, double a, double b) {
    if (!out.dtype().isFloating()) {
      throw new DTypeException(
          "[random] out " + out.describe() + " is not floating; draw f32 and convert");
    }
    if (!out.device().equals(device())) {
      throw new DeviceException(
          "[random] out is on " + out.device() + " but the generator is on " + device());
    }
    View view = out.view("random", "out");
    device().backend().random(dist, view, state.view(), a, b);
    out.incrementVersion();
    return out;
  }
}
