package dev.kiln.ops;

import static dev.kiln.testing.GradCheck.constant;
import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.testing.GradCheck;
import dev.kiln.testing.GradCheck.Input;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The gradient catalog: every public differentiable op is a row. Rows are named {@code
 * Class.method}, with a suffix after a space where an op has several.
 */
class OpGradientTest {
  record Row(String name, GradCheck.Function f, Input... inputs) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** Public ops without a gradient: their results are indices, truth values or constants. */
  private static final Set<String> NOT_DIFFERENTIABLE =
      Set.of(
          "Elementwise.eq",
          "Elementwise.ne",
          "Elementwise.lt",
          "Elementwise.le",
          "Elementwise.gt",
          "Elementwise.ge",
          "Elementwise.logicalAnd",
          "Elementwise.logicalOr",
          "Elementwise.constant",
          "Reductions.argmax",
          "Reductions.argmin",
          "Reductions.any",
          "Reductions.all",
          "Reductions.sumSquares",
          "Shaping.oneHot",
          "RandomOps.bernoulli");

  private static Row unary(String name, UnaryOperator<Tensor> f) {
    return new Row(name, x -> f.apply(x.get(0)), input(1, 3, 4));
  }

  private static Row positive(String name, UnaryOperator<Tensor> f) {
    return new Row(name, x -> f.apply(x.get(0)), uniform(2, 0.2, 3, 3, 4));
  }

  private static Row wide(String name, UnaryOperator<Tensor> f) {
    return new Row(name, x -> f.apply(x.get(0)), uniform(3, -5, 5, 4, 6));
  }

  static Tensor labels(Tensor like, long... values) {
    return Tensor.of(values, like.device());
  }

  static Optional<Tensor> maybe(List<Tensor> inputs, int i) {
    return i < inputs.size() ? Optional.of(inputs.get(i)) : Optional.empty();
  }

  static Conv2dSpec conv(int stride, int padding, int dilation, int groups) {
    return new Conv2dSpec(stride, stride, padding, padding, dilation, dilation, groups);
  }

  static Pool2dSpec pool(int kernel, int stride, int padding, boolean countPad) {
    return new Pool2dSpec(kernel, kernel, stride, stride, padding, padding, 1, 1, countPad);
  }

  static Stream<Row> rows() {
    return Stream.of(
            elementwise(),
            reductions(),
            shaping(),
            networks(),
            losses(),
            ComposedOpRows.moving(),
            ComposedOpRows.networks(),
            ComposedOpRows.losses())
        .flatMap(List::stream);
  }

