package dev.kiln.nn;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.Tensor;
import dev.kiln.nn.LayerGradientTest.Row;
import dev.kiln.ops.Elementwise;
import dev.kiln.ops.Embeddings;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/** The rows of layers for sequences, tables, pairs and choices, and of shrinks and dropouts. */
final class SequenceLayerRows {
  private SequenceLayerRows() {}

  /** Checks a layer through a function, such as one of several inputs or outputs. */
  private static final class Through<M extends Module> extends Module {
    private final M layer;
    private final BiFunction<M, Tensor, Tensor> function;

    Through(M layer, BiFunction<M, Tensor, Tensor> function) {
      this.layer = module("layer", layer);
      this.function = function;
    }

    @Override
    public Tensor forward(Tensor x) {
      return function.apply(layer, x);
    }
  }

  private static <M extends Module> Module through(M layer, BiFunction<M, Tensor, Tensor> f) {
    return new Through<>(layer, f);
  }

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.addAll(activations());
    rows.addAll(dropouts());
    rows.addAll(pairs());
    rows.addAll(tables());
    rows.addAll(recurrent());
    rows.addAll(attention());
    rows.addAll(transformers());
    return rows;
  }

  private static List<Row> activations() {
    Input x = input(301, 3, 4, 2);
    return List.of(
        new Row("PReLU", PReLU::new, x),
        new Row("PReLU of channels", () -> new PReLU(4, 0.1), x),
        new Row("RReLU", RReLU::new, x),
        new Row("RReLU eval", () -> new RReLU(0.1, 0.4).eval(), x),
        new Row("Hardshrink", () -> new Hardshrink(0.4567), x),
        new Row("Softshrink", () -> new Softshrink(0.4567), x),
        new Row("Tanhshrink", Tanhshrink::new, x),
        new Row("Threshold", () -> new Threshold(0.2345, -7), x),
        new Row("GLU", GLU::new, x),
        new Row("GLU of channels", () -> new GLU(1), x),
        new Row("Softmin", () -> new Softmin(1), x),
        new Row("Softmax2d", Softmax2d::new, x));
  }

  private static List<Row> dropouts() {
    Input x = input(302, 3, 4, 5);
    return List.of(
        new Row("Dropout1d", Dropout1d::new, x),
        new Row("Dropout1d one sequence", Dropout1d::new, input(303, 4, 5)),
        new Row("Dropout2d", () -> new Dropout2d(0.3), input(304, 2, 4, 2, 2)),
        new Row("Dropout3d", () -> new Dropout3d(0.3), input(305, 2, 4, 2, 2, 1)),
        new Row("Dropout3d one volume", () -> new Dropout3d(0.3), input(306, 4, 2, 2, 1)),
        new Row("AlphaDropout", () -> new AlphaDropout(0.3), x),
        new Row("AlphaDropout eval", () -> new AlphaDropout(0.3).eval(), x),
        new Row("FeatureAlphaDropout", () -> new FeatureAlphaDropout(0.3), x));
  }

  private static List<Row> pairs() {
    Input x = input(307, 3, 4);
    return List.of(
        new Row("Bilinear", () -> through(new Bilinear(4, 2, 3), (m, t) -> m.run(t, half(t))), x),
        new Row(
            "Bilinear without bias",
            () -> through(new Bilinear(2, 4, 3, false), (m, t) -> m.run(half(t), t)),
            x),
        new Row(
            "CosineSimilarity",
            () -> through(new CosineSimilarity(), (m, t) -> m.run(t, turned(t))),
            x),
        new Row(
            "PairwiseDistance",
            () -> through(new PairwiseDistance(3, 1e-6, true), (m, t) -> m.run(t, turned(t))),
            x),
        new Row(
            "AdaptiveLogSoftmaxWithLoss",
            () -> new AdaptiveLogSoftmaxWithLoss(4, 6, new long[] {2, 4}, 2, true),
            x),
        new Row(
            "AdaptiveLogSoftmaxWithLoss of targets",
            () ->
                through(
                    new AdaptiveLogSoftmaxWithLoss(4, 6, new long[] {2, 4}, 2, false),
                    (m, t) -> m.run(t, index(t, 5, 0, 3)).output()),
            x));
  }

  private static Tensor half(Tensor x) {
    return x.narrow(-1, 0, 2).tanh();
  }

  private static Tensor turned(Tensor x) {
    return x.mul(0.7).tanh().add(0.3);
  }

  private static Tensor index(Tensor like, long... values) {
    return Tensor.of(values, like.device());
  }

  private static List<Row> tables() {
    Input x = input(308, 4, 3);
    return List.of(
        new Row(
            "Embedding",
            () -> through(new Embedding(5, 3), (m, t) -> m.call(index(t, 4, 1, 1, 0)).mul(t)),
            x),
        new Row(
            "Embedding padded",
            () ->
                through(
                    Embedding.builder(3, 3).build(),
                    (m, t) -> m.call(index(t, 2, 1, 1, 0).reshape(2, 2)).mul(t.reshape(2, 2, 3))),
            x),
        new Row(
            "EmbeddingBag",
            () ->
                through(
                    new EmbeddingBag(5, 3),
                    (m, t) -> m.run(index(t, 4, 1, 1, 0, 2), index(t, 0, 2, 2, 4)).mul(t)),
            x),
        new Row(
            "EmbeddingBag weighted",
            () ->
                through(
                    EmbeddingBag.builder(5, 3).mode(Embeddings.Mode.SUM).build(),
                    (m, t) ->
                        m.run(
                            index(t, 4, 1, 1, 0, 2, 3, 4, 4, 0, 1, 1, 2).reshape(4, 3),
                            Optional.empty(),
                            Optional.of(t))),
            x));
  }

  private static List<Row> recurrent() {
    Input x = input(309, 3, 2, 4);
    Input step = input(310, 2, 4);
    return List.of(
        new Row("RNN", () -> new RNN(4, 3), x),
        new Row(
            "RNN relu, both ways",
            () ->
                RNN.builder(4, 2)
                    .nonlinearity(RNN.Nonlinearity.RELU)
                    .bidirectional(true)
                    .bias(false)
                    .build(),
            x),
        new Row("GRU", () -> new GRU(4, 3), x),
        new Row(
            "GRU two layers, dropout, batch first",
            () -> GRU.builder(4, 2).numLayers(2).dropout(0.4).batchFirst(true).build(),
            x),
        new Row(
            "GRU with a state",
            () -> through(new GRU(4, 4), (m, t) -> m.run(t, t.narrow(0, 1, 1)).hn()),
            x),
        new Row("LSTM", () -> new LSTM(4, 3), x),
        new Row(
            "LSTM projected, both ways, two layers",
            () -> LSTM.builder(4, 3).projSize(2).numLayers(2).bidirectional(true).build(),
            x),
        new Row(
            "LSTM with a state",
            () ->
                through(
                    new LSTM(4, 4),
                    (m, t) -> {
                      Tensor h = t.narrow(0, 0, 1);
                      LSTM.Output o = m.run(t, new LSTM.State(h, h.mul(0.5)));
                      return o.output().sum(0).add(o.hn()).add(o.cn().mul(0.3));
                    }),
            x),
        new Row("RNNCell", () -> new RNNCell(4, 3), step),
        new Row(
            "RNNCell with a state",
            () ->
                through(
                    new RNNCell(4, 4, false, RNN.Nonlinearity.RELU),
                    (m, t) -> m.run(t, t.mul(0.5))),
            step),
        new Row("GRUCell", () -> new GRUCell(4, 3), step),
        new Row(
            "GRUCell with a state",
            () -> through(new GRUCell(4, 4), (m, t) -> m.run(t, t.mul(0.5))),
            step),
        new Row("LSTMCell", () -> new LSTMCell(4, 3), input(311, 4)),
        new Row(
            "LSTMCell with a state",
            () ->
                through(
                    new LSTMCell(4, 4),
                    (m, t) -> {
                      LSTM.State s = m.run(t, new LSTM.State(t, t.mul(0.5)));
                      return s.h().add(s.c().mul(0.3));
                    }),
            step));
  }

  private static List<Row> attention() {
    Input x = input(312, 3, 2, 4);
    return List.of(
        new Row("MultiheadAttention", () -> new MultiheadAttention(4, 2), x),
        new Row(
            "MultiheadAttention causal, one sequence",
            () ->
                through(
                    new MultiheadAttention(4, 2), (m, t) -> m.run(t, t, t, AttentionMask.causal())),
            input(313, 3, 4)),
        new Row(
            "MultiheadAttention of other sizes",
            () ->
                through(
                    MultiheadAttention.builder(4, 2)
                        .kdim(2)
                        .vdim(3)
                        .bias(false)
                        .addZeroAttn(true)
                        .dropout(0.3)
                        .batchFirst(true)
                        .build(),
                    (m, t) ->
                        m.run(
                            t,
                            t.narrow(2, 0, 2),
                            t.narrow(2, 1, 3),
                            AttentionMask.none()
                                .withKeyPadding(index(t, 0, 0, 0, 1, 0, 1).reshape(3, 2).ne(0)))),
            x),
        new Row(
            "MultiheadAttention with added keys, and its weights",
            () ->
                through(
                    MultiheadAttention.builder(4, 2).addBiasKv(true).build(),
                    (m, t) -> {
                      MultiheadAttention.Output o = m.run(t, t, t);
                      return o.output()
                          .mul(o.weights().orElseThrow().sum(2).mean())
                          .add(o.weights().orElseThrow().select(2, 1).mean());
                    }),
            x));
  }

  private static List<Row> transformers() {
    Input x = input(314, 3, 2, 4);
    return List.of(
        new Row(
            "TransformerEncoderLayer",
            () -> TransformerEncoderLayer.builder(4, 2).dimFeedforward(3).build(),
            x),
        new Row(
            "TransformerEncoderLayer norm first, gelu",
            () ->
                TransformerEncoderLayer.builder(4, 2)
                    .dimFeedforward(3)
                    .normFirst(true)
                    .activation(Elementwise::gelu)
                    .dropout(0)
                    .bias(false)
                    .batchFirst(true)
                    .build(),
            x),
        new Row(
            "TransformerDecoderLayer",
            () ->
                through(
                    TransformerDecoderLayer.builder(4, 2)
                        .dimFeedforward(3)
                        .activation(Elementwise::gelu)
                        .build(),
                    (m, t) -> m.run(t, turned(t).narrow(0, 0, 2))),
            x),
        new Row(
            "TransformerDecoderLayer norm first",
            () ->
                through(
                    TransformerDecoderLayer.builder(4, 1)
                        .dimFeedforward(2)
                        .normFirst(true)
                        .activation(Elementwise::tanh)
                        .build(),
                    (m, t) -> m.run(t, turned(t), AttentionMask.causal(), AttentionMask.none())),
            x),
        new Row(
            "TransformerEncoder",
            () ->
                new TransformerEncoder(
                    TransformerEncoderLayer.builder(4, 2)
                        .dimFeedforward(2)
                        .activation(Elementwise::gelu),
                    2,
                    new LayerNorm(4)),
            x),
        new Row(
            "TransformerDecoder",
            () ->
                through(
                    new TransformerDecoder(
                        TransformerDecoderLayer.builder(4, 2)
                            .dimFeedforward(2)
                            .activation(Elementwise::gelu),
                        1),
                    (m, t) -> m.run(t, turned(t))),
            x),
        new Row(
            "Transformer",
            () ->
                through(
                    Transformer.builder(4, 2)
                        .numEncoderLayers(1)
                        .numDecoderLayers(1)
                        .dimFeedforward(2)
                        .activation(Elementwise::gelu)
                        .build(),
                    (m, t) -> m.run(t, turned(t))),
            x));
  }
}
