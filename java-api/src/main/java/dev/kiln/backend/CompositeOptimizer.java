package dev.kiln.backend;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.util.List;
import java.util.Optional;

/**
 * The optimizers' updates, with PyTorch's formulas. Settings stay on the device: scalars are worked
 * out there in FLOAT64 and rounded to the arithmetic type once.
 */
final class CompositeOptimizer {
  private final Composer k;
  private final View hyper;
  private final DType type;
  private final View param;
  private final List<View> state;

  private CompositeOptimizer(Composer k, View param, List<View> state, View hyper) {
    this.k = k;
    this.hyper = hyper;
    this.param = param;
    this.type = k.type();
    this.state = state;
  }

  static void step(
      Composer k, OptimizerKind kind, View param, View grad, List<View> state, View hyper) {
    if (param.numel() == 0) {
      return;
    }
    CompositeOptimizer o = new CompositeOptimizer(k, param, state, hyper);
    View p = k.in(param);
    View g = k.mul(k.in(grad), o.of(o.scalar(OptimizerKind.GRAD_SCALE)));
    switch (kind) {
      case SGD -> o.sgd(p, g);
      case ADAGRAD -> o.adagrad(p, g);
      case ADAM -> o.adam(p, o.decayed(p, g, 6));
      case ADAMW -> {
        View shrink = k.affine(k.mul(o.scalar(OptimizerKind.LR), o.scalar(6)), -1, 1);
        o.adam(k.mul(p, o.of(shrink)), g);
      }
      case RMSPROP -> o.rmsprop(p, g);
    }
  }

  static void clock(Composer k, View hyper, Optional<View> factor) {
    View scale = hyper.narrow(0, OptimizerKind.GRAD_SCALE, 1);
    View zero = k.constant(DType.FLOAT64, 0);
    View one = k.constant(DType.FLOAT64, 1);
    View by = factor.map(f -> f.reshape(Shape.of(1))).orElse(one);
    // The reciprocal tells -0 from 0.
    View down = k.binary(BinaryOp.LT, k.div(one, scale), zero);
    k.store(scale, k.where(down, k.mul(by, k.constant(DType.FLOAT64, -1)), by));
    View taken = k.binary(BinaryOp.NE, by, zero);
    k.accumulate(hyper.narrow(0, OptimizerKind.STEP, 1), k.cast(taken, DType.FLOAT64));
  }

  private void sgd(View p, View grad) {
    View g = decayed(p, grad, 5);
    if (isUsed(0)) {
      View momentum = scalar(3);
      View one = k.constant(DType.FLOAT64, 1);
      View first = k.binary(BinaryOp.EQ, scalar(OptimizerKind.STEP), one);
      View fresh = k.where(first, one, k.sub(one, scalar(4)));
      View velocity = k.add(k.mul(state(0), of(momentum)), k.mul(g, of(fresh)));
      View nesterov = scalar(6);
      View ahead = k.where(k.binary(BinaryOp.NE, nesterov, zero()), momentum, one);
      g = k.add(k.mul(g, of(nesterov)), k.mul(velocity, of(ahead)));
      store(state.get(0), velocity);
    }
    store(param, k.sub(p, k.mul(g, of(scalar(OptimizerKind.LR)))));
  }

  private void adagrad(View p, View grad) {
    View g = decayed(p, grad, 4);
    View slowing = k.mul(k.affine(scalar(OptimizerKind.STEP), 1, -1), scalar(3));
    View rate = k.div(scalar(OptimizerKind.LR), k.affine(slowing, 1, 1));
    View sum = k.add(state(0), k.unary(UnaryOp.SQUARE, g));
    View std = k.add(k.unary(UnaryOp.SQRT, sum), of(scalar(5)));
    store(param, k.sub(p, k.mul(k.div(g, std), of(rate))));
    store(state.get(0), sum);
  }

  private void adam(View p, View g) {
    View beta1 = scalar(3);
    View beta2 = scalar(4);
    View mean = blend(state(0), g, beta1);
    View square = average(state(1), k.unary(UnaryOp.SQUARE, g), beta2);
    View largest = square;
    if (isUsed(2)) {
      largest = k.binary(BinaryOp.MAXIMUM, state(2), square);
      store(state.get(2), largest);
    }
    View step = scalar(OptimizerKind.STEP);
    View correction1 = k.affine(k.binary(BinaryOp.POW, beta1, step), -1, 1);
    View correction2 = k.affine(k.binary(BinaryOp.POW, beta2, step), -1, 1);
    View rate = k.div(scalar(OptimizerKind.LR), correction1);
    View std = k.div(k.unary(UnaryOp.SQRT, largest), of(k.unary(UnaryOp.SQRT, correction2)));
    View direction = k.div(mean, k.add(std, of(scalar(5))));
    store(param, k.sub(p, k.mul(direction, of(rate))));
    store(state.get(0), mean);
    store(state.get(1), square);
  }

  private void rmsprop(View p, View grad) {
    View g = decayed(p, grad, 5);
    View alpha = scalar(3);
    View square = average(state(0), k.unary(UnaryOp.SQUARE, g), alpha);
    View variance = square;
    if (isUsed(2)) {
      View mean = blend(state(2), g, alpha);
      variance = k.sub(square, k.unary(UnaryOp.SQUARE, mean));
      store(state.get(2), mean);
    }
    View direction = k.div(g, k.add(k.unary(UnaryOp.SQRT, variance), of(scalar(4))));
    if (isUsed(1)) {
      direction = k.add(k.mul(state(1), of(scalar(6))), direction);
      store(state.get(1), direction);
    }
    store(param, k.sub(p, k.mul(direction, of(scalar(OptimizerKind.LR)))));
    store(state.get(0), square);
  }

  /** Stores a result, unless the step is skipped. */
  private void store(View out, View result) {
    View on = k.binary(BinaryOp.NE, scalar(OptimizerKind.GRAD_SCALE), zero());
    k.store(out, k.where(on, result, k.in(out)));
  }

  /** grad + weightDecay * param. */
  private View decayed(View p, View g, int weightDecay) {
    return k.add(g, k.mul(p, of(scalar(weightDecay))));
  }

  /** keep * old + (1 - keep) * value. */
  private View average(View old, View value, View keep) {
    return k.add(k.mul(old, of(keep)), k.mul(value, of(k.affine(keep, -1, 1))));
  }

  /** old + (1 - keep) * (value - old). */
  private View blend(View old, View value, View keep) {
    return k.add(old, k.mul(k.sub(value, old), of(k.affine(keep, -1, 1))));
  }

  private boolean isUsed(int i) {
    return state.get(i).numel() > 0;
  }

  private View state(int i) {
    return k.in(state.get(i));
  }

  private View zero() {
    return k.constant(DType.FLOAT64, 0);
  }

  /** One setting, FLOAT64 [1]. */
  private View scalar(int i) {
    return hyper.narrow(0, i, 1);
  }

  /** A FLOAT64 scalar in the arithmetic type. */
  private View of(View scalar) {
    return scalar.dtype() == type ? scalar : k.cast(scalar, type);
  }
}
