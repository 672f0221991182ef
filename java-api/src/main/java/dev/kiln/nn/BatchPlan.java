package dev.kiln.nn;

import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * The work of several modules of one structure as steps for all at once, one for each layer, with a
 * rule for each type of layer; in eval mode, without gradients.
 */
final class BatchPlan {
  /** Layers that give each element what its value says. */
  private static final Set<Class<? extends Module>> POINTWISE =
      Set.of(
          CELU.class,
          ELU.class,
          GELU.class,
          Hardshrink.class,
          Hardsigmoid.class,
          Hardswish.class,
          Hardtanh.class,
          LeakyReLU.class,
          LogSigmoid.class,
          Mish.class,
          ReLU.class,
          ReLU6.class,
          SELU.class,
          SiLU.class,
          Sigmoid.class,
          Softplus.class,
          Softshrink.class,
          Softsign.class,
          Tanh.class,
          Tanhshrink.class,
          Threshold.class);

  /** Layers that do nothing in eval mode. */
  private static final Set<Class<? extends Module>> NOTHING =
      Set.of(
          AlphaDropout.class,
          Dropout.class,
          Dropout1d.class,
          Dropout2d.class,
          Dropout3d.class,
          FeatureAlphaDropout.class,
          Identity.class);

  /** Layers that treat each channel alike and by itself, with the number of axes they pool. */
  private static final Map<Class<? extends Module>, Integer> POOLING =
      Map.ofEntries(
          Map.entry(AdaptiveAvgPool1d.class, 1),
          Map.entry(AdaptiveAvgPool2d.class, 2),
          Map.entry(AdaptiveAvgPool3d.class, 3),
          Map.entry(AdaptiveMaxPool1d.class, 1),
          Map.entry(AdaptiveMaxPool2d.class, 2),
          Map.entry(AdaptiveMaxPool3d.class, 3),
          Map.entry(AvgPool1d.class, 1),
          Map.entry(AvgPool2d.class, 2),
          Map.entry(AvgPool3d.class, 3),
          Map.entry(MaxPool1d.class, 1),
          Map.entry(MaxPool2d.class, 2),
          Map.entry(MaxPool3d.class, 3));

  private final int count;
  private final boolean groups;
  private final List<BatchedTensor> tensors;
  private final List<Module> steps = new ArrayList<>();
  private BatchSide side;

  private BatchPlan(int count, boolean groups, List<BatchedTensor> tensors, BatchSide side) {
    this.count = count;
    this.groups = groups;
    this.tensors = tensors;
    this.side = side;
  }

  /**
   * Plans the work of modules.
   *
   * @param modules in eval mode
   * @param groups whether convolutions may become groups of one
   * @return nothing if there is no way to do it at once
   */
  static Optional<BatchPlan> of(List<Module> modules, boolean groups) {
    if (modules.size() < 2 || !modules.stream().allMatch(m -> alike(modules.get(0), m))) {
      return Optional.empty();
    }
    BatchPlan plan = new BatchPlan(modules.size(), groups, new ArrayList<>(), BatchSide.SHARED);
    if (!plan.add(modules)) {
      return Optional.empty();
    }
    plan.move(BatchSide.FRONT);
    return Optional.of(plan);
  }

  private static boolean alike(Module one, Module other) {
    Map<String, Tensor> a = one.stateDict();
    Map<String, Tensor> b = other.stateDict();
    return other.namedModules().values().stream().allMatch(Module::isPlain)
        && one.toString().equals(other.toString())
        && a.keySet().equals(b.keySet())
        && a.keySet().stream().allMatch(name -> alike(a.get(name), b.get(name)));
  }

  private static boolean alike(Tensor a, Tensor b) {
    return a.shape().equals(b.shape()) && a.dtype() == b.dtype() && a.device().equals(b.device());
  }

  // ---- running --------------------------------------------------------------------------------

  /** Copies parameters and buffers that were changed since the last time. */
  void refresh() {
    tensors.forEach(BatchedTensor::refresh);
  }

