package dev.kiln.ops;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.View;
import java.util.Optional;

/** Matrix products. A transposed operand is read as it lies, without a copy. */
public final class Products {
  private Products() {}

  /**
   * The matrix product with PyTorch's rules: two vectors give their dot product, a vector counts as
   * a row on the left and a column on the right, and leading axes are batches that broadcast.
   *
   * @throws dev.kiln.ShapeException if the inner sizes differ
   */
  public static Tensor matmul(Tensor a, Tensor b) {
    if (Casts.lowers(a, b)) {
      return matmul(Casts.lower(a), Casts.lower(b));
    }
    ShapeRules.require(
        a.dim() > 0 && b.dim() > 0,
        () ->
            "[matmul] "
                + a.describe()
                + " and "
                + b.describe()
                + ": a scalar has no rows; use mul");
    if (a.dim() == 1) {
      Tensor y = matmul(Shaping.unsqueeze(a, 0), b);
      return Shaping.squeeze(y, b.dim() == 1 ? 0 : -2);
    }
    if (b.dim() == 1) {
      return Shaping.squeeze(matmul(a, Shaping.unsqueeze(b, -1)), -1);
    }
    Check.sameType("matmul", "input", a, "other", b);
    ShapeRules.require(
        a.size(-1) == b.size(-2),
        () ->
            "[matmul] "
                + a.describe()
                + " and "
                + b.describe()
                + ": the last axis of the first ("
                + a.size(-1)
                + ") must equal the second-last of the second ("
                + b.size(-2)
                + ")");
    if (a.dtype().isIntegral()) {
      return integers(a, b);
    }
    Check.floating("matmul", "input", a);
    if (b.dim() == 2 && a.dim() > 2) {
      long[] dims = a.shape().dims();
      dims[dims.length - 1] = b.size(1);
      return Shaping.reshape(product(rows(a), b), dims);
    }
    if (a.dim() == 2 && b.dim() == 2) {
      return product(a, b);
    }
    return batched(a, b);
  }

  /** Integers are multiplied one by one, since matrix kernels are floating; nothing is rounded. */
  private static Tensor integers(Tensor a, Tensor b) {
    Tensor each = Elementwise.mul(Shaping.unsqueeze(a, -1), Shaping.unsqueeze(b, -3));
    return Reductions.sum(each, new int[] {-2}, false).to(a.dtype());
  }

  private static Tensor rows(Tensor x) {
    long n = 1;
    for (int i = 0; i < x.dim() - 1; i++) {
      n *= x.size(i);
    }
    return Shaping.reshape(x, n, x.size(-1));
  }

  private static Tensor batched(Tensor a, Tensor b) {
    Shape batchA = batch(a);
    Shape batchB = batch(b);
    Shape batch = ShapeRules.broadcast("matmul", batchA, batchB, a.describe(), b.describe());
    Tensor y = product(flat(a, batchA, batch), flat(b, batchB, batch));
    long[] dims = new long[batch.rank() + 2];
    System.arraycopy(batch.dims(), 0, dims, 0, batch.rank());
    dims[batch.rank()] = a.size(-2);
    dims[batch.rank() + 1] = b.size(-1);
    return Shaping.reshape(y, dims);
  }

  private static Shape batch(Tensor x) {
    return x.shape().without(-1).without(-1);
  }

  /** Merges batch axes into one, of the full batch size or of size 1. */
  private static Tensor flat(Tensor x, Shape own, Shape batch) {
    if (own.numel() == 1) {
      return Shaping.reshape(x, 1, x.size(-2), x.size(-1));
    }
    long[] full = new long[batch.rank() + 2];
    System.arraycopy(batch.dims(), 0, full, 0, batch.rank());
    full[batch.rank()] = x.size(-2);
    full[batch.rank() + 1] = x.size(-1);
    Tensor all = own.equals(batch) ? x : Shaping.expand(x, full);
    if (all.dim() == 3) {
      return all;
    }
    // A transposed matrix stays transposed: its dense twin is reshaped instead.
    return isTransposed(all)
        ? Shaping.transpose(
            Shaping.reshape(Shaping.transpose(all, -1, -2), batch.numel(), x.size(-1), x.size(-2)),
            -1,
            -2)
        : Shaping.reshape(all, batch.numel(), x.size(-2), x.size(-1));
  }

