package dev.kiln.train;

import dev.kiln.DType;
import dev.kiln.DTypeException;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Makes distributions over the classes of labels, on the labels' device: what a loss for soft
 * targets, such as {@link dev.kiln.nn.CrossEntropyLoss}, learns from.
 *
 * <pre>{@code
 * Trainer.builder(model, new CrossEntropyLoss(), optimizer)
 *     .targetTransform(SoftLabels.uniform(10, 0.1));
 * }</pre>
 *
 * <p>Labels [n, ...] become FLOAT32 [n, classes, ...]; distributions [n, classes, ...], as mixup
 * makes them, are softened in the same way and keep their type. A label that is no class, such as
 * -100, becomes a row of zeros: its loss and gradient are 0, though a mean over rows counts it.
 * Nothing is read back, so steps with soft labels can be recorded.
 */
public final class SoftLabels implements UnaryOperator<Tensor> {
  private final int classes;
  private final double share;
  private final Optional<Tensor> similarity;

  private SoftLabels(int classes, double share, Optional<Tensor> similarity) {
    if (classes < 1) {
      throw new KilnException("[soft_labels] classes " + classes + " must be 1 or more");
    }
    if (!(share >= 0 && share <= 1)) {
      throw new KilnException("[soft_labels] share " + share + " must be between 0 and 1");
    }
    this.classes = classes;
    this.share = share;
    this.similarity = similarity;
  }

  /**
   * Gives the whole weight to the label's class.
   *
   * @param classes how many there are
   * @return the transform
   */
  public static SoftLabels oneHot(int classes) {
    return new SoftLabels(classes, 0, Optional.empty());
  }

  /**
   * Spreads a share evenly over all classes: {@code (1 - share) q + share / classes}. Szegedy et
   * al. 2016; the same as label smoothing in the loss.
   *
   * @param classes how many there are
   * @param share 0 to 1; 0.1 is usual
   * @return the transform
   */
  public static SoftLabels uniform(int classes, double share) {
    return new SoftLabels(classes, share, Optional.empty());
  }

  /**
   * Spreads a share by how alike the classes are: {@code (1 - share) q + share q M}, where row i of
   * M, divided by its sum, says which classes an example of class i looks like.
   *
   * @param matrix floating [classes, classes], not negative, no row of zeros; read once, here
   * @param share 0 to 1
   * @return the transform, for labels on the matrix's device
   * @throws KilnException if the matrix is not square, or has a row that cannot be divided so
   */
  public static SoftLabels similarity(Tensor matrix, double share) {
    if (matrix.dim() != 2 || matrix.size(0) != matrix.size(1) || !matrix.dtype().isFloating()) {
      throw new ShapeException(
          "[soft_labels] matrix " + matrix.describe() + " must be floating [classes,classes]");
    }
    int n = (int) matrix.size(0);
    double[] values = matrix.toDoubleArray();
    for (int row = 0; row < n; row++) {
      double sum = 0;
      for (int c = 0; c < n; c++) {
        double v = values[row * n + c];
        if (!(v >= 0 && v < Double.POSITIVE_INFINITY)) {
          throw new KilnException(
              "[soft_labels] the matrix has %s at row %d, column %d; give 0 or more"
                  .formatted(v, row, c));
        }
        sum += v;
      }
      if (sum == 0) {
        throw new KilnException(
            "[soft_labels] row %d of the matrix is all 0; an example must look like something"
                .formatted(row));
      }
      for (int c = 0; c < n; c++) {
        values[row * n + c] /= sum;
      }
    }
    Tensor rows =
        Scope.outside(() -> Tensor.of(values, Shape.of(n, n), matrix.device()).to(DType.FLOAT32));
    return new SoftLabels(n, share, Optional.of(rows));
  }

  /**
   * Makes distributions.
   *
   * @param target integer labels [n, ...], or distributions [n, classes, ...]
   * @return distributions [n, classes, ...]
   * @throws KilnException if distributions are of another number of classes
   */
  @Override
  public Tensor apply(Tensor target) {
    try (NoGrad off = NoGrad.open()) {
      Tensor q = distributions(target);
      if (share == 0) {
        return q;
      }
      Tensor own = q.mul(1 - share);
      return own.add(similarity.map(m -> alike(q, m)).orElseGet(() -> mass(q)));
    }
  }

  private Tensor distributions(Tensor target) {
    if (target.dtype().isFloating()) {
      if (target.dim() < 2 || target.size(1) != classes) {
        throw new ShapeException(
            "[soft_labels] target %s must be labels [n,...] or distributions [n,%d,...]"
                .formatted(target.describe(), classes));
      }
      return target;
    }
    if (!target.dtype().isIntegral() || target.dim() < 1) {
      throw new DTypeException(
          "[soft_labels] target "
              + target.describe()
              + " must be labels [n,...] (i64, i32 or u8), or floating distributions");
    }
    long[] dims = new long[target.dim() + 1];
    java.util.Arrays.fill(dims, 1);
    dims[1] = classes;
    Tensor numbers = Tensor.arange(classes, target.device()).reshape(dims);
    return target.to(DType.INT64).unsqueeze(1).eq(numbers).to(DType.FLOAT32);
  }

  /** The share spread evenly; rows of zeros stay so. */
  private Tensor mass(Tensor q) {
    return q.sum(new int[] {1}, true).mul(share / classes);
  }

  private Tensor alike(Tensor q, Tensor rows) {
    Tensor matrix = q.dtype() == rows.dtype() ? rows : rows.to(q.dtype());
    if (q.dim() == 2) {
      return q.matmul(matrix).mul(share);
    }
    int[] last = new int[q.dim()];
    int[] back = new int[q.dim()];
    for (int axis = 2; axis < q.dim(); axis++) {
      last[axis - 1] = axis;
      back[axis] = axis - 1;
    }
    last[q.dim() - 1] = 1;
    back[1] = q.dim() - 1;
    return q.permute(last).matmul(matrix).permute(back).mul(share);
  }
}
