package dev.kiln.nn;

import dev.kiln.Tensor;
import dev.kiln.ops.Recurrent;
import java.util.Optional;

/**
 * One step of long short-term memory; gates i, f, g, o. Hochreiter and Schmidhuber 1997. Shapes and
 * parameters: see {@link RecurrentCell}.
 */
public final class LSTMCell extends RecurrentCell {
  /** Makes a cell with biases. */
  public LSTMCell(long inputSize, long hiddenSize) {
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
  public LSTMCell(long inputSize, long hiddenSize, boolean bias) {
    super(Recurrent.Kind.LSTM, 4, inputSize, hiddenSize, bias);
  }

  /** Takes a step from a state of zeros. */
  public LSTM.State run(Tensor x) {
    return call(x, () -> next(x, Optional.empty()), LSTM.State::h);
  }

  /**
   * Takes a step.
   *
   * @param x [batch, in]
   * @param state [batch, hidden] each
   * @return the next state
   */
  public LSTM.State run(Tensor x, LSTM.State state) {
    return call(x, () -> next(x, Optional.of(state)), LSTM.State::h);
  }

  private LSTM.State next(Tensor x, Optional<LSTM.State> state) {
    Recurrent.State s = step(x, state.map(LSTM.State::h), state.map(LSTM.State::c));
    return new LSTM.State(s.h(), s.c());
  }

  /** Takes a step from a state of zeros and returns the hidden state. */
  @Override
  public Tensor forward(Tensor x) {
    return step(x, Optional.empty(), Optional.empty()).h();
  }
}
