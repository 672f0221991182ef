package dev.kiln.bench.worker;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * One operation, as text: {@code op.KIND/SHAPE/NAME=NUMBER/...}, such as {@code
 * op.conv2d/4x16x33x35/out=24/k=5/backward=1}.
 *
 * @param kind such as conv2d
 * @param shape of its first input
 * @param numbers everything else
 */
public record Operation(String kind, long[] shape, Map<String, Integer> numbers) {
  private static final String PREFIX = "op.";

  /** Returns whether the name of some work is an operation. */
  public static boolean isOne(String work) {
    return work.startsWith(PREFIX);
  }

  /** Reads an operation. */
  public static Operation of(String work) {
    String[] parts = work.substring(PREFIX.length()).split("/");
    long[] shape = Arrays.stream(parts[1].split("x")).mapToLong(Long::parseLong).toArray();
    Map<String, Integer> numbers = new HashMap<>();
    for (int i = 2; i < parts.length; i++) {
      String[] pair = parts[i].split("=");
      numbers.put(pair[0], Integer.valueOf(pair[1]));
    }
    return new Operation(parts[0], shape, numbers);
  }

  /** Returns a number, or what it is if it is not given. */
  public int get(String name, int otherwise) {
    return numbers.getOrDefault(name, otherwise);
  }

  /** Returns the length of an axis; negative ones count from the last. */
  public int size(int axis) {
    return Math.toIntExact(shape[axis < 0 ? shape.length + axis : axis]);
  }

  /** Returns whether the gradients of everything are a part of it. */
  public boolean backward() {
    return get("backward", 0) == 1;
  }
}
