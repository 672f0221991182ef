package dev.kiln.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.backend.UnaryOp;
import dev.kiln.cpu.UnaryAccuracy.Worst;
import dev.kiln.cpu.kernels.KernelSets;
import dev.kiln.cpu.kernels.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The errors that {@link AccuracyTable} promises: FLOAT64 against a hundred digits, FLOAT32 against
 * FLOAT64, at all kernels' vector widths.
 */
class UnaryAccuracyTest {
  private static final float[] FLOATS = UnaryPoints.floats();
  private static final double[] DOUBLES = UnaryPoints.doubles();

  static List<AccuracyTable.Row> rows() {
    return AccuracyTable.ROWS;
  }

  private static void holds(Worst worst, double bound, String what) {
    assertThat(worst.ulps()).as("ulps of %s, worst at %s", what, worst).isLessThanOrEqualTo(bound);
  }

  @ParameterizedTest
  @EnumSource(UnaryOp.class)
  void everyFunctionHasARow(UnaryOp op) {
    assertThat(AccuracyTable.ROWS).as("rows of AccuracyTable").anyMatch(row -> row.op() == op);
  }

  @ParameterizedTest
  @EnumSource(UnaryOp.class)
  void everyFunctionStandsInTheDocumentation(UnaryOp op) throws IOException {
    assertThat(Files.readAllLines(Path.of("../docs/numerics.md")))
        .anyMatch(line -> line.startsWith("| " + op.name() + " "));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void doublesKeepTheirBound(AccuracyTable.Row row) {
    Worst worst = UnaryAccuracy.ofDoubles(row.op(), row.a(), row.b(), DOUBLES);
    holds(worst, row.doubles(), "double " + row.op());
  }

  @ParameterizedTest
  @MethodSource("rows")
  void doubleGradientsKeepTheirBound(AccuracyTable.Row row) {
    Worst worst = UnaryAccuracy.ofDoubleGradients(row.op(), row.a(), row.b(), DOUBLES);
    holds(worst, row.doubleGradient(), "the gradient of double " + row.op());
  }

  @ParameterizedTest
  @MethodSource("rows")
  void floatsKeepTheirBound(AccuracyTable.Row row) {
    float a = (float) row.a();
    float b = (float) row.b();
    double[] want = UnaryAccuracy.exact(row.op(), a, b, FLOATS);
    for (Kernels set : KernelSets.all()) {
      Worst worst = UnaryAccuracy.ofFloats(set.unary(), row.op(), a, b, FLOATS, want);
      double bound = set.name().equals("loops") ? row.loops() : row.vector();
      holds(worst, bound, set.name() + " " + row.op());
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void floatGradientsKeepTheirBound(AccuracyTable.Row row) {
    for (Kernels set : KernelSets.all()) {
      float a = (float) row.a();
      float b = (float) row.b();
      Worst worst = UnaryAccuracy.ofFloatGradients(set.unary(), row.op(), a, b, FLOATS);
      holds(worst, row.gradient(), "the gradient of " + set.name() + " " + row.op());
    }
  }

  /** What would make every test above pass: a ruler that reads 0. */
  @Test
  void theRulerMeasures() {
    assertThat(Ulps.of(1f, 1 + Math.ulp(1f) * 0.75, 0)).isEqualTo(0.75);
    assertThat(Ulps.of(0f, 0x1p-149, 0)).isEqualTo(1);
    assertThat(Ulps.of(0f, -0.0, 0)).isInfinite();
    assertThat(Ulps.of(Float.NaN, 1, 0)).isInfinite();
    assertThat(Ulps.of(1f, Double.NaN, 0)).isInfinite();
    assertThat(Ulps.of(Float.POSITIVE_INFINITY, 1e38, 0)).isGreaterThan(1e6);
    assertThat(Ulps.of(Float.MAX_VALUE, 1e39, 0)).isGreaterThan(0);
    assertThat(Ulps.of(Math.nextUp(2.0), new java.math.BigDecimal(2), 0)).isEqualTo(1);
  }

  /** Published to 30 digits and more: DLMF and Abramowitz and Stegun. */
  @Test
  void theReferenceKnowsItsConstants() {
    java.math.BigDecimal one = java.math.BigDecimal.ONE;
    startsWith(Exact.exp(one), "2.71828182845904523536028747135266249775724709369995");
    startsWith(Exact.PI, "3.14159265358979323846264338327950288419716939937510");
    startsWith(Exact.log(Exact.big(10)), "2.30258509299404568401799145468436420760110148862877");
    startsWith(Exact.erf(one), "0.842700792949714869341220635082609");
    startsWith(Exact.sin(one), "0.841470984807896506652502321630298999622563060798371");
    startsWith(Exact.cos(one), "0.540302305868139717400936607442976603732310420617922");
    startsWith(Exact.tanh(one), "0.761594155955764888119458282604793590412768597257936");
    startsWith(Exact.log1p(one), "0.693147180559945309417232121458176568075500134360255");
    startsWith(
        Exact.expm1(Exact.big(0.25)), "0.28402541668774148407342056806243645833628086528146");
  }

  private static void startsWith(java.math.BigDecimal value, String digits) {
    assertThat(value.toPlainString()).startsWith(digits);
  }
}