  private static List<Row> elementwise() {
    Input a = input(11, 2, 3);
    Input b = uniform(12, 0.5, 2, 2, 3);
    Input row = uniform(13, 0.5, 2, 3);
    return List.of(
        unary("Elementwise.neg", Elementwise::neg),
        unary("Elementwise.abs", Elementwise::abs),
        unary("Elementwise.sign", Elementwise::sign),
        unary("Elementwise.floor", x -> Elementwise.floor(x).add(x)),
        unary("Elementwise.ceil", x -> Elementwise.ceil(x).add(x)),
        unary("Elementwise.round", x -> Elementwise.round(x).add(x)),
        unary("Elementwise.square", Elementwise::square),
        positive("Elementwise.sqrt", Elementwise::sqrt),
        positive("Elementwise.rsqrt", Elementwise::rsqrt),
        positive("Elementwise.reciprocal", Elementwise::reciprocal),
        unary("Elementwise.exp", Elementwise::exp),
        unary("Elementwise.expm1", Elementwise::expm1),
        positive("Elementwise.log", Elementwise::log),
        positive("Elementwise.log1p", Elementwise::log1p),
        unary("Elementwise.sin", Elementwise::sin),
        unary("Elementwise.cos", Elementwise::cos),
        unary("Elementwise.erf", Elementwise::erf),
        wide("Elementwise.sigmoid", Elementwise::sigmoid),
        wide("Elementwise.logSigmoid", Elementwise::logSigmoid),
        wide("Elementwise.tanh", Elementwise::tanh),
        wide("Elementwise.selu", Elementwise::selu),
        wide("Elementwise.silu", Elementwise::silu),
        wide("Elementwise.mish", Elementwise::mish),
        wide("Elementwise.softsign", Elementwise::softsign),
        wide("Elementwise.hardsigmoid", Elementwise::hardsigmoid),
        wide("Elementwise.hardswish", Elementwise::hardswish),
        wide("Elementwise.relu", Elementwise::relu),
        wide("Elementwise.relu6", x -> Elementwise.relu6(x.mul(2))),
        wide("Elementwise.leakyRelu", x -> Elementwise.leakyRelu(x, 0.2)),
        wide("Elementwise.elu", x -> Elementwise.elu(x, 1.3)),
        wide("Elementwise.celu", x -> Elementwise.celu(x, 0.7)),
        wide("Elementwise.gelu", Elementwise::gelu),
        wide("Elementwise.geluTanh", Elementwise::geluTanh),
        wide("Elementwise.softplus", x -> Elementwise.softplus(x, 2, 6)),
        wide("Elementwise.clamp", x -> Elementwise.clamp(x, -1, 2)),
        wide("Elementwise.hardtanh", x -> Elementwise.hardtanh(x, -1, 2)),
        unary("Elementwise.affine", x -> Elementwise.affine(x, 3, -1)),
        positive("Elementwise.pow constant", x -> Elementwise.pow(x, 2.5)),
        new Row("Elementwise.pow", x -> Elementwise.pow(x.get(0), x.get(1)), b, constant(a)),
        new Row("Elementwise.pow exponent", x -> Elementwise.pow(x.get(0), x.get(1)), b, a),
        new Row("Elementwise.add", x -> Elementwise.add(x.get(0), x.get(1)), a, row),
        new Row("Elementwise.sub", x -> Elementwise.sub(x.get(0), x.get(1)), a, row),
        new Row("Elementwise.mul", x -> Elementwise.mul(x.get(0), x.get(1)), a, row),
        new Row("Elementwise.div", x -> Elementwise.div(x.get(0), x.get(1)), a, row),
        unary("Elementwise.div constant", x -> x.div(3)),
        new Row("Elementwise.maximum", x -> Elementwise.maximum(x.get(0), x.get(1)), a, row),
        new Row("Elementwise.minimum", x -> Elementwise.minimum(x.get(0), x.get(1)), a, row),
        new Row("Elementwise.lerp", x -> Elementwise.lerp(x.get(0), x.get(1), 0.3), a, b),
        new Row(
            "Elementwise.where",
            x -> Elementwise.where(x.get(0).gt(0), x.get(0), x.get(1)),
            a,
            row));
  }

  private static List<Row> reductions() {
    int[] none = {};
    int[] last = {-1};
    int[] outer = {0, 2};
    Input x3 = input(21, 2, 3, 4);
    return List.of(
        new Row("Reductions.sum", x -> Reductions.sum(x.get(0), outer, false), x3),
        new Row("Reductions.sum all", x -> Reductions.sum(x.get(0), none, true), x3),
        new Row("Reductions.sumTo", x -> Reductions.sumTo(x.get(0), Shape.of(3, 1)), x3),
        new Row("Reductions.mean", x -> Reductions.mean(x.get(0), outer, true), x3),
        new Row("Reductions.amax", x -> Reductions.amax(x.get(0), last, false), x3),
        new Row("Reductions.amin", x -> Reductions.amin(x.get(0), outer, true), x3),
        new Row("Reductions.max", x -> Reductions.max(x.get(0), 1, false).values(), x3),
        new Row("Reductions.min", x -> Reductions.min(x.get(0), -1, true).values(), x3),
        new Row("Reductions.prod", x -> Reductions.prod(x.get(0), last, false), x3),
        new Row("Reductions.var", x -> Reductions.var(x.get(0), outer, true, false), x3),
        new Row("Reductions.std", x -> Reductions.std(x.get(0), last, false, true), x3),
        new Row("Reductions.logsumexp", x -> Reductions.logsumexp(x.get(0), outer, false), x3));
  }

