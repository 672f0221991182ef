package dev.kiln.train;

import dev.kiln.DType;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.optim.Gradients;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Looks for NaN and infinity; every method waits for the device. */
final class Finite {
  private Finite() {}

  /** Tells whether all elements are finite; integers always are. */
  static boolean isFinite(Tensor t) {
    if (!t.dtype().isFloating() || t.numel() == 0) {
      return true;
    }
    try (Scope scope = Scope.open("finite check");
        NoGrad off = NoGrad.open()) {
      Tensor found = Tensor.empty(Shape.of(1), DType.FLOAT64, t.device());
      t.device().backend().fused().nonFinite(found.view(), List.of(t.detach().view()));
      return found.item() == 0;
    }
  }

  /** Tells whether all gradients that exist are finite; reads one number. */
  static boolean gradientsAreFinite(Collection<Tensor> parameters) {
    try (Scope scope = Scope.open("finite check");
        NoGrad off = NoGrad.open()) {
      return parameters.stream()
          .filter(p -> p.grad().isPresent())
          .findFirst()
          .map(p -> Gradients.nonFinite(parameters, p.device()).item() == 0)
          .orElse(true);
    }
  }

  /** Counts what is wrong, such as {@code 512 NaN and 3 infinite of 4096 values}. */
  static String describe(Tensor t) {
    double[] values = t.toDoubleArray();
    long nan = 0;
    long infinite = 0;
    for (double v : values) {
      if (Double.isNaN(v)) {
        nan++;
      } else if (Double.isInfinite(v)) {
        infinite++;
      }
    }
    String bad =
        nan == 0
            ? infinite + " infinite"
            : infinite == 0 ? nan + " NaN" : nan + " NaN and " + infinite + " infinite";
    return String.format(Locale.ROOT, "%s of %d values", bad, values.length);
  }

  /** Finds the first example along axis 0 with such a value; -1 if there is none. */
  static long firstExample(Tensor t) {
    double[] values = t.toDoubleArray();
    long perExample = t.dim() == 0 ? 1 : Math.max(1, t.numel() / Math.max(1, t.size(0)));
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        return i / perExample;
      }
    }
    return -1;
  }
}
