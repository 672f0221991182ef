package dev.kiln.data;

import java.nio.file.Path;

/**
 * A decoded picture: one plane of bytes (brightness) or three (red, green, blue), row-major.
 *
 * <p>Immutable. Transparency and EXIF rotation are ignored.
 */
public final class Picture {
  private final int width;
  private final int height;
  private final byte[][] planes;

  private Picture(int width, int height, byte[][] planes) {
    this.width = width;
    this.height = height;
    this.planes = planes;
  }

  /**
   * Decodes a PNG, JPEG, BMP or GIF file (of a GIF the first frame).
   *
   * @param file the file
   * @param rgb true for three planes, false for one of brightness (ITU-R BT.601 luma)
   * @return the picture
   * @throws DataException if the file is missing, damaged or no picture
   */
  public static Picture read(Path file, boolean rgb) {
    ImageDecoder.Planes decoded = ImageDecoder.decode(file, rgb);
    return new Picture(decoded.width(), decoded.height(), decoded.planes());
  }

  /** Returns the number of columns. */
  public int width() {
    return width;
  }

  /** Returns the number of rows. */
  public int height() {
    return height;
  }

  /** Returns the number of planes, 1 or 3. */
  public int channels() {
    return planes.length;
  }

  /** Returns all planes one after the other, as uint8[channels, height, width]. */
  public byte[] toBytes() {
    byte[] all = new byte[channels() * width * height];
    for (int c = 0; c < channels(); c++) {
      System.arraycopy(planes[c], 0, all, c * width * height, width * height);
    }
    return all;
  }

  /** Returns the negative: light becomes dark. */
  public Picture inverted() {
    byte[][] negative = new byte[channels()][width * height];
    for (int c = 0; c < channels(); c++) {
      for (int i = 0; i < negative[c].length; i++) {
        negative[c][i] = (byte) (255 - (planes[c][i] & 0xFF));
      }
    }
    return new Picture(width, height, negative);
  }

  /** Returns the mean brightness of the outermost pixels, 0 to 255: how light the ground is. */
  public double borderMean() {
    long sum = 0;
    long n = 0;
    for (byte[] plane : planes) {
      for (int y = 0; y < height; y++) {
        boolean edgeRow = y == 0 || y == height - 1;
        for (int x = 0; x < width; x += edgeRow || width == 1 ? 1 : width - 1) {
          sum += plane[y * width + x] & 0xFF;
          n++;
        }
      }
    }
    return (double) sum / n;
  }

  /**
   * Scales the picture to a size; shrinking averages, so that nothing is skipped.
   *
   * @param rows its new height, at least 1
   * @param columns its new width, at least 1
   * @param fit stretch, crop or pad
   * @return a picture of that size
   */
  public Picture fitted(int rows, int columns, Fit fit) {
    if (columns == width && rows == height) {
      return this;
    }
    byte[][] scaled = new byte[channels()][];
    for (int c = 0; c < scaled.length; c++) {
      scaled[c] = fitted(planes[c], rows, columns, fit);
    }
    return new Picture(columns, rows, scaled);
  }

  private byte[] fitted(byte[] plane, int rows, int columns, Fit fit) {
    double scaleX = (double) columns / width;
    double scaleY = (double) rows / height;
    switch (fit) {
      case CROP:
        double cover = Math.max(scaleX, scaleY);
        double halfW = columns / cover / 2;
        double halfH = rows / cover / 2;
        double midX = width / 2.0;
        double midY = height / 2.0;
        return Resample.plane(
            plane,
            width,
            height,
            new Resample.Box(midX - halfW, midY - halfH, midX + halfW, midY + halfH),
            columns,
            rows);
      case PAD:
        double inside = Math.min(scaleX, scaleY);
        int innerW = (int) Math.max(1, Math.min(columns, Math.round(width * inside)));
        int innerH = (int) Math.max(1, Math.min(rows, Math.round(height * inside)));
        byte[] inner = Resample.plane(plane, width, height, whole(), innerW, innerH);
        byte[] padded = new byte[columns * rows];
        int left = (columns - innerW) / 2;
        int top = (rows - innerH) / 2;
        for (int y = 0; y < innerH; y++) {
          System.arraycopy(inner, y * innerW, padded, (top + y) * columns + left, innerW);
        }
        return padded;
      default:
        return Resample.plane(plane, width, height, whole(), columns, rows);
    }
  }

  private Resample.Box whole() {
    return new Resample.Box(0, 0, width, height);
  }
}
