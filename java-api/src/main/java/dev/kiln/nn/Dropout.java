package dev.kiln.nn;

import dev.kiln.Generator;
import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.RandomOps;
import java.util.Optional;

/**
 * When training, sets each element to 0 with a probability and scales the others up so that the
 * mean stays; the identity in eval mode. Srivastava et al. 2014.
 *
 * <p>Masks are drawn from the generator of the input's device unless the layer has its own.
 */
public final class Dropout extends Module {
  private final double p;
  private final Optional<Generator> generator;

  /** Takes PyTorch's default, 0.5. */
  public Dropout() {
    this(0.5);
  }

  /**
   * Makes the layer.
   *
   * @param p the probability of 0
   * @throws KilnException if p is outside 0 .. 1
   */
  public Dropout(double p) {
    this(p, Optional.empty());
  }

  /**
   * Makes a layer with its own random numbers.
   *
   * @param p the probability of 0
   * @param generator draws the masks, on the device of the inputs
   * @throws KilnException if p is outside 0 .. 1
   */
  public Dropout(double p, Generator generator) {
    this(p, Optional.of(generator));
  }

  private Dropout(double p, Optional<Generator> generator) {
    if (!(p >= 0 && p <= 1)) {
      throw new KilnException("[dropout] probability " + p + " must be between 0 and 1");
    }
    this.p = p;
    this.generator = generator;
  }

  @Override
  public Tensor forward(Tensor x) {
    return isTraining()
        ? RandomOps.dropout(x, p, generator.orElseGet(() -> x.device().generator()))
        : x;
  }

  @Override
  protected String extraRepr() {
    return "p=" + p;
  }
}
