package dev.kiln.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A finite, indexed collection of examples that all have the same fields.
 *
 * <p>Reading is thread-safe: {@link #read} may be called from several threads at once, and the same
 * index always gives the same bytes. Whoever implements this interface or passes a transform must
 * keep that promise; a {@link DataLoader} relies on it.
 *
 * <pre>{@code
 * Dataset iris = Dataset.of(measurements, species);
 * List<Dataset> parts = iris.randomSplit(42, 0.8, 0.2);
 * }</pre>
 */
public interface Dataset {
  /**
   * Returns the number of examples.
   *
   * @return zero or more
   */
  int size();

  /**
   * Returns what one example consists of, in the order in which {@link #read} writes it.
   *
   * <p>By custom the first field is the input and the second the target.
   *
   * @return at least one field
   */
  List<Field> fields();

  /**
   * Appends one example's bytes to the buffers, one buffer per field.
   *
   * <p>Numbers are little-endian, arrays are row-major; each buffer's position moves on by exactly
   * {@link Field#bytes()}. The buffers come with little-endian order.
   *
   * @param index which example, from 0 to {@code size() - 1}
   * @param out one buffer per field, with room for the example
   * @throws DataException if the index is out of range or the example cannot be read
   */
  void read(int index, ByteBuffer[] out);

  /**
   * Returns the names of the classes, where the targets are class numbers and the names are known.
   *
   * @return the name of class {@code i} at position {@code i}, or empty
   */
  default Optional<List<String>> classNames() {
    return Optional.empty();
  }

  /**
   * Makes a data set for classification from arrays, which are copied.
   *
   * @param x one row of features per example; all rows have the same length
   * @param labels one class number per example, zero or more
   * @return fields "input" float32[features] and "label" int64[]
   * @throws DataException if the lengths differ, a row is ragged or a label is negative
   */
  static Dataset of(float[][] x, int[] labels) {
    return ArrayDataset.of(x, labels);
  }

  /**
   * Makes a data set for regression from arrays, which are copied.
   *
   * @param x one row of features per example; all rows have the same length
   * @param y one row of targets per example; all rows have the same length
   * @return fields "input" float32[features] and "target" float32[targets]
   * @throws DataException if the lengths differ or a row is ragged
   */
  static Dataset of(float[][] x, float[][] y) {
    return ArrayDataset.of(x, y);
  }

  /**
   * Makes a data set of any fields from arrays of bytes, which are not copied.
   *
   * @param fields what one example consists of
   * @param data one array per field: the examples one after the other, little-endian
   * @return a data set with as many examples as the arrays hold
   * @throws DataException if the arrays do not hold the same whole number of examples
   */
  static Dataset ofBytes(List<Field> fields, byte[]... data) {
    return ArrayDataset.ofBytes(fields, Optional.empty(), data);
  }

  /**
   * Returns the examples at the given indices, in that order; an index may occur more than once.
   *
   * @param indices indices into this data set; copied
   * @return a view of this data set
   * @throws DataException if an index is out of range
   */
  default Dataset subset(int[] indices) {
    return new SubsetDataset(this, indices.clone());
  }

  /**
   * Returns the examples from one index up to another.
   *
   * @param from the first index, inclusive
   * @param to the last index, exclusive
   * @return a view of this data set
   * @throws DataException unless {@code 0 <= from <= to <= size()}
   */
  default Dataset subset(int from, int to) {
    if (from < 0 || to < from || to > size()) {
      throw new DataException(
          "[subset] range %d..%d is not within 0..%d (to is exclusive)"
              .formatted(from, to, size()));
    }
    int[] indices = new int[to - from];
    Arrays.setAll(indices, i -> from + i);
    return new SubsetDataset(this, indices);
  }

  /**
   * Returns this data set followed by others.
   *
   * @param others data sets with the same fields and, where both know them, the same class names
   * @return a view of all of them
   * @throws DataException if fields or class names differ
   */
  default Dataset concat(Dataset... others) {
    List<Dataset> all = new ArrayList<>();
    all.add(this);
    all.addAll(Arrays.asList(others));
    return new ConcatDataset(all);
  }

  /**
   * Deals the examples out at random into parts that do not overlap.
   *
   * <p>Part {@code i} gets {@code floor(size * fractions[i])} examples; what rounding leaves over
   * goes to the parts one by one, from the first. The same seed always gives the same parts.
   *
   * @param seed the key of the random order
   * @param fractions positive shares that sum to 1
   * @return one data set per fraction
   * @throws DataException if a fraction is not positive or they do not sum to 1
   */
  default List<Dataset> randomSplit(long seed, double... fractions) {
    int[] sizes = Splits.sizes(size(), fractions);
    int[] order = Shuffle.split(size(), seed);
    List<Dataset> parts = new ArrayList<>();
    int from = 0;
    for (int n : sizes) {
      parts.add(new SubsetDataset(this, Arrays.copyOfRange(order, from, from + n)));
      from += n;
    }
    return List.copyOf(parts);
  }

  /**
   * Returns a view that transforms each example when it is read.
   *
   * @param fields what one transformed example consists of
   * @param transform thread-safe, and giving the same bytes each time for the same example
   * @return a view of this data set
   */
  default Dataset map(List<Field> fields, ExampleTransform transform) {
    return new MappedDataset(this, fields, transform);
  }

  /**
   * Returns a view whose first field is {@code (x - mean[c]) / std[c]} as float32.
   *
   * <p>Bytes are divided by 255 first, so that mean and deviation of images are on the scale 0 to
   * 1, as is the custom; float32 features are taken as they are.
   *
   * @param mean one mean per channel or feature
   * @param std one positive standard deviation per channel or feature
   * @return a view of this data set
   * @throws DataException if the first field is not uint8 or float32 of shape [C,...] with one mean
   *     and one deviation for each of the C channels
   */
  default Dataset normalize(float[] mean, float[] std) {
    return Normalize.of(this, mean, std);
  }

  /**
   * Reads every example once and keeps the bytes, so that later reads cost a copy.
   *
   * @return a data set with the same examples
   * @throws DataException if an example cannot be read, or one field takes 2 GiB or more in all
   */
  default Dataset inMemory() {
    List<Field> fields = List.copyOf(fields());
    byte[][] data = new byte[fields.size()][];
    ByteBuffer[] out = new ByteBuffer[data.length];
    for (int f = 0; f < data.length; f++) {
      Field field = fields.get(f);
      String where = "field " + field.name();
      int bytes = Sizes.product(where, "inMemory", new long[] {size(), field.bytes()}, 1);
      Sizes.checkHeap(where, "inMemory", bytes);
      data[f] = new byte[bytes];
      out[f] = ByteBuffer.wrap(data[f]).order(ByteOrder.LITTLE_ENDIAN);
    }
    for (int i = 0; i < size(); i++) {
      read(i, out);
    }
    return new ArrayDataset(size(), fields, data, classNames());
  }

  /**
   * Returns this data set with names for its classes.
   *
   * @param names the name of class {@code i} at position {@code i}
   * @return a view of this data set
   */
  default Dataset withClassNames(List<String> names) {
    List<String> copy = List.copyOf(Objects.requireNonNull(names, "names"));
    Dataset self = this;
    return new Dataset() {
      @Override
      public int size() {
        return self.size();
      }

      @Override
      public List<Field> fields() {
        return self.fields();
      }

      @Override
      public void read(int index, ByteBuffer[] out) {
        self.read(index, out);
      }

      @Override
      public Optional<List<String>> classNames() {
        return Optional.of(copy);
      }
    };
  }
}
