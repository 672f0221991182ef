package dev.kiln.cuda;

import dev.kiln.backend.View;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;

/**
 * Writes how operands lie in memory where launchers read it: rank, sizes, each operand's strides
 * (see {@code kiln_kernels.h}).
 *
 * <p>Axes of size 1 are left out, axes are ordered by the output's strides, and neighbouring axes
 * that all operands step through as one are merged; so dense operands of one shape have one axis.
 */
final class Geometry {
  private static final int MAX_RANK = 6;
  private static final int MAX_OPERANDS = 7;

  private final ByteBuffer bytes =
      ByteBuffer.allocateDirect((1 + MAX_RANK * (1 + MAX_OPERANDS)) * Long.BYTES)
          .order(ByteOrder.nativeOrder());
  private final LongBuffer block = bytes.asLongBuffer();
  private final long address = Launchers.address(bytes);

  /** Writes the geometry of operands of one shape, the output first; returns its address. */
  long of(View... operands) {
    View out = operands[0];
    int[] axes = order(out);
    int rank = 0;
    for (int axis : axes) {
      long size = out.shape().dim(axis);
      if (rank > 0 && merges(rank - 1, axis, size, operands)) {
        put(rank - 1, block.get(rank) * size, axis, operands);
      } else {
        put(rank, size, axis, operands);
        rank++;
      }
    }
    if (rank == 0 || out.numel() == 0) {
      rank = 1;
      block.put(1, out.numel());
      for (int k = 0; k < operands.length; k++) {
        block.put(at(k, 0), 1);
      }
    }
    block.put(0, rank);
    return address;
  }

  /** The axes of more than one element, those of larger steps in the output first. */
  private static int[] order(View out) {
    int[] axes = new int[out.shape().rank()];
    int n = 0;
    for (int axis = 0; axis < axes.length; axis++) {
      if (out.shape().dim(axis) != 1) {
        int i = n++;
        while (i > 0 && Math.abs(out.stride(axes[i - 1])) < Math.abs(out.stride(axis))) {
          axes[i] = axes[i - 1];
          i--;
        }
        axes[i] = axis;
      }
    }
    return n == axes.length ? axes : java.util.Arrays.copyOf(axes, n);
  }

  private boolean merges(int outer, int axis, long size, View[] operands) {
    for (int k = 0; k < operands.length; k++) {
      if (block.get(at(k, outer)) != size * operands[k].stride(axis)) {
        return false;
      }
    }
    return true;
  }

  private void put(int place, long size, int axis, View[] operands) {
    block.put(1 + place, size);
    for (int k = 0; k < operands.length; k++) {
      block.put(at(k, place), operands[k].stride(axis));
    }
  }

  private static int at(int operand, int axis) {
    return 1 + MAX_RANK * (1 + operand) + axis;
  }
}
