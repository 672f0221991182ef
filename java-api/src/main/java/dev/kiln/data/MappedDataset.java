package dev.kiln.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** A view that transforms each example when it is read. */
final class MappedDataset implements Dataset {
  private final Dataset source;
  private final List<Field> fields;
  private final ExampleTransform transform;

  MappedDataset(Dataset source, List<Field> fields, ExampleTransform transform) {
    if (fields.isEmpty()) {
      throw new DataException("[map] no fields given; an example needs at least one");
    }
    this.source = source;
    this.fields = List.copyOf(fields);
    this.transform = Objects.requireNonNull(transform, "transform");
  }

  @Override
  public int size() {
    return source.size();
  }

  @Override
  public List<Field> fields() {
    return fields;
  }

  @Override
  public Optional<List<String>> classNames() {
    return source.classNames();
  }

  @Override
  public void read(int index, ByteBuffer[] out) {
    Checks.read("map", index, size(), fields, out);
    List<Field> from = source.fields();
    ByteBuffer[] in = new ByteBuffer[from.size()];
    for (int f = 0; f < in.length; f++) {
      in[f] = ByteBuffer.allocate(from.get(f).bytes()).order(ByteOrder.LITTLE_ENDIAN);
    }
    source.read(index, in);
    int[] before = new int[out.length];
    for (int f = 0; f < out.length; f++) {
      before[f] = out[f].position();
    }
    for (ByteBuffer b : in) {
      b.flip();
    }
    transform.apply(index, in, out);
    for (int f = 0; f < out.length; f++) {
      int wrote = out[f].position() - before[f];
      if (wrote != fields.get(f).bytes()) {
        throw new DataException(
            "[map] the transform wrote %d bytes of field %s for example %d but one takes %d"
                .formatted(wrote, fields.get(f).name(), index, fields.get(f).bytes()));
      }
    }
  }
}
