package dev.kiln.data;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A table of numbers from a CSV file (RFC 4180, UTF-8), held in memory.
 *
 * <p>Fields: {@code input} float32[features]; then {@code label} int64[] if a label column was
 * named, or {@code target} float32[targets] if target columns were. Labels may be any text: the
 * classes are the distinct texts, sorted (as numbers if all are whole numbers).
 *
 * <pre>{@code
 * CsvDataset iris = CsvDataset.builder(Path.of("iris.csv")).label("species").build();
 * Dataset scaled = iris.normalize(iris.means(), iris.stds());
 * }</pre>
 */
public final class CsvDataset implements Dataset {
  private final Dataset data;
  private final List<String> featureNames;
  private final float[] means;
  private final float[] stds;

  CsvDataset(Dataset data, List<String> featureNames, float[] means, float[] stds) {
    this.data = data;
    this.featureNames = List.copyOf(featureNames);
    this.means = means;
    this.stds = stds;
  }

  /**
   * Starts to describe a CSV file.
   *
   * @param file the file
   * @return a builder: comma, with a header, all columns but the label or targets are features, a
   *     missing value is an error
   */
  public static Builder builder(Path file) {
    return new Builder(file);
  }

  @Override
  public int size() {
    return data.size();
  }

  @Override
  public List<Field> fields() {
    return data.fields();
  }

  @Override
  public Optional<List<String>> classNames() {
    return data.classNames();
  }

  @Override
  public void read(int index, ByteBuffer[] out) {
    data.read(index, out);
  }

  /**
   * Returns the names of the features, in the order of the input.
   *
   * @return the header's names, or {@code column 0}, {@code column 1} and so on without a header
   */
  public List<String> featureNames() {
    return featureNames;
  }

  /**
   * Returns the mean of each feature over the values that are present in the file.
   *
   * @return one number per feature
   */
  public float[] means() {
    return means.clone();
  }

  /**
   * Returns the standard deviation of each feature over the values that are present in the file.
   *
   * @return one number per feature, from the mean square deviation (divided by n)
   */
  public float[] stds() {
    return stds.clone();
  }

  static Dataset assemble(
      int rows, float[] inputs, int features, float[] targets, int targetCount) {
    return new ArrayDataset(
        rows,
        List.of(
            new Field("input", DType.FLOAT32, Shape.of(features)),
            new Field("target", DType.FLOAT32, Shape.of(targetCount))),
        new byte[][] {bytes(inputs, rows, features), bytes(targets, rows, targetCount)},
        Optional.empty());
  }

  static Dataset assemble(
      int rows, float[] inputs, int features, int[] labels, List<String> names) {
    byte[] target = new byte[Sizes.product("labels", "csv", new long[] {rows}, 8)];
    ByteBuffer out = ByteBuffer.wrap(target).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < rows; i++) {
      out.putLong(labels[i]);
    }
    return new ArrayDataset(
        rows,
        List.of(
            new Field("input", DType.FLOAT32, Shape.of(features)),
            new Field("label", DType.INT64, Shape.scalar())),
        new byte[][] {bytes(inputs, rows, features), target},
        Optional.of(names));
  }

  static Dataset assemble(int rows, float[] inputs, int features) {
    return new ArrayDataset(
        rows,
        List.of(new Field("input", DType.FLOAT32, Shape.of(features))),
        new byte[][] {bytes(inputs, rows, features)},
        Optional.empty());
  }

  private static byte[] bytes(float[] values, int rows, int columns) {
    byte[] bytes = new byte[Sizes.product("table", "csv", new long[] {rows, columns}, 4)];
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .put(values, 0, rows * columns);
    return bytes;
  }

  /** What takes the place of a missing value: nothing (an error), the mean, or given numbers. */
  sealed interface Missing {
    record Fail() implements Missing {}

    record Mean() implements Missing {}

    record Fill(float[] values) implements Missing {}
  }

  /** A column by its name in the header or by its place. */
  record Column(Optional<String> name, int index) {}

  /** Describes a CSV file. */
  public static final class Builder {
    final Path file;
    char separator = ',';
    boolean header = true;
    Optional<Column> label = Optional.empty();
    List<Column> targets = List.of();
    List<Column> features = List.of();
    Optional<List<String>> classes = Optional.empty();
    Missing missing = new Missing.Fail();

    private Builder(Path file) {
      this.file = Objects.requireNonNull(file, "file");
    }

    /**
     * Sets what stands between two values.
     *
     * @param separator for instance a semicolon or a tab
     * @return this builder
     */
    public Builder separator(char separator) {
      this.separator = separator;
      return this;
    }

    /**
     * Says that the first line holds values, not names.
     *
     * @return this builder
     */
    public Builder noHeader() {
      this.header = false;
      return this;
    }

    /**
     * Names the column of class labels.
     *
     * @param column its name in the header
     * @return this builder
     */
    public Builder label(String column) {
      this.label = Optional.of(byName(column));
      return this;
    }

    /**
     * Names the column of class labels by its place.
     *
     * @param column its place, from 0; -1 is the last column
     * @return this builder
     */
    public Builder label(int column) {
      this.label = Optional.of(byIndex(column));
      return this;
    }

    /**
     * Names the columns to be predicted as numbers.
     *
     * @param columns their names in the header
     * @return this builder
     */
    public Builder target(String... columns) {
      this.targets = byNames(columns);
      return this;
    }

    /**
     * Names the column to be predicted as a number by its place.
     *
     * @param column its place, from 0; -1 is the last column
     * @return this builder
     */
    public Builder target(int column) {
      this.targets = List.of(byIndex(column));
      return this;
    }

    /**
     * Names the feature columns and their order, in place of all that are not label or target.
     *
     * @param columns their names in the header
     * @return this builder
     */
    public Builder features(String... columns) {
      this.features = byNames(columns);
      return this;
    }

    /**
     * Sets the classes and their order, for instance those of the training set for a test set.
     *
     * @param names the text of class {@code i} at position {@code i}
     * @return this builder
     */
    public Builder classes(List<String> names) {
      this.classes = Optional.of(List.copyOf(names));
      return this;
    }

    /**
     * Puts the mean of the column in the place of each missing feature.
     *
     * <p>Missing are empty values and {@code NA}, {@code N/A}, {@code NaN}, {@code null} and {@code
     * ?}, in upper or lower case. A missing label or target stays an error.
     *
     * @return this builder
     */
    public Builder missingAsMean() {
      this.missing = new Missing.Mean();
      return this;
    }

    /**
     * Puts given numbers in the place of missing features, for instance the training set's means.
     *
     * @param values one number per feature
     * @return this builder
     */
    public Builder missingAs(float... values) {
      this.missing = new Missing.Fill(values.clone());
      return this;
    }

    /**
     * Reads the file.
     *
     * @return the data set
     * @throws DataException if the file cannot be read, a column does not exist, rows differ in
     *     length, or a value is missing or not a number; the message names the line
     */
    public CsvDataset build() {
      return new CsvParser(this).parse();
    }

    private static Column byName(String name) {
      return new Column(Optional.of(name), -1);
    }

    private static Column byIndex(int index) {
      return new Column(Optional.empty(), index);
    }

    private static List<Column> byNames(String... names) {
      List<Column> columns = new ArrayList<>();
      for (String n : names) {
        columns.add(byName(n));
      }
      return List.copyOf(columns);
    }
  }
}
