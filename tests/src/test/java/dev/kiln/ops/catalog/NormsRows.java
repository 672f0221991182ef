package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.ops.Norms;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;

/** The rows of vector norms. */
final class NormsRows {
  private NormsRows() {}

  static List<Row> rows() {
    Input x = input(101, 2, 3, 4);
    List<Row> rows = new ArrayList<>();
    rows.add(new Row("Norms.norm", t -> Norms.norm(t.get(0), 2, new int[0], true), x));
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
    for (double p : new double[] {0.5, 1, 3, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
      rows.add(new Row("Norms.norm " + p, t -> Norms.norm(t.get(0), p, new int[] {-1}, false), x));
    }
    return rows;
  }
}
