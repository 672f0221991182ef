package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;

import dev.kiln.Tensor;
import dev.kiln.ops.Embeddings;
import dev.kiln.ops.Embeddings.Mode;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The rows of sums and norms of tables' rows. */
final class EmbeddingsRows {
  private EmbeddingsRows() {}

  static List<Row> rows() {
    Input table = input(201, 5, 3);
    List<Row> rows = new ArrayList<>();
    rows.add(
        new Row(
            "Embeddings.embeddingBag weighted",
            t ->
                Embeddings.embeddingBag(
                    t.get(0),
                    indices(t.get(0)),
                    Optional.of(Row.labels(t.get(0), 0, 3, 3)),
                    Mode.SUM,
                    Optional.of(t.get(1)),
                    OptionalLong.empty(),
                    false),
            table,
            input(202, 6)));
    for (Mode mode : Mode.values()) {
      rows.add(
          new Row(
              "Embeddings.embeddingBag " + mode,
              t ->
                  Embeddings.embeddingBag(
                      t.get(0),
                      indices(t.get(0)),
                      Optional.of(Row.labels(t.get(0), 0, 3, 3)),
                      mode,
                      Optional.empty(),
                      OptionalLong.of(2),
                      false),
              table));
      rows.add(
          new Row(
              "Embeddings.embeddingBag of equal bags " + mode,
              t ->
                  Embeddings.embeddingBag(
                      t.get(0),
                      indices(t.get(0)).reshape(2, 3),
                      Optional.empty(),
                      mode,
                      Optional.empty(),
                      OptionalLong.empty(),
                      false),
              table));
    }
    rows.add(
        Row.fixed(
            "Embeddings.renorm",
            t -> Embeddings.renorm(t.get(0).copy().detach(), indices(t.get(0)), 1, 2),
            table));
    return rows;
  }

  private static Tensor indices(Tensor like) {
    return Row.labels(like, 4, 2, 2, 0, 2, 3);
  }
}
