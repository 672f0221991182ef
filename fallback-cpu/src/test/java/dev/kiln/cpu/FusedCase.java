package dev.kiln.cpu;

import dev.kiln.DType;
import dev.kiln.backend.CompositeOps;
import dev.kiln.backend.FusedOps;
import dev.kiln.backend.View;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Fused ops to be checked, on operands of one type: the oracle's, those composed without its wider
 * arithmetic, and the product's.
 */
record FusedCase(String name, Views on, FusedOps ops, DType type) {
  static Stream<FusedCase> all() {
    List<FusedCase> cases = new ArrayList<>();
    DType[] types = {DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.FLOAT16};
    for (DType t : types) {
      Views oracle = Views.oracle();
      cases.add(new FusedCase("oracle", oracle, oracle.backend().fused(), t));
      cases.add(new FusedCase("composed", oracle, new CompositeOps(oracle.backend()), t));
      Views product = new Views(new VectorBackend());
      cases.add(new FusedCase("product", product, product.backend().fused(), t));
    }
    return cases.stream();
  }

  /** Random operands of the case's type. */
  View random(long seed, long... dims) {
    return of(Views.random(seed, dev.kiln.Shape.of(dims).numel()), dims);
  }

  View of(double[] data, long... dims) {
    return on.of(type, data, dims);
  }

  View empty(long... dims) {
    return on.empty(type, dims);
  }

  /** Checks a result of the case's type. */
  void check(String what, View got, double[] want) {
    Views.assertClose(this + " " + what, got, want, 2 * Views.tolerance(type));
  }

  /** Checks sums, whose errors grow with their terms, relative to the largest of them. */
  void checkSum(String what, View got, double[] want) {
    checkSum(what, got, want, 1);
  }

  /** As {@link #checkSum}, with errors larger by a factor, for results of rounded results. */
  void checkSum(String what, View got, double[] want, double slack) {
    double scale = 1;
    for (double v : want) {
      scale = Math.max(scale, Math.abs(v));
    }
    Views.assertClose(this + " " + what, got, want, 2 * slack * scale * Views.tolerance(type));
  }

  @Override
  public String toString() {
    return name + " " + type;
  }
}
