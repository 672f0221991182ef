package dev.kiln.cli.experiment;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/**
 * A plot as a file. Apart from the command, so that all other commands run on a Java runtime
 * without pictures.
 */
final class PlotFile {
  private PlotFile() {}

  /** Returns the bytes of a PNG file. */
  static byte[] png(BufferedImage plot) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(plot, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
