package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.ints;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.scalar;

/** Matrix products. */
final class ProductCases {
  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  private ProductCases() {}

  static void addTo(Suite s) {
    matmul(s);
    s.op("bmm", "torch.bmm(a, b)")
        .add("odd", "a", normal(1, 3, 2, 5), "b", normal(2, 3, 5, 7))
        .add("one", "a", normal(3, 1, 1, 1), "b", normal(4, 1, 1, 1))
        .add("no_batch", "a", normal(5, 0, 2, 3), "b", normal(6, 0, 3, 2))
        .add("no_inner", "a", normal(7, 2, 2, 0), "b", normal(8, 2, 0, 3))
        .add("no_rows", "a", normal(9, 2, 0, 3), "b", normal(10, 2, 3, 2))
        .add("ints", "a", ints(11, -5, 6, 2, 2, 3), "b", ints(12, -5, 6, 2, 3, 2))
        .add(
            "special", "a", floats(NAN, 1, INF, 0).as(1, 2, 2), "b", floats(1, 2, 3, 4).as(1, 2, 2))
        .add("tail", "a", normal(13, 2, 17, 9), "b", normal(14, 2, 9, 19))
        .add("float64", "a", normal(15, 2, 2, 3).wide(), "b", normal(16, 2, 3, 2).wide());
    linear(s);
    addmm(s);
    s.op("outer", "torch.outer(a, b)")
        .add("odd", "a", normal(1, 3), "b", normal(2, 5))
        .add("one", "a", normal(3, 1), "b", normal(4, 1))
        .add("empty", "a", normal(5, 0), "b", normal(6, 3))
        .add("empty_right", "a", normal(7, 2), "b", normal(8, 0))
        .add("ints", "a", ints(9, -5, 6, 3), "b", ints(10, -5, 6, 2))
        .add("special", "a", floats(NAN, INF, 1), "b", floats(1, -2, 3))
        .add("float64", "a", normal(11, 2).wide(), "b", normal(12, 3).wide());
    einsum(s);
  }

  private static void matmul(Suite s) {
    Suite.Op op = s.op("matmul", "torch.matmul(a, b)");
    op.add("vectors", "a", normal(1, 5), "b", normal(2, 5))
        .add("vector_matrix", "a", normal(3, 3), "b", normal(4, 3, 5))
        .add("matrix_vector", "a", normal(5, 5, 3), "b", normal(6, 3))
        .add("odd", "a", normal(7, 5, 3), "b", normal(8, 3, 7))
        .add("tail", "a", normal(9, 17, 33), "b", normal(10, 33, 19))
        .add("one_row", "a", normal(11, 1, 9), "b", normal(12, 9, 4))
        .add("one_column", "a", normal(13, 4, 9), "b", normal(14, 9, 1))
        .add("one_inner", "a", normal(15, 3, 1), "b", normal(16, 1, 4))
        .add("long_inner", "a", normal(17, 1, 1025), "b", normal(18, 1025, 1))
        .add("batch", "a", normal(19, 2, 3, 4), "b", normal(20, 2, 4, 5))
        .add("batch_left", "a", normal(21, 2, 3, 4), "b", normal(22, 4, 5))
        .add("batch_right", "a", normal(23, 3, 4), "b", normal(24, 2, 4, 5))
        .add("batch_vector", "a", normal(25, 2, 3, 4), "b", normal(26, 4))
        .add("vector_batch", "a", normal(27, 4), "b", normal(28, 2, 4, 3))
        .add("batch_spread", "a", normal(29, 2, 1, 3, 4), "b", normal(30, 3, 4, 2))
        .add("batch_one", "a", normal(31, 1, 3, 4), "b", normal(32, 2, 4, 2))
        .add("five", "a", normal(33, 2, 1, 2, 2, 3), "b", normal(34, 1, 3, 1, 3, 2))
        .add("no_inner", "a", normal(35, 2, 0), "b", normal(36, 0, 3))
        .add("no_rows", "a", normal(37, 0, 2), "b", normal(38, 2, 3))
        .add("no_columns", "a", normal(39, 3, 2), "b", normal(40, 2, 0))
        .add("no_vectors", "a", normal(41, 0), "b", normal(42, 0))
        .add("no_batch", "a", normal(43, 0, 2, 3), "b", normal(44, 3, 2))
        .add("ints", "a", ints(45, -5, 6, 2, 3), "b", ints(46, -5, 6, 3, 2))
        .add("special", "a", floats(NAN, 1, INF, 0).as(2, 2), "b", floats(1, 2, 3, 4).as(2, 2))
        .add("float64", "a", normal(47, 2, 3).wide(), "b", normal(48, 3, 2).wide());
    op.add(
            "transpose_a",
            "torch.matmul(a.transpose(-1, -2), b)",
            Attrs.of("transpose_a", true),
            "a",
            normal(49, 3, 5),
            "b",
            normal(50, 3, 2))
        .add(
            "transpose_b",
            "torch.matmul(a, b.transpose(-1, -2))",
            Attrs.of("transpose_a", false, "transpose_b", true),
            "a",
            normal(51, 5, 3),
            "b",
            normal(52, 2, 3))
        .add(
            "transpose_both",
            "torch.matmul(a.transpose(-1, -2), b.transpose(-1, -2))",
            Attrs.of("transpose_a", true, "transpose_b", true),
            "a",
            normal(53, 2, 3, 5),
            "b",
            normal(54, 2, 4, 3))
        .add(
            "transpose_b_tail",
            "torch.matmul(a, b.transpose(-1, -2))",
            Attrs.of("transpose_b", true),
            "a",
            normal(55, 9, 17),
            "b",
            normal(56, 19, 17));
  }

