package dev.kiln.data;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** A view of chosen examples of another data set. */
final class SubsetDataset implements Dataset {
  private final Dataset source;
  private final int[] indices;

  SubsetDataset(Dataset source, int[] indices) {
    for (int i : indices) {
      Checks.index("subset", i, source.size());
    }
    this.source = source;
    this.indices = indices;
  }

  @Override
  public int size() {
    return indices.length;
  }

  @Override
  public List<Field> fields() {
    return source.fields();
  }

  @Override
  public Optional<List<String>> classNames() {
    return source.classNames();
  }

  @Override
  public void read(int index, ByteBuffer[] out) {
    Checks.index("subset", index, indices.length);
    source.read(indices[index], out);
  }
}
