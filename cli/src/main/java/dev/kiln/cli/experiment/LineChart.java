package dev.kiln.cli.experiment;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Draws lines through means, with bars of one standard deviation, over named places. */
final class LineChart {
  private static final int WIDTH = 720;
  private static final int HEIGHT = 480;
  private static final int LEFT = 76;
  private static final int RIGHT = 24;
  private static final int TOP = 52;
  private static final int BOTTOM = 64;
  private static final int TICKS = 5;
  private static final int LEGEND = 22;

  /** Told apart by people who do not see red and green alike; Okabe and Ito 2008. */
  private static final Color[] COLOURS = {
    new Color(0x0072B2), new Color(0xD55E00), new Color(0x009E73), new Color(0xCC79A7)
  };

  private final String title;
  private final String xAxis;
  private final String yAxis;
  private final List<String> places;
  private final List<Line> lines = new ArrayList<>();

  private record Line(String name, double[] means, double[] deviations) {}

  /**
   * Starts a chart.
   *
   * @param places what stands along the x axis, evenly spaced
   */
  LineChart(String title, String xAxis, String yAxis, List<String> places) {
    this.title = title;
    this.xAxis = xAxis;
    this.yAxis = yAxis;
    this.places = List.copyOf(places);
  }

  /** Adds a line: a mean and a standard deviation for each place. */
  LineChart line(String name, double[] means, double[] deviations) {
    lines.add(new Line(name, means.clone(), deviations.clone()));
    return this;
  }

  /** Draws the chart. */
  BufferedImage draw() {
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, WIDTH, HEIGHT);
    double[] range = range();
    axes(g, range);
    for (int i = 0; i < lines.size(); i++) {
      g.setColor(COLOURS[i % COLOURS.length]);
      line(g, lines.get(i), range);
    }
    legend(g);
    g.dispose();
    return image;
  }

  /** The lowest and highest value that is shown, and the step between two of the grid's lines. */
  private double[] range() {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (Line l : lines) {
      for (int i = 0; i < l.means.length; i++) {
        low = Math.min(low, l.means[i] - l.deviations[i]);
        high = Math.max(high, l.means[i] + l.deviations[i]);
      }
    }
    double rough = Math.max(1e-6, (high - low) / TICKS);
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double step = power;
    for (double factor : new double[] {2, 5, 10}) {
      step = step < rough ? factor * power : step;
    }
    return new double[] {Math.floor(low / step) * step, Math.ceil(high / step) * step, step};
  }

  private int x(int place) {
    double cell = (double) (WIDTH - LEFT - RIGHT) / places.size();
    return (int) Math.round(LEFT + (place + 0.5) * cell);
  }

  private static int y(double value, double[] range) {
    double share = (value - range[0]) / (range[1] - range[0]);
    return (int) Math.round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM));
  }

  private void axes(Graphics2D g, double[] range) {
    g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 16));
    g.setColor(Color.BLACK);
    centred(g, title, WIDTH / 2, TOP / 2 + 6);
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
    int digits = range[2] < 0.01 ? 3 : range[2] < 1 ? 2 : 0;
    long steps = Math.round((range[1] - range[0]) / range[2]);
    for (int i = 0; i <= steps; i++) {
      double value = range[0] + i * range[2];
      g.setColor(new Color(0xE0E0E0));
      g.drawLine(LEFT, y(value, range), WIDTH - RIGHT, y(value, range));
      g.setColor(Color.BLACK);
      String text = String.format(Locale.ROOT, "%." + digits + "f", value);
      int width = g.getFontMetrics().stringWidth(text);
      g.drawString(text, LEFT - 8 - width, y(value, range) + 5);
    }
    g.drawLine(LEFT, TOP, LEFT, HEIGHT - BOTTOM);
    g.drawLine(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
    for (int i = 0; i < places.size(); i++) {
      centred(g, places.get(i), x(i), HEIGHT - BOTTOM + 20);
    }
    centred(g, xAxis, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18);
    g.rotate(-Math.PI / 2);
    centred(g, yAxis, -(TOP + HEIGHT - BOTTOM) / 2, 20);
    g.rotate(Math.PI / 2);
  }

  private static void centred(Graphics2D g, String text, int x, int y) {
    g.drawString(text, x - g.getFontMetrics().stringWidth(text) / 2, y);
  }

  private void line(Graphics2D g, Line l, double[] range) {
    g.setStroke(new BasicStroke(2));
    for (int i = 0; i < l.means.length; i++) {
      int middle = y(l.means[i], range);
      if (i > 0) {
        g.drawLine(x(i - 1), y(l.means[i - 1], range), x(i), middle);
      }
      g.fillOval(x(i) - 4, middle - 4, 8, 8);
      int high = y(l.means[i] + l.deviations[i], range);
      int low = y(l.means[i] - l.deviations[i], range);
      g.drawLine(x(i), high, x(i), low);
      g.drawLine(x(i) - 5, high, x(i) + 5, high);
      g.drawLine(x(i) - 5, low, x(i) + 5, low);
    }
    g.setStroke(new BasicStroke(1));
  }

  /** At the lower right, where curves of accuracy over the amount of data leave room. */
  private void legend(Graphics2D g) {
    int widest =
        lines.stream().mapToInt(l -> g.getFontMetrics().stringWidth(l.name)).max().orElse(0);
    int left = WIDTH - RIGHT - widest - 48;
    int top = HEIGHT - BOTTOM - 14 - LEGEND * lines.size();
    g.setColor(new Color(255, 255, 255, 220));
    g.fillRect(left - 8, top, widest + 48, LEGEND * lines.size() + 6);
    for (int i = 0; i < lines.size(); i++) {
      int y = top + LEGEND * i + LEGEND / 2 + 3;
      g.setColor(COLOURS[i % COLOURS.length]);
      g.fillRect(left, y - 2, 24, 3);
      g.setColor(Color.BLACK);
      g.drawString(lines.get(i).name, left + 32, y + 4);
    }
  }
}