  /** Computes what all modules make of x, [modules, ...]. */
  Tensor run(Tensor x) {
    return Module.chain(x, steps);
  }

  /** Frees the copies of parameters and buffers. */
  void close() {
    tensors.forEach(BatchedTensor::close);
  }

  // ---- planning -------------------------------------------------------------------------------

  /** Adds the work of modules that stand at the same place; false if there is no rule for them. */
  private boolean add(List<? extends Module> twins) {
    Module first = twins.get(0);
    Class<?> type = first.getClass();
    if (!twins.stream().allMatch(m -> m.getClass() == type)) {
      return false;
    }
    if (NOTHING.contains(type)) {
      return true;
    }
    if (POINTWISE.contains(type)) {
      step(first::forward);
      return true;
    }
    if (POOLING.containsKey(type)) {
      pooling(first, POOLING.get(type));
      return true;
    }
    if (first instanceof Chained) {
      return chain(as(Chained.class, twins), Chained::links);
    }
    if (first instanceof Branched) {
      return branched(as(Branched.class, twins));
    }
    return parametric(first, twins);
  }

  private boolean parametric(Module first, List<? extends Module> twins) {
    if (first instanceof Linear) {
      linear(as(Linear.class, twins));
    } else if (first instanceof ForwardConv && groups) {
      convolution(as(ForwardConv.class, twins));
    } else if (first instanceof BatchNorm) {
      batchNorm(as(BatchNorm.class, twins));
    } else if (first instanceof LayerNorm) {
      layerNorm(as(LayerNorm.class, twins));
    } else if (first instanceof Flatten f) {
      move(side == BatchSide.CHANNELS ? BatchSide.FRONT : side);
      step(side == BatchSide.SHARED ? f::forward : f::each);
    } else {
      return false;
    }
    return true;
  }

  private static <M> List<M> as(Class<M> type, List<? extends Module> twins) {
    return twins.stream().map(type::cast).toList();
  }

  private void step(UnaryOperator<Tensor> function) {
    steps.add(new Lambda(function));
  }

  private void move(BatchSide to) {
    BatchSide from = side;
    if (from != to) {
      step(x -> from.move(count, x, to));
      side = to;
    }
  }

  private <M> BatchedTensor batch(List<M> twins, Function<M, Tensor> tensor) {
    BatchedTensor all = new BatchedTensor(twins.stream().map(tensor).toList());
    tensors.add(all);
    return all;
  }

  private <M> Optional<BatchedTensor> maybe(List<M> twins, Function<M, Optional<Tensor>> tensor) {
    return tensor
        .apply(twins.get(0))
        .map(present -> batch(twins, m -> tensor.apply(m).orElseThrow()));
  }

  // ---- the rules ------------------------------------------------------------------------------

