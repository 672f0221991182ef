package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.cut;
import static dev.kiln.cpu.kernels.TiledProduct.divideUp;
import static dev.kiln.cpu.kernels.Winograd.PATCH;

/**
 * The tiles of a batch that {@link Winograd} convolves: image by image, row by row.
 *
 * @param s the convolution
 */
record WinogradGrid(ConvShape s) {
  /** Rows, and columns, of output pixels of a tile. */
  int tile() {
    return PATCH + 1 - s.kernelH();
  }

  int rows() {
    return divideUp(s.outHeight(), tile());
  }

  int columns() {
    return divideUp(s.outWidth(), tile());
  }

  int count() {
    return s.images() * rows() * columns();
  }

  int image(int tile) {
    return tile / columns() / rows();
  }

  int row(int tile) {
    return tile / columns() % rows();
  }

  int column(int tile) {
    return tile % columns();
  }

  /** Tiles from {@code tile} on that lie in one row of tiles, at most up to {@code end}. */
  int run(int tile, int end) {
    return Math.min(columns() - column(tile), end - tile);
  }

  /** How many blocks of about {@code size} tiles there are. */
  int blocks(int size) {
    return Math.max(1, divideUp(count(), size));
  }

  /** Where block {@code i} begins: at a row's begin where rows are short. */
  int begin(int blocks, int i) {
    int at = cut(count(), blocks, i);
    return shortRows() ? at / columns() * columns() : at;
  }

  /** The most tiles that one of so many blocks has. */
  int largest(int blocks) {
    int even = divideUp(count(), blocks);
    return shortRows() ? Math.min(count(), even + columns()) : even;
  }

  private boolean shortRows() {
    return columns() <= WinogradBlock.TILES / 2;
  }
}
