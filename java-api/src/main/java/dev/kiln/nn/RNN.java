package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.ops.Recurrent;
import java.util.Optional;

/**
 * Plain recurrent layers: {@code h' = tanh(W x + b + U h + c)}, or with ReLU. Elman 1990. Shapes
 * and parameters: see {@link RecurrentLayers}.
 *
 * <pre>{@code
 * RNN.builder(10, 20).numLayers(2).batchFirst(true).build()
 * }</pre>
 */
public final class RNN extends RecurrentLayers {
  /** The function of each step. */
  public enum Nonlinearity {
    /** The hyperbolic tangent. */
    TANH,
    /** {@code max(x, 0)}. */
    RELU;

    Recurrent.Kind kind() {
      return this == TANH ? Recurrent.Kind.RNN_TANH : Recurrent.Kind.RNN_RELU;
    }
  }

  /**
   * What the layers make of a sequence.
   *
   * @param output of the last layer at each step, laid out as the input: [length, batch, directions
   *     * hidden]
   * @param hn the last hidden states, [layers * directions, batch, hidden]
   */
  public record Output(Tensor output, Tensor hn) {}

  /**
   * Makes one layer with PyTorch's defaults.
   *
   * @param inputSize the features of each step
   * @param hiddenSize the size of the state
   */
  public RNN(long inputSize, long hiddenSize) {
    this(builder(inputSize, hiddenSize));
  }

  private RNN(Builder b) {
    super(b.nonlinearity.kind(), 1, b);
  }

  /** Starts layers. */
  public static Builder builder(long inputSize, long hiddenSize) {
    return new Builder(inputSize, hiddenSize);
  }

  /** Collects the options of layers. */
  public static final class Builder extends Options<Builder> {
    private Nonlinearity nonlinearity = Nonlinearity.TANH;

    private Builder(long inputSize, long hiddenSize) {
      super(inputSize, hiddenSize);
    }

    @Override
    Builder self() {
      return this;
    }

    /** The function of each step; TANH unless set. */
    public Builder nonlinearity(Nonlinearity function) {
      nonlinearity = function;
      return this;
    }

    /**
     * Makes the layers.
     *
     * @throws KilnException if a size is below 1 or the dropout is no probability
     */
    public RNN build() {
      return new RNN(this);
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
   * @param h0 the first hidden states, [layers * directions, batch, hidden], or without the batch
   * @return the output sequences and the last states
   */
  public Output run(Tensor x, Tensor h0) {
    return call(x, () -> result(x, Optional.of(h0)), Output::output);
  }

  private Output result(Tensor x, Optional<Tensor> h0) {
    Recurrent.Result r = compute(x, h0, Optional.empty());
    return new Output(r.y(), r.h());
  }

  /** Computes the output sequences alone, from states of zeros. */
  @Override
  public Tensor forward(Tensor x) {
    return compute(x, Optional.empty(), Optional.empty()).y();
  }
}
