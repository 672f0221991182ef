package dev.kiln.cli;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
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

  /** Between the black ground of some images and the white one of others. */
  private static final int GROUND = 0xD8D8D8;

  private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);

  private PreviewSheet() {}

  /**
   * Draws rows of images, each as values of its planes, and returns the bytes of a PNG file.
   *
   * @param names written before the rows; none, or one each
   */
  static byte[] png(List<float[][]> rows, List<String> names, int columns, Corpus corpus) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(draw(rows, names, columns, corpus), "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static BufferedImage draw(
      List<float[][]> rows, List<String> names, int columns, Corpus corpus) {
    int h = corpus.height();
    int w = corpus.width();
    int scale = Math.max(1, CELL / Math.max(h, w));
    int cellH = h * scale + GAP;
    int cellW = w * scale + GAP;
    int margin = margin(names);
    // The first column, the images as they are, stands apart.
    BufferedImage sheet =
        new BufferedImage(
            margin + columns * cellW + 3 * GAP,
            rows.size() * cellH + GAP,
            BufferedImage.TYPE_INT_RGB);
    Graphics2D g = sheet.createGraphics();
    g.setColor(new Color(GROUND));
    g.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
    g.setColor(Color.BLACK);
    g.setFont(FONT);
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    FontMetrics font = g.getFontMetrics();
    for (int i = 0; i < names.size(); i++) {
      int base = i * cellH + (cellH + GAP + font.getAscent() - font.getDescent()) / 2;
      g.drawString(names.get(i), 2 * GAP, base);
    }
    g.dispose();
    for (int row = 0; row < rows.size(); row++) {
      for (int column = 0; column < columns; column++) {
        int left = margin + GAP + column * cellW + (column > 0 ? 2 * GAP : 0);
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

  /** The width that names take. */
  private static int margin(List<String> names) {
    Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
    FontMetrics font = g.getFontMetrics(FONT);
    int widest = names.stream().mapToInt(font::stringWidth).max().orElse(-3 * GAP);
    g.dispose();
    return widest + 3 * GAP;
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