  private static void linear(Suite s) {
    s.op("linear", "torch.linear(x, weight, {?bias})")
        .add("rows", "x", normal(1, 4, 3), "weight", normal(2, 5, 3), "bias", normal(3, 5))
        .add("no_bias", "x", normal(4, 4, 3), "weight", normal(5, 5, 3))
        .add("vector", "x", normal(6, 3), "weight", normal(7, 5, 3), "bias", normal(8, 5))
        .add("batch", "x", normal(9, 2, 3, 4), "weight", normal(10, 2, 4), "bias", normal(11, 2))
        .add("four", "x", normal(12, 2, 1, 3, 4), "weight", normal(13, 2, 4), "bias", normal(14, 2))
        .add("one", "x", normal(15, 1, 1), "weight", normal(16, 1, 1), "bias", normal(17, 1))
        .add("no_rows", "x", normal(18, 0, 3), "weight", normal(19, 2, 3), "bias", normal(20, 2))
        .add("no_inputs", "x", normal(21, 2, 0), "weight", normal(22, 3, 0), "bias", normal(23, 3))
        .add("one_weight", "x", normal(24, 4, 3), "weight", normal(25, 3))
        .add("tail", "x", normal(26, 9, 33), "weight", normal(27, 17, 33), "bias", normal(28, 17))
        .add(
            "float64",
            "x",
            normal(29, 2, 3).wide(),
            "weight",
            normal(30, 2, 3).wide(),
            "bias",
            normal(31, 2).wide());
  }

  private static void addmm(Suite s) {
    s.op("addmm", "torch.addmm(c, a, b, beta={beta:1}, alpha={alpha:1})")
        .add("same", "c", normal(1, 3, 5), "a", normal(2, 3, 4), "b", normal(3, 4, 5))
        .add("row", "c", normal(4, 5), "a", normal(5, 3, 4), "b", normal(6, 4, 5))
        .add("column", "c", normal(7, 3, 1), "a", normal(8, 3, 4), "b", normal(9, 4, 5))
        .add("rank0", "c", scalar(0.5), "a", normal(10, 3, 4), "b", normal(11, 4, 5))
        .add(
            "scaled",
            Attrs.of("beta", 0.5, "alpha", -2.0),
            "c",
            normal(12, 3, 5),
            "a",
            normal(13, 3, 4),
            "b",
            normal(14, 4, 5))
        .add(
            "beta_zero",
            Attrs.of("beta", 0),
            "c",
            floats(NAN, INF, 1).fixed(),
            "a",
            normal(15, 2, 4),
            "b",
            normal(16, 4, 3))
        .add(
            "alpha_zero",
            Attrs.of("alpha", 0),
            "c",
            normal(17, 2, 3),
            "a",
            normal(18, 2, 4),
            "b",
            normal(19, 4, 3))
        .add("no_inner", "c", normal(20, 2, 3), "a", normal(21, 2, 0), "b", normal(22, 0, 3))
        .add(
            "no_inner_scaled",
            Attrs.of("beta", 2.0),
            "c",
            normal(20, 2, 3),
            "a",
            normal(21, 2, 0),
            "b",
            normal(22, 0, 3))
        .add("no_rows", "c", normal(23, 3), "a", normal(24, 0, 2), "b", normal(25, 2, 3))
        .add(
            "ints",
            Attrs.of("beta", 2, "alpha", 3),
            "c",
            ints(26, -5, 6, 2, 2),
            "a",
            ints(27, -5, 6, 2, 3),
            "b",
            ints(28, -5, 6, 3, 2))
        .add(
            "float64",
            "c",
            normal(29, 2, 2).wide(),
            "a",
            normal(30, 2, 3).wide(),
            "b",
            normal(31, 3, 2).wide());
  }

