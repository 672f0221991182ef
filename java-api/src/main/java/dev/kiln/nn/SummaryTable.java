package dev.kiln.nn;

import dev.kiln.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Lays a {@link Summary} out in columns. */
final class SummaryTable {
  private static final String NONE = "-";

  private SummaryTable() {}

  static String of(Summary s) {
    boolean frozen = s.frozen() > 0;
    List<String[]> lines = new ArrayList<>();
    lines.add(
        cells(frozen, "Layer", "Output shape", "Parameters", "Frozen", "Mult-adds", "Memory"));
    for (Summary.Row r : s.rows()) {
      String name = "  ".repeat(r.depth()) + (r.depth() == 0 ? "" : r.shortName() + ": ");
      lines.add(
          cells(
              frozen,
              name + r.type() + (r.calls() > 1 ? " x" + r.calls() : ""),
              r.outputShape().map(Shape::toString).orElse("not called"),
              count(r.trainable() + r.frozen()),
              count(r.frozen()),
              count(r.multiplyAdds()),
              r.activationBytes() == 0 ? NONE : bytes(r.activationBytes())));
    }
    lines.add(
        cells(
            frozen,
            "Total",
            "",
            number(s.parameters()),
            number(s.frozen()),
            number(s.multiplyAdds()),
            bytes(s.activationBytes())));
    return draw(lines) + footer(s);
  }

  private static String[] cells(
      boolean withFrozen,
      String layer,
      String shape,
      String parameters,
      String frozen,
      String multiplyAdds,
      String memory) {
    return withFrozen
        ? new String[] {layer, shape, parameters, frozen, multiplyAdds, memory}
        : new String[] {layer, shape, parameters, multiplyAdds, memory};
  }

  private static String draw(List<String[]> lines) {
    int columns = lines.get(0).length;
    int[] widths = new int[columns];
    int total = 2 * (columns - 1);
    for (int c = 0; c < columns; c++) {
      for (String[] line : lines) {
        widths[c] = Math.max(widths[c], line[c].length());
      }
      total += widths[c];
    }
    String rule = "-".repeat(total) + "\n";
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      out.append(i == 1 || i == lines.size() - 1 ? rule : "");
      StringBuilder text = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        String cell = lines.get(i)[c];
        String gap = " ".repeat(widths[c] - cell.length());
        // Names and shapes are read from the left, numbers from the right.
        text.append(c == 0 ? "" : "  ").append(c < 2 ? cell + gap : gap + cell);
      }
      out.append(text.toString().stripTrailing()).append('\n');
    }
    return out.append(rule).toString();
  }

  private static String footer(Summary s) {
    return "Input "
        + s.inputShape()
        + "; parameters "
        + bytes(s.parameterBytes())
        + (s.bufferBytes() == 0 ? "" : ", buffers " + bytes(s.bufferBytes()))
        + ", activations of one forward pass "
        + bytes(s.activationBytes());
  }

  private static String count(long n) {
    return n == 0 ? NONE : number(n);
  }

  private static String number(long n) {
    return String.format(Locale.ROOT, "%,d", n);
  }

  /** Writes bytes in the largest unit that leaves at least 1. */
  private static String bytes(long n) {
    String[] units = {"KiB", "MiB", "GiB", "TiB"};
    if (n < 1024) {
      return n + " B";
    }
    double value = n / 1024.0;
    int unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, value < 10 ? "%.2f %s" : "%.1f %s", value, units[unit]);
  }
}