  private <M> boolean chain(List<M> twins, Function<M, List<Module>> links) {
    List<List<Module>> chains = twins.stream().map(links).toList();
    int length = chains.get(0).size();
    if (!chains.stream().allMatch(c -> c.size() == length)) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      int link = i;
      if (!add(chains.stream().map(c -> c.get(link)).toList())) {
        return false;
      }
    }
    return true;
  }

  private boolean branched(List<Branched> twins) {
    BatchPlan main = new BatchPlan(count, groups, tensors, side);
    BatchPlan other = new BatchPlan(count, groups, tensors, side);
    if (!main.chain(twins, Branched::main) || !other.chain(twins, Branched::side)) {
      return false;
    }
    BatchSide both =
        main.side == other.side || other.side == BatchSide.SHARED
            ? main.side
            : main.side == BatchSide.SHARED ? other.side : BatchSide.FRONT;
    main.move(both);
    other.move(both);
    step(x -> Residual.sum(x, main.run(x), other.run(x)));
    side = both;
    return chain(twins, Branched::after);
  }

  private void pooling(Module first, int axes) {
    if (side == BatchSide.SHARED) {
      step(first::forward);
      return;
    }
    move(BatchSide.CHANNELS);
    step(x -> first.forward(batchOf(axes, x)));
  }

  /** Demands a batch: what has none has another axis where channels would be. */
  private static Tensor batchOf(int axes, Tensor x) {
    if (x.dim() != axes + 2) {
      throw new ShapeException("[batched] %s has no batch axis".formatted(x.describe()));
    }
    return x;
  }

  private void linear(List<Linear> twins) {
    BatchedTensor weight = batch(twins, Linear::weight);
    Optional<BatchedTensor> bias = maybe(twins, Linear::bias);
    move(side == BatchSide.CHANNELS ? BatchSide.FRONT : side);
    boolean shared = side == BatchSide.SHARED;
    step(x -> linear(shared ? x.unsqueeze(0) : x, weight.values(), bias));
    side = BatchSide.FRONT;
  }

  /** Maps x [modules or 1, ..., in] by weights [modules, out, in]. */
  private static Tensor linear(Tensor x, Tensor weight, Optional<BatchedTensor> bias) {
    long in = weight.size(2);
    if (x.dim() < 3 || x.size(-1) != in) {
      throw new ShapeException(
          "[batched] %s has no rows of %d features".formatted(x.describe(), in));
    }
    long[] dims = x.shape().dims();
    Tensor rows = x.reshape(dims[0], x.numel() / (dims[0] * in), in);
    Tensor y = rows.matmul(weight.transpose(1, 2));
    dims[0] = weight.size(0);
    dims[dims.length - 1] = weight.size(1);
    return (bias.isPresent() ? y.add(bias.get().values().unsqueeze(1)) : y).reshape(dims);
  }

  private void convolution(List<ForwardConv> twins) {
    ForwardConv first = twins.get(0);
    BatchedTensor weight = batch(twins, ForwardConv::weight);
    Optional<BatchedTensor> bias = maybe(twins, ForwardConv::bias);
    // Filters of all modules see the one input whole; only groups of it have to be repeated.
    boolean shared = side == BatchSide.SHARED && first.groups == 1;
    move(shared ? side : BatchSide.CHANNELS);
    int groups = shared ? 1 : count * first.groups;
    step(
        x ->
            first.padded(
                batchOf(first.axes, x), weight.merged(), bias.map(BatchedTensor::merged), groups));
    side = BatchSide.CHANNELS;
  }

  private void batchNorm(List<BatchNorm> twins) {
    BatchNorm first = twins.get(0);
    Optional<BatchedTensor> mean = maybe(twins, BatchNorm::runningMean);
    Optional<BatchedTensor> variance = maybe(twins, BatchNorm::runningVar);
    Optional<BatchedTensor> weight = maybe(twins, BatchNorm::weight);
    Optional<BatchedTensor> bias = maybe(twins, BatchNorm::bias);
    move(BatchSide.CHANNELS);
    step(
        x ->
            first.evaluate(
                x,
                mean.map(BatchedTensor::merged),
                variance.map(BatchedTensor::merged),
                weight.map(BatchedTensor::merged),
                bias.map(BatchedTensor::merged)));
  }

  private void layerNorm(List<LayerNorm> twins) {
    LayerNorm first = twins.get(0);
    Optional<BatchedTensor> weight = maybe(twins, LayerNorm::weight);
    Optional<BatchedTensor> bias = maybe(twins, LayerNorm::bias);
    move(side == BatchSide.CHANNELS ? BatchSide.FRONT : side);
    step(first::normalize);
    if (weight.isPresent()) {
      move(BatchSide.FRONT);
      step(x -> affine(x, weight.get(), bias));
    }
  }

  private static Tensor affine(Tensor x, BatchedTensor weight, Optional<BatchedTensor> bias) {
    Tensor scaled = x.mul(perElement(weight.values(), x));
    return bias.isPresent() ? scaled.add(perElement(bias.get().values(), x)) : scaled;
  }

  /** Makes values [modules, last axes of x...] broadcast to x. */
  private static Tensor perElement(Tensor values, Tensor x) {
    Shape shape = values.shape();
    while (shape.rank() < x.dim()) {
      shape = shape.insert(1, 1);
    }
    return values.reshape(shape.dims());
  }
}
