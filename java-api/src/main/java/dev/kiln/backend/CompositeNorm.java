package dev.kiln.backend;

import dev.kiln.Shape;
import java.util.Optional;

/**
 * Batch and layer normalisation, with the variance from a second pass over the data, and that by
 * the root mean square.
 */
final class CompositeNorm {
  private CompositeNorm() {}

  static void batchTrain(
      Composer k,
      View y,
      View mean,
      View invStd,
      Optional<View> runningMean,
      Optional<View> runningVar,
      View x,
      Optional<View> weight,
      Optional<View> bias,
      double momentum,
      double eps) {
    long channels = x.shape().dim(1);
    double count = (double) x.shape().dim(0) * x.shape().dim(2);
    View in = k.in(x);
    View m = k.reduce(ReduceOp.MEAN, in, 0, 2);
    View d = centred(k, in, m, 0, 2);
    View squares = k.reduce(ReduceOp.SUM_SQUARES, d, 0, 2);
    View s = k.unary(UnaryOp.RSQRT, k.affine(squares, 1 / count, eps));
    View out = k.mul(d, s);
    Shape perChannel = Shape.of(channels, 1);
    if (weight.isPresent()) {
      out = k.mul(out, k.in(weight.get()).reshape(perChannel));
    }
    if (bias.isPresent()) {
      out = k.add(out, k.in(bias.get()).reshape(perChannel));
    }
    k.store(y, out);
    k.store(mean, m);
    k.store(invStd, s);
    runningMean.ifPresent(r -> blend(k, r, m, momentum));
    runningVar.ifPresent(r -> blend(k, r, k.affine(squares, 1 / (count - 1), 0), momentum));
  }

  /** x less its mean, and less what rounding the mean has left: far from 0 that is much. */
  private static View centred(Composer k, View x, View mean, int... axes) {
    View near = k.sub(x, mean);
    return k.sub(near, k.reduce(ReduceOp.MEAN, near, axes));
  }

  /** running = (1 - momentum) * running + momentum * batch. */
  private static void blend(Composer k, View running, View batch, double momentum) {
    View old = k.affine(k.in(running), 1 - momentum, 0);
    k.store(running, k.add(old, k.affine(batch.reshape(running.shape()), momentum, 0)));
  }

  static void batchTrainGrad(
      Composer k,
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd) {
    Shape perChannel = Shape.of(x.shape().dim(1), 1);
    double count = (double) x.shape().dim(0) * x.shape().dim(2);
    View g = k.in(dy);
    View s = k.in(invStd).reshape(perChannel);
    View normal = k.mul(k.sub(k.in(x), k.in(mean).reshape(perChannel)), s);
    View sum = k.reduce(ReduceOp.SUM, g, 0, 2);
    View dot = k.reduce(ReduceOp.SUM, k.mul(g, normal), 0, 2);
    View scale = weight.isPresent() ? k.mul(s, k.in(weight.get()).reshape(perChannel)) : s;
    View centred = k.sub(g, k.affine(sum, 1 / count, 0));
    View along = k.mul(normal, k.affine(dot, 1 / count, 0));
    k.store(dx, k.mul(k.sub(centred, along), scale));
    k.store(dweight, dot);
    k.store(dbias, sum);
  }

  static void channelAffine(
      Composer k,
      View y,
      View x,
      Optional<View> mean,
      Optional<View> variance,
      Optional<View> weight,
      Optional<View> bias,
      double eps) {
    Shape perChannel = Shape.of(x.shape().dim(1), 1);
    View out = k.in(x);
    if (mean.isPresent()) {
      out = k.sub(out, k.in(mean.get()).reshape(perChannel));
    }
    if (variance.isPresent()) {
      View s = k.unary(UnaryOp.RSQRT, k.affine(k.in(variance.get()), 1, eps));
      out = k.mul(out, s.reshape(perChannel));
    }
    if (weight.isPresent()) {
      out = k.mul(out, k.in(weight.get()).reshape(perChannel));
    }
    if (bias.isPresent()) {
      out = k.add(out, k.in(bias.get()).reshape(perChannel));
    }
    k.store(y, out);
  }