  private static void einsum(Suite s) {
    Suite.Op op = s.op("einsum", "torch.einsum({equation}, [a, b])");
    two(op, "product", "ij,jk->ik", normal(1, 2, 3), normal(2, 3, 4));
    two(op, "implicit", "ij,jk", normal(3, 2, 3), normal(4, 3, 4));
    two(op, "implicit_order", "kj,ji", normal(5, 2, 3), normal(6, 3, 4));
    two(op, "turned", "ij,kj->ki", normal(7, 2, 3), normal(8, 4, 3));
    two(op, "outer", "i,j->ij", normal(9, 3), normal(10, 4));
    two(op, "inner", "i,i->", normal(11, 5), normal(12, 5));
    two(op, "inner_implicit", "i,i", normal(13, 5), normal(14, 5));
    two(op, "elementwise", "ij,ij->ij", normal(15, 2, 3), normal(16, 2, 3));
    two(op, "batch", "bij,bjk->bik", normal(17, 2, 3, 4), normal(18, 2, 4, 2));
    two(op, "batch_shared", "bij,jk->bik", normal(19, 2, 3, 4), normal(20, 4, 2));
    two(op, "heads", "bhqd,bhkd->bhqk", normal(21, 2, 2, 3, 4), normal(22, 2, 2, 5, 4));
    two(op, "heads_turned", "bqhd,bkhd->bhqk", normal(23, 2, 3, 2, 4), normal(24, 2, 5, 2, 4));
    two(op, "two_inner", "aij,ijb->ab", normal(25, 2, 3, 4), normal(26, 3, 4, 2));
    two(op, "summed_out", "ij,jk->k", normal(27, 2, 3), normal(28, 3, 4));
    two(op, "unused", "ij,k->j", normal(29, 2, 3), normal(30, 4));
    two(op, "ellipsis", "...ij,...jk->...ik", normal(31, 2, 3, 2, 4), normal(32, 2, 3, 4, 2));
    two(op, "ellipsis_spread", "...ij,...jk->...ik", normal(33, 3, 2, 4), normal(34, 2, 1, 4, 2));
    two(op, "ellipsis_implicit", "...ij,...jk", normal(35, 2, 2, 4), normal(36, 2, 4, 2));
    two(op, "ellipsis_end", "i...,i...->...", normal(37, 2, 3), normal(38, 2, 3));
    two(op, "spaces", " i j , j k -> k i ", normal(39, 2, 3), normal(40, 3, 4));
    two(op, "capitals", "iB,Bk->ik", normal(41, 2, 3), normal(42, 3, 4));
    two(op, "diagonal", "ii,i->i", normal(43, 3, 3), normal(44, 3));
    two(op, "trace", "ii,j->j", normal(45, 3, 3), normal(46, 2));
    two(op, "size_one", "ij,jk->ik", normal(47, 2, 1), normal(48, 3, 4));
    two(op, "empty", "ij,jk->ik", normal(49, 2, 0), normal(50, 0, 4));
    two(op, "rank0", ",ij->ij", scalar(2), normal(51, 2, 3));
    two(op, "ints", "ij,jk->ik", ints(52, -5, 6, 2, 3), ints(53, -5, 6, 3, 2));
    two(op, "float64", "ij,jk->ik", normal(54, 2, 3).wide(), normal(55, 3, 2).wide());
    one(op, "transpose", "ij->ji", normal(56, 2, 3));
    one(op, "sum", "ij->", normal(57, 2, 3));
    one(op, "row_sums", "ij->i", normal(58, 2, 3));
    one(op, "own_diagonal", "ii->i", normal(59, 3, 3));
    one(op, "own_trace", "ii", normal(60, 3, 3));
    one(op, "batch_diagonal", "...ii->...i", normal(61, 2, 3, 3));
    one(op, "permute", "ijk->kij", normal(62, 2, 3, 4));
    String three = "torch.einsum({equation}, [a, b, c])";
    op.add(
            "three",
            three,
            Attrs.of("equation", "ij,jk,kl->il"),
            "a",
            normal(63, 2, 3),
            "b",
            normal(64, 3, 4),
            "c",
            normal(65, 4, 2))
        .add(
            "bilinear",
            three,
            Attrs.of("equation", "bn,anm,bm->ba"),
            "a",
            normal(66, 2, 3),
            "b",
            normal(67, 4, 3, 2),
            "c",
            normal(68, 2, 2))
        .add(
            "three_elementwise",
            three,
            Attrs.of("equation", "i,i,i->i"),
            "a",
            normal(69, 3),
            "b",
            normal(70, 3),
            "c",
            normal(71, 3));
  }

  private static void two(Suite.Op op, String what, String equation, Value a, Value b) {
    op.add(what, Attrs.of("equation", equation), "a", a, "b", b);
  }

  private static void one(Suite.Op op, String what, String equation, Value a) {
    op.add(what, "torch.einsum({equation}, [a])", Attrs.of("equation", equation), "a", a);
  }
}
