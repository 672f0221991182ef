package dev.kiln.cli.experiment;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Draws one bar below the other, each with its single measurements as dots, if it has any. */
final class BarChart {
  private static final int WIDTH = 860;
  private static final int RIGHT = 72;
  private static final int TOP = 52;
  private static final int BOTTOM = 60;
  private static final int ROW = 30;
  private static final int BAR = 18;
  private static final int DOT = 7;
  private static final int GAP = 12;
  private static final int TICKS = 6;

  private static final Color BAR_COLOUR = new Color(0x56B4E9);
  private static final Color FIRST = new Color(0x999999);
  private static final Color DOT_COLOUR = new Color(0xD55E00);
  private static final Color GRID = new Color(0xE0E0E0);

  private final String title;
  private final String axis;
  private final List<Bar> bars = new ArrayList<>();

  private record Bar(String name, double value, double[] single) {}

  /**
   * Starts a chart.
   *
   * @param axis what the bars' lengths mean
   */
  BarChart(String title, String axis) {
    this.title = title;
    this.axis = axis;
  }

  /** Adds a bar; the first one is what the others are compared with, by a line. */
  BarChart bar(String name, double value, double... single) {
    bars.add(new Bar(name, value, single.clone()));
    return this;
  }

  /** Draws the chart. */
  BufferedImage draw() {
    int height = TOP + ROW * bars.size() + BOTTOM;
    BufferedImage image = new BufferedImage(WIDTH, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, WIDTH, height);
    g.setColor(Color.BLACK);
    g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 16));
    centred(g, title, WIDTH / 2, TOP / 2 + 6);
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
    FontMetrics font = g.getFontMetrics();
    int left = 2 * GAP + bars.stream().mapToInt(b -> font.stringWidth(b.name)).max().orElse(0);
    Ruler ruler = ruler(left);
    int foot = TOP + ROW * bars.size();
    ticks(g, ruler, foot);
    for (int i = 0; i < bars.size(); i++) {
      bar(g, bars.get(i), ruler, middle(i), i == 0 ? FIRST : BAR_COLOUR);
    }
    compared(g, ruler, foot);
    for (int i = 0; i < bars.size(); i++) {
      text(g, bars.get(i), ruler, middle(i));
    }
    g.setColor(Color.BLACK);
    g.drawLine(left, TOP, left, foot);
    centred(g, axis, (left + WIDTH - RIGHT) / 2, height - 14);
    g.dispose();
    return image;
  }

  /** Where values lie: an axis that shows the differences, so it need not begin at 0. */
  private record Ruler(int left, int right, double low, double high, double step) {
    int at(double value) {
      return (int) Math.round(left + (value - low) / (high - low) * (right - left));
    }
  }

  private Ruler ruler(int left) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (Bar b : bars) {
      low = Math.min(low, b.value);
      high = Math.max(high, b.value);
      for (double v : b.single) {
        low = Math.min(low, v);
        high = Math.max(high, v);
      }
    }
    double rough = Math.max(1e-6, (high - low) / TICKS);
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double step = power;
    for (double factor : new double[] {2, 5, 10}) {
      step = step < rough ? factor * power : step;
    }
    // a step of room on the left, so that the shortest bar is one
    double from = Math.floor(low / step) * step - step;
    return new Ruler(left, WIDTH - RIGHT, from, Math.ceil(high / step) * step, step);
  }

  private static void ticks(Graphics2D g, Ruler ruler, int foot) {
    int digits = ruler.step < 0.001 ? 4 : ruler.step < 0.01 ? 3 : ruler.step < 0.1 ? 2 : 1;
    long count = Math.round((ruler.high - ruler.low) / ruler.step);
    for (int i = 0; i <= count; i++) {
      double value = ruler.low + i * ruler.step;
      g.setColor(GRID);
      g.drawLine(ruler.at(value), TOP, ruler.at(value), foot);
      g.setColor(Color.BLACK);
      String text = String.format(Locale.ROOT, "%." + digits + "f", value);
      centred(g, text, ruler.at(value), foot + 18);
    }
  }

  private static int middle(int bar) {
    return TOP + ROW * bar + ROW / 2;
  }

  private static void bar(Graphics2D g, Bar b, Ruler ruler, int middle, Color colour) {
    g.setColor(colour);
    g.fillRect(ruler.left, middle - BAR / 2, ruler.at(b.value) - ruler.left, BAR);
    g.setColor(DOT_COLOUR);
    for (double v : b.single) {
      g.fillOval(ruler.at(v) - DOT / 2, middle - DOT / 2, DOT, DOT);
    }
  }

  /** The line through the first bar's end. */
  private void compared(Graphics2D g, Ruler ruler, int foot) {
    g.setColor(Color.DARK_GRAY);
    g.setStroke(
        new BasicStroke(1, BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL, 0, new float[] {4}, 0));
    int first = ruler.at(bars.get(0).value);
    g.drawLine(first, TOP, first, foot);
    g.setStroke(new BasicStroke(1));
  }

  /** The name on the left, and the value behind bar and dots, on a ground of its own. */
  private static void text(Graphics2D g, Bar b, Ruler ruler, int middle) {
    FontMetrics font = g.getFontMetrics();
    int base = middle + font.getAscent() / 2 - 1;
    int end = ruler.at(b.value);
    for (double v : b.single) {
      end = Math.max(end, ruler.at(v) + DOT / 2);
    }
    String value = String.format(Locale.ROOT, "%.4f", b.value);
    g.setColor(Color.WHITE);
    g.fillRect(end + 4, middle - BAR / 2, font.stringWidth(value) + 4, BAR);
    g.setColor(Color.BLACK);
    g.drawString(value, end + 6, base);
    g.drawString(b.name, ruler.left - GAP - font.stringWidth(b.name), base);
  }

  private static void centred(Graphics2D g, String text, int x, int y) {
    g.drawString(text, x - g.getFontMetrics().stringWidth(text) / 2, y);
  }
}
