package dev.kiln.data;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Several data sets one after the other. */
final class ConcatDataset implements Dataset {
  private final List<Dataset> parts;

  /** Index of the first example after each part. */
  private final int[] ends;

  private final Optional<List<String>> classNames;

  ConcatDataset(List<Dataset> parts) {
    this.parts = List.copyOf(parts);
    this.ends = new int[parts.size()];
    List<Field> fields = parts.get(0).fields();
    Optional<List<String>> names = Optional.empty();
    long total = 0;
    for (int p = 0; p < ends.length; p++) {
      Dataset part = parts.get(p);
      if (!part.fields().equals(fields)) {
        throw new DataException(
            "[concat] data set %d has fields %s but data set 0 has %s; map one to the other's form"
                .formatted(p, part.fields(), fields));
      }
      if (names.isPresent() && part.classNames().isPresent() && !names.equals(part.classNames())) {
        throw new DataException(
            "[concat] data set %d has classes %s but an earlier one has %s; labels would clash"
                .formatted(p, part.classNames().get(), names.get()));
      }
      names = names.or(part::classNames);
      total += part.size();
      if (total > Integer.MAX_VALUE) {
        throw new DataException(
            "[concat] %,d examples are more than %,d".formatted(total, Integer.MAX_VALUE));
      }
      ends[p] = (int) total;
    }
    this.classNames = names;
  }

  @Override
  public int size() {
    return ends[ends.length - 1];
  }

  @Override
  public List<Field> fields() {
    return parts.get(0).fields();
  }

  @Override
  public Optional<List<String>> classNames() {
    return classNames;
  }

  @Override
  public void read(int index, ByteBuffer[] out) {
    Checks.index("concat", index, size());
    int found = Arrays.binarySearch(ends, index);
    int part = found < 0 ? -found - 1 : found + 1;
    // Empty parts share their end with the part before, so an exact hit may not be the last one.
    while (ends[part] <= index) {
      part++;
    }
    int start = part == 0 ? 0 : ends[part - 1];
    parts.get(part).read(index - start, out);
  }
}
