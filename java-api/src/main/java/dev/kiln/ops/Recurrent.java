package dev.kiln.ops;

import dev.kiln.Generator;
import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Recurrent networks: single steps, and layers over whole sequences. */
public final class Recurrent {
  private Recurrent() {}

  /** What a step computes. */
  public enum Kind {
    /** {@code tanh(W x + b + U h + c)}. Elman 1990. */
    RNN_TANH(1),
    /** {@code max(W x + b + U h + c, 0)}. Le et al. 2015. */
    RNN_RELU(1),
    /** Gated recurrent unit; gates r, z, n. Cho et al. 2014. */
    GRU(3),
    /** Long short-term memory; gates i, f, g, o. Hochreiter and Schmidhuber 1997. */
    LSTM(4);

    private final int gates;

    Kind(int gates) {
      this.gates = gates;
    }
  }

  /**
   * The weights of one direction of one layer.
   *
   * @param inputWeight [gates * hidden, in]
   * @param hiddenWeight [gates * hidden, hidden], or [gates * hidden, projected]
   * @param inputBias [gates * hidden], if there is one
   * @param hiddenBias [gates * hidden], if there is one
   * @param projection [projected, hidden], for an LSTM whose hidden state is projected after each
   *     step; Sak et al. 2014
   */
  public record Weights(
      Tensor inputWeight,
      Tensor hiddenWeight,
      Optional<Tensor> inputBias,
      Optional<Tensor> hiddenBias,
      Optional<Tensor> projection) {
    /** Takes no projection. */
    public Weights(
        Tensor inputWeight,
        Tensor hiddenWeight,
        Optional<Tensor> inputBias,
        Optional<Tensor> hiddenBias) {
      this(inputWeight, hiddenWeight, inputBias, hiddenBias, Optional.empty());
    }
  }

  /**
   * The state between steps.
   *
   * @param h the hidden state
   * @param c the cell state; the same as h for kinds that have none
   */
  public record State(Tensor h, Tensor c) {}

  /**
   * What a layer, or several, make of a sequence.
   *
   * @param y [length, batch, directions * hidden], of the last layer
   * @param h the last hidden states, [layers * directions, batch, hidden]
   * @param c the last cell states, likewise; the same as h for kinds that have none
   */
  public record Result(Tensor y, Tensor h, Tensor c) {}

  /**
   * One step.
   *
   * @param kind what is computed
   * @param x [batch, in]
   * @param state [batch, hidden] each
   * @param w the weights
   * @return the next state
   */
  public static State cell(Kind kind, Tensor x, State state, Weights w) {
    ShapeRules.require(
        state.h().dim() == x.dim()
            && w.hiddenWeight().dim() == 2
            && w.hiddenWeight().size(1) == state.h().size(-1)
            && w.hiddenWeight().size(0) == kind.gates * state.c().size(-1),
        () ->
            "["
                + kind.name().toLowerCase(Locale.ROOT)
                + "] hidden state "
                + state.h().describe()
                + " does not fit input "
                + x.describe()
                + " and hidden weight "
                + w.hiddenWeight().describe()
                + ", which must be ["
                + kind.gates
                + " * hidden, hidden]");
    return step(kind, Products.linear(x, w.inputWeight(), w.inputBias()), state, w);
  }

  /** A step whose input part is computed. */
  private static State step(Kind kind, Tensor input, State state, Weights w) {
    Tensor hidden = Products.linear(state.h(), w.hiddenWeight(), w.hiddenBias());
    return switch (kind) {
      case RNN_TANH -> plain(input.add(hidden).tanh());
      case RNN_RELU -> plain(input.add(hidden).relu());
      case GRU -> plain(gru(input, hidden, state.h()));
      case LSTM -> projected(lstm(input.add(hidden), state.c()), w);
    };
  }

  private static State plain(Tensor h) {
    return new State(h, h);
  }

  private static State projected(State s, Weights w) {
    return w.projection().isEmpty()
        ? s
        : new State(Products.linear(s.h(), w.projection().get(), Optional.empty()), s.c());
  }

  private static Tensor gate(Tensor all, int i, int of) {
    long size = all.size(-1) / of;
    return all.narrow(-1, i * size, size);
  }

  private static Tensor gru(Tensor input, Tensor hidden, Tensor h) {
    Tensor r = gate(input, 0, 3).add(gate(hidden, 0, 3)).sigmoid();
    Tensor z = gate(input, 1, 3).add(gate(hidden, 1, 3)).sigmoid();
    Tensor n = gate(input, 2, 3).add(r.mul(gate(hidden, 2, 3))).tanh();
    return n.add(z.mul(h.sub(n)));
  }

