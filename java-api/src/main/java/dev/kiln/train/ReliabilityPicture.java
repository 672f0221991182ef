package dev.kiln.train;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;

/** Draws reliability diagrams. */
final class ReliabilityPicture {
  private static final int WIDTH = 360;
  private static final int HEIGHT = 456;
  private static final int COLUMNS = 4;
  private static final int LEFT = 52;
  private static final int TOP = 50;
  private static final int SIDE = 284;
  private static final int SPREAD_TOP = 366;
  private static final int SPREAD = 50;

  private static final Color BAR = new Color(0x4C, 0x72, 0xB0);
  private static final Color GAP = new Color(0xC4, 0x4E, 0x52, 110);
  private static final Color GRID = new Color(0xDD, 0xDD, 0xDD);
  private static final Color INK = new Color(0x33, 0x33, 0x33);

  private ReliabilityPicture() {}

  static BufferedImage draw(ReliabilityDiagram diagram, String title) {
    return sheet(List.of(title), List.of(diagram));
  }

  static BufferedImage sheet(List<String> titles, List<ReliabilityDiagram> diagrams) {
    int columns = Math.min(COLUMNS, diagrams.size());
    int rows = (diagrams.size() + columns - 1) / columns;
    BufferedImage picture =
        new BufferedImage(columns * WIDTH, rows * HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = picture.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, picture.getWidth(), picture.getHeight());
    for (int i = 0; i < diagrams.size(); i++) {
      Graphics2D own = (Graphics2D) g.create();
      own.translate(i % columns * WIDTH, i / columns * HEIGHT);
      one(own, diagrams.get(i), titles.get(i));
      own.dispose();
    }
    g.dispose();
    return picture;
  }

  private static double x(double value) {
    return LEFT + value * SIDE;
  }

  private static double y(double value) {
    return TOP + (1 - value) * SIDE;
  }

  private static void one(Graphics2D g, ReliabilityDiagram diagram, String title) {
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
    for (int i = 0; i <= 5; i++) {
      double v = i / 5.0;
      g.setColor(GRID);
      g.draw(new Line2D.Double(x(v), y(0), x(v), y(1)));
      g.draw(new Line2D.Double(x(0), y(v), x(1), y(v)));
      g.setColor(INK);
      String label = String.format(Locale.ROOT, "%.1f", v);
      g.drawString(label, (float) x(v) - 8, SPREAD_TOP + SPREAD + 14f);
      g.drawString(label, LEFT - 24f, (float) y(v) + 4);
    }
    bars(g, diagram);
    g.setColor(INK);
    g.setStroke(
        new BasicStroke(1.2f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL, 1, new float[] {5}, 0));
    g.draw(new Line2D.Double(x(0), y(0), x(1), y(1)));
    g.setStroke(new BasicStroke(1));
    g.draw(new Rectangle2D.Double(LEFT, TOP, SIDE, SIDE));
    g.draw(new Line2D.Double(LEFT, SPREAD_TOP + SPREAD, x(1), SPREAD_TOP + SPREAD));
    Graphics2D turned = (Graphics2D) g.create();
    turned.rotate(-Math.PI / 2, 14, y(0.5));
    turned.drawString("accuracy", 14 - 25f, (float) y(0.5));
    turned.dispose();
    g.drawString("share of examples", LEFT + 4f, SPREAD_TOP - 4f);
    g.drawString("confidence", LEFT + SIDE / 2f - 28, SPREAD_TOP + SPREAD + 30f);
    String figures =
        String.format(
            Locale.ROOT, "ECE %.4f   accuracy %.4f", diagram.expectedError(), diagram.accuracy());
    g.drawString(figures, LEFT, TOP - 10f);
    g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 13));
    g.drawString(title, LEFT, TOP - 28f);
  }

  private static void bars(Graphics2D g, ReliabilityDiagram diagram) {
    long most = diagram.bins().stream().mapToLong(ReliabilityDiagram.Bin::count).max().orElse(0);
    for (ReliabilityDiagram.Bin b : diagram.bins()) {
      if (b.count() == 0) {
        continue;
      }
      double left = x(b.low()) + 0.5;
      double width = x(b.high()) - x(b.low()) - 1;
      g.setColor(BAR);
      g.fill(new Rectangle2D.Double(left, y(b.accuracy()), width, b.accuracy() * SIDE));
      g.setColor(GAP);
      double upper = Math.max(b.accuracy(), b.confidence());
      g.fill(new Rectangle2D.Double(left, y(upper), width, b.gap() * SIDE));
      g.setColor(BAR);
      double h = (double) SPREAD * b.count() / most;
      g.fill(new Rectangle2D.Double(left, SPREAD_TOP + SPREAD - h, width, h));
    }
  }
}