  static void layer(
      Composer k,
      View y,
      View mean,
      View invStd,
      View x,
      Optional<View> weight,
      Optional<View> bias,
      double eps) {
    View in = k.in(x);
    View m = k.reduce(ReduceOp.MEAN, in, 1);
    View d = centred(k, in, m, 1);
    View squares = k.reduce(ReduceOp.SUM_SQUARES, d, 1);
    View s = k.unary(UnaryOp.RSQRT, k.affine(squares, 1.0 / x.shape().dim(1), eps));
    View out = k.mul(d, s);
    if (weight.isPresent()) {
      out = k.mul(out, k.in(weight.get()));
    }
    if (bias.isPresent()) {
      out = k.add(out, k.in(bias.get()));
    }
    k.store(y, out);
    k.store(mean, m);
    k.store(invStd, s);
  }

  static void layerGrad(
      Composer k,
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd) {
    Shape perRow = Shape.of(x.shape().dim(0), 1);
    View up = k.in(dy);
    View s = k.in(invStd).reshape(perRow);
    View normal = k.mul(k.sub(k.in(x), k.in(mean).reshape(perRow)), s);
    View g = weight.isPresent() ? k.mul(up, k.in(weight.get())) : up;
    View centred = k.sub(g, k.reduce(ReduceOp.MEAN, g, 1));
    View along = k.mul(normal, k.reduce(ReduceOp.MEAN, k.mul(g, normal), 1));
    k.store(dx, k.mul(k.sub(centred, along), s));
    k.store(dweight, k.reduce(ReduceOp.SUM, k.mul(up, normal), 0));
    k.store(dbias, k.reduce(ReduceOp.SUM, up, 0));
  }

  /** The groups of channels of x as rows. */
  static Shape groups(View x, View mean) {
    long rows = mean.numel();
    return Shape.of(rows, rows == 0 ? 0 : x.numel() / rows);
  }

  static void groupGrad(
      Composer k,
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd) {
    Shape rows = groups(x, mean);
    Shape perRow = Shape.of(rows.dim(0), 1);
    Shape perChannel = Shape.of(x.shape().dim(1), 1);
    View up = k.in(dy);
    View s = k.in(invStd).reshape(perRow);
    View normal = k.mul(k.sub(k.in(x).reshape(rows), k.in(mean).reshape(perRow)), s);
    View scaled = weight.isPresent() ? k.mul(up, k.in(weight.get()).reshape(perChannel)) : up;
    View g = scaled.reshape(rows);
    View centred = k.sub(g, k.reduce(ReduceOp.MEAN, g, 1));
    View along = k.mul(normal, k.reduce(ReduceOp.MEAN, k.mul(g, normal), 1));
    k.store(dx.reshape(rows), k.mul(k.sub(centred, along), s));
    k.store(dweight, k.reduce(ReduceOp.SUM, k.mul(up, normal.reshape(x.shape())), 0, 2));
    k.store(dbias, k.reduce(ReduceOp.SUM, up, 0, 2));
  }

  static void rms(Composer k, View y, View invRms, View x, Optional<View> weight, double eps) {
    View in = k.in(x);
    View squares = k.reduce(ReduceOp.SUM_SQUARES, in, 1);
    View s = k.unary(UnaryOp.RSQRT, k.affine(squares, 1.0 / x.shape().dim(1), eps));
    View out = k.mul(in, s);
    k.store(y, weight.isPresent() ? k.mul(out, k.in(weight.get())) : out);
    k.store(invRms, s);
  }

  static void rmsGrad(
      Composer k, View dx, View dweight, View dy, View x, Optional<View> weight, View invRms) {
    View up = k.in(dy);
    View s = k.in(invRms).reshape(Shape.of(x.shape().dim(0), 1));
    View normal = k.mul(k.in(x), s);
    View g = weight.isPresent() ? k.mul(up, k.in(weight.get())) : up;
    View along = k.mul(normal, k.reduce(ReduceOp.MEAN, k.mul(g, normal), 1));
    k.store(dx, k.mul(k.sub(g, along), s));
    k.store(dweight, k.reduce(ReduceOp.SUM, k.mul(up, normal), 0));
  }
}