  private static State lstm(Tensor gates, Tensor c) {
    Tensor i = gate(gates, 0, 4).sigmoid();
    Tensor f = gate(gates, 1, 4).sigmoid();
    Tensor g = gate(gates, 2, 4).tanh();
    Tensor o = gate(gates, 3, 4).sigmoid();
    Tensor next = f.mul(c).add(i.mul(g));
    return new State(o.mul(next.tanh()), next);
  }

  /**
   * Runs layers over a sequence.
   *
   * @param kind what each step computes
   * @param x [length, batch, in], of length 1 or more
   * @param h the first hidden states, [layers * directions, batch, hidden]
   * @param c the first cell states, likewise; h for kinds that have none
   * @param weights of each layer: forward and, for bidirectional ones, backward
   * @return outputs and last states
   */
  public static Result layers(
      Kind kind, Tensor x, Tensor h, Tensor c, List<List<Weights>> weights) {
    return layers(kind, x, h, c, weights, y -> y);
  }

  /**
   * Runs layers over a sequence, with dropout between them.
   *
   * @param kind what each step computes
   * @param x [length, batch, in], of length 1 or more
   * @param h the first hidden states, [layers * directions, batch, hidden]
   * @param c the first cell states, likewise; h for kinds that have none
   * @param weights of each layer: forward and, for bidirectional ones, backward
   * @param dropout the probability with which an output of a layer but the last is set to 0
   * @param generator where the masks are drawn from
   * @return outputs and last states
   */
  public static Result layers(
      Kind kind,
      Tensor x,
      Tensor h,
      Tensor c,
      List<List<Weights>> weights,
      double dropout,
      Generator generator) {
    return layers(kind, x, h, c, weights, y -> RandomOps.dropout(y, dropout, generator));
  }

  private static Result layers(
      Kind kind,
      Tensor x,
      Tensor h,
      Tensor c,
      List<List<Weights>> weights,
      UnaryOperator<Tensor> between) {
    String op = kind.name().toLowerCase(Locale.ROOT);
    ShapeRules.rank(op, "input", x, 3, "[length, batch, features]");
    ShapeRules.rank(op, "hidden state", h, 3, "[layers * directions, batch, hidden]");
    ShapeRules.require(x.size(0) > 0, () -> "[" + op + "] input " + x.describe() + " has no steps");
    int directions = weights.isEmpty() ? 0 : weights.get(0).size();
    ShapeRules.require(
        directions > 0
            && h.size(0) == (long) directions * weights.size()
            && h.shape().with(2, 1).equals(c.shape().with(2, 1)),
        () ->
            "["
                + op
                + "] hidden state "
                + h.describe()
                + " must have "
                + directions * weights.size()
                + " layers in all, and cell state "
                + c.describe()
                + " as many");
    ShapeRules.require(
        h.size(1) == x.size(1),
        () ->
            "["
                + op
                + "] hidden state "
                + h.describe()
                + " must have the batch size of input "
                + x.describe());
    Tensor y = x;
    List<Tensor> lastH = new ArrayList<>();
    List<Tensor> lastC = new ArrayList<>();
    for (List<Weights> layer : weights) {
      Tensor input = lastH.isEmpty() ? y : between.apply(y);
      List<Tensor> outputs = new ArrayList<>();
      for (int d = 0; d < directions; d++) {
        State first = new State(h.select(0, lastH.size()), c.select(0, lastH.size()));
        outputs.add(direction(kind, input, first, layer.get(d), d == 1, lastH, lastC));
      }
      y = directions == 1 ? outputs.get(0) : Shaping.cat(outputs, 2);
    }
    return new Result(y, Shaping.stack(lastH, 0), Shaping.stack(lastC, 0));
  }

  private static Tensor direction(
      Kind kind,
      Tensor x,
      State first,
      Weights w,
      boolean backward,
      List<Tensor> lastH,
      List<Tensor> lastC) {
    int length = Math.toIntExact(x.size(0));
    Tensor inputs = Products.linear(x, w.inputWeight(), w.inputBias());
    Tensor[] outputs = new Tensor[length];
    State state = first;
    for (int i = 0; i < length; i++) {
      int t = backward ? length - 1 - i : i;
      state = step(kind, inputs.select(0, t), state, w);
      outputs[t] = state.h();
    }
    lastH.add(state.h());
    lastC.add(state.c());
    return Shaping.stack(List.of(outputs), 0);
  }
}
