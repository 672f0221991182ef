package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.Recurrent;
import java.util.Optional;

/**
 * Layers of long short-term memory; gates i, f, g, o. Hochreiter and Schmidhuber 1997. Shapes and
 * parameters: see {@link RecurrentLayers}; with a projection also {@code weight_hr_lk} [projected,
 * hidden].
 *
 * <pre>{@code
 * LSTM lstm = LSTM.builder(10, 20).numLayers(2).build();
 * LSTM.Output first = lstm.run(x);
 * LSTM.Output next = lstm.run(more, first.state());
 * }</pre>
 */
public final class LSTM extends RecurrentLayers {
  /**
   * The state between steps, of a cell [batch, size] or of layers [layers * directions, batch,
   * size].
   *
   * @param h the hidden state; its size is the projected one if there is a projection
   * @param c the cell state
   */
  public record State(Tensor h, Tensor c) {}

  /**
   * What the layers make of a sequence.
   *
   * @param output of the last layer at each step, laid out as the input: [length, batch, directions
   *     * hidden]
   * @param hn the last hidden states, [layers * directions, batch, hidden]
   * @param cn the last cell states, [layers * directions, batch, hidden]
   */
  public record Output(Tensor output, Tensor hn, Tensor cn) {
    /** Returns the last states, for the next call. */
    public State state() {
      return new State(hn, cn);
    }
  }

  /**
   * Makes one layer with PyTorch's defaults.
   *
   * @param inputSize the features of each step
   * @param hiddenSize the size of the state
   */
  public LSTM(long inputSize, long hiddenSize) {
    this(builder(inputSize, hiddenSize));
  }

  private LSTM(Builder b) {
    super(Recurrent.Kind.LSTM, 4, b);
  }

  /** Starts layers. */
  public static Builder builder(long inputSize, long hiddenSize) {
    return new Builder(inputSize, hiddenSize);
  }

  /** Collects the options of layers. */
  public static final class Builder extends Options<Builder> {
    private Builder(long inputSize, long hiddenSize) {
      super(inputSize, hiddenSize);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * The size that hidden states are projected to after each step, below the hidden size; 0, no
     * projection, unless set. Sak et al. 2014.
     */
    public Builder projSize(long size) {
      projSize = size;
      return this;
    }

    /**
     * Makes the layers.
     *
     * @throws KilnException if a size is below 1, the projection is no smaller than the hidden size
     *     or the dropout is no probability
     */
    public LSTM build() {
      return new LSTM(this);
    }
  }

  /** Runs the layers from states of zeros. */
  public Output run(Tensor x) {
    return call(x, () -> result(x, Optional.empty()), Output::output);
  }

  /**
   * Runs the layers.
   *
   * @param x the sequences
   * @param state the first states, [layers * directions, batch, size], or without the batch
   * @return the output sequences and the last states
   */
  public Output run(Tensor x, State state) {
    return call(x, () -> result(x, Optional.of(state)), Output::output);
  }

  private Output result(Tensor x, Optional<State> state) {
    Recurrent.Result r = compute(x, state.map(State::h), state.map(State::c));
    return new Output(r.y(), r.h(), r.c());
  }

  /** Computes the output sequences alone, from states of zeros. */
  @Override
  public Tensor forward(Tensor x) {
    return compute(x, Optional.empty(), Optional.empty()).y();
  }
}
