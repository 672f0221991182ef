package dev.kiln.cli.conform.ops;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.Recurrent;
import dev.kiln.ops.Recurrent.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Recurrent cells and layers. */
public final class RecurrentOps {
  private RecurrentOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.outputs(
        "lstm_cell",
        (in, at) -> {
          Recurrent.State s = cell(Kind.LSTM, in);
          return Map.of("h_out", s.h(), "c_out", s.c());
        });
    t.op("gru_cell", (in, at) -> cell(Kind.GRU, in).h());
    t.op("rnn_tanh_cell", (in, at) -> cell(Kind.RNN_TANH, in).h());
    t.op("rnn_relu_cell", (in, at) -> cell(Kind.RNN_RELU, in).h());
    t.outputs(
        "lstm",
        (in, at) -> {
          Recurrent.Result r = layers(Kind.LSTM, in, at);
          return Map.of("y", r.y(), "hn", r.h(), "cn", r.c());
        });
    for (Kind kind : List.of(Kind.GRU, Kind.RNN_TANH, Kind.RNN_RELU)) {
      t.outputs(
          kind.name().toLowerCase(Locale.ROOT),
          (in, at) -> {
            Recurrent.Result r = layers(kind, in, at);
            return Map.of("y", r.y(), "hn", r.h());
          });
    }
  }

  private static Recurrent.State cell(Kind kind, Inputs in) {
    Tensor h = in.get("h");
    return Recurrent.cell(
        kind, in.x(), new Recurrent.State(h, in.find("c").orElse(h)), weights(in, ""));
  }

  private static Recurrent.Weights weights(Inputs in, String suffix) {
    return new Recurrent.Weights(
        in.get("weight_ih" + suffix),
        in.get("weight_hh" + suffix),
        in.find("bias_ih" + suffix),
        in.find("bias_hh" + suffix),
        in.find("weight_hr" + suffix));
  }

  /** Without a batch axis, the sequence and its states are taken as a batch of one. */
  private static Recurrent.Result layers(Kind kind, Inputs in, Attrs at) {
    if (in.x().dim() == 3) {
      return layers(kind, in.x(), in.find("h0"), in.find("c0"), in, at);
    }
    int batch = at.flag("batch_first", false) ? 0 : 1;
    Recurrent.Result r =
        layers(
            kind,
            in.x().unsqueeze(batch),
            in.find("h0").map(h -> h.unsqueeze(1)),
            in.find("c0").map(c -> c.unsqueeze(1)),
            in,
            at);
    return new Recurrent.Result(r.y().squeeze(batch), r.h().squeeze(1), r.c().squeeze(1));
  }

  private static Recurrent.Result layers(
      Kind kind, Tensor input, Optional<Tensor> h0, Optional<Tensor> c0, Inputs in, Attrs at) {
    List<List<Recurrent.Weights>> weights = new ArrayList<>();
    for (int i = 0; i < at.integer("layers", 1); i++) {
      List<Recurrent.Weights> layer = new ArrayList<>();
      layer.add(weights(in, "_l" + i));
      if (at.flag("bidirectional", false)) {
        layer.add(weights(in, "_l" + i + "_reverse"));
      }
      weights.add(layer);
    }
    boolean batchFirst = at.flag("batch_first", false);
    Tensor x = batchFirst ? input.transpose(0, 1) : input;
    long states = (long) weights.size() * weights.get(0).size();
    long hidden = weights.get(0).get(0).hiddenWeight().size(1);
    Tensor h =
        h0.orElseGet(
            () -> Tensor.zeros(Shape.of(states, x.size(1), hidden), x.dtype(), x.device()));
    long cells = weights.get(0).get(0).inputWeight().size(0) / 4;
    Tensor c =
        c0.orElseGet(
            () ->
                kind == Kind.LSTM
                    ? Tensor.zeros(Shape.of(states, x.size(1), cells), x.dtype(), x.device())
                    : h);
    Recurrent.Result r = Recurrent.layers(kind, x, h, c, weights);
    return batchFirst ? new Recurrent.Result(r.y().transpose(0, 1), r.h(), r.c()) : r;
  }
}
