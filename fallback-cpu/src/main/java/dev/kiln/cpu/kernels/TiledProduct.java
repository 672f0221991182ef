package dev.kiln.cpu.kernels;

import dev.kiln.cpu.threads.Lines;
import dev.kiln.cpu.threads.Workspace;

/**
 * The blocked loop around the tiles: C = alpha A B, or C += alpha A B, for operands that pack
 * themselves.
 *
 * <p>Order of loops (Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication,
 * 2008, with the two inner loops exchanged): depth blocks, column blocks (right panels packed into
 * L2), groups of row panels (packed into L2), column panels by the chunk, row panels of the group,
 * column panels of the chunk. An element is summed over k in rising order in depth blocks of a size
 * that depends on the depth alone, so its bits do not depend on how rows and columns are cut.
 */
final class TiledProduct {
  /** Floats of a block of right panels: 1 MiB, in the second-level cache beside what streams. */
  private static final int RIGHT_BLOCK = 1 << 18;

  /**
   * Row panels that pass over a chunk of right panels together, so that a block too large for the
   * second-level cache is read from the third a fourth as often.
   */
  static final int GROUP = 4;

  /** Floats of a chunk of right panels: 256 KiB, in the second-level cache beside a group. */
  private static final int CHUNK = 1 << 16;

  private TiledProduct() {}

  static int divideUp(int a, int b) {
    return (int) (((long) a + b - 1) / b);
  }

  /** First index of part {@code i} of {@code n} things cut in {@code parts} even parts. */
  static int cut(int n, int parts, int i) {
    return (int) ((long) n * i / parts);
  }

  /**
   * First row of part {@code i} of {@code panels}, whose heights are multiples of the tiles' unit
   * where there is a choice.
   */
  static int panelStart(TileKernels tiles, int rows, int panels, int i) {
    int unit = tiles.rowUnit();
    return Math.min(rows, unit * cut(divideUp(rows, unit), panels, i));
  }

  static int depthBlock(TileKernels tiles, int depth) {
    return divideUp(depth, divideUp(depth, tiles.depth()));
  }

  /**
   * Computes rows {@code m0..m1} and columns {@code n0..n1} on the calling thread.
   *
   * @param add whether C is added to; otherwise it is only written
   */
  static void run(
      TileKernels tiles,
      LeftOperand left,
      RightOperand right,
      Destination out,
      Epilogue epilogue,
      float alpha,
      boolean add,
      int m0,
      int m1,
      int n0,
      int n1,
      int depth) {
    int columns = n1 - n0;
    if (m0 >= m1 || columns <= 0 || depth <= 0) {
      return;
    }
    int blockDepth = depthBlock(tiles, depth);
    int blockColumns = columnBlock(tiles, columns, mostColumns(tiles, blockDepth));
    Lines panels = panels(tiles, blockDepth, blockColumns);
    for (int k = 0; k < depth; k += blockDepth) {
      int kc = Math.min(blockDepth, depth - k);
      boolean sum = add || k > 0;
      Epilogue last = k + kc == depth ? epilogue : Epilogue.NONE;
      for (int j = n0; j < n1; j += blockColumns) {
        int nc = Math.min(blockColumns, n1 - j);
        right.pack(tiles, k, kc, j, nc, panels.array(), panels.at());
        block(tiles, left, panels, out, last, alpha, sum, m0, m1, j, nc, k, kc);
      }
    }
  }

  /** Most columns of a block of right panels. */
  static int mostColumns(TileKernels tiles, int blockDepth) {
    return Math.max(tiles.tileColumns(), RIGHT_BLOCK / blockDepth);
  }

  /** Columns of a block, whole panels and at most {@code most}, that cuts the columns evenly. */
  static int columnBlock(TileKernels tiles, int columns, int most) {
    int nr = tiles.tileColumns();
    return divideUp(divideUp(columns, nr), divideUp(columns, most)) * nr;
  }

  /** Room for the right panels of one block. */
  static Lines panels(TileKernels tiles, int blockDepth, int blockColumns) {
    return Workspace.mine()
        .lines(Workspace.Slot.RIGHT, (long) blockDepth * blockColumns + tiles.slack());
  }

