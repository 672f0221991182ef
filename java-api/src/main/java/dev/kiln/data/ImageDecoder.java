package dev.kiln.data;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Decodes picture files to planes of bytes. */
final class ImageDecoder {
  /** More pixels than this are refused before they are decoded: a small file can claim any size. */
  static final long MAX_PIXELS = 100_000_000;

  /**
   * No format packs better: deflate reaches 1032 to 1, with 8 pixels to a byte in the best case.
   */
  private static final long MAX_PIXELS_PER_BYTE = 10_000;

  private static final long MAX_FILE = 1L << 28;

  private ImageDecoder() {}

  /** A decoded picture: one plane (grey) or three (red, green, blue), row-major. */
  record Planes(int width, int height, byte[][] planes) {}

  static Planes decode(Path file, boolean rgb) {
    byte[] bytes;
    try {
      if (Files.size(file) > MAX_FILE) {
        throw new DataException(
            "[image] %s: %,d bytes, expected at most %,d; is it a picture?"
                .formatted(file, Files.size(file), MAX_FILE));
      }
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new DataException("[image] %s: cannot be read: %s".formatted(file, e), e);
    }
    return decode(bytes, file.toString(), rgb);
  }

  static Planes decode(byte[] bytes, String name, boolean rgb) {
    BufferedImage image;
    // The codecs meet damaged files with almost any exception, not only with IOException.
    try (MemoryCacheImageInputStream in =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw new DataException(
            "[image] %s: the content is no PNG, JPEG, BMP or GIF; convert or remove the file"
                .formatted(name));
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in, true, true);
        long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
        long most = Math.min(MAX_PIXELS, MAX_PIXELS_PER_BYTE * bytes.length);
        if (pixels < 1 || pixels > most) {
          throw new DataException(
              "[image] %s: says it is %d x %d pixels, expected at most %,d in %,d bytes; mend it or"
                      .formatted(name, reader.getWidth(0), reader.getHeight(0), most, bytes.length)
                  + " scale it down");
        }
        Sizes.checkHeap(name, "image", pixels * 8);
        image = reader.read(0);
      } finally {
        reader.dispose();
      }
    } catch (DataException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new DataException(
          "[image] %s: damaged or of an unsupported kind (%s); mend or remove the file"
              .formatted(name, e),
          e);
    }
    return rgb ? rgb(image) : grey(image);
  }

  private static Planes rgb(BufferedImage image) {
    int w = image.getWidth();
    int h = image.getHeight();
    if (isGrey(image)) {
      byte[] g = greySamples(image);
      return new Planes(w, h, new byte[][] {g, g, g});
    }
    byte[][] planes = new byte[3][w * h];
    int[] row = new int[w];
    for (int y = 0; y < h; y++) {
      image.getRGB(0, y, w, 1, row, 0, w);
      for (int x = 0; x < w; x++) {
        int p = row[x];
        planes[0][y * w + x] = (byte) (p >> 16);
        planes[1][y * w + x] = (byte) (p >> 8);
        planes[2][y * w + x] = (byte) p;
      }
    }
    return new Planes(w, h, planes);
  }

  private static Planes grey(BufferedImage image) {
    if (isGrey(image)) {
      return new Planes(image.getWidth(), image.getHeight(), new byte[][] {greySamples(image)});
    }
    Planes c = rgb(image);
    byte[] g = new byte[c.width * c.height];
    for (int i = 0; i < g.length; i++) {
      // ITU-R BT.601 luma in 16-bit fixed point, rounded.
      g[i] =
          (byte)
              ((19595 * (c.planes[0][i] & 0xFF)
                      + 38470 * (c.planes[1][i] & 0xFF)
                      + 7471 * (c.planes[2][i] & 0xFF)
                      + 0x8000)
                  >> 16);
    }
    return new Planes(c.width, c.height, new byte[][] {g});
  }

  /** Java takes grey as linear light, so getRGB would brighten it; such samples are read as is. */
  private static boolean isGrey(BufferedImage image) {
    ColorModel model = image.getColorModel();
    return model instanceof ComponentColorModel
        && model.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
  }

  private static byte[] greySamples(BufferedImage image) {
    Raster raster = image.getRaster();
    int w = image.getWidth();
    int h = image.getHeight();
    int max = (1 << image.getColorModel().getComponentSize(0)) - 1;
    byte[] g = new byte[w * h];
    int[] row = new int[w];
    for (int y = 0; y < h; y++) {
      raster.getSamples(0, y, w, 1, 0, row);
      for (int x = 0; x < w; x++) {
        g[y * w + x] = (byte) (max == 255 ? row[x] : (row[x] * 255L + max / 2) / max);
      }
    }
    return g;
  }
}