  private static List<Row> shaping() {
    Input x3 = input(31, 2, 3, 4);
    Input one = input(32, 2, 1, 4);
    return List.of(
        new Row("Shaping.contiguous", x -> Shaping.contiguous(x.get(0).transpose(0, 2)), x3),
        new Row("Shaping.copy", x -> Shaping.copy(x.get(0)), x3),
        new Row("Shaping.to", x -> Shaping.to(x.get(0), DType.FLOAT64).square(), x3),
        new Row("Shaping.reshape", x -> Shaping.reshape(x.get(0).permute(2, 0, 1), 6, -1), x3),
        new Row("Shaping.flatten", x -> Shaping.flatten(x.get(0), 1, -1), x3),
        new Row("Shaping.permute", x -> Shaping.permute(x.get(0), 2, 0, 1), x3),
        new Row("Shaping.transpose", x -> Shaping.transpose(x.get(0), 0, -1), x3),
        new Row("Shaping.unsqueeze", x -> Shaping.unsqueeze(x.get(0), -1), x3),
        new Row("Shaping.squeeze", x -> Shaping.squeeze(x.get(0), 1), one),
        new Row("Shaping.expand", x -> Shaping.expand(x.get(0), 5, 2, 3, -1), one),
        new Row("Shaping.narrow", x -> Shaping.narrow(x.get(0), 2, 1, 2), x3),
        new Row("Shaping.slice", x -> Shaping.slice(x.get(0), 2, 0, -1, 2), x3),
        new Row("Shaping.select", x -> Shaping.select(x.get(0), 1, -1), x3),
        new Row("Shaping.cat", x -> Shaping.cat(List.of(x.get(0), x.get(1)), 1), x3, one),
        new Row("Shaping.stack", x -> Shaping.stack(List.of(x.get(0), x.get(0)), 1), x3),
        new Row(
            "Shaping.split",
            x -> {
              List<Tensor> p = Shaping.split(x.get(0), new long[] {1, 3}, 2);
              return p.get(0).mul(p.get(1));
            },
            x3),
        new Row("Shaping.padConstant", x -> Shaping.padConstant(x.get(0), 2, 1, 2, 0, 1), x3),
        new Row(
            "Indexing.gather",
            x -> Indexing.gather(x.get(0), 2, labels(x.get(0), 0, 3, 3, 1, 1, 1).reshape(2, 3, 1)),
            x3),
        new Row(
            "Indexing.indexSelect",
            x -> Indexing.indexSelect(x.get(0), 1, labels(x.get(0), 2, 0, 2)),
            x3),
        new Row(
            "Indexing.scatterAdd",
            x ->
                Indexing.scatterAdd(
                    x.get(0),
                    1,
                    labels(x.get(0), 0, 2, 2, 1, 0, 0, 1, 1).reshape(2, 1, 4),
                    x.get(1)),
            x3,
            one));
  }

