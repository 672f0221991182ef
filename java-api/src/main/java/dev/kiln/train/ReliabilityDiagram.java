package dev.kiln.train;

import dev.kiln.KilnException;
import dev.kiln.io.AtomicFiles;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;

/**
 * Accuracy against confidence, bin by bin: what {@link ExpectedCalibrationError} has counted.
 *
 * @param bins in ascending order of confidence
 */
public record ReliabilityDiagram(List<Bin> bins) {

  /**
   * Examples of like confidence.
   *
   * @param low confidences lie above this
   * @param high and up to this
   * @param count how many examples there are
   * @param confidence their mean confidence; NaN without examples
   * @param accuracy the share of them that is classified right; NaN without examples
   */
  public record Bin(double low, double high, long count, double confidence, double accuracy) {
    /** Returns how far accuracy and confidence are apart; 0 without examples. */
    public double gap() {
      return count == 0 ? 0 : Math.abs(accuracy - confidence);
    }
  }

  /** Makes a diagram; the list is copied. */
  public ReliabilityDiagram {
    bins = List.copyOf(bins);
    if (bins.isEmpty()) {
      throw new KilnException("[reliability] there are no bins; give one or more");
    }
  }

  /** Returns how many examples all bins have. */
  public long count() {
    return bins.stream().mapToLong(Bin::count).sum();
  }

  /** Returns the mean gap, weighted by examples; NaN without any. */
  public double expectedError() {
    return bins.stream().mapToDouble(b -> b.count() * b.gap()).sum() / count();
  }

  /** Returns the largest gap; NaN without examples. */
  public double maximumError() {
    return count() == 0 ? Double.NaN : bins.stream().mapToDouble(Bin::gap).max().orElseThrow();
  }

  /** Returns the share of right examples over all bins; NaN without any. */
  public double accuracy() {
    return mean(true);
  }

  /** Returns the mean confidence over all bins; NaN without examples. */
  public double confidence() {
    return mean(false);
  }

  private double mean(boolean accuracy) {
    double sum =
        bins.stream()
            .filter(b -> b.count() > 0)
            .mapToDouble(b -> b.count() * (accuracy ? b.accuracy() : b.confidence()))
            .sum();
    return sum / count();
  }

  /**
   * Draws the diagram: bars of accuracy, the gap to the confidence in red, the diagonal of perfect
   * calibration, and how the examples are spread beneath.
   *
   * @param title what stands above
   * @return a picture of 360 x 456 pixels
   */
  public BufferedImage draw(String title) {
    return ReliabilityPicture.draw(this, title);
  }

  /**
   * Draws several diagrams beside each other, in rows of up to four.
   *
   * @param titles one for each diagram
   * @param diagrams one or more
   * @return the picture
   */
  public static BufferedImage draw(List<String> titles, List<ReliabilityDiagram> diagrams) {
    if (diagrams.isEmpty() || titles.size() != diagrams.size()) {
      throw new KilnException(
          "[reliability] %d titles for %d diagrams; give one each, and one or more"
              .formatted(titles.size(), diagrams.size()));
    }
    return ReliabilityPicture.sheet(titles, diagrams);
  }

  /**
   * Writes a picture as PNG; the file is whole or not there at all.
   *
   * @param picture what {@link #draw} gave
   * @param path the file
   */
  public static void save(BufferedImage picture, Path path) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(picture, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    AtomicFiles.write(path, bytes.toByteArray());
  }
}
