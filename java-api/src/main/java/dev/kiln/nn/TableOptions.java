package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * The options that {@link Embedding} and {@link EmbeddingBag} share.
 *
 * @param <B> the builder's own type
 */
public abstract class TableOptions<B extends TableOptions<B>> {
  private final long rows;
  private final long dim;
  private OptionalLong paddingIdx = OptionalLong.empty();
  private Optional<Tensor> pretrained = Optional.empty();
  OptionalDouble maxNorm = OptionalDouble.empty();
  double normType = 2;
  boolean scaleGradByFreq;
  boolean frozen;

  TableOptions(long rows, long dim) {
    this.rows = rows;
    this.dim = dim;
  }

  abstract B self();

  /** The row that learns nothing and is zeros at first; none unless set. -1 is the last. */
  public B paddingIdx(long row) {
    paddingIdx = OptionalLong.of(row);
    return self();
  }

  /** The norm to which rows are shortened, in place, when they are looked up; none unless set. */
  public B maxNorm(double limit) {
    maxNorm = OptionalDouble.of(limit);
    return self();
  }

  /** The order of that norm; 2 unless set. */
  public B normType(double order) {
    normType = order;
    return self();
  }

  /** Whether a row's gradient is divided by how often it was looked up; false unless set. */
  public B scaleGradByFreq(boolean wanted) {
    scaleGradByFreq = wanted;
    return self();
  }

  /**
   * Rows to begin with, which are copied; random ones unless set.
   *
   * @param vectors [num, dim]
   * @param freeze whether they are not trained
   */
  public B pretrained(Tensor vectors, boolean freeze) {
    pretrained = Optional.of(vectors);
    frozen = freeze;
    return self();
  }

  TableOptions<B> checked(String op) {
    if (rows < 1 || dim < 1) {
      throw new KilnException(
          "[" + op + "] a table of " + rows + " x " + dim + " must be 1 x 1 or more");
    }
    if (paddingIdx.isPresent()
        && (paddingIdx.getAsLong() < -rows || paddingIdx.getAsLong() >= rows)) {
      throw new KilnException(
          "["
              + op
              + "] padding index "
              + paddingIdx.getAsLong()
              + " is no row; valid are "
              + -rows
              + " to "
              + (rows - 1));
    }
    if (maxNorm.isPresent() && !(maxNorm.getAsDouble() > 0)) {
      throw new KilnException(
          "[" + op + "] max norm " + maxNorm.getAsDouble() + " must be above 0");
    }
    pretrained.ifPresent(
        p -> {
          if (!p.shape().equals(Shape.of(rows, dim))) {
            throw new ShapeException(
                "["
                    + op
                    + "] pretrained vectors "
                    + p.describe()
                    + " must be "
                    + Shape.of(rows, dim));
          }
        });
    return this;
  }

  /** The row of padding, counted from the front. */
  OptionalLong padding() {
    return paddingIdx.isPresent()
        ? OptionalLong.of(Math.floorMod(paddingIdx.getAsLong(), rows))
        : paddingIdx;
  }

  Tensor firstWeight() {
    if (pretrained.isPresent()) {
      return Scope.outside(() -> NoGrad.run(() -> pretrained.get().detach().copy()));
    }
    Tensor weight =
        Init.normal(Tensor.empty(Shape.of(rows, dim), DType.FLOAT32, Device.defaultDevice()), 0, 1);
    padding().ifPresent(row -> weight.select(0, row).fill(0));
    return weight;
  }
}