  private static List<Row> networks() {
    Input image = input(41, 2, 4, 6, 5);
    Input weight = input(42, 4, 4, 3, 2);
    Input bias = input(43, 4);
    Input grouped = input(44, 6, 2, 3, 3);
    Input flat = input(45, 6, 4);
    Input positive = uniform(46, 0.5, 1.5, 4);
    return List.of(
        new Row(
            "Products.matmul", x -> x.get(0).matmul(x.get(1)), input(51, 3, 4), input(52, 4, 2)),
        new Row(
            "Products.matmul transposed",
            x -> x.get(0).t().matmul(x.get(1).t()),
            input(51, 4, 3),
            input(52, 2, 4)),
        new Row(
            "Products.matmul batched",
            x -> x.get(0).matmul(x.get(1)),
            input(53, 2, 1, 3, 4),
            input(54, 5, 4, 2)),
        new Row(
            "Products.matmul folded",
            x -> x.get(0).matmul(x.get(1)),
            input(53, 2, 3, 4),
            input(54, 4, 2)),
        new Row(
            "Products.matmul vectors", x -> x.get(0).matmul(x.get(1)), input(55, 4), input(56, 4)),
        new Row(
            "Products.bmm",
            x -> Products.bmm(x.get(0), x.get(1)),
            input(57, 2, 3, 4),
            input(58, 2, 4, 2)),
        new Row(
            "Products.addmm",
            x -> Products.addmm(x.get(0), x.get(1), x.get(2), 0.5, 2),
            input(59, 2),
            input(60, 3, 4),
            input(61, 4, 2)),
        new Row(
            "Products.outer", x -> Products.outer(x.get(0), x.get(1)), input(62, 3), input(63, 2)),
        new Row(
            "Products.linear",
            x -> Products.linear(x.get(0), x.get(1), maybe(x, 2)),
            input(64, 2, 3, 4),
            input(65, 5, 4),
            input(66, 5)),
        new Row(
            "Products.linear without bias",
            x -> Products.linear(x.get(0), x.get(1), maybe(x, 2)),
            input(64, 4),
            input(65, 5, 4)),
        new Row("Softmax.softmax", x -> Softmax.softmax(x.get(0), 1), input(67, 2, 3, 4)),
        new Row("Softmax.logSoftmax", x -> Softmax.logSoftmax(x.get(0), -1), input(68, 2, 3, 4)),
        new Row(
            "Convolution.conv2d",
            x -> Convolution.conv2d(x.get(0), x.get(1), maybe(x, 2), conv(1, 1, 1, 1)),
            image,
            weight,
            bias),
        new Row(
            "Convolution.conv2d strided and dilated",
            x -> Convolution.conv2d(x.get(0), x.get(1), maybe(x, 2), conv(2, 2, 2, 1)),
            image,
            weight),
        new Row(
            "Convolution.conv2d grouped",
            x -> Convolution.conv2d(x.get(0), x.get(1), maybe(x, 2), conv(1, 0, 1, 2)),
            image,
            grouped),
        new Row(
            "Convolution.conv2d depthwise",
            x -> Convolution.conv2d(x.get(0), x.get(1), maybe(x, 2), conv(1, 1, 1, 4)),
            image,
            input(47, 4, 1, 3, 3),
            bias),
        new Row(
            "Pooling.maxPool2d",
            x -> Pooling.maxPool2d(x.get(0), pool(2, 2, 0, true), false),
            image),
        new Row(
            "Pooling.maxPool2d overlapping",
            x -> Pooling.maxPool2d(x.get(0), pool(3, 2, 1, true), true),
            image),
        new Row(
            "Pooling.avgPool2d",
            x -> Pooling.avgPool2d(x.get(0), pool(2, 2, 0, true), false),
            image),
        new Row(
            "Pooling.avgPool2d padded",
            x -> Pooling.avgPool2d(x.get(0), pool(3, 2, 1, false), true),
            image),
        new Row("Pooling.adaptiveAvgPool2d", x -> Pooling.adaptiveAvgPool2d(x.get(0), 4, 2), image),
        new Row(
            "Normalization.batchNorm",
            x ->
                Normalization.batchNorm(
                    x.get(0),
                    Optional.empty(),
                    Optional.empty(),
                    maybe(x, 1),
                    maybe(x, 2),
                    true,
                    0.1,
                    1e-5),
            image,
            positive,
            bias),
        new Row(
            "Normalization.batchNorm evaluating",
            x ->
                Normalization.batchNorm(
                    x.get(0),
                    Optional.of(x.get(3)),
                    Optional.of(x.get(1).detach()),
                    maybe(x, 1),
                    maybe(x, 2),
                    false,
                    0.1,
                    1e-5),
            flat,
            constant(positive),
            bias,
            constant(bias)),
        new Row(
            "Normalization.layerNorm",
            x -> Normalization.layerNorm(x.get(0), Shape.of(4), maybe(x, 1), maybe(x, 2), 1e-5),
            flat,
            positive,
            bias),
        new Row(
            "Normalization.layerNorm two axes",
            x ->
                Normalization.layerNorm(
                    x.get(0), Shape.of(6, 5), Optional.empty(), Optional.empty(), 1e-5),
            image),
        new Row(
            "RandomOps.dropout",
            x -> RandomOps.dropout(x.get(0), 0.4, x.get(0).device().generator()),
            input(69, 5, 6)));
  }