  private static boolean isTransposed(Tensor x) {
    return !x.isContiguous() && swapped(x.view("matmul", "input")).isDense();
  }

  private static View swapped(View v) {
    int r = v.shape().rank();
    int[] axes = new int[r];
    java.util.Arrays.setAll(axes, i -> i);
    axes[r - 1] = r - 2;
    axes[r - 2] = r - 1;
    return v.permute(axes);
  }

  /** Multiplies matrices, or batches of them of which one may have size 1. */
  private static Tensor product(Tensor a, Tensor b) {
    Tensor y = multiply("matmul", a, b, Optional.empty());
    return Autograd.record(
        "matmul",
        y,
        Edge.of(a, dy -> product(dy, Shaping.transpose(b, -1, -2))),
        Edge.of(b, dy -> product(Shaping.transpose(a, -1, -2), dy)));
  }

  private static Tensor multiply(String op, Tensor left, Tensor right, Optional<Tensor> bias) {
    Check.backend(op, left, right);
    Tensor a = Casts.rounded(left);
    Tensor b = Casts.rounded(right);
    boolean ta = isTransposed(a);
    boolean tb = isTransposed(b);
    View va = matrix(op, "input", a, ta);
    View vb = matrix(op, "other", b, tb);
    long batch = Math.max(va.shape().dim(0), vb.shape().dim(0));
    if (va.shape().dim(0) == 0 || vb.shape().dim(0) == 0) {
      batch = 0;
    }
    boolean flat = a.dim() == 2 && b.dim() == 2;
    Shape shape = flat ? Shape.of(a.size(0), b.size(1)) : Shape.of(batch, a.size(-2), b.size(-1));
    Tensor y = Tensor.empty(shape, a.dtype(), a.device());
    View out = flat ? y.view().reshape(shape.insert(0, 1)) : y.view();
    a.device()
        .backend()
        .matmul(out, va, vb, Check.denseView(op, "bias", bias), ta, tb, 1, 0, Epilogue.NONE);
    return y;
  }

  /** The dense [batch, rows, columns] view behind a matrix that may be transposed. */
  private static View matrix(String op, String role, Tensor x, boolean transposed) {
    View v = transposed ? swapped(x.view(op, role)) : Check.dense(op, role, x).view();
    return v.shape().rank() == 2 ? v.reshape(v.shape().insert(0, 1)) : v;
  }

  /** The product of two batches of matrices of rank 3. */
  public static Tensor bmm(Tensor a, Tensor b) {
    ShapeRules.rank("bmm", "input", a, 3, "[batch, n, m]");
    ShapeRules.rank("bmm", "other", b, 3, "[batch, m, p]");
    ShapeRules.require(
        a.size(0) == b.size(0),
        () -> "[bmm] " + a.describe() + " and " + b.describe() + " have different batch sizes");
    return matmul(a, b);
  }

  /** {@code beta * c + alpha * (a b)}, c broadcast. */
  public static Tensor addmm(Tensor c, Tensor a, Tensor b, double beta, double alpha) {
    ShapeRules.rank("addmm", "mat1", a, 2, "[n, m]");
    ShapeRules.rank("addmm", "mat2", b, 2, "[m, p]");
    if (Casts.lowers(c, a, b)) {
      return addmm(Casts.lower(c), Casts.lower(a), Casts.lower(b), beta, alpha);
    }
    Tensor product = matmul(a, b);
    Tensor scaled = alpha == 1 ? product : Elementwise.mul(product, alpha);
    if (beta == 0) {
      return scaled;
    }
    return Elementwise.add(beta == 1 ? c : Elementwise.mul(c, beta), scaled);
  }

  /** The product of each element of one vector with each of another. */
  public static Tensor outer(Tensor a, Tensor b) {
    ShapeRules.rank("outer", "input", a, 1, "a vector");
    ShapeRules.rank("outer", "vec2", b, 1, "a vector");
    return Elementwise.mul(Shaping.unsqueeze(a, 1), b);
  }

