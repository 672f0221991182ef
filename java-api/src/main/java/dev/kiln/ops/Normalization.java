package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.FusedOps;
import java.util.Optional;
import java.util.stream.IntStream;

/** Batch, layer, group, instance and root-mean-square normalisation. */
public final class Normalization {
  private Normalization() {}

  /**
   * Normalises each channel: by the batch's own statistics when training, by the running ones
   * otherwise. Ioffe and Szegedy 2015.
   *
   * @param x [n, c, ...], of rank 2 to 5
   * @param runningMean [c], updated in place when training, if there is one
   * @param runningVar [c], updated in place when training (unbiased), if there is one
   * @param weight [c], if there is one
   * @param bias [c], if there is one
   * @param training whether the batch's statistics are used
   * @param momentum the weight of this batch in the running statistics
   * @param eps added to the variance
   * @return of x's shape
   * @throws dev.kiln.ShapeException if a channel has a single value when training, or sizes differ
   */
  public static Tensor batchNorm(
      Tensor x,
      Optional<Tensor> runningMean,
      Optional<Tensor> runningVar,
      Optional<Tensor> weight,
      Optional<Tensor> bias,
      boolean training,
      double momentum,
      double eps) {
    if (Casts.raises(x)) {
      return batchNorm(
          Casts.full(x), runningMean, runningVar, weight, bias, training, momentum, eps);
    }
    Check.floating("batch_norm", "input", x);
    ShapeRules.require(
        x.dim() >= 2 && x.dim() <= 5,
        () -> "[batch_norm] input " + x.describe() + " must be [n, channels, ...] of rank 2 to 5");
    channels("batch_norm", x, "running_mean", runningMean);
    channels("batch_norm", x, "running_var", runningVar);
    channels("batch_norm", x, "weight", weight);
    channels("batch_norm", x, "bias", bias);
    if (training) {
      return byBatch(x, runningMean, runningVar, weight, bias, momentum, eps);
    }
    ShapeRules.require(
        runningMean.isPresent() && runningVar.isPresent(),
        () ->
            "[batch_norm] there are no running statistics to evaluate with; train with them, or"
                + " evaluate in training mode");
    return channelAffine("batch_norm", x, runningMean, runningVar, weight, bias, eps);
  }

  private static void channels(String op, Tensor x, String role, Optional<Tensor> t) {
    t.ifPresent(
        v -> {
          ShapeRules.vector(op, role, v, x.size(1), "channel");
          Check.backend(op, x, v);
          Check.sameType(op, "input", x, role, v);
        });
  }

  private static Tensor byBatch(
      Tensor x,
      Optional<Tensor> runningMean,
      Optional<Tensor> runningVar,
      Optional<Tensor> weight,
      Optional<Tensor> bias,
      double momentum,
      double eps) {
    long c = x.size(1);
    long perChannel = c == 0 ? 0 : x.numel() / c;
    ShapeRules.require(
        perChannel > 1,
        () ->
            "[batch_norm] input "
                + x.describe()
                + " has "
                + perChannel
                + " value per channel; training needs at least 2: use a larger batch, or eval()");
    Tensor in = Check.dense("batch_norm", "input", x);
    Shape flat = Shape.of(x.size(0), c, perChannel / x.size(0));
    FusedOps ops = x.device().backend().fused();
    Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
    Tensor mean = Tensor.empty(Shape.of(c), saved(x), x.device());
    Tensor invStd = Tensor.empty(Shape.of(c), saved(x), x.device());
    Optional<Tensor> w = weight.map(t -> Check.dense("batch_norm", "weight", t));
    Optional<Tensor> newMean = runningMean.map(t -> Check.dense("batch_norm", "running_mean", t));
    Optional<Tensor> newVar = runningVar.map(t -> Check.dense("batch_norm", "running_var", t));
    ops.batchNormTrain(
        y.view().reshape(flat),
        mean.view(),
        invStd.view(),
        newMean.map(Tensor::view),
        newVar.map(Tensor::view),
        in.view().reshape(flat),
        w.map(Tensor::view),
        Check.denseView("batch_norm", "bias", bias),
        momentum,
        eps);
    runningMean.ifPresent(t -> updated(t, newMean.get()));
    runningVar.ifPresent(t -> updated(t, newVar.get()));
    return Autograd.record(
        "batch_norm",
        y,
        inputs(x, weight, bias),
        (dy, into) -> {
          if (NoGrad.isRecording()) {
            int[] each = IntStream.range(0, x.dim()).filter(i -> i != 1).toArray();
            NormalizedGradient again = new NormalizedGradient(x, each, eps);
            Tensor scaled = weight.isPresent() ? dy.mul(weight.get().reshape(perChannel(x))) : dy;
            put(
                into,
                again.ofInput(scaled),
                weight.isPresent(),
                again.ofWeight(dy).sum(each, false),
                bias.isPresent(),
                dy.sum(each, false));
            return;
          }
          Tensor dx = Tensor.empty(x.shape(), x.dtype(), x.device());
          Tensor dw = Tensor.empty(Shape.of(c), x.dtype(), x.device());
          Tensor db = Tensor.empty(Shape.of(c), x.dtype(), x.device());
          ops.batchNormTrainGrad(
              dx.view().reshape(flat),
              dw.view(),
              db.view(),
              Check.dense("batch_norm", "dy", dy).view().reshape(flat),
              in.view("batch_norm", "input").reshape(flat),
              w.map(t -> t.view("batch_norm", "weight")),
              mean.view("batch_norm", "saved"),
              invStd.view("batch_norm", "saved"));
          put(into, dx, weight.isPresent(), dw, bias.isPresent(), db);
        });
  }

