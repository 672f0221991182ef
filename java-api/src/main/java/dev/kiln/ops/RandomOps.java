package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Generator;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.backend.Dist;

/** Ops that draw random numbers. */
public final class RandomOps {
  private RandomOps() {}

  /**
   * Sets each element to 0 with a probability and scales the others up so that the mean stays.
   * Srivastava et al. 2014.
   *
   * @param x the input
   * @param p the probability of 0, 0 .. 1
   * @param generator where the mask is drawn from
   * @return of x's shape
   * @throws ShapeException if p is outside 0 .. 1
   */
  public static Tensor dropout(Tensor x, double p, Generator generator) {
    probability("dropout", p);
    Check.floating("dropout", "input", x);
    if (p == 0) {
      return x;
    }
    Tensor mask = Tensor.empty(x.shape(), x.dtype(), x.device());
    generator.fill(mask, Dist.BERNOULLI, 1 - p, p == 1 ? 0 : 1 / (1 - p));
    Tensor y = Elementwise.mul(x.detach(), mask);
    return Autograd.record("dropout", y, Edge.of(x, dy -> Elementwise.mul(dy, mask)));
  }

  /**
   * Draws 1 with a probability, else 0.
   *
   * @param like gives shape, type and device
   * @param p the probability of 1
   * @return a mask of like's shape
   */
  public static Tensor bernoulli(Tensor like, double p) {
    probability("bernoulli", p);
    DType dtype = like.dtype().isFloating() ? like.dtype() : DType.FLOAT32;
    Tensor mask = Tensor.empty(like.shape(), dtype, like.device());
    return like.device().generator().fill(mask, Dist.BERNOULLI, p, 1);
  }

  private static void probability(String op, double p) {
    if (!(p >= 0 && p <= 1)) {
      throw new ShapeException("[" + op + "] probability " + p + " must be between 0 and 1");
    }
  }
}
