package dev.kiln.ops.catalog;

import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.Tensor;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.testing.GradCheck;
import dev.kiln.testing.GradCheck.Input;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * One example of an op: a call, with inputs.
 *
 * @param name {@code Class.method} of the op, with a suffix after a space where it has several rows
 * @param f the call
 * @param differentiable whether its gradient is checked; false for results that are indices, truth
 *     values or constants
 * @param inputs what it is called with
 */
public record Row(String name, GradCheck.Function f, boolean differentiable, List<Input> inputs) {
  /** Makes a row whose gradient is checked. */
  public Row(String name, GradCheck.Function f, Input... inputs) {
    this(name, f, true, List.of(inputs));
  }

  /** Makes a row of an op that has no gradient. */
  static Row fixed(String name, GradCheck.Function f, Input... inputs) {
    return new Row(name, f, false, List.of(inputs));
  }

  /** Returns the op's name without the suffix. */
  public String op() {
    return name.split(" ")[0];
  }

  /** Returns the inputs as an array. */
  public Input[] inputArray() {
    return inputs.toArray(new Input[0]);
  }

  @Override
  public String toString() {
    return name;
  }

  // ---- shorthands for rows ----------------------------------------------------------------------

  static Row unary(String name, UnaryOperator<Tensor> f) {
    return new Row(name, x -> f.apply(x.get(0)), input(1, 3, 4));
  }

  static Row positive(String name, UnaryOperator<Tensor> f) {
    return new Row(name, x -> f.apply(x.get(0)), uniform(2, 0.2, 3, 3, 4));
  }

  static Row wide(String name, UnaryOperator<Tensor> f) {
    return new Row(name, x -> f.apply(x.get(0)), uniform(3, -5, 5, 4, 6));
  }

  static Tensor labels(Tensor like, long... values) {
    return Tensor.of(values, like.device());
  }

  static Optional<Tensor> maybe(List<Tensor> inputs, int i) {
    return i < inputs.size() ? Optional.of(inputs.get(i)) : Optional.empty();
  }

  static Conv2dSpec conv(int stride, int padding, int dilation, int groups) {
    return new Conv2dSpec(stride, stride, padding, padding, dilation, dilation, groups);
  }

  static Pool2dSpec pool(int kernel, int stride, int padding, boolean countPad) {
    return new Pool2dSpec(kernel, kernel, stride, stride, padding, padding, 1, 1, countPad);
  }
}