  /**
   * Marks a running statistic as changed; one that is not dense takes over what its copy became.
   */
  private static void updated(Tensor running, Tensor dense) {
    if (dense != running) {
      running.copyFrom(dense);
    }
    running.incrementVersion();
  }

  /**
   * (x - mean) / sqrt(variance + eps) * weight + bias for each channel, without what is absent;
   * mean and variance are constants.
   */
  private static Tensor channelAffine(
      String op,
      Tensor x,
      Optional<Tensor> mean,
      Optional<Tensor> variance,
      Optional<Tensor> weight,
      Optional<Tensor> bias,
      double eps) {
    long inner = 1;
    for (int axis = 2; axis < x.dim(); axis++) {
      inner *= x.size(axis);
    }
    Shape flat = Shape.of(x.size(0), x.size(1), inner);
    FusedOps ops = x.device().backend().fused();
    Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
    Optional<Tensor> v = variance.map(t -> Check.dense(op, "running_var", t));
    Optional<Tensor> w = weight.map(t -> Check.dense(op, "weight", t));
    ops.channelAffine(
        y.view().reshape(flat),
        Check.dense(op, "input", x).view().reshape(flat),
        Check.denseView(op, "running_mean", mean),
        v.map(Tensor::view),
        w.map(Tensor::view),
        Check.denseView(op, "bias", bias),
        eps);
    return Autograd.record(
        op,
        y,
        inputs(x, weight, bias),
        (dy, into) -> {
          long[] dims = perChannel(x);
          Optional<Tensor> scale =
              variance.map(t -> NoGrad.run(() -> t.add(eps).rsqrt().reshape(dims)));
          if (NoGrad.isRecording()) {
            Tensor scaled = weight.isPresent() ? dy.mul(weight.get().reshape(dims)) : dy;
            into.put(0, scale.isPresent() ? scaled.mul(scale.get()) : scaled);
          } else if (into.needs(0)) {
            Tensor dx = Tensor.empty(x.shape(), x.dtype(), x.device());
            ops.channelAffine(
                dx.view().reshape(flat),
                Check.dense(op, "dy", dy).view().reshape(flat),
                Optional.empty(),
                v.map(t -> t.view(op, "running_var")),
                w.map(t -> t.view(op, "weight")),
                Optional.empty(),
                eps);
            into.put(0, dx);
          }
          int[] each = IntStream.range(0, x.dim()).filter(i -> i != 1).toArray();
          if (weight.isPresent() && into.needs(1)) {
            Tensor centred = mean.isPresent() ? x.sub(mean.get().detach().reshape(dims)) : x;
            Tensor normal = scale.isPresent() ? centred.mul(scale.get()) : centred;
            into.put(1, dy.mul(normal).sum(each, false));
          }
          int last = weight.isPresent() ? 2 : 1;
          if (bias.isPresent() && into.needs(last)) {
            into.put(last, dy.sum(each, false));
          }
        });
  }