  private static List<Row> losses() {
    Input scores = input(71, 4, 3);
    Input target = uniform(72, 0.1, 0.9, 4, 3);
    Input weight = uniform(73, 0.5, 2, 3);
    long ignored = Losses.IGNORE_INDEX;
    return List.of(
        new Row("Losses.mse", x -> Losses.mse(x.get(0), x.get(1), Reduction.MEAN), scores, target),
        new Row("Losses.l1", x -> Losses.l1(x.get(0), x.get(1), Reduction.SUM), scores, target),
        new Row(
            "Losses.huber",
            x -> Losses.huber(x.get(0), x.get(1), 0.6, Reduction.NONE),
            scores,
            target),
        new Row(
            "Losses.smoothL1",
            x -> Losses.smoothL1(x.get(0), x.get(1), 0.5, Reduction.MEAN),
            scores,
            target),
        new Row(
            "Losses.bceWithLogits",
            x -> Losses.bceWithLogits(x.get(0), x.get(1), maybe(x, 2), Reduction.MEAN),
            scores,
            target,
            constant(weight)),
        new Row(
            "Losses.klDiv",
            x -> Losses.klDiv(x.get(0).logSoftmax(1), x.get(1), false, Reduction.BATCHMEAN),
            scores,
            target),
        new Row(
            "Losses.klDiv log target",
            x -> Losses.klDiv(x.get(0), x.get(1), true, Reduction.SUM),
            scores,
            input(74, 4, 3)),
        new Row(
            "Losses.nll",
            x ->
                Losses.nll(
                    x.get(0),
                    labels(x.get(0), 2, ignored, 0, 1),
                    maybe(x, 1),
                    ignored,
                    Reduction.MEAN),
            scores,
            constant(weight)),
        new Row(
            "Losses.crossEntropy",
            x ->
                Losses.crossEntropy(
                    x.get(0),
                    labels(x.get(0), 2, 1, 0, 1),
                    Optional.empty(),
                    0,
                    ignored,
                    Reduction.MEAN),
            scores),
        new Row(
            "Losses.crossEntropy weighted, smoothed, ignoring",
            x ->
                Losses.crossEntropy(
                    x.get(0),
                    labels(x.get(0), 2, ignored, 0, 1),
                    maybe(x, 1),
                    0.2,
                    ignored,
                    Reduction.MEAN),
            scores,
            constant(weight)),
        new Row(
            "Losses.crossEntropy of images",
            x ->
                Losses.crossEntropy(
                    x.get(0),
                    labels(x.get(0), 2, 1, 0, 1, 0, 2).reshape(2, 3),
                    Optional.empty(),
                    0.1,
                    ignored,
                    Reduction.NONE),
            input(75, 2, 3, 3)),
        new Row(
            "Losses.crossEntropyProbabilities",
            x ->
                Losses.crossEntropyProbabilities(
                    x.get(0), x.get(1), maybe(x, 2), 0.1, Reduction.MEAN),
            scores,
            target,
            constant(weight)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void gradient(Row row) {
    GradCheck.check(row.name(), row.f(), row.inputs());
  }

  @Test
  void everyPublicOpHasARow() {
    Map<String, Integer> rows = new TreeMap<>();
    rows().forEach(r -> rows.merge(r.name().split(" ")[0], 1, Integer::sum));
    Set<String> missing = new TreeSet<>();
    for (Class<?> family :
        List.of(
            Elementwise.class,
            Reductions.class,
            Shaping.class,
            Products.class,
            Softmax.class,
            Indexing.class,
            Convolution.class,
            Pooling.class,
            Normalization.class,
            RandomOps.class,
            Losses.class,
            Activations.class,
            Attention.class,
            Einsum.class,
            MarginLosses.class,
            Norms.class,
            Rearranging.class,
            Recurrent.class,
            Resampling.class,
            Sorting.class)) {
      Arrays.stream(family.getDeclaredMethods())
          .filter(m -> Modifier.isPublic(m.getModifiers()))
          .map(Method::getName)
          .map(n -> family.getSimpleName() + "." + n)
          .filter(n -> !rows.containsKey(n) && !NOT_DIFFERENTIABLE.contains(n))
          .forEach(missing::add);
    }
    assertThat(missing).as("public ops without a row in the gradient catalog").isEmpty();
  }
}
