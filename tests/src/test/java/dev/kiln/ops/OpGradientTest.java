package dev.kiln.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.ops.catalog.OpCatalog;
import dev.kiln.ops.catalog.Row;
import dev.kiln.testing.GradCheck;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every op of the catalog has the gradient that differences of its results show. */
class OpGradientTest {
  static Stream<Row> differentiable() {
    return OpCatalog.rows().stream().filter(Row::differentiable);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("differentiable")
  void gradient(Row row) {
    GradCheck.check(row.name(), row.f(), row.inputArray());
  }

  @Test
  void everyPublicOpHasARow() {
    Set<String> missing = new TreeSet<>(OpCatalog.names());
    OpCatalog.rows().forEach(row -> missing.remove(row.op()));
    assertThat(missing).as("public ops without a row in the catalog of ops").isEmpty();
  }

  @Test
  void everyRowIsAnOp() {
    Set<String> unknown = new TreeSet<>();
    OpCatalog.rows().forEach(row -> unknown.add(row.op()));
    unknown.removeAll(OpCatalog.names());
    assertThat(unknown).as("rows of the catalog that name no public op").isEmpty();
  }
}