  /**
   * Normalises over the last axes and applies an elementwise affine map. Ba et al. 2016.
   *
   * @param x the input, whose last axes are the normalised shape
   * @param normalizedShape the sizes of those axes
   * @param weight of the normalised shape, if there is one
   * @param bias of the normalised shape, if there is one
   * @param eps added to the biased variance
   * @return of x's shape
   * @throws dev.kiln.ShapeException if x does not end in the normalised shape
   */
  public static Tensor layerNorm(
      Tensor x, Shape normalizedShape, Optional<Tensor> weight, Optional<Tensor> bias, double eps) {
    if (Casts.raises(x)) {
      return layerNorm(Casts.full(x), normalizedShape, weight, bias, eps);
    }
    Check.floating("layer_norm", "input", x);
    int lead = x.dim() - normalizedShape.rank();
    boolean fits = lead >= 0 && normalizedShape.rank() > 0;
    for (int i = 0; fits && i < normalizedShape.rank(); i++) {
      fits = x.size(lead + i) == normalizedShape.dim(i);
    }
    ShapeRules.require(
        fits,
        () ->
            "[layer_norm] input "
                + x.describe()
                + " does not end in the normalised shape "
                + normalizedShape);
    affine("layer_norm", x, "weight", weight, normalizedShape);
    affine("layer_norm", x, "bias", bias, normalizedShape);
    long n = normalizedShape.numel();
    Shape rows = Shape.of(n == 0 ? 0 : x.numel() / n, n);
    Tensor in = Check.dense("layer_norm", "input", x);
    FusedOps ops = x.device().backend().fused();
    Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
    Tensor mean = Tensor.empty(Shape.of(rows.dim(0)), saved(x), x.device());
    Tensor invStd = Tensor.empty(Shape.of(rows.dim(0)), saved(x), x.device());
    Shape vector = Shape.of(n);
    Optional<Tensor> w = weight.map(t -> Check.dense("layer_norm", "weight", t));
    ops.layerNorm(
        y.view().reshape(rows),
        mean.view(),
        invStd.view(),
        in.view().reshape(rows),
        w.map(t -> t.view().reshape(vector)),
        Check.denseView("layer_norm", "bias", bias).map(v -> v.reshape(vector)),
        eps);
    return Autograd.record(
        "layer_norm",
        y,
        inputs(x, weight, bias),
        (dy, into) -> {
          if (NoGrad.isRecording()) {
            int[] last = IntStream.range(lead, x.dim()).toArray();
            NormalizedGradient again = new NormalizedGradient(x, last, eps);
            Tensor scaled = weight.isPresent() ? dy.mul(weight.get()) : dy;
            Tensor perElement = again.ofWeight(dy);
            put(into, again.ofInput(scaled), weight.isPresent(), perElement, bias.isPresent(), dy);
            return;
          }
          Tensor dx = Tensor.empty(x.shape(), x.dtype(), x.device());
          Tensor dw = Tensor.empty(normalizedShape, x.dtype(), x.device());
          Tensor db = Tensor.empty(normalizedShape, x.dtype(), x.device());
          ops.layerNormGrad(
              dx.view().reshape(rows),
              dw.view().reshape(vector),
              db.view().reshape(vector),
              Check.dense("layer_norm", "dy", dy).view().reshape(rows),
              in.view("layer_norm", "input").reshape(rows),
              w.map(t -> t.view("layer_norm", "weight").reshape(vector)),
              mean.view("layer_norm", "saved"),
              invStd.view("layer_norm", "saved"));
          put(into, dx, weight.isPresent(), dw, bias.isPresent(), db);
        });
  }

  /**
   * Normalises each group of channels of each example. Wu and He 2018.
   *
   * @param x [n, c, ...]
   * @param groups divides c
   * @param weight [c], if there is one
   * @param bias [c], if there is one
   * @param eps added to the biased variance
   * @return of x's shape
   */
  public static Tensor groupNorm(
      Tensor x, int groups, Optional<Tensor> weight, Optional<Tensor> bias, double eps) {
    return grouped("group_norm", x, groups, weight, bias, eps);
  }

