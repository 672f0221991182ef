package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.ops.Recurrent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What {@link RNN}, {@link GRU} and {@link LSTM} share: layers of cells that run over sequences
 * [length, batch, in], [batch, length, in] if batch first, or [length, in] for one sequence.
 *
 * <p>Parameters, for layer k: {@code weight_ih_lk} [gates * hidden, in], {@code weight_hh_lk}
 * [gates * hidden, hidden], {@code bias_ih_lk} and {@code bias_hh_lk} [gates * hidden], and the
 * same with {@code _reverse} for the way back; all at first uniform in ±1/sqrt(hidden), PyTorch's
 * default. Padded batches are left to masks: there are no packed sequences.
 */
public abstract class RecurrentLayers extends Module {
  private final Recurrent.Kind kind;
  private final Settings settings;
  private final List<List<Recurrent.Weights>> weights = new ArrayList<>();

  RecurrentLayers(Recurrent.Kind kind, int gates, Options<?> options) {
    this.kind = kind;
    settings = options.settings(op());
    for (int layer = 0; layer < settings.numLayers(); layer++) {
      List<Recurrent.Weights> directions = new ArrayList<>();
      long in = layer == 0 ? settings.inputSize() : settings.directions() * settings.outputSize();
      directions.add(direction(gates, in, "_l" + layer));
      if (settings.bidirectional()) {
        directions.add(direction(gates, in, "_l" + layer + "_reverse"));
      }
      weights.add(List.copyOf(directions));
    }
  }

  private Recurrent.Weights direction(int gates, long in, String suffix) {
    long hidden = settings.hiddenSize();
    Tensor ih = make("weight_ih" + suffix, gates * hidden, in);
    Tensor hh = make("weight_hh" + suffix, gates * hidden, settings.outputSize());
    Optional<Tensor> biasIh = Optional.empty();
    Optional<Tensor> biasHh = Optional.empty();
    if (settings.bias()) {
      biasIh = Optional.of(make("bias_ih" + suffix, gates * hidden));
      biasHh = Optional.of(make("bias_hh" + suffix, gates * hidden));
    }
    Optional<Tensor> down =
        settings.projSize() == 0
            ? Optional.empty()
            : Optional.of(make("weight_hr" + suffix, settings.projSize(), hidden));
    return new Recurrent.Weights(ih, hh, biasIh, biasHh, down);
  }

  private Tensor make(String name, long... dims) {
    Tensor t = parameter(name, Tensor.empty(Shape.of(dims), DType.FLOAT32, Device.defaultDevice()));
    double bound = 1 / Math.sqrt(settings.hiddenSize());
    return Init.uniform(t, -bound, bound);
  }

  private String op() {
    return typeName().toLowerCase(Locale.ROOT);
  }

  /** What a builder had collected when it made the layers. */
  private record Settings(
      long inputSize,
      long hiddenSize,
      long projSize,
      int numLayers,
      boolean bias,
      boolean batchFirst,
      double dropout,
      boolean bidirectional) {
    long directions() {
      return bidirectional ? 2 : 1;
    }

    long outputSize() {
      return projSize == 0 ? hiddenSize : projSize;
    }
  }

  /**
   * Collects the options of recurrent layers.
   *
   * @param <B> the builder's own type
   */
  public abstract static class Options<B extends Options<B>> {
    private final long inputSize;
    private final long hiddenSize;
    private int numLayers = 1;
    private boolean bias = true;
    private boolean batchFirst;
    private double dropout;
    private boolean bidirectional;
    long projSize;

    Options(long inputSize, long hiddenSize) {
      this.inputSize = inputSize;
      this.hiddenSize = hiddenSize;
    }

    abstract B self();

    /** How many layers lie one upon another; 1 unless set. */
    public B numLayers(int count) {
      numLayers = count;
      return self();
    }

    /** Whether there are biases; true unless set. */
    public B bias(boolean wanted) {
      bias = wanted;
      return self();
    }

    /** Whether the batch is the first axis of inputs and outputs; false unless set. */
    public B batchFirst(boolean wanted) {
      batchFirst = wanted;
      return self();
    }

    /** The probability of dropping an output of each layer but the last; 0 unless set. */
    public B dropout(double p) {
      dropout = p;
      return self();
    }

