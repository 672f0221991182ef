package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** Rows of tables beyond plain lookup ({@link Indexing#embedding}): their sums and their norms. */
public final class Embeddings {
  private Embeddings() {}

  /** How a bag's rows become one. */
  public enum Mode {
    /** Their sum. */
    SUM,
    /** Their mean. */
    MEAN,
    /** The largest of each feature. */
    MAX
  }

  private static Tensor histogram(Tensor flat, long count) {
    Tensor none = Tensor.zeros(Shape.of(count), DType.INT64, flat.device());
    return Indexing.scatterAdd(
        none, 0, flat, Tensor.ones(flat.shape(), DType.INT64, flat.device()));
  }

  /**
   * Shortens, in place, those rows of a table that are named and longer than a limit. Others keep
   * their bits. Takes time in proportion to the table.
   *
   * @param weight [rows, features], changed outside autograd
   * @param indices integers of any shape
   * @param maxNorm the limit, above 0
   * @param normType the order of the norm
   * @return the same tensor
   * @throws dev.kiln.IndexException if an index is no row
   */
  public static Tensor renorm(Tensor weight, Tensor indices, double maxNorm, double normType) {
    String op = "embedding_renorm";
    ShapeRules.rank(op, "weight", weight, 2, "[rows, features]");
    if (!(maxNorm > 0)) {
      throw new KilnException("[" + op + "] max norm " + maxNorm + " must be above 0");
    }
    return NoGrad.run(
        () -> {
          Tensor flat = Check.index(op, "indices", indices).reshape(-1);
          Tensor table = weight.detach();
          Tensor norms = Norms.norm(table, normType, new int[] {1}, true);
          Tensor named = histogram(flat, weight.size(0)).ne(0).unsqueeze(1);
          Tensor tooLong = Elementwise.logicalAnd(named, norms.gt(maxNorm));
          // 1e-7 as PyTorch has it.
          Tensor shorter = norms.add(1e-7).reciprocal().mul(maxNorm);
          Tensor factor = shorter.where(tooLong, Elementwise.constant(norms, 1));
          return weight.copyFrom(table.mul(factor));
        });
  }

  /**
   * Looks up rows of a table and makes one of each bag of them. Empty bags give zeros. A MAX over
   * bags given by offsets reads the offsets, so it waits for the device.
   *
   * @param weight [rows, features]
   * @param indices integers: [bags, rows of each], or a vector of all bags one behind another
   * @param offsets where each bag begins in a vector of indices, ascending from 0; integers
   * @param mode how rows become one; a MAX passes its gradient to the first of equals
   * @param perIndex a factor for each index, of indices' shape, for SUM only
   * @param paddingIndex the row that does not count, if there is one; a negative one counts from
   *     the end
   * @param scaleGradByFreq whether a row's gradient is divided by how often it occurs; not for MAX
   * @return [bags, features]
   * @throws dev.kiln.ShapeException if offsets are missing for a vector of indices or given for a
   *     matrix, or other shapes do not fit
   * @throws dev.kiln.IndexException if an index is no row
   * @throws KilnException if factors or scaling meet a mode that cannot have them
   */
  public static Tensor embeddingBag(
      Tensor weight,
      Tensor indices,
      Optional<Tensor> offsets,
      Mode mode,
      Optional<Tensor> perIndex,
      OptionalLong paddingIndex,
      boolean scaleGradByFreq) {
    String op = "embedding_bag";
    ShapeRules.rank(op, "weight", weight, 2, "[rows, features]");
    check(op, indices, offsets, mode, perIndex, scaleGradByFreq);
    Tensor at = Check.index(op, "indices", indices);
    Tensor rows = Indexing.embedding(weight, at, OptionalLong.empty(), scaleGradByFreq);
    if (perIndex.isPresent()) {
      rows = rows.mul(perIndex.get().unsqueeze(-1));
    }
    Tensor counts = NoGrad.run(() -> counted(op, at, weight, paddingIndex));
    boolean mean = mode == Mode.MEAN;
    if (offsets.isEmpty()) {
      return mode == Mode.MAX ? Bags.max(rows, counts) : Bags.sum(rows, counts, mean);
    }
    Tensor starts = Check.index(op, "offsets", offsets.get());
    return mode == Mode.MAX
        ? Bags.maxFrom(rows, counts, starts.toLongArray())
        : Bags.sumFrom(rows, counts, starts, mean);
  }

  private static void check(
      String op,
      Tensor indices,
      Optional<Tensor> offsets,
      Mode mode,
      Optional<Tensor> perIndex,
      boolean scaleGradByFreq) {
    ShapeRules.require(
        indices.dim() == (offsets.isPresent() ? 1 : 2)
            && offsets.map(o -> o.dim() == 1).orElse(true),
        () ->
            "["
                + op
                + "] indices "
                + indices.describe()
                + " and offsets "
                + offsets.map(Tensor::describe).orElse("(none)")
                + " must be [bags, rows of each] and none, or both vectors");
    if (perIndex.isPresent()) {
      ShapeRules.same(op, "indices", indices, "per-sample weights", perIndex.get());
    }
    if (perIndex.isPresent() && mode != Mode.SUM || scaleGradByFreq && mode == Mode.MAX) {
      throw new KilnException(
          "["
              + op
              + "] mode "
              + mode.name().toLowerCase(Locale.ROOT)
              + " takes no "
              + (perIndex.isPresent() ? "per-sample weights; SUM does" : "scaling by frequency"));
    }
  }

  /** Marks the indices that are not padding. */
  private static Tensor counted(String op, Tensor at, Tensor weight, OptionalLong paddingIndex) {
    if (paddingIndex.isEmpty()) {
      return Tensor.full(at.shape(), 1, DType.BOOL, at.device());
    }
    long rows = weight.size(0);
    long padding = paddingIndex.getAsLong();
    ShapeRules.require(
        padding >= -rows && padding < rows,
        () -> "[" + op + "] padding index " + padding + " is no row of " + weight.describe());
    return at.ne(Math.floorMod(padding, rows));
  }
}