  /**
   * Normalises each channel of each example. Ulyanov et al. 2016.
   *
   * @param x [n, c, ...]
   * @param weight [c], if there is one
   * @param bias [c], if there is one
   * @param eps added to the biased variance
   * @return of x's shape
   */
  public static Tensor instanceNorm(
      Tensor x, Optional<Tensor> weight, Optional<Tensor> bias, double eps) {
    ShapeRules.require(
        x.dim() >= 3,
        () -> "[instance_norm] input " + x.describe() + " must be [n, channels, ...]");
    return grouped("instance_norm", x, x.size(1), weight, bias, eps);
  }

  private static Tensor grouped(
      String op,
      Tensor x,
      long groups,
      Optional<Tensor> weight,
      Optional<Tensor> bias,
      double eps) {
    if (Casts.raises(x)) {
      return grouped(op, Casts.full(x), groups, weight, bias, eps);
    }
    Check.floating(op, "input", x);
    ShapeRules.require(
        x.dim() >= 2 && groups > 0 && x.size(1) % groups == 0,
        () ->
            "["
                + op
                + "] input "
                + x.describe()
                + " must be [n, channels, ...] with channels divisible by "
                + groups
                + " groups");
    channels(op, x, "weight", weight);
    channels(op, x, "bias", bias);
    long images = x.size(0);
    long n = images == 0 ? 0 : x.numel() / (images * groups);
    Shape flat = Shape.of(images, x.size(1), n == 0 ? 0 : x.numel() / (images * x.size(1)));
    Tensor in = Check.dense(op, "input", x);
    FusedOps ops = x.device().backend().fused();
    Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
    Tensor mean = Tensor.empty(Shape.of(images, groups), saved(x), x.device());
    Tensor invStd = Tensor.empty(mean.shape(), saved(x), x.device());
    Optional<Tensor> w = weight.map(t -> Check.dense(op, "weight", t));
    ops.groupNorm(
        y.view().reshape(flat),
        mean.view(),
        invStd.view(),
        in.view().reshape(flat),
        w.map(Tensor::view),
        Check.denseView(op, "bias", bias),
        eps);
    return Autograd.record(
        op,
        y,
        inputs(x, weight, bias),
        (dy, into) -> {
          if (NoGrad.isRecording()) {
            long[] dims = x.shape().dims();
            int[] each = IntStream.range(0, x.dim()).filter(i -> i != 1).toArray();
            NormalizedGradient again =
                new NormalizedGradient(x.reshape(images * groups, n), new int[] {1}, eps);
            Tensor scaled = weight.isPresent() ? dy.mul(weight.get().reshape(perChannel(x))) : dy;
            put(
                into,
                again.ofInput(scaled.reshape(images * groups, n)).reshape(dims),
                weight.isPresent(),
                again.ofWeight(dy.reshape(images * groups, n)).reshape(dims).sum(each, false),
                bias.isPresent(),
                dy.sum(each, false));
            return;
          }
          Tensor dx = Tensor.empty(x.shape(), x.dtype(), x.device());
          Tensor dw = Tensor.empty(Shape.of(x.size(1)), x.dtype(), x.device());
          Tensor db = Tensor.empty(Shape.of(x.size(1)), x.dtype(), x.device());
          ops.groupNormGrad(
              dx.view().reshape(flat),
              dw.view(),
              db.view(),
              Check.dense(op, "dy", dy).view().reshape(flat),
              in.view(op, "input").reshape(flat),
              w.map(t -> t.view(op, "weight")),
              mean.view(op, "saved"),
              invStd.view(op, "saved"));
          put(into, dx, weight.isPresent(), dw, bias.isPresent(), db);
        });
  }

