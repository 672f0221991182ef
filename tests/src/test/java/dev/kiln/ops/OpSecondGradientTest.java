package dev.kiln.ops;

import dev.kiln.ops.catalog.OpCatalog;
import dev.kiln.ops.catalog.Row;
import dev.kiln.testing.GradCheck;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The gradient of every op of the catalog has the gradient that its differences show. No op is left
 * out: one whose backward refuses to be recorded fails here.
 */
class OpSecondGradientTest {
  static Stream<Row> differentiable() {
    return OpCatalog.rows().stream().filter(Row::differentiable);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("differentiable")
  void secondGradient(Row row) {
    GradCheck.checkSecond(row.name(), row.f(), row.inputArray());
  }
}