  /**
   * A fully connected layer's map, {@code x W^T + b}.
   *
   * @param x [..., in]
   * @param weight [out, in], or [in] for one output without an axis
   * @param bias [out], if there is one
   * @return [..., out]
   */
  public static Tensor linear(Tensor x, Tensor weight, Optional<Tensor> bias) {
    if (Casts.lowers(x, weight)) {
      return linear(Casts.lower(x), Casts.lower(weight), Casts.lower(bias));
    }
    if (weight.dim() == 1) {
      Tensor y = matmul(x, weight);
      return bias.isPresent() ? Elementwise.add(y, bias.get()) : y;
    }
    ShapeRules.rank("linear", "weight", weight, 2, "[out, in]");
    ShapeRules.require(
        x.dim() >= 1 && x.size(-1) == weight.size(1),
        () ->
            "[linear] input "
                + x.describe()
                + " must end in the "
                + weight.size(1)
                + " input features of weight "
                + weight.describe()
                + "; flatten images first");
    Check.floating("linear", "input", x);
    Check.sameType("linear", "input", x, "weight", weight);
    bias.ifPresent(
        b -> {
          ShapeRules.vector("linear", "bias", b, weight.size(0), "output feature");
          Check.sameType("linear", "input", x, "bias", b);
          Check.backend("linear", x, b);
        });
    Tensor rows = x.dim() == 2 ? x : rows(x);
    Tensor wt = Shaping.transpose(weight.detach(), 0, 1);
    Tensor y = multiply("linear", rows, wt, bias);
    Edge dx = Edge.of(rows, dy -> product(dy, weight));
    Edge dw = Edge.of(weight, dy -> product(Shaping.transpose(dy, 0, 1), rows));
    Tensor recorded =
        bias.isPresent()
            ? Autograd.record(
                "linear",
                y,
                dx,
                dw,
                Edge.of(bias.get(), dy -> Reductions.sum(dy, new int[] {0}, false)))
            : Autograd.record("linear", y, dx, dw);
    long[] dims = x.shape().dims();
    dims[dims.length - 1] = weight.size(0);
    return Shaping.reshape(recorded, dims);
  }

  /**
   * A form of two vectors for each output: {@code y[k] = x1^T W[k] x2 + b[k]}.
   *
   * @param x1 [..., in1]
   * @param x2 [..., in2], its leading axes as x1's
   * @param weight [out, in1, in2]
   * @param bias [out], if there is one
   * @return [..., out]
   */
  public static Tensor bilinear(Tensor x1, Tensor x2, Tensor weight, Optional<Tensor> bias) {
    ShapeRules.rank("bilinear", "weight", weight, 3, "[out, in1, in2]");
    ShapeRules.require(
        x1.dim() >= 1
            && x2.dim() >= 1
            && x1.shape().without(-1).equals(x2.shape().without(-1))
            && x1.size(-1) == weight.size(1)
            && x2.size(-1) == weight.size(2),
        () ->
            "[bilinear] inputs "
                + x1.describe()
                + " and "
                + x2.describe()
                + " must be [..., "
                + weight.size(1)
                + "] and [..., "
                + weight.size(2)
                + "] with the same leading axes, for weight "
                + weight.describe());
    bias.ifPresent(b -> ShapeRules.vector("bilinear", "bias", b, weight.size(0), "output feature"));
    long out = weight.size(0);
    Tensor a = rows(x1);
    Tensor b = rows(x2);
    // [n, in1] [in1, out * in2], then one dot product with x2 for each output
    Tensor wide = Shaping.reshape(Shaping.permute(weight, 1, 0, 2), x1.size(-1), out * x2.size(-1));
    Tensor half = Shaping.reshape(matmul(a, wide), a.size(0), out, x2.size(-1));
    Tensor y = Shaping.squeeze(matmul(half, Shaping.unsqueeze(b, 2)), 2);
    Tensor shifted = bias.isPresent() ? Elementwise.add(y, bias.get()) : y;
    long[] dims = x1.shape().dims();
    dims[dims.length - 1] = out;
    return Shaping.reshape(shifted, dims);
  }
}
