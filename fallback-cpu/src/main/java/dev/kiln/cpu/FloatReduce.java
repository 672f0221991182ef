package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.Reduce;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reduces any axes of a FLOAT32 view by the kernels for [outer, n, inner]: neighbouring axes of one
 * kind are merged, then each group of reduced axes is one pass, the innermost first.
 */
final class FloatReduce {
  private final Reduce kernel;
  private final ArrayPool pool;

  FloatReduce(Reduce kernel, ArrayPool pool) {
    this.kernel = kernel;
    this.pool = pool;
  }

  /** A run of axes that are all reduced or all kept. */
  private record Group(int size, boolean reduced) {}

  void reduce(Reduce.Kind kind, View out, View x, int... axes) {
    List<Group> groups = groups(x.shape(), axes);
    View from = x;
    int last = groups.size() - 1;
    while (last >= 0 && !groups.get(last).reduced()) {
      last--;
    }
    while (last >= 0) {
      int next = last - 1;
      while (next >= 0 && !groups.get(next).reduced()) {
        next--;
      }
      int outer = product(groups, 0, last);
      int inner = product(groups, last + 1, groups.size());
      boolean done = next < 0;
      View to =
          done
              ? out
              : View.dense(
                  pool.alloc(DType.FLOAT32, (long) outer * inner), 0, Shape.of(outer, inner));
      kernel.reduce(
          kind,
          floats(from),
          (int) from.offset(),
          outer,
          groups.get(last).size(),
          inner,
          floats(to),
          (int) to.offset());
      if (from != x) {
        pool.free(CpuStorage.of(from));
      }
      groups.set(last, new Group(1, false));
      from = to;
      last = next;
    }
  }

  private static List<Group> groups(Shape shape, int[] axes) {
    List<Group> groups = new ArrayList<>();
    for (int a = 0; a < shape.rank(); a++) {
      boolean reduced = Arrays.binarySearch(axes, a) >= 0;
      int size = (int) shape.dim(a);
      int top = groups.size() - 1;
      if (top >= 0 && groups.get(top).reduced() == reduced) {
        groups.set(top, new Group(groups.get(top).size() * size, reduced));
      } else {
        groups.add(new Group(size, reduced));
      }
    }
    return groups;
  }

  private static int product(List<Group> groups, int from, int to) {
    int n = 1;
    for (int i = from; i < to; i++) {
      n *= groups.get(i).size();
    }
    return n;
  }
}