    /** Whether each layer runs both ways; false unless set. */
    public B bidirectional(boolean wanted) {
      bidirectional = wanted;
      return self();
    }

    private Settings settings(String op) {
      if (inputSize < 1 || hiddenSize < 1 || numLayers < 1) {
        throw new KilnException(
            "["
                + op
                + "] input size "
                + inputSize
                + ", hidden size "
                + hiddenSize
                + " and layers "
                + numLayers
                + " must be 1 or more");
      }
      if (projSize < 0 || projSize >= hiddenSize) {
        throw new KilnException(
            "["
                + op
                + "] projection size "
                + projSize
                + " must be below the hidden size "
                + hiddenSize
                + ", or 0 for none");
      }
      if (!(dropout >= 0 && dropout <= 1)) {
        throw new KilnException(
            "[" + op + "] dropout probability " + dropout + " must be between 0 and 1");
      }
      return new Settings(
          inputSize, hiddenSize, projSize, numLayers, bias, batchFirst, dropout, bidirectional);
    }
  }

  /** Runs the layers; states that are not given are zeros. */
  final Recurrent.Result compute(Tensor x, Optional<Tensor> h0, Optional<Tensor> c0) {
    if (x.dim() != 2 && x.dim() != 3 || x.size(-1) != settings.inputSize()) {
      throw new ShapeException(
          "["
              + op()
              + "] input "
              + x.describe()
              + " must be ["
              + (settings.batchFirst() ? "batch, length, " : "length, batch, ")
              + settings.inputSize()
              + "], or [length, "
              + settings.inputSize()
              + "] for one sequence");
    }
    boolean one = x.dim() == 2;
    Tensor steps = one ? x.unsqueeze(1) : settings.batchFirst() ? x.transpose(0, 1) : x;
    Tensor h = state("hidden", h0, settings.outputSize(), one, steps);
    Tensor c =
        kind == Recurrent.Kind.LSTM ? state("cell", c0, settings.hiddenSize(), one, steps) : h;
    Recurrent.Result r =
        isTraining() && settings.dropout() > 0
            ? Recurrent.layers(
                kind, steps, h, c, weights, settings.dropout(), x.device().generator())
            : Recurrent.layers(kind, steps, h, c, weights);
    if (one) {
      return new Recurrent.Result(r.y().squeeze(1), r.h().squeeze(1), r.c().squeeze(1));
    }
    return settings.batchFirst() ? new Recurrent.Result(r.y().transpose(0, 1), r.h(), r.c()) : r;
  }

  private Tensor state(String what, Optional<Tensor> given, long size, boolean one, Tensor steps) {
    long states = settings.numLayers() * settings.directions();
    Shape whole = Shape.of(states, steps.size(1), size);
    if (given.isEmpty()) {
      return Tensor.zeros(whole, steps.dtype(), steps.device());
    }
    Tensor t = given.get();
    Shape want = one ? Shape.of(states, size) : whole;
    if (!t.shape().equals(want)) {
      throw new ShapeException(
          "["
              + op()
              + "] "
              + what
              + " state "
              + t.describe()
              + " must be "
              + want
              + ": layers * directions, "
              + (one ? "" : "batch, ")
              + "size");
    }
    return one ? t.unsqueeze(1) : t;
  }

  @Override
  protected final long multiplyAdds(Shape input, Shape output) {
    long steps = output.numel() / (settings.directions() * settings.outputSize());
    return steps
        * ownParameters().stream().filter(p -> p.dim() == 2).mapToLong(Tensor::numel).sum();
  }

  @Override
  protected final String extraRepr() {
    return settings.inputSize()
        + ", "
        + settings.hiddenSize()
        + (settings.projSize() == 0 ? "" : ", proj_size=" + settings.projSize())
        + (settings.numLayers() == 1 ? "" : ", num_layers=" + settings.numLayers())
        + (settings.bias() ? "" : ", bias=false")
        + (settings.batchFirst() ? ", batch_first=true" : "")
        + (settings.dropout() == 0 ? "" : ", dropout=" + settings.dropout())
        + (settings.bidirectional() ? ", bidirectional=true" : "");
  }
}
