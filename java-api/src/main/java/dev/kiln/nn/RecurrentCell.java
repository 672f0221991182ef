package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Recurrent;
import java.util.Locale;
import java.util.Optional;

/**
 * What {@link RNNCell}, {@link GRUCell} and {@link LSTMCell} share: one step of [batch, in], or of
 * [in] for one example.
 *
 * <p>Parameters: {@code weight_ih} [gates * hidden, in], {@code weight_hh} [gates * hidden,
 * hidden], {@code bias_ih} and {@code bias_hh} [gates * hidden]; all at first uniform in
 * ±1/sqrt(hidden), PyTorch's default.
 */
public abstract class RecurrentCell extends Module {
  private final Recurrent.Kind kind;
  private final long inputSize;
  private final long hiddenSize;
  private final Recurrent.Weights weights;

  RecurrentCell(Recurrent.Kind kind, int gates, long inputSize, long hiddenSize, boolean bias) {
    if (inputSize < 1 || hiddenSize < 1) {
      throw new KilnException(
          "["
              + op()
              + "] input size "
              + inputSize
              + " and hidden size "
              + hiddenSize
              + " must be 1 or more");
    }
    this.kind = kind;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    Tensor ih = make("weight_ih", gates * hiddenSize, inputSize);
    Tensor hh = make("weight_hh", gates * hiddenSize, hiddenSize);
    Optional<Tensor> biasIh = Optional.empty();
    Optional<Tensor> biasHh = Optional.empty();
    if (bias) {
      biasIh = Optional.of(make("bias_ih", gates * hiddenSize));
      biasHh = Optional.of(make("bias_hh", gates * hiddenSize));
    }
    weights = new Recurrent.Weights(ih, hh, biasIh, biasHh);
  }

  private Tensor make(String name, long... dims) {
    Tensor t = parameter(name, Tensor.empty(Shape.of(dims), DType.FLOAT32, Device.defaultDevice()));
    double bound = 1 / Math.sqrt(hiddenSize);
    return Init.uniform(t, -bound, bound);
  }

  private String op() {
    return typeName().toLowerCase(Locale.ROOT);
  }

  /** Takes one step; states that are not given are zeros. */
  final Recurrent.State step(Tensor x, Optional<Tensor> h, Optional<Tensor> c) {
    if (x.dim() != 1 && x.dim() != 2 || x.size(-1) != inputSize) {
      throw new ShapeException(
          "["
              + op()
              + "] input "
              + x.describe()
              + " must be [batch, "
              + inputSize
              + "], or ["
              + inputSize
              + "] for one example");
    }
    Tensor hidden = state("hidden", h, x);
    Tensor cell = kind == Recurrent.Kind.LSTM ? state("cell", c, x) : hidden;
    return Recurrent.cell(kind, x, new Recurrent.State(hidden, cell), weights);
  }

  private Tensor state(String what, Optional<Tensor> given, Tensor x) {
    Shape want = x.shape().with(-1, hiddenSize);
    if (given.isPresent() && !given.get().shape().equals(want)) {
      throw new ShapeException(
          "[" + op() + "] " + what + " state " + given.get().describe() + " must be " + want);
    }
    return given.orElseGet(() -> Tensor.zeros(want, x.dtype(), x.device()));
  }

  @Override
  protected final long multiplyAdds(Shape input, Shape output) {
    return output.numel()
        / hiddenSize
        * (weights.inputWeight().numel() + weights.hiddenWeight().numel());
  }

  @Override
  protected String extraRepr() {
    return inputSize + ", " + hiddenSize + (weights.inputBias().isPresent() ? "" : ", bias=false");
  }
}