  /**
   * Divides by the root of the mean square over the last axes. Zhang and Sennrich 2019.
   *
   * @param x the input, whose last axes are the normalised shape
   * @param normalizedShape the sizes of those axes
   * @param weight of the normalised shape, if there is one
   * @param eps added to the mean square
   * @return of x's shape
   */
  public static Tensor rmsNorm(
      Tensor x, Shape normalizedShape, Optional<Tensor> weight, double eps) {
    if (Casts.raises(x)) {
      return rmsNorm(Casts.full(x), normalizedShape, weight, eps);
    }
    Check.floating("rms_norm", "input", x);
    int lead = x.dim() - normalizedShape.rank();
    boolean fits = lead >= 0 && normalizedShape.rank() > 0;
    int[] axes = new int[normalizedShape.rank()];
    for (int i = 0; fits && i < axes.length; i++) {
      fits = x.size(lead + i) == normalizedShape.dim(i);
      axes[i] = lead + i;
    }
    ShapeRules.require(
        fits,
        () ->
            "[rms_norm] input "
                + x.describe()
                + " does not end in the normalised shape "
                + normalizedShape);
    affine("rms_norm", x, "weight", weight, normalizedShape);
    long n = normalizedShape.numel();
    Shape rows = Shape.of(n == 0 ? 0 : x.numel() / n, n);
    Shape vector = Shape.of(n);
    Tensor in = Check.dense("rms_norm", "input", x);
    Optional<Tensor> w = weight.map(t -> Check.dense("rms_norm", "weight", t));
    FusedOps ops = x.device().backend().fused();
    Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
    Tensor invRms = Tensor.empty(Shape.of(rows.dim(0)), saved(x), x.device());
    ops.rmsNorm(
        y.view().reshape(rows),
        invRms.view(),
        in.view().reshape(rows),
        w.map(t -> t.view().reshape(vector)),
        eps);
    return Autograd.record(
        "rms_norm",
        y,
        inputs(x, weight, Optional.empty()),
        (dy, into) -> {
          if (NoGrad.isRecording()) {
            // s (g - n mean(g n)), n the normalised x and s its scale
            Tensor s = x.square().mean(axes, true).add(eps).rsqrt();
            Tensor normal = x.mul(s);
            Tensor g = weight.isPresent() ? dy.mul(weight.get()) : dy;
            Tensor again = g.sub(normal.mul(g.mul(normal).mean(axes, true))).mul(s);
            put(into, again, weight.isPresent(), dy.mul(normal), false, dy);
            return;
          }
          Tensor dx = Tensor.empty(x.shape(), x.dtype(), x.device());
          Tensor dw = Tensor.empty(normalizedShape, x.dtype(), x.device());
          ops.rmsNormGrad(
              dx.view().reshape(rows),
              dw.view().reshape(vector),
              Check.dense("rms_norm", "dy", dy).view().reshape(rows),
              in.view("rms_norm", "input").reshape(rows),
              w.map(t -> t.view("rms_norm", "weight").reshape(vector)),
              invRms.view("rms_norm", "saved"));
          put(into, dx, weight.isPresent(), dw, false, dy);
        });
  }

  /** The type of statistics that the gradient reads again: 16 bits are too few for a large mean. */
  private static DType saved(Tensor x) {
    return x.dtype().bytes() == 2 ? DType.FLOAT32 : x.dtype();
  }

  private static void affine(String op, Tensor x, String role, Optional<Tensor> t, Shape shape) {
    t.ifPresent(
        v -> {
          ShapeRules.require(
              v.shape().equals(shape),
              () ->
                  "["
                      + op
                      + "] "
                      + role
                      + " "
                      + v.describe()
                      + " must have the normalised shape "
                      + shape);
          Check.backend(op, x, v);
          Check.sameType(op, "input", x, role, v);
        });
  }

  /** The shape that broadcasts a vector of channels over x. */
  private static long[] perChannel(Tensor x) {
    long[] dims = new long[x.dim()];
    java.util.Arrays.fill(dims, 1);
    dims[1] = x.size(1);
    return dims;
  }

  private static Tensor[] inputs(Tensor x, Optional<Tensor> weight, Optional<Tensor> bias) {
    java.util.List<Tensor> all = new java.util.ArrayList<>();
    all.add(x);
    weight.ifPresent(all::add);
    bias.ifPresent(all::add);
    return all.toArray(new Tensor[0]);
  }

  private static void put(
      dev.kiln.autograd.Backward.Sink into,
      Tensor dx,
      boolean hasWeight,
      Tensor dw,
      boolean hasBias,
      Tensor db) {
    into.put(0, dx);
    if (hasWeight) {
      into.put(1, dw);
    }
    if (hasBias) {
      into.put(hasWeight ? 2 : 1, db);
    }
  }
}
