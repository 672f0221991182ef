package dev.kiln.nn;

import dev.kiln.KilnException;
import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/** A number for each axis of a window, a stride and the like, in the order of the axes. */
final class Extent {
  private final int[] sizes;

  private Extent(int[] sizes) {
    this.sizes = sizes;
  }

  /** Takes one number for all axes, or one for each. */
  static Extent of(String op, String what, int axes, int... given) {
    if (given.length != 1 && given.length != axes) {
      throw new KilnException(
          "["
              + op
              + "] "
              + what
              + " "
              + Arrays.toString(given)
              + " must be 1 number, or "
              + axes
              + ": one for each axis");
    }
    return given.length == axes ? new Extent(given.clone()) : all(axes, given[0]);
  }

  /** The same number for all axes. */
  static Extent all(int axes, int number) {
    int[] sizes = new int[axes];
    Arrays.fill(sizes, number);
    return new Extent(sizes);
  }

  int axes() {
    return sizes.length;
  }

  int get(int axis) {
    return sizes[axis];
  }

  int[] array() {
    return sizes.clone();
  }

  /** Returns how many elements a window of this extent has. */
  long count() {
    return Arrays.stream(sizes).asLongStream().reduce(1, (a, b) -> a * b);
  }

  boolean all(IntPredicate rule) {
    return Arrays.stream(sizes).allMatch(rule);
  }

  boolean is(int number) {
    return all(n -> n == number);
  }

  /** Demands numbers of at least a smallest one. */
  void atLeast(String op, String what, int smallest) {
    if (!all(n -> n >= smallest)) {
      throw new KilnException(
          "[" + op + "] " + what + " " + this + " must be " + smallest + " or more");
    }
  }

  /** Returns the numbers as PyTorch prints a tuple. */
  @Override
  public String toString() {
    return Arrays.stream(sizes)
        .mapToObj(String::valueOf)
        .collect(Collectors.joining(", ", "(", sizes.length == 1 ? ",)" : ")"));
  }
}