  /**
   * Computes rows {@code m0..m1} of the block whose {@code columns} packed columns begin at {@code
   * column}, over {@code depth} from {@code k} on.
   */
  static void block(
      TileKernels tiles,
      LeftOperand left,
      Lines panels,
      Destination out,
      Epilogue epilogue,
      float alpha,
      boolean add,
      int m0,
      int m1,
      int column,
      int columns,
      int k,
      int depth) {
    int nr = tiles.tileColumns();
    int rows = m1 - m0;
    int rowPanels = divideUp(rows, tiles.tileRows());
    Workspace space = Workspace.mine();
    int size = tiles.leftSize();
    boolean large = columns >= mostColumns(tiles, depth) + nr;
    int group = large ? divideUp(rowPanels, divideUp(rowPanels, GROUP)) : 1;
    float[] packed = space.floats(Workspace.Slot.LEFT, (long) size * group);
    Lines edge = space.lines(Workspace.Slot.TILE, (long) tiles.tileRows() * nr);
    int chunk = large ? Math.max(1, CHUNK / (nr * depth)) * nr : columns;
    for (int p = 0; p < rowPanels; p += group) {
      int end = Math.min(rowPanels, p + group);
      for (int g = p; g < end; g++) {
        int i = panelStart(tiles, rows, rowPanels, g);
        int mr = panelStart(tiles, rows, rowPanels, g + 1) - i;
        int at = (g - p) * size;
        left.pack(tiles, m0 + i, mr, k, depth, packed, at);
        if (alpha != 1f) {
          scale(tiles, left.interleaved(), mr, depth, packed, at, alpha);
        }
      }
      for (int from = 0; from < columns; from += chunk) {
        int to = Math.min(columns, from + chunk);
        for (int g = p; g < end; g++) {
          int i = panelStart(tiles, rows, rowPanels, g);
          int mr = panelStart(tiles, rows, rowPanels, g + 1) - i;
          for (int q = from; q < to; q += nr) {
            tile(
                tiles,
                left.interleaved(),
                mr,
                add,
                depth,
                packed,
                (g - p) * size,
                panels.array(),
                panels.at() + q * depth,
                out,
                epilogue,
                m0 + i,
                column + q,
                Math.min(nr, columns - q),
                edge);
          }
        }
      }
    }
  }

  private static void tile(
      TileKernels tiles,
      boolean interleaved,
      int rows,
      boolean add,
      int depth,
      float[] a,
      int ao,
      float[] b,
      int bOffset,
      Destination out,
      Epilogue epilogue,
      int row,
      int column,
      int width,
      Lines edge) {
    int nr = tiles.tileColumns();
    float[] c = out.c();
    if (width == nr && out.run(column) >= nr) {
      int o = out.at(row, column);
      if (interleaved) {
        tiles.interleavedTile(rows, nr, add, depth, a, ao, b, bOffset, nr, c, o, out.ldc());
      } else {
        tiles.rowTile(rows, nr, add, depth, a, ao, b, bOffset, nr, c, o, out.ldc());
      }
      if (!epilogue.isNone()) {
        epilogue.apply(tiles, row, rows, column, width, c, o, out.ldc());
      }
      return;
    }
    if (interleaved) {
      tiles.interleavedTile(
          rows, width, false, depth, a, ao, b, bOffset, nr, edge.array(), edge.at(), nr);
    } else {
      tiles.rowTile(rows, width, false, depth, a, ao, b, bOffset, nr, edge.array(), edge.at(), nr);
    }
    store(tiles, rows, add, edge, nr, out, epilogue, row, column, width);
  }

  /** Brings a tile from scratch memory to its place. */
  static void store(
      TileKernels tiles,
      int rows,
      boolean add,
      Lines edge,
      int lde,
      Destination out,
      Epilogue epilogue,
      int row,
      int column,
      int width) {
    if (add) {
      for (int j = 0; j < width; ) {
        int run = Math.min(width - j, out.run(column + j));
        for (int i = 0; i < rows; i++) {
          addRun(edge.array(), edge.at() + i * lde + j, out.c(), out.at(row + i, column + j), run);
        }
        j += run;
      }
    }
    if (!epilogue.isNone()) {
      epilogue.apply(tiles, row, rows, column, width, edge.array(), edge.at(), lde);
    }
    for (int j = 0; j < width; ) {
      int run = Math.min(width - j, out.run(column + j));
      for (int i = 0; i < rows; i++) {
        System.arraycopy(
            edge.array(), edge.at() + i * lde + j, out.c(), out.at(row + i, column + j), run);
      }
      j += run;
    }
  }

  private static void addRun(float[] edge, int e, float[] c, int o, int n) {
    for (int j = 0; j < n; j++) {
      edge[e + j] += c[o + j];
    }
  }

  static void scale(
      TileKernels tiles,
      boolean interleaved,
      int rows,
      int depth,
      float[] panel,
      int at,
      float alpha) {
    int runs = interleaved ? depth : rows;
    int length = interleaved ? rows : depth;
    int stride = interleaved ? tiles.interleavedStep() : tiles.rowStride();
    for (int r = 0; r < runs; r++) {
      for (int j = 0; j < length; j++) {
        panel[at + r * stride + j] *= alpha;
      }
    }
  }
}
