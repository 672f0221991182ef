package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;
import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

import dev.kiln.cpu.threads.WorkerPool;
import dev.kiln.cpu.threads.Workspace;

/**
 * Matrix products of row-major float matrices: C = epilogue(alpha op(A) op(B) + beta C).
 *
 * <p>op(A) is m x k, op(B) is k x n. The bits of C do not depend on the number of threads: every
 * choice that changes the order of a sum depends on m, n, k and the transposes alone. If {@code
 * beta} is 0, C is not read. C must not overlap A or B.
 */
public final class Gemm {
  /** Up to so many columns, inner products are the quickest way. */
  static final int SKINNY = 16;

  /** From this depth on. */
  static final int LONG = 32;

  private static final int FEW_ROWS = 8;

  /**
   * So much deeper than the columns, or the rows, are many: adding up the lanes of an inner product
   * takes about as long as 40 multiply-adds of vectors (on AMD Zen 4).
   */
  private static final int DEEPER_THAN_COLUMNS = 24;

  private static final int DEEPER_THAN_ROWS = 16;
  private static final int SPLIT_DEPTH = 4096;
  private static final int SPLIT_TILES = 8;

  private final TileKernels tiles;
  private final WorkerPool pool;
  private final UnpackedProduct unpacked;

  /** Creates the driver over the given inner loops and threads. */
  public Gemm(TileKernels tiles, WorkerPool pool) {
    this.tiles = tiles;
    this.pool = pool;
    this.unpacked = new UnpackedProduct(tiles, pool);
  }

  /** Computes C = epilogue(alpha op(A) op(B) + beta C). */
  public void multiply(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      float alpha,
      float[] a,
      int aOffset,
      int lda,
      float[] b,
      int bOffset,
      int ldb,
      float beta,
      float[] c,
      int cOffset,
      int ldc,
      Epilogue epilogue) {
    run(
        new Product(
            transposeA,
            transposeB,
            m,
            n,
            k,
            alpha,
            a,
            aOffset,
            lda,
            b,
            bOffset,
            ldb,
            beta,
            c,
            cOffset,
            ldc,
            epilogue));
  }

  /**
   * Computes {@code batch} products whose operands lie at fixed distances; 0 repeats an operand.
   */
  public void multiplyBatched(
      int batch,
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      float alpha,
      float[] a,
      int aOffset,
      int lda,
      int aStride,
      float[] b,
      int bOffset,
      int ldb,
      int bStride,
      float beta,
      float[] c,
      int cOffset,
      int ldc,
      int cStride,
      Epilogue epilogue) {
    long each = Math.max(1, (long) m * n * Math.max(k, 1));
    if (batch == 1 || each > Pieces.SERIAL_WORK * 16) {
      for (int i = 0; i < batch; i++) {
        multiply(
            transposeA,
            transposeB,
            m,
            n,
            k,
            alpha,
            a,
            aOffset + i * aStride,
            lda,
            b,
            bOffset + i * bStride,
            ldb,
            beta,
            c,
            cOffset + i * cStride,
            ldc,
            epilogue);
      }
      return;
    }
    int perPiece = (int) Math.max(1, Math.min(batch, Pieces.SERIAL_WORK / each));
    pool.parallelFor(
        divideUp(batch, perPiece),
        piece -> {
          int end = Math.min(batch, (piece + 1) * perPiece);
          for (int i = piece * perPiece; i < end; i++) {
            multiply(
                transposeA,
                transposeB,
                m,
                n,
                k,
                alpha,
                a,
                aOffset + i * aStride,
                lda,
                b,
                bOffset + i * bStride,
                ldb,
                beta,
                c,
                cOffset + i * cStride,
                ldc,
                epilogue);
          }
        });
  }

  private void run(Product t) {
    if (t.m() == 0 || t.n() == 0) {
      return;
    }
    if (t.k() == 0 || t.alpha() == 0f) {
      t.prescale(0, t.m(), 0, t.n());
      finish(t);
    } else if (!t.ta() && t.k() >= LONG && longFor(t)) {
      dots(t);
    } else if (t.ta() && t.n() <= SKINNY) {
      swapped(t);
    } else if (!t.tb() && t.m() <= tiles.tileRows()) {
      unpacked.run(t, pieces(t.work()));
    } else if (t.tb() && !t.ta() && t.beta() == 0f && turnsWell(t)) {
      turned(t);
    } else if (t.k() >= SPLIT_DEPTH
        && (long) divideUp(t.m(), 14) * divideUp(t.n(), 32) <= SPLIT_TILES) {
      splitDepth(t);
    } else if (SharedProduct.suits(tiles, t.m(), t.n(), t.k(), pool.threads())) {
      shared(t);
    } else {
      blocks(t);
    }
  }

  /** Many rows and columns: the threads pack blocks of B together. */
  private void shared(Product t) {
    Destination out = t.out();
    SharedProduct product =
        new SharedProduct(
            pool, tiles, t.left(), t.right(), out, t.epilogue(), t.alpha(), t.m(), t.n(), t.k());
    product.run(t.adds(), (from, to) -> t.prescale(from, to, 0, t.n()));
  }

