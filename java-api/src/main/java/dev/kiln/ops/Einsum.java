package dev.kiln.ops;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/** Sums of products in Einstein's notation. */
public final class Einsum {
  private static final String OP = "[einsum] ";

  /** Stands for the axes of an ellipsis: unlikely letters, the last axis first. */
  private static final char ELLIPSIS = '\ue000';

  private Einsum() {}

  /**
   * Multiplies tensors whose axes are named by letters, and sums over the letters that the result
   * does not name. {@code "bij,bjk->bik"} is a batched matrix product, {@code "ii"} a trace.
   *
   * @param equation letters of each input, then {@code ->} and those of the result; without it the
   *     result has the letters that occur once, in alphabetical order; {@code ...} stands for
   *     leading axes, which broadcast
   * @param inputs one tensor for each term
   * @return the result
   * @throws KilnException if the equation is not of this form
   * @throws dev.kiln.ShapeException if it does not fit the inputs
   */
  public static Tensor einsum(String equation, Tensor... inputs) {
    String[] sides = equation.replace(" ", "").split("->", -1);
    String[] terms = sides[0].split(",", -1);
    if (sides.length > 2 || terms.length != inputs.length) {
      throw new KilnException(
          OP
              + "\""
              + equation
              + "\" must have one term for each of the "
              + inputs.length
              + " inputs, as in \"ij,jk->ik\"");
    }
    int hidden = 0;
    for (int i = 0; i < terms.length; i++) {
      if (terms[i].contains("...")) {
        hidden = Math.max(hidden, inputs[i].dim() - (terms[i].length() - 3));
      }
    }
    Operand product = null;
    List<Operand> operands = new ArrayList<>();
    for (int i = 0; i < terms.length; i++) {
      operands.add(operand(equation, terms[i], inputs[i]));
    }
    String out =
        sides.length == 2 ? letters(equation, sides[1], hidden) : implied(operands, hidden);
    for (int i = 0; i < operands.size(); i++) {
      String needed = out;
      for (Operand later : operands.subList(i + 1, operands.size())) {
        needed += later.letters();
      }
      Operand next = operands.get(i);
      product = product == null ? next : product.times(next, needed);
    }
    return product.arranged(equation, out);
  }

  /** Replaces an ellipsis by letters for its axes. */
  private static String letters(String equation, String term, int hidden) {
    StringBuilder axes = new StringBuilder();
    for (int i = hidden - 1; i >= 0; i--) {
      axes.append((char) (ELLIPSIS + i));
    }
    String letters = term.replace("...", axes);
    for (char c : letters.toCharArray()) {
      boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= ELLIPSIS;
      if (!letter) {
        throw new KilnException(
            OP + "\"" + equation + "\" has '" + c + "' where letters a-z, A-Z are expected");
      }
    }
    return letters;
  }

  private static String implied(List<Operand> operands, int hidden) {
    TreeMap<Character, Integer> counts = new TreeMap<>();
    for (Operand o : operands) {
      for (char c : o.term().toCharArray()) {
        counts.merge(c, 1, Integer::sum);
      }
    }
    StringBuilder out = new StringBuilder();
    for (int i = hidden - 1; i >= 0; i--) {
      out.append((char) (ELLIPSIS + i));
    }
    counts.forEach((c, n) -> out.append(n == 1 && c < ELLIPSIS ? String.valueOf(c) : ""));
    return out.toString();
  }

  private static Operand operand(String equation, String term, Tensor x) {
    int hidden = term.contains("...") ? x.dim() - (term.length() - 3) : 0;
    String letters = letters(equation, term, Math.max(0, hidden));
    ShapeRules.require(
        letters.length() == x.dim(),
        () -> OP + "term \"" + term + "\" does not name the axes of input " + x.describe());
    return new Operand(letters, x, letters).withoutRepeats();
  }

  /**
   * A tensor with a letter for each axis.
   *
   * @param letters one for each axis
   * @param x the tensor
   * @param term the letters as the equation has them
   */
  private record Operand(String letters, Tensor x, String term) {
    /** Takes the diagonal of axes with the same letter. */
    Operand withoutRepeats() {
      for (int i = 0; i < letters.length(); i++) {
        int j = letters.indexOf(letters.charAt(i), i + 1);
        if (j > 0) {
          return diagonal(i, j).withoutRepeats();
        }
      }
      return this;
    }

