package dev.kiln.parity;

import dev.kiln.Device;
import dev.kiln.backend.Backend;
import java.util.List;

/**
 * A device that computes every op on two devices and compares.
 *
 * <pre>{@code
 * Parity parity = Parity.between(Device.cuda(0), Device.cpu());
 * model.to(parity.device());
 * lossOf(model.call(x.to(parity.device())), y.to(parity.device())).backward();
 * System.out.println(parity.summary());
 * }</pre>
 *
 * <p>Both get the same operands each time: after an op the reference takes over the results of the
 * tested device, so that differences do not add up. The first op whose results differ by more than
 * is allowed throws {@link ParityException}, which names it, its operands and, in a forward pass,
 * the layer.
 *
 * <p>Results {@code x} may differ from the reference {@code r} by {@code tolerance * (|r| + max)},
 * with max the largest magnitude of the result or, where an op adds up, of its operands; integers
 * must be equal, and NaN and infinities must stand at the same places.
 *
 * <p>A run is many times slower than one on the slower device. Not thread-safe.
 */
public final class Parity {
  private final ParityBackend both;
  private final Device device;

  private Parity(Backend tested, Backend reference, double factor) {
    both = new ParityBackend(tested, reference, factor);
    device = Device.on(both.backend());
  }

  /**
   * Compares two devices with tolerances for their element types: 1e-4 for FLOAT32, 1e-9 for
   * FLOAT64, 4e-3 for FLOAT16, 3e-2 for BFLOAT16.
   *
   * @param tested the device in question
   * @param reference the device to believe
   * @return what compares them
   */
  public static Parity between(Device tested, Device reference) {
    return between(tested, reference, 1);
  }

  /**
   * Compares two devices.
   *
   * @param tested the device in question
   * @param reference the device to believe
   * @param factor what the tolerances are multiplied by
   * @return what compares them
   */
  public static Parity between(Device tested, Device reference, double factor) {
    return new Parity(tested.backend(), reference.backend(), factor);
  }

  /**
   * Returns the device to run on.
   *
   * @return a device of type {@code parity}
   */
  public Device device() {
    return device;
  }

  /**
   * Lists what was compared so far.
   *
   * @return one line for each op, the worst first
   */
  public List<OpParity> ops() {
    return both.ops();
  }

  /**
   * Describes what was compared so far.
   *
   * @return a sentence
   */
  public String summary() {
    long calls = ops().stream().mapToLong(OpParity::calls).sum();
    return calls
        + " calls of "
        + ops().size()
        + " ops agree"
        + ops().stream()
            .findFirst()
            .map(
                worst ->
                    String.format(
                        "; the largest difference is %.2g %% of what is allowed, in %s",
                        100 * worst.worst(), worst.op()))
            .orElse("");
  }
}
