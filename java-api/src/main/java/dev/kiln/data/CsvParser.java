package dev.kiln.data;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.kiln.data.CsvDataset.Column;
import dev.kiln.data.CsvDataset.Missing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** Reads one CSV file into arrays. */
final class CsvParser {
  private static final Set<String> MISSING = Set.of("", "na", "n/a", "nan", "null", "?");

  private final CsvDataset.Builder options;
  private final String file;

  private List<String> names = List.of();
  private int[] features = {};
  private int[] targets = {};
  private Optional<Integer> label = Optional.empty();

  private final Floats inputs = new Floats();
  private final Floats outputs = new Floats();
  private final Map<String, Integer> ids = new HashMap<>();
  private final List<String> texts = new ArrayList<>();
  private int[] labels = new int[16];
  private int rows;

  CsvParser(CsvDataset.Builder options) {
    this.options = options;
    this.file = options.file.toString();
  }

  CsvDataset parse() {
    try (CsvReader<CsvRecord> reader =
            CsvReader.builder()
                .fieldSeparator(options.separator)
                .detectBomHeader(true)
                .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
                .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
                .ofCsvRecord(options.file);
        CloseableIterator<CsvRecord> records = reader.iterator()) {
      if (!records.hasNext()) {
        throw new DataException("[csv] %s: the file is empty".formatted(file));
      }
      CsvRecord first = records.next();
      resolveColumns(first);
      if (!options.header) {
        row(first);
      }
      while (records.hasNext()) {
        row(records.next());
      }
    } catch (CsvParseException | IllegalArgumentException e) {
      throw new DataException("[csv] %s: %s".formatted(file, fullMessage(e)), e);
    } catch (NoSuchFileException e) {
      throw new DataException("[csv] %s: there is no such file".formatted(file), e);
    } catch (IOException | UncheckedIOException e) {
      throw new DataException("[csv] %s: cannot be read: %s".formatted(file, e), e);
    }
    return finish();
  }

  private static String fullMessage(Throwable e) {
    String cause =
        e.getCause() == null || e.getCause().getMessage() == null
            ? ""
            : ": " + e.getCause().getMessage();
    return e.getMessage() + cause;
  }

  private void resolveColumns(CsvRecord first) {
    int count = first.getFieldCount();
    names =
        options.header
            ? first.getFields().stream().map(String::strip).toList()
            : IntStream.range(0, count).mapToObj(i -> "column " + i).toList();
    label = options.label.map(this::resolve);
    targets = options.targets.stream().mapToInt(this::resolve).toArray();
    if (label.isPresent() && targets.length > 0) {
      throw new DataException(
          "[csv] %s: both a label and targets are named; choose one of them".formatted(file));
    }
    features =
        options.features.isEmpty()
            ? IntStream.range(0, count).filter(i -> !isAnswer(i)).toArray()
            : options.features.stream().mapToInt(this::resolve).toArray();
    for (int f : features) {
      if (isAnswer(f)) {
        throw new DataException(
            "[csv] %s: column %s is both a feature and the label or target; take it out of one"
                .formatted(file, names.get(f)));
      }
    }
    if (features.length == 0) {
      throw new DataException(
          "[csv] %s: no feature columns among %s; is the separator '%s' right?"
              .formatted(file, names, options.separator));
    }
    if (options.missing instanceof Missing.Fill fill && fill.values().length != features.length) {
      throw new DataException(
          "[csv] %s: %d fill values for %d features %s; give one for each"
              .formatted(file, fill.values().length, features.length, featureNames()));
    }
  }

  private boolean isAnswer(int column) {
    return label.filter(l -> l == column).isPresent()
        || Arrays.stream(targets).anyMatch(t -> t == column);
  }

  private int resolve(Column column) {
    if (column.name().isEmpty()) {
      int index = column.index() < 0 ? column.index() + names.size() : column.index();
      if (index < 0 || index >= names.size()) {
        throw new DataException(
            "[csv] %s: column %d does not exist; the file has %d columns, numbered from 0: %s"
                .formatted(file, column.index(), names.size(), names));
      }
      return index;
    }
    String name = column.name().get();
    int index = names.indexOf(name);
    if (index < 0) {
      throw new DataException(
          "[csv] %s: no column is called '%s'; the %s are %s"
              .formatted(
                  file,
                  name,
                  options.header ? "header's names" : "columns have no header and",
                  names));
    }
    if (names.lastIndexOf(name) != index) {
      throw new DataException(
          "[csv] %s: columns %d and %d are both called '%s'; rename one or give its number"
              .formatted(file, index, names.lastIndexOf(name), name));
    }
    return index;
  }

  private void row(CsvRecord record) {
    if (record.getFieldCount() != names.size()) {
      throw at(
          record,
          "%d values, expected %d; is a separator or a quote missing?"
              .formatted(record.getFieldCount(), names.size()));
    }
    Sizes.product(file, "csv", new long[] {rows + 1L, features.length + targets.length}, 4);
    for (int f : features) {
      inputs.add(feature(record, f));
    }
    for (int t : targets) {
      String text = record.getField(t).strip();
      if (isMissing(text)) {
        throw at(
            record, "target %s is missing; drop the line or fill it in".formatted(names.get(t)));
      }
      outputs.add(number(record, t, text));
    }
    label.ifPresent(l -> label(record, record.getField(l).strip()));
    rows++;
  }

