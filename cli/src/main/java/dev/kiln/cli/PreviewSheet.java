package dev.kiln.cli;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import javax.imageio.ImageIO;

/**
 * The picture of augmented samples. Apart from the command, so that all other commands run on a
 * Java runtime without pictures, such as the one that is carried to GPU machines.
 */
final class PreviewSheet {
  private static final int GAP = 4;
  private static final int CELL = 64;

  private PreviewSheet() {}

  /** Draws rows of images, each as values of its planes, and returns the bytes of a PNG file. */
  static byte[] png(List<float[][]> rows, int columns, Corpus corpus) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(draw(rows, columns, corpus), "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static BufferedImage draw(List<float[][]> rows, int columns, Corpus corpus) {
    int h = corpus.height();
    int w = corpus.width();
    int scale = Math.max(1, CELL / Math.max(h, w));
    int cellH = h * scale + GAP;
    int cellW = w * scale + GAP;
    // The first column, the images as they are, stands apart.
    BufferedImage sheet =
        new BufferedImage(
            columns * cellW + 3 * GAP, rows.size() * cellH + GAP, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < sheet.getHeight(); y++) {
      for (int x = 0; x < sheet.getWidth(); x++) {
        sheet.setRGB(x, y, 0xFFFFFF);
      }
    }
    for (int row = 0; row < rows.size(); row++) {
      for (int column = 0; column < columns; column++) {
        int left = GAP + column * cellW + (column > 0 ? 2 * GAP : 0);
        float[] v = rows.get(row)[column];
        for (int i = 0; i < h * scale; i++) {
          for (int j = 0; j < w * scale; j++) {
            int pixel = i / scale * w + j / scale;
            sheet.setRGB(left + j, GAP + row * cellH + i, rgb(v, pixel, h * w));
          }
        }
      }
    }
    return sheet;
  }

  private static int rgb(float[] v, int pixel, int plane) {
    boolean colour = v.length >= 3 * plane;
    int all = 0;
    for (int c = 0; c < 3; c++) {
      float value = v[pixel + (colour ? c * plane : 0)];
      all = all << 8 | Math.round(255 * Math.max(0, Math.min(1, value)));
    }
    return all;
  }
}
