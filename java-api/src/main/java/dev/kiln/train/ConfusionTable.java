package dev.kiln.train;

import dev.kiln.KilnException;
import dev.kiln.ShapeException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How often each class was taken for each, and the figures that follow from it.
 *
 * <p>Wherever a share would be 0/0 (a class that was never predicted has no precision, one without
 * examples no recall) it is 0, and the class still counts in {@link Average#MACRO}.
 */
public final class ConfusionTable {
  private static final int MAX_LABEL = 20;
  private static final int MAX_HEAD = 8;

  private final long[][] counts;
  private final List<String> names;

  private ConfusionTable(long[][] counts, List<String> names) {
    this.counts = counts;
    this.names = names;
  }

  /**
   * Makes a table from counts, which are copied.
   *
   * @param counts a square: row is the right class, column the predicted one
   * @param names a name for each class; none for their numbers
   * @return the table
   * @throws ShapeException if the counts are not square or the names are not one per class
   */
  public static ConfusionTable of(long[][] counts, List<String> names) {
    int classes = counts.length;
    long[][] copy = new long[classes][];
    for (int i = 0; i < classes; i++) {
      if (counts[i].length != classes) {
        throw new ShapeException(
            "[confusion_table] row %d has %d counts but there are %d rows; it must be square"
                .formatted(i, counts[i].length, classes));
      }
      copy[i] = counts[i].clone();
    }
    if (!names.isEmpty() && names.size() != classes) {
      throw new ShapeException(
          "[confusion_table] %d class names for %d classes; give one for each, or none"
              .formatted(names.size(), classes));
    }
    List<String> all =
        names.isEmpty()
            ? IntStream.range(0, classes).mapToObj(Integer::toString).collect(Collectors.toList())
            : names;
    return new ConfusionTable(copy, List.copyOf(all));
  }

  /** Returns the number of classes. */
  public int classes() {
    return counts.length;
  }

  /** Returns the classes' names, or their numbers as text. */
  public List<String> names() {
    return names;
  }

  /** Returns how many examples of one class were taken for another. */
  public long count(int target, int predicted) {
    check(target);
    check(predicted);
    return counts[target][predicted];
  }

  /** Returns how many examples a class has. */
  public long support(int c) {
    check(c);
    return Arrays.stream(counts[c]).sum();
  }

  /** Returns how many examples were taken for a class. */
  public long predictions(int c) {
    check(c);
    return Arrays.stream(counts).mapToLong(row -> row[c]).sum();
  }

  /** Returns the number of examples. */
  public long total() {
    return Arrays.stream(counts).flatMapToLong(Arrays::stream).sum();
  }

  private long hits() {
    return IntStream.range(0, classes()).mapToLong(c -> counts[c][c]).sum();
  }

  private void check(int c) {
    if (c < 0 || c >= classes()) {
      throw new KilnException(
          "[confusion_table] there is no class %d; classes are 0 to %d"
              .formatted(c, classes() - 1));
    }
  }

  private static double share(double part, double whole) {
    return whole == 0 ? 0 : part / whole;
  }

  /** Returns the share of all examples that were predicted right; NaN of none. */
  public double accuracy() {
    return (double) hits() / total();
  }

  /** Returns which share of what was taken for a class is of it. */
  public double precision(int c) {
    return share(count(c, c), predictions(c));
  }

  /** Returns which share of a class was found. */
  public double recall(int c) {
    return share(count(c, c), support(c));
  }

  /** Returns the harmonic mean of precision and recall, {@code 2 tp / (2 tp + fp + fn)}. */
  public double f1(int c) {
    return share(2.0 * count(c, c), support(c) + predictions(c));
  }

  /** Returns the precision of all classes as one figure. */
  public double precision(Average average) {
    return averaged(average, this::precision);
  }

  /** Returns the recall of all classes as one figure. */
  public double recall(Average average) {
    return averaged(average, this::recall);
  }

  /** Returns the F1 of all classes as one figure: the mean of F1s, not the F1 of means. */
  public double f1(Average average) {
    return averaged(average, this::f1);
  }

  private double averaged(Average average, IntToDoubleFunction figure) {
    IntStream all = IntStream.range(0, classes());
    return switch (average) {
      case MACRO -> all.mapToDouble(figure).average().orElse(0);
      // every miss is a false positive of one class and a false negative of another
      case MICRO -> share(hits(), total());
      case WEIGHTED ->
          share(all.mapToDouble(c -> support(c) * figure.applyAsDouble(c)).sum(), total());
    };
  }

  /**
   * Returns precision, recall, F1 and support of every class and their averages, as lines of text.
   */
  public String report() {
    int width = Math.max("weighted".length(), labelWidth());
    StringBuilder s = new StringBuilder();
    s.append(" ".repeat(width)).append("  precision  recall      f1  examples\n");
    for (int c = 0; c < classes(); c++) {
      line(s, width, names.get(c), precision(c), recall(c), f1(c), support(c));
    }
    for (Average a : List.of(Average.MACRO, Average.WEIGHTED)) {
      String name = a.name().toLowerCase(Locale.ROOT);
      line(s, width, name, precision(a), recall(a), f1(a), total());
    }
    s.append(String.format(Locale.ROOT, "accuracy %.4f", accuracy()));
    return s.toString();
  }

  private static void line(
      StringBuilder s, int width, String name, double p, double r, double f1, long n) {
    String label = pad(shortened(name, width), width);
    s.append(String.format(Locale.ROOT, "%s  %9.4f  %6.4f  %6.4f  %8d\n", label, p, r, f1, n));
  }

  private int labelWidth() {
    int longest = names.stream().mapToInt(String::length).max().orElse(0);
    return Math.min(MAX_LABEL, longest);
  }

  private static String shortened(String name, int width) {
    return name.length() <= width ? name : name.substring(0, width - 1) + ".";
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }

  /** Returns the counts as lines of text: a row per right class, a column per predicted one. */
  @Override
  public String toString() {
    long most = Arrays.stream(counts).flatMapToLong(Arrays::stream).max().orElse(0);
    int longest = names.stream().mapToInt(String::length).max().orElse(0);
    int cell = Math.max(Long.toString(most).length(), Math.min(MAX_HEAD, longest));
    int label = Math.max("true \\ predicted".length(), labelWidth());
    StringBuilder s = new StringBuilder(pad("true \\ predicted", label));
    for (String name : names) {
      s.append(String.format("  %" + cell + "s", shortened(name, cell)));
    }
    for (int r = 0; r < classes(); r++) {
      s.append('\n').append(pad(shortened(names.get(r), label), label));
      for (long n : counts[r]) {
        s.append(String.format(Locale.ROOT, "  %" + cell + "d", n));
      }
    }
    return s.toString();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ConfusionTable t
        && Arrays.deepEquals(counts, t.counts)
        && names.equals(t.names);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.deepHashCode(counts) + names.hashCode();
  }
}