  /** Whether inner products are quicker than tiles, most of whose columns or rows would be idle. */
  private static boolean longFor(Product t) {
    return (t.n() <= SKINNY && t.k() >= DEEPER_THAN_COLUMNS * t.n())
        || (t.tb() && t.m() <= FEW_ROWS && t.k() >= DEEPER_THAN_ROWS * t.m());
  }

  private void blocks(Product t) {
    PieceGrid grid =
        pieces(t.work()) == 1
            ? PieceGrid.ONE
            : PieceGrid.of(tiles, t.m(), t.n(), t.k(), pool.threads());
    LeftOperand left = t.left();
    RightOperand right = t.right();
    Destination out = t.out();
    int rowPanels = divideUp(t.m(), tiles.tileRows());
    int columnPanels = divideUp(t.n(), tiles.tileColumns());
    pool.parallelFor(
        grid.pieces(),
        piece -> {
          int r = piece % grid.rows();
          int q = piece / grid.rows();
          int m0 = rowCut(t, rowPanels, grid, r);
          int m1 = rowCut(t, rowPanels, grid, r + 1);
          int n0 = cut(columnPanels, grid.columns(), q) * tiles.tileColumns();
          int n1 = Math.min(t.n(), cut(columnPanels, grid.columns(), q + 1) * tiles.tileColumns());
          t.prescale(m0, m1, n0, n1);
          TiledProduct.run(
              tiles, left, right, out, t.epilogue(), t.alpha(), t.adds(), m0, m1, n0, n1, t.k());
        });
  }

  private int rowCut(Product t, int rowPanels, PieceGrid grid, int part) {
    return TiledProduct.panelStart(tiles, t.m(), rowPanels, cut(rowPanels, grid.rows(), part));
  }

  private int pieces(long work) {
    int threads = pool.threads();
    return threads == 1 || work < Pieces.SERIAL_WORK ? 1 : threads;
  }

  private void finish(Product t) {
    if (!t.epilogue().isNone()) {
      t.epilogue().apply(tiles, 0, t.m(), 0, t.n(), t.c(), t.co(), t.ldc());
    }
  }

  /** Few columns or few rows: inner products along the contiguous depth. */
  private void dots(Product t) {
    float[] b = t.b();
    int bo = t.bo();
    int ldb = t.ldb();
    if (!t.tb()) {
      b = Workspace.mine().floats(Workspace.Slot.LAYOUT, (long) t.n() * t.k());
      bo = 0;
      ldb = t.k();
      transpose(t.b(), t.bo(), t.ldb(), t.k(), t.n(), b);
    }
    float[] rows = b;
    int rowsOffset = bo;
    int ldr = ldb;
    boolean cutRows = t.n() <= SKINNY;
    int step = cutRows ? tiles.dotRows() : tiles.dotColumns();
    int steps = divideUp(cutRows ? t.m() : t.n(), step);
    int parts = Math.min(steps, pieces(t.work()));
    pool.parallelFor(
        parts,
        piece -> {
          int from = cut(steps, parts, piece) * step;
          int to = cut(steps, parts, piece + 1) * step;
          if (cutRows) {
            dots(t, rows, rowsOffset, ldr, from, Math.min(t.m(), to), 0, t.n());
          } else {
            dots(t, rows, rowsOffset, ldr, 0, t.m(), from, Math.min(t.n(), to));
          }
        });
  }

  private void dots(Product t, float[] b, int bo, int ldb, int m0, int m1, int n0, int n1) {
    int dr = tiles.dotRows();
    int dc = tiles.dotColumns();
    float[] sums = Workspace.mine().floats(Workspace.Slot.TILE, (long) dr * dc);
    for (int i = m0; i < m1; i += dr) {
      int rows = Math.min(dr, m1 - i);
      for (int j = n0; j < n1; j += dc) {
        int columns = Math.min(dc, n1 - j);
        tiles.dotTile(
            rows, columns, t.k(), t.a(), t.ao() + i * t.lda(), t.lda(), b, bo + j * ldb, ldb, sums);
        for (int r = 0; r < rows; r++) {
          for (int q = 0; q < columns; q++) {
            put(t, i + r, j + q, sums[r * dc + q]);
          }
        }
      }
    }
  }

  private static void put(Product t, int row, int column, float sum) {
    int o = t.co() + row * t.ldc() + column;
    float v = t.alpha() == 1f ? sum : t.alpha() * sum;
    if (t.adds()) {
      v += t.beta() == 1f ? t.c()[o] : t.beta() * t.c()[o];
    }
    t.c()[o] = t.epilogue().apply(row, column, v);
  }

  static void transpose(float[] from, int offset, int ld, int rows, int columns, float[] to) {
    for (int j = 0; j < columns; j++) {
      for (int i = 0; i < rows; i++) {
        to[j * rows + i] = from[offset + i * ld + j];
      }
    }
  }

