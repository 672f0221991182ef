package dev.kiln.cli.experiment;

import dev.kiln.data.Dataset;
import dev.kiln.data.Field;
import dev.kiln.random.Permutation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Picks examples of some classes of a data set of images with INT64 labels. */
final class ClassSubsets {
  private ClassSubsets() {}

  /**
   * Returns the examples of some classes, which are numbered from 0 in the result.
   *
   * @param data the data
   * @param from the first class
   * @param to behind the last class
   * @param perClass how many of each at most
   * @param seed draws which
   */
  static Dataset of(Dataset data, int from, int to, int perClass, long seed) {
    return of(data, from, to, 0, perClass, seed);
  }

  /**
   * Returns other examples of the same draw: those behind the first ones of each class.
   *
   * @param data the data
   * @param from the first class
   * @param to behind the last class
   * @param skip how many of each are left to another part
   * @param perClass how many of each at most
   * @param seed draws which
   */
  static Dataset of(Dataset data, int from, int to, int skip, int perClass, long seed) {
    List<List<Integer>> byClass = new ArrayList<>();
    for (int c = from; c < to; c++) {
      byClass.add(new ArrayList<>());
    }
    int[] labels = labels(data);
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] >= from && labels[i] < to) {
        byClass.get(labels[i] - from).add(i);
      }
    }
    List<Integer> chosen = new ArrayList<>();
    for (int c = 0; c < byClass.size(); c++) {
      chosen.addAll(drawn(byClass.get(c), skip, perClass, seed, from + c));
    }
    Dataset part = data.subset(chosen.stream().mapToInt(i -> i).toArray());
    List<Field> fields = part.fields();
    Dataset renumbered =
        part.map(
            fields,
            (index, in, out) -> {
              out[0].put(in[0]);
              out[1].putLong(in[1].getLong() - from);
            });
    return data.classNames()
        .map(names -> renumbered.withClassNames(names.subList(from, to)))
        .orElse(renumbered)
        .inMemory();
  }

  private static List<Integer> drawn(
      List<Integer> all, int skip, int count, long seed, int stream) {
    int[] order = Permutation.of(all.size(), seed, stream);
    return Arrays.stream(order).skip(skip).limit(count).mapToObj(all::get).toList();
  }

  private static int[] labels(Dataset data) {
    List<Field> fields = data.fields();
    ByteBuffer[] buffers = new ByteBuffer[fields.size()];
    for (int f = 0; f < buffers.length; f++) {
      buffers[f] = ByteBuffer.allocate(fields.get(f).bytes()).order(ByteOrder.LITTLE_ENDIAN);
    }
    int[] labels = new int[data.size()];
    for (int i = 0; i < labels.length; i++) {
      for (ByteBuffer b : buffers) {
        b.clear();
      }
      data.read(i, buffers);
      labels[i] = (int) buffers[1].flip().getLong();
    }
    return labels;
  }
}
