package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.Generator;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Sampling;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of random integers, orders and choices. */
final class SamplingRows {
  private SamplingRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    Input p = uniform(97, 0.1, 0.9, 2, 3);
    rows.add(
        Row.fixed(
            "Sampling.randint", t -> Sampling.randint(-2, 5, Shape.of(4), draws(t.get(0))), p));
    rows.add(Row.fixed("Sampling.randperm", t -> Sampling.randperm(7, draws(t.get(0))), p));
    rows.add(
        Row.fixed("Sampling.normal", t -> Sampling.normal(t.get(0), t.get(0), draws(t.get(0))), p));
    rows.add(
        Row.fixed("Sampling.bernoulli", t -> Sampling.bernoulli(t.get(0), draws(t.get(0))), p));
    rows.add(
        Row.fixed(
            "Sampling.multinomial",
            t -> Sampling.multinomial(t.get(0), 2, true, draws(t.get(0))),
            p));
    return rows;
  }

  private static Generator draws(Tensor like) {
    return like.device().generator();
  }
}
