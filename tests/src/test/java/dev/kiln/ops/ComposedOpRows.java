package dev.kiln.ops;

import static dev.kiln.ops.OpGradientTest.conv;
import static dev.kiln.ops.OpGradientTest.labels;
import static dev.kiln.ops.OpGradientTest.maybe;
import static dev.kiln.ops.OpGradientTest.pool;
import static dev.kiln.testing.GradCheck.constant;
import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.OpGradientTest.Row;
import dev.kiln.ops.Rearranging.PadMode;
import dev.kiln.ops.Recurrent.Kind;
import dev.kiln.ops.Resampling.Mode;
import dev.kiln.ops.Resampling.Outside;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** The rows of the gradient catalog for ops that are made of others. */
final class ComposedOpRows {
  private ComposedOpRows() {}

  private static final int[] NO_AXES = {};
  private static final int[] LAST = {-1};

  static List<Row> moving() {
    Input x = input(101, 2, 3, 4);
    Input square = input(102, 2, 4, 4);
    List<Row> rows = new ArrayList<>();
    rows.add(new Row("Rearranging.repeat", t -> Rearranging.repeat(t.get(0), 2, 1, 3, 2), x));
    rows.add(new Row("Rearranging.flip", t -> Rearranging.flip(t.get(0), 0, 2), x));
    rows.add(
        new Row("Rearranging.roll", t -> Rearranging.roll(t.get(0), new long[] {-1, 5}, 1, 2), x));
    rows.add(
        new Row("Rearranging.roll flattened", t -> Rearranging.roll(t.get(0), new long[] {5}), x));
    rows.add(new Row("Rearranging.tril", t -> Rearranging.tril(t.get(0), 1), x));
    rows.add(new Row("Rearranging.triu", t -> Rearranging.triu(t.get(0), -1), x));
    rows.add(
        new Row(
            "Rearranging.pixelShuffle",
            t -> Rearranging.pixelShuffle(t.get(0), 2),
            input(103, 2, 4, 3, 2)));
    for (PadMode mode : PadMode.values()) {
      rows.add(
          new Row(
              "Rearranging.pad " + mode, t -> Rearranging.pad(t.get(0), mode, 2, 2, 1, 0, 2), x));
    }
    rows.add(
        new Row(
            "Rearranging.pad cutting",
            t -> Rearranging.pad(t.get(0), PadMode.REFLECT, 0, -1, 2),
            x));
    rows.add(
        new Row(
            "Rearranging.maskedFill",
            t -> Rearranging.maskedFill(t.get(0), t.get(0).gt(0.5), -2),
            x));
    rows.add(
        new Row(
            "Rearranging.unfold",
            t -> Rearranging.unfold(t.get(0), pool(2, 2, 1, true)),
            input(104, 2, 3, 5, 4)));
    rows.add(
        new Row(
            "Indexing.scatter",
            t ->
                Indexing.scatter(
                    t.get(0), 2, labels(t.get(0), 3, 3, 0, 1).reshape(2, 1, 2), t.get(1)),
            x,
            input(105, 2, 2, 3)));
    rows.add(
        new Row(
            "Indexing.indexAdd",
            t -> Indexing.indexAdd(t.get(0), 1, labels(t.get(0), 2, 0, 2, 2), t.get(1)),
            x,
            input(106, 2, 4, 4)));
    rows.add(
        new Row(
            "Indexing.embedding",
            t ->
                Indexing.embedding(
                    t.get(0), labels(t.get(0), 1, 0, 1, 3).reshape(2, 2), OptionalLong.empty()),
            input(107, 4, 3)));
    rows.add(new Row("Sorting.sort", t -> Sorting.sort(t.get(0), 1, true).values(), x));
    rows.add(new Row("Sorting.topk", t -> Sorting.topk(t.get(0), 2, -1, false).values(), x));
    rows.add(new Row("Reductions.cumsum", t -> Reductions.cumsum(t.get(0), 2), x));
    rows.add(new Row("Norms.norm", t -> Norms.norm(t.get(0), 2, NO_AXES, true), x));
    for (double p : new double[] {0.5, 1, 3, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
      rows.add(new Row("Norms.norm " + p, t -> Norms.norm(t.get(0), p, LAST, false), x));
    }
    rows.add(new Row("Norms.normalize", t -> Norms.normalize(t.get(0), 2, 1, 1e-12), x));
    rows.add(
        new Row(
            "Norms.cosineSimilarity",
            t -> Norms.cosineSimilarity(t.get(0), t.get(1), -1, 1e-8),
            x,
            input(108, 3, 4)));
    rows.add(
        new Row(
            "Norms.pairwiseDistance",
            t -> Norms.pairwiseDistance(t.get(0), t.get(1), 3, 1e-6),
            x,
            input(109, 2, 3, 4)));
    rows.add(
        new Row(
            "Einsum.einsum",
            t -> Einsum.einsum("bij,bkj->ikb", t.get(0), t.get(1)),
            x,
            input(110, 2, 2, 4)));
    rows.add(
        new Row(
            "Einsum.einsum three terms",
            t -> Einsum.einsum("bij, j, ik -> bk", t.get(0), t.get(1), t.get(2)),
            x,
            input(111, 4),
            input(112, 3, 2)));
    rows.add(
        new Row("Einsum.einsum diagonal", t -> Einsum.einsum("...ii->...i", t.get(0)), square));
    return rows;
  }

  static List<Row> networks() {
    Input image = input(121, 2, 4, 5, 6);
    Input volume = input(122, 2, 2, 4, 3, 5);
    Input sequence = input(123, 2, 4, 7);
    Input four = uniform(124, 0.5, 1.5, 4);
    Input bias = input(125, 4);
    List<Row> rows = new ArrayList<>();
    rows.add(new Row("Activations.prelu", t -> Activations.prelu(t.get(0), t.get(1)), image, four));
    rows.add(
        new Row(
            "Activations.prelu shared",
            t -> Activations.prelu(t.get(0), t.get(1)),
            image,
            uniform(126, 0.1, 0.4, 1)));
    rows.add(new Row("Activations.glu", t -> Activations.glu(t.get(0), 1), image));
    rows.add(
        new Row(
            "Convolution.conv1d",
            t -> Convolution.conv1d(t.get(0), t.get(1), maybe(t, 2), 2, 1, 2, 2),
            sequence,
            input(127, 4, 2, 3),
            bias));
    rows.add(
        new Row(
            "Convolution.conv3d",
            t ->
                Convolution.conv3d(
                    t.get(0),
                    t.get(1),
                    maybe(t, 2),
                    new int[] {2, 1, 1},
                    new int[] {1, 0, 1},
                    new int[] {2, 1, 2},
                    1),
            volume,
            input(128, 4, 2, 2, 2, 3),
            bias));
    rows.add(
        new Row(
            "Convolution.convTranspose2d",
            t ->
                Convolution.convTranspose2d(
                    t.get(0), t.get(1), maybe(t, 2), conv(2, 1, 1, 2), 1, 1),
            input(129, 2, 4, 3, 2),
            input(130, 4, 2, 3, 3),
            bias));
    rows.add(
        new Row(
            "Convolution.convTranspose1d",
            t -> Convolution.convTranspose1d(t.get(0), t.get(1), maybe(t, 2), 2, 1, 1, 2, 1),
            input(131, 2, 3, 4),
            input(132, 3, 4, 3),
            bias));
    rows.add(
        new Row(
            "Pooling.adaptiveMaxPool2d", t -> Pooling.adaptiveMaxPool2d(t.get(0), 3, 4), image));
    rows.add(
        new Row("Pooling.maxPool1d", t -> Pooling.maxPool1d(t.get(0), 3, 2, 1, 1, true), sequence));
    rows.add(
        new Row(
            "Pooling.avgPool1d", t -> Pooling.avgPool1d(t.get(0), 3, 2, 1, true, false), sequence));
    rows.add(
        new Row(
            "Pooling.maxPool3d",
            t ->
                Pooling.maxPool3d(
                    t.get(0),
                    new int[] {2, 2, 3},
                    new int[] {1, 1, 2},
                    new int[] {1, 0, 1},
                    new int[] {2, 1, 1},
                    false),
            volume));
    rows.add(
        new Row(
            "Normalization.groupNorm",
            t -> Normalization.groupNorm(t.get(0), 2, maybe(t, 1), maybe(t, 2), 1e-5),
            image,
            four,
            bias));
    rows.add(
        new Row(
            "Normalization.instanceNorm",
            t -> Normalization.instanceNorm(t.get(0), maybe(t, 1), maybe(t, 2), 1e-5),
            sequence,
            four,
            bias));
    rows.add(
        new Row(
            "Normalization.rmsNorm",
            t -> Normalization.rmsNorm(t.get(0), Shape.of(6), maybe(t, 1), 1e-6),
            image,
            uniform(133, 0.5, 1.5, 6)));
    rows.addAll(attention());
    rows.addAll(recurrent());
    rows.addAll(resampling());
    return rows;
  }

  private static List<Row> attention() {
    Input q = input(141, 2, 2, 3, 4);
    Input k = input(142, 2, 2, 5, 4);
    Input v = input(143, 2, 2, 5, 3);
    Input[] self = {
      input(144, 2, 3, 4), input(145, 12, 4), input(146, 12), input(147, 4, 4), input(148, 4)
    };
    return List.of(
        new Row(
            "Attention.scaledDotProduct",
            t ->
                Attention.scaledDotProduct(
                    t.get(0), t.get(1), t.get(2), maybe(t, 3), false, OptionalDouble.of(0.7)),
            q,
            k,
            v,
            input(149, 3, 5)),
        new Row(
            "Attention.scaledDotProduct causal",
            t ->
                Attention.scaledDotProduct(
                    t.get(0), t.get(1), t.get(2), Optional.empty(), true, OptionalDouble.empty()),
            q,
            k,
            v),
        new Row(
            "Attention.multiHeadSelf",
            t ->
                Attention.multiHeadSelf(
                    t.get(0),
                    t.get(1),
                    maybe(t, 2),
                    t.get(3),
                    maybe(t, 4),
                    2,
                    Optional.empty(),
                    false),
            self));
  }

  private static Recurrent.Weights weights(List<Tensor> t, int first) {
    return new Recurrent.Weights(
        t.get(first), t.get(first + 1), maybe(t, first + 2), maybe(t, first + 3));
  }

  private static List<Row> recurrent() {
    List<Row> rows = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      int gates = kind == Kind.LSTM ? 4 : kind == Kind.GRU ? 3 : 1;
      Input wx = input(151, gates * 2L, 3);
      Input wh = input(152, gates * 2L, 2);
      Input bx = input(153, gates * 2L);
      Input bh = input(154, gates * 2L);
      rows.add(
          new Row(
              "Recurrent.cell " + kind,
              t -> {
                Recurrent.State s =
                    Recurrent.cell(
                        kind, t.get(0), new Recurrent.State(t.get(1), t.get(2)), weights(t, 3));
                return s.h().add(s.c().mul(0.5));
              },
              input(155, 2, 3),
              input(156, 2, 2),
              input(157, 2, 2),
              wx,
              wh,
              bx,
              bh));
      rows.add(
          new Row(
              "Recurrent.layers " + kind,
              t -> {
                List<List<Recurrent.Weights>> both = List.of(List.of(weights(t, 2), weights(t, 2)));
                Recurrent.Result r = Recurrent.layers(kind, t.get(0), t.get(1), t.get(1), both);
                return r.y().sum(0).sum(0).sum().add(r.h().add(r.c().mul(0.5)));
              },
              input(158, 3, 2, 3),
              input(159, 2, 2, 2),
              wx,
              wh,
              bx,
              bh));
    }
    return rows;
  }

