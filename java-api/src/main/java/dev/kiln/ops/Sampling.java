package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Generator;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.Dist;

/** Random integers, orders and choices, drawn from a generator on its device. */
public final class Sampling {
  private Sampling() {}

  private static Tensor uniform(Shape shape, DType dtype, Generator generator) {
    return generator.fill(Tensor.empty(shape, dtype, generator.device()), Dist.UNIFORM, 0, 1);
  }

  /** Integers from low to high - 1, each as likely, INT64. */
  public static Tensor randint(long low, long high, Shape shape, Generator generator) {
    ShapeRules.require(low < high, () -> "[randint] low " + low + " must be below high " + high);
    Tensor u = uniform(shape, DType.FLOAT64, generator);
    return u.mul((double) high - low).to(DType.INT64).add(low);
  }

  /** The numbers 0 .. n - 1 in random order, INT64. */
  public static Tensor randperm(long n, Generator generator) {
    return Sorting.argsort(uniform(Shape.of(n), DType.FLOAT64, generator), 0, false);
  }

  /** Normal numbers, each with its mean and standard deviation, broadcast. No gradient. */
  public static Tensor normal(Tensor mean, Tensor std, Generator generator) {
    Check.floating("normal", "mean", mean);
    Shape shape = ShapeRules.broadcast("normal", mean, std);
    Tensor z = Tensor.empty(shape, mean.dtype(), mean.device());
    generator.fill(z, Dist.NORMAL, 0, 1);
    return z.mul(std.detach()).add(mean.detach());
  }

  /** 1 with each element's probability, else 0, of p's type. No gradient. */
  public static Tensor bernoulli(Tensor p, Generator generator) {
    Check.floating("bernoulli", "p", p);
    Tensor u = uniform(p.shape(), DType.FLOAT64, generator);
    return Elementwise.lt(u, p.detach().to(DType.FLOAT64)).to(p.dtype());
  }

  /**
   * Draws positions with probabilities in proportion to weights.
   *
   * @param weights [n] or [rows, n], 0 or more, not all 0
   * @param count how many for each row
   * @param replacement whether a position can be drawn again; else at least count weights must be
   *     above 0
   * @param generator where they are drawn from
   * @return INT64 [count] or [rows, count]
   */
  public static Tensor multinomial(
      Tensor weights, int count, boolean replacement, Generator generator) {
    Check.floating("multinomial", "weights", weights);
    ShapeRules.require(
        (weights.dim() == 1 || weights.dim() == 2)
            && count > 0
            && (replacement || count <= weights.size(-1)),
        () ->
            "[multinomial] "
                + count
                + " cannot be drawn from "
                + weights.describe()
                + "; weights are [n] or [rows, n]");
    Tensor w = weights.detach().to(DType.FLOAT64);
    return NoGrad.run(
        () -> {
          if (!replacement) {
            // The k first arrivals of Poisson processes with the weights as rates.
            Tensor u = uniform(w.shape(), DType.FLOAT64, generator);
            Tensor arrival = Elementwise.log1p(u.neg()).neg().div(w);
            return Sorting.topk(arrival, count, -1, false).indices();
          }
          Tensor up = Scans.cumsum(w, -1);
          Tensor total = up.narrow(-1, w.size(-1) - 1, 1);
          Tensor u = uniform(w.shape().with(-1, count), DType.FLOAT64, generator).mul(total);
          return Searching.searchsorted(up, u, true).clamp(0, w.size(-1) - 1);
        });
  }
}