  private void label(CsvRecord record, String text) {
    if (text.isEmpty()) {
      throw at(record, "the label is missing; drop the line or fill it in");
    }
    if (options.classes.isPresent() && !options.classes.get().contains(text)) {
      throw at(
          record, "label '%s' is none of the classes %s".formatted(text, options.classes.get()));
    }
    if (rows == labels.length) {
      labels = Arrays.copyOf(labels, rows * 2);
    }
    labels[rows] =
        ids.computeIfAbsent(
            text,
            t -> {
              texts.add(t);
              return texts.size() - 1;
            });
  }

  /** Returns the value, or NaN where it is missing and will be filled in. */
  private float feature(CsvRecord record, int column) {
    String text = record.getField(column).strip();
    if (!isMissing(text)) {
      return number(record, column, text);
    }
    if (options.missing instanceof Missing.Fail) {
      throw at(
          record,
          "column %s is missing ('%s'); use missingAsMean() or missingAs(...), or drop the line"
              .formatted(names.get(column), text));
    }
    return Float.NaN;
  }

  private static boolean isMissing(String text) {
    return text.length() <= 4 && MISSING.contains(text.toLowerCase(Locale.ROOT));
  }

  private float number(CsvRecord record, int column, String text) {
    float value = Float.NaN;
    // Java would also take a suffix (1f) and hexadecimal floats, which no CSV file means.
    if (!text.isEmpty()
        && "fFdDxX".indexOf(text.charAt(text.length() - 1)) < 0
        && text.indexOf('x') < 0
        && text.indexOf('X') < 0) {
      try {
        value = Float.parseFloat(text);
      } catch (NumberFormatException e) {
        value = Float.NaN;
      }
    }
    if (!Float.isFinite(value)) {
      throw at(
          record,
          "column %s holds '%s', expected a finite number; name the label column or choose features"
              .formatted(names.get(column), shortened(text)));
    }
    return value;
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }

  private DataException at(CsvRecord record, String what) {
    return new DataException(
        "[csv] %s line %d: %s".formatted(file, record.getStartingLineNumber(), what));
  }

  private CsvDataset finish() {
    if (rows == 0) {
      throw new DataException("[csv] %s: a header but no lines of values".formatted(file));
    }
    int n = features.length;
    float[] means = new float[n];
    float[] stds = new float[n];
    for (int f = 0; f < n; f++) {
      statistics(f, means, stds);
    }
    fill(means);
    Dataset data;
    if (label.isPresent()) {
      List<String> classes = options.classes.orElseGet(this::sortedClasses);
      data = CsvDataset.assemble(rows, inputs.values, n, numbered(classes), classes);
    } else if (targets.length > 0) {
      data = CsvDataset.assemble(rows, inputs.values, n, outputs.values, targets.length);
    } else {
      data = CsvDataset.assemble(rows, inputs.values, n);
    }
    return new CsvDataset(data, featureNames(), means, stds);
  }

  private List<String> featureNames() {
    return Arrays.stream(features).mapToObj(names::get).toList();
  }

  private void statistics(int feature, float[] means, float[] stds) {
    double sum = 0;
    int present = 0;
    for (int r = 0; r < rows; r++) {
      float v = inputs.values[r * features.length + feature];
      if (!Float.isNaN(v)) {
        sum += v;
        present++;
      }
    }
    if (present == 0 && options.missing instanceof Missing.Mean) {
      throw new DataException(
          "[csv] %s: column %s has no values at all, so it has no mean; leave it out of the features"
              .formatted(file, names.get(features[feature])));
    }
    double mean = present == 0 ? 0 : sum / present;
    double squares = 0;
    for (int r = 0; r < rows; r++) {
      float v = inputs.values[r * features.length + feature];
      if (!Float.isNaN(v)) {
        squares += (v - mean) * (v - mean);
      }
    }
    means[feature] = (float) mean;
    stds[feature] = present == 0 ? 0 : (float) Math.sqrt(squares / present);
  }

  private void fill(float[] means) {
    float[] values = options.missing instanceof Missing.Fill fill ? fill.values() : means;
    for (int i = 0; i < rows * features.length; i++) {
      if (Float.isNaN(inputs.values[i])) {
        inputs.values[i] = values[i % features.length];
      }
    }
  }

  private List<String> sortedClasses() {
    boolean whole = texts.stream().allMatch(t -> t.matches("[+-]?\\d{1,18}"));
    Comparator<String> order =
        whole
            ? Comparator.<String>comparingLong(Long::parseLong).thenComparing(t -> t)
            : Comparator.naturalOrder();
    return texts.stream().sorted(order).toList();
  }

  private int[] numbered(List<String> classes) {
    int[] place = texts.stream().mapToInt(classes::indexOf).toArray();
    int[] numbers = new int[rows];
    for (int r = 0; r < rows; r++) {
      numbers[r] = place[labels[r]];
    }
    return numbers;
  }

  /** A growing list of floats. */
  private static final class Floats {
    private float[] values = new float[64];
    private int size;

    void add(float v) {
      if (size == values.length) {
        values = Arrays.copyOf(values, (int) Math.min(size * 2L, Sizes.MAX_ARRAY));
      }
      values[size++] = v;
    }
  }
}