  /** Few columns and a transposed A: computes the transpose of C, whose rows are long. */
  private void swapped(Product t) {
    LeftOperand left = LeftOperand.matrix(t.b(), t.bo(), t.ldb(), !t.tb());
    RightOperand right = RightOperand.matrix(t.a(), t.ao(), t.lda(), false);
    int step = tiles.tileColumns();
    int panels = divideUp(t.m(), step);
    int parts = Math.min(panels, Math.max(divideUp(t.m(), 512), pieces(t.work())));
    pool.parallelFor(
        parts,
        piece -> {
          int m0 = cut(panels, parts, piece) * step;
          int m1 = Math.min(t.m(), cut(panels, parts, piece + 1) * step);
          int width = m1 - m0;
          float[] turned = Workspace.mine().floats(Workspace.Slot.LAYOUT, (long) t.n() * width);
          TiledProduct.run(
              tiles,
              left,
              right,
              Destination.matrix(turned, -m0, width),
              Epilogue.NONE,
              1f,
              false,
              0,
              t.n(),
              m0,
              m1,
              t.k());
          for (int i = 0; i < width; i++) {
            for (int j = 0; j < t.n(); j++) {
              put(t, m0 + i, j, turned[j * width + i]);
            }
          }
        });
  }

  /**
   * Whether {@link #turned} is the quicker way: whether turning B takes longer than turning A and C
   * and multiplying the zeros beside the last rows of A, all as parts of the time of one row of
   * tiles (measured with vectors of 256 and 512 bits).
   */
  private boolean turnsWell(Product t) {
    int width = tiles.tileColumns();
    double idle = (double) divideUp(t.m(), width) - (double) t.m() / width;
    double turning = (double) t.m() / t.n() + (double) t.m() / t.k();
    return idle + 1.2 * turning < 0.65;
  }

  /**
   * Few rows and a transposed B: computes the transpose of C, for which B's rows are copied as they
   * lie, and A, the smaller one, is turned instead.
   */
  private void turned(Product t) {
    LeftOperand left = LeftOperand.matrix(t.b(), t.bo(), t.ldb(), false);
    RightOperand right = RightOperand.matrix(t.a(), t.ao(), t.lda(), true);
    int panels = divideUp(t.n(), tiles.tileRows());
    int parts =
        pieces(t.work()) == 1 ? 1 : PieceGrid.of(tiles, t.n(), t.m(), t.k(), pool.threads()).rows();
    pool.parallelFor(
        parts,
        piece -> {
          int n0 = TiledProduct.panelStart(tiles, t.n(), panels, cut(panels, parts, piece));
          int n1 = TiledProduct.panelStart(tiles, t.n(), panels, cut(panels, parts, piece + 1));
          float[] c = Workspace.mine().floats(Workspace.Slot.LAYOUT, (long) t.m() * (n1 - n0));
          TiledProduct.run(
              tiles,
              left,
              right,
              Destination.matrix(c, -n0 * t.m(), t.m()),
              Epilogue.NONE,
              t.alpha(),
              false,
              n0,
              n1,
              0,
              t.m(),
              t.k());
          tiles.transpose(n1 - n0, t.m(), c, 0, t.m(), t.c(), t.co() + n0, t.ldc());
          if (!t.epilogue().isNone()) {
            t.epilogue().apply(tiles, 0, t.m(), n0, n1 - n0, t.c(), t.co() + n0, t.ldc());
          }
        });
  }

  /**
   * A small C over a great depth: partial products over fixed parts of the depth, then their sum.
   */
  private void splitDepth(Product t) {
    int parts = Math.min(16, t.k() / (SPLIT_DEPTH / 4));
    int size = t.m() * t.n();
    float[] partial = Workspace.mine().floats(Workspace.Slot.PARTIAL, (long) parts * size);
    pool.parallelFor(
        parts,
        part -> {
          int k0 = cut(t.k(), parts, part);
          int k1 = cut(t.k(), parts, part + 1);
          LeftOperand left =
              LeftOperand.matrix(t.a(), t.ao() + k0 * (t.ta() ? t.lda() : 1), t.lda(), t.ta());
          RightOperand right =
              RightOperand.matrix(t.b(), t.bo() + k0 * (t.tb() ? 1 : t.ldb()), t.ldb(), t.tb());
          TiledProduct.run(
              tiles,
              left,
              right,
              Destination.matrix(partial, part * size, t.n()),
              Epilogue.NONE,
              1f,
              false,
              0,
              t.m(),
              0,
              t.n(),
              k1 - k0);
        });
    for (int part = 1; part < parts; part++) {
      for (int i = 0; i < size; i++) {
        partial[i] += partial[part * size + i];
      }
    }
    for (int i = 0; i < t.m(); i++) {
      for (int j = 0; j < t.n(); j++) {
        put(t, i, j, partial[i * t.n() + j]);
      }
    }
  }
}
