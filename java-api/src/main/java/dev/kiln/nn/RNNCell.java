package dev.kiln.nn;

import dev.kiln.Tensor;
import java.util.Optional;

/**
 * One step of a plain recurrent network: {@code h' = tanh(W x + b + U h + c)}, or with ReLU. Elman
 * 1990. Shapes and parameters: see {@link RecurrentCell}.
 */
public final class RNNCell extends RecurrentCell {
  private final RNN.Nonlinearity nonlinearity;

  /** Takes PyTorch's defaults: a bias and the hyperbolic tangent. */
  public RNNCell(long inputSize, long hiddenSize) {
    this(inputSize, hiddenSize, true, RNN.Nonlinearity.TANH);
  }

  /**
   * Makes a cell.
   *
   * @param inputSize the features of the input
   * @param hiddenSize the size of the state
   * @param bias whether there are biases
   * @param nonlinearity the function of the step
   * @throws dev.kiln.KilnException if a size is below 1
   */
  public RNNCell(long inputSize, long hiddenSize, boolean bias, RNN.Nonlinearity nonlinearity) {
    super(nonlinearity.kind(), 1, inputSize, hiddenSize, bias);
    this.nonlinearity = nonlinearity;
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

  @Override
  protected String extraRepr() {
    return super.extraRepr() + (nonlinearity == RNN.Nonlinearity.TANH ? "" : ", nonlinearity=relu");
  }
}