    private Operand diagonal(int i, int j) {
      long n = x.size(i);
      ShapeRules.require(
          n == x.size(j),
          () ->
              OP
                  + "axes "
                  + i
                  + " and "
                  + j
                  + " of "
                  + x.describe()
                  + " share a letter but not a size");
      int[] order = new int[x.dim()];
      long[] dims = new long[x.dim() - 1];
      int at = 0;
      StringBuilder rest = new StringBuilder();
      for (int a = 0; a < x.dim(); a++) {
        if (a != i && a != j) {
          dims[at] = x.size(a);
          order[at++] = a;
          rest.append(letters.charAt(a));
        }
      }
      order[at] = i;
      order[at + 1] = j;
      dims[at] = n * n;
      Tensor flat = x.permute(order).reshape(dims);
      return new Operand(
          rest.toString() + letters.charAt(i), flat.slice(at, 0, n * n, n + 1), term);
    }

    private long size(char letter) {
      return x.size(letters.indexOf(letter));
    }

    private boolean has(char letter) {
      return letters.indexOf(letter) >= 0;
    }

    /** Sums over letters that nobody needs. */
    private Operand reduced(String needed) {
      int[] axes = new int[letters.length()];
      int n = 0;
      StringBuilder kept = new StringBuilder();
      for (int a = 0; a < letters.length(); a++) {
        if (needed.indexOf(letters.charAt(a)) < 0) {
          axes[n++] = a;
        } else {
          kept.append(letters.charAt(a));
        }
      }
      return n == 0 ? this : new Operand(kept.toString(), x.sum(Arrays.copyOf(axes, n)), term);
    }

    /** Multiplies and sums over the letters that are not needed later. */
    Operand times(Operand b, String needed) {
      Operand p = reduced(needed + b.letters);
      Operand q = b.reduced(needed + letters);
      StringBuilder batch = new StringBuilder();
      StringBuilder summed = new StringBuilder();
      StringBuilder left = new StringBuilder();
      StringBuilder right = new StringBuilder();
      for (char c : p.letters.toCharArray()) {
        if (!q.has(c)) {
          left.append(c);
          continue;
        }
        ShapeRules.require(
            p.size(c) == q.size(c) || p.size(c) == 1 || q.size(c) == 1,
            () ->
                OP
                    + "a letter is "
                    + p.size(c)
                    + " long in one input and "
                    + q.size(c)
                    + " in another");
        (needed.indexOf(c) >= 0 ? batch : summed).append(c);
      }
      for (char c : q.letters.toCharArray()) {
        right.append(p.has(c) ? "" : String.valueOf(c));
      }
      String shared = batch.toString() + summed;
      Operand a = p.grown(shared, q);
      Operand d = q.grown(shared, p);
      long[] bs = a.sizes(batch.toString());
      long[] ls = a.sizes(left.toString());
      long[] rs = d.sizes(right.toString());
      long k = count(a.sizes(summed.toString()));
      Tensor y =
          a.ordered(batch.toString() + left + summed)
              .reshape(count(bs), count(ls), k)
              .matmul(
                  d.ordered(batch.toString() + summed + right).reshape(count(bs), k, count(rs)));
      long[] dims = new long[bs.length + ls.length + rs.length];
      System.arraycopy(bs, 0, dims, 0, bs.length);
      System.arraycopy(ls, 0, dims, bs.length, ls.length);
      System.arraycopy(rs, 0, dims, bs.length + ls.length, rs.length);
      return new Operand(batch.toString() + left + right, y.reshape(dims), term);
    }

    /** Repeats axes of size 1 that the other has longer. */
    private Operand grown(String shared, Operand other) {
      long[] dims = x.shape().dims();
      for (char c : shared.toCharArray()) {
        dims[letters.indexOf(c)] = Math.max(size(c), other.size(c));
      }
      return new Operand(letters, x.expand(dims), term);
    }

    private long[] sizes(String of) {
      return of.chars().mapToLong(c -> size((char) c)).toArray();
    }

    private static long count(long[] sizes) {
      return Arrays.stream(sizes).reduce(1, (a, b) -> a * b);
    }

    private Tensor ordered(String order) {
      return x.permute(order.chars().map(letters::indexOf).toArray());
    }

    /** The result, with its axes in the order asked for. */
    Tensor arranged(String equation, String out) {
      Operand done = reduced(out);
      for (char c : out.toCharArray()) {
        if (!done.has(c) || out.indexOf(c) != out.lastIndexOf(c)) {
          throw new KilnException(
              OP
                  + "\""
                  + equation
                  + "\": each letter of the result must occur in it once, and in an"
                  + " input");
        }
      }
      return done.ordered(out);
    }
  }
}
