package dev.kiln.nn;

import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import java.util.Arrays;

/** Splits one axis into several, undoing {@link Flatten}. */
public final class Unflatten extends Module {
  private final int dim;
  private final long[] sizes;

  /**
   * Makes a layer.
   *
   * @param dim the axis to split; a negative one counts from the end
   * @param unflattenedSize the sizes it becomes; one of them may be -1, for what is left
   * @throws KilnException if there is no size
   */
  public Unflatten(int dim, long... unflattenedSize) {
    if (unflattenedSize.length == 0) {
      throw new KilnException("[unflatten] needs at least one size");
    }
    this.dim = dim;
    sizes = unflattenedSize.clone();
  }

  @Override
  public Tensor forward(Tensor x) {
    int axis = dim < 0 ? dim + x.dim() : dim;
    long known = Arrays.stream(sizes).filter(n -> n != -1).reduce(1, (a, b) -> a * b);
    long open = Arrays.stream(sizes).filter(n -> n == -1).count();
    boolean inside = axis >= 0 && axis < x.dim();
    boolean fits =
        inside
            && Arrays.stream(sizes).allMatch(n -> n >= -1)
            && (open == 0
                ? known == x.size(axis)
                : open == 1 && known > 0 && x.size(axis) % known == 0);
    if (!fits) {
      throw new ShapeException(
          "[unflatten] axis "
              + dim
              + " of input "
              + x.describe()
              + " does not split into "
              + Arrays.toString(sizes));
    }
    Shape shape = x.shape().without(axis);
    for (int i = 0; i < sizes.length; i++) {
      shape = shape.insert(axis + i, sizes[i] == -1 ? x.size(axis) / known : sizes[i]);
    }
    return x.reshape(shape.dims());
  }

  @Override
  protected String extraRepr() {
    return "dim=" + dim + ", unflattened_size=" + Arrays.toString(sizes);
  }
}