  private static List<Row> resampling() {
    Input image = input(161, 2, 2, 4, 5);
    List<Row> rows = new ArrayList<>();
    for (Mode mode : Mode.values()) {
      for (boolean corners : new boolean[] {false, true}) {
        rows.add(
            new Row(
                "Resampling.interpolate " + mode + " " + corners,
                t -> Resampling.interpolate(t.get(0), 6, 3, mode, corners),
                image));
      }
    }
    rows.add(
        new Row(
            "Resampling.affineGrid",
            t -> Resampling.affineGrid(t.get(0), 3, 4, false),
            input(162, 2, 2, 3)));
    for (Mode mode : List.of(Mode.NEAREST, Mode.BILINEAR, Mode.BICUBIC)) {
      for (Outside outside : Outside.values()) {
        rows.add(
            new Row(
                "Resampling.gridSample " + mode + " " + outside,
                t ->
                    Resampling.gridSample(
                        t.get(0), t.get(1), mode, outside, outside == Outside.BORDER),
                image,
                uniform(163, -1.4, 1.4, 2, 3, 2, 2)));
      }
    }
    return rows;
  }

  static List<Row> losses() {
    Input p = uniform(171, 0.1, 0.9, 4, 3);
    Input q = uniform(172, 0.1, 0.9, 4, 3);
    Input x = input(173, 4, 3);
    Input y = input(174, 4, 3);
    Input z = input(175, 4, 3);
    return List.of(
        new Row(
            "Losses.bce",
            t -> Losses.bce(t.get(0), t.get(1), maybe(t, 2), Reduction.MEAN),
            p,
            q,
            constant(uniform(176, 0.5, 2, 3))),
        new Row(
            "Losses.poissonNll",
            t -> Losses.poissonNll(t.get(0), t.get(1), true, true, 1e-8, Reduction.SUM),
            x,
            constant(uniform(177, 0.5, 4, 4, 3))),
        new Row(
            "Losses.poissonNll rates",
            t -> Losses.poissonNll(t.get(0), t.get(1), false, false, 1e-8, Reduction.MEAN),
            p,
            q),
        new Row(
            "MarginLosses.hingeEmbedding",
            t -> MarginLosses.hingeEmbedding(t.get(0), sign(t.get(1)), 0.7, Reduction.NONE),
            x,
            constant(y)),
        new Row(
            "MarginLosses.marginRanking",
            t ->
                MarginLosses.marginRanking(t.get(0), t.get(1), sign(t.get(2)), 0.3, Reduction.MEAN),
            x,
            y,
            constant(z)),
        new Row(
            "MarginLosses.tripletMargin",
            t ->
                MarginLosses.tripletMargin(
                    t.get(0), t.get(1), t.get(2), 1, 2, 1e-6, true, Reduction.SUM),
            x,
            y,
            z),
        new Row(
            "MarginLosses.cosineEmbedding",
            t ->
                MarginLosses.cosineEmbedding(
                    t.get(0), t.get(1), sign(t.get(2)), 0.1, Reduction.MEAN),
            x,
            y,
            constant(input(178, 4))));
  }

  private static Tensor sign(Tensor t) {
    return t.detach().sign();
  }
}
