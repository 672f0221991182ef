package dev.kiln;

import dev.kiln.autograd.NoGrad;
import java.util.Locale;

/** Writes tensors for people; axes longer than ten show their first and last three indices. */
final class TensorPrinter {
  private static final int EDGE = 3;
  private static final int LONGEST = 10;

  private TensorPrinter() {}

  static String print(Tensor t) {
    StringBuilder s = new StringBuilder("tensor(");
    if (t.numel() == 0) {
      s.append("[]");
    } else {
      NoGrad.run(
          () -> {
            try (Scope scope = Scope.open("print")) {
              append(s, t, "       ");
            }
            return s;
          });
    }
    s.append(", ").append(t.describe()).append(", ").append(t.device());
    return s.append(t.requiresGrad() ? ", requiresGrad)" : ")").toString();
  }

  private static void append(StringBuilder s, Tensor t, String indent) {
    if (t.dim() == 0) {
      s.append(number(t.item(), t.dtype()));
      return;
    }
    long n = t.size(0);
    s.append('[');
    for (long i = 0; i < n; i++) {
      if (i > 0) {
        s.append(t.dim() == 1 ? ", " : ",\n" + indent + " ");
      }
      if (n > LONGEST && i == EDGE) {
        s.append("...");
        i = n - EDGE - 1;
      } else {
        append(s, t.select(0, i), indent + " ");
      }
    }
    s.append(']');
  }

  private static String number(double v, DType dtype) {
    if (dtype == DType.BOOL) {
      return v != 0 ? "true" : "false";
    }
    if (!dtype.isFloating()) {
      return Long.toString((long) v);
    }
    double a = Math.abs(v);
    return a == 0 || (a >= 1e-3 && a < 1e5)
        ? String.format(Locale.ROOT, "%.4f", v)
        : String.format(Locale.ROOT, "%.4e", v);
  }
}
