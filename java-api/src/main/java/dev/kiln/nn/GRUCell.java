package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Recurrent;
import java.util.Optional;

/**
 * One step of a gated recurrent unit; gates r, z, n, the reset after the product. Cho et al. 2014.
 * Shapes and parameters: see {@link RecurrentCell}.
 */
public final class GRUCell extends RecurrentCell {
  /** Makes a cell with biases. */
  public GRUCell(long inputSize, long hiddenSize) {
    this(inputSize, hiddenSize, true);
  }

  /**
   * Makes a cell.
   *
   * @param inputSize the features of the input
   * @param hiddenSize the size of the state
   * @param bias whether there are biases
   * @throws dev.kiln.KilnException if a size is below 1
   */
  public GRUCell(long inputSize, long hiddenSize, boolean bias) {
    super(Recurrent.Kind.GRU, 3, inputSize, hiddenSize, bias);
  }

  /**
   * Takes a step.
   *
   * @param x [batch, in]
   * @param h the hidden state, [batch, hidden]
   * @return the next hidden state
   */
  public Tensor run(Tensor x, Tensor h) {
    return call(x, () -> step(x, Optional.of(h), Optional.empty()).h(), y -> y);
  }

  /** Takes a step from a state of zeros. */
  @Override
  public Tensor forward(Tensor x) {
    return step(x, Optional.empty(), Optional.empty()).h();
  }
}
