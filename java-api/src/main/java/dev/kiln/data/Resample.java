package dev.kiln.data;

/**
 * Resizes planes of bytes with a triangle filter that widens when it shrinks a picture.
 *
 * <p>This is bilinear interpolation with antialiasing, as in Pillow and torchvision: each output
 * pixel is a weighted mean of all input pixels it covers.
 */
final class Resample {
  private Resample() {}

  /** Resizes the part {@code box} of one row-major plane. */
  static byte[] plane(byte[] in, int inWidth, int inHeight, Box box, int outWidth, int outHeight) {
    Weights horizontal = Weights.of(inWidth, box.x0(), box.x1(), outWidth);
    Weights vertical = Weights.of(inHeight, box.y0(), box.y1(), outHeight);
    int firstRow = vertical.first[0];
    int lastRow = vertical.first[outHeight - 1] + vertical.weight[outHeight - 1].length;
    float[] middle = new float[(lastRow - firstRow) * outWidth];
    for (int y = firstRow; y < lastRow; y++) {
      for (int x = 0; x < outWidth; x++) {
        float[] w = horizontal.weight[x];
        int from = y * inWidth + horizontal.first[x];
        float sum = 0;
        for (int k = 0; k < w.length; k++) {
          sum += w[k] * (in[from + k] & 0xFF);
        }
        middle[(y - firstRow) * outWidth + x] = sum;
      }
    }
    byte[] out = new byte[outWidth * outHeight];
    for (int y = 0; y < outHeight; y++) {
      float[] w = vertical.weight[y];
      for (int x = 0; x < outWidth; x++) {
        float sum = 0;
        for (int k = 0; k < w.length; k++) {
          sum += w[k] * middle[(vertical.first[y] - firstRow + k) * outWidth + x];
        }
        out[y * outWidth + x] = (byte) Math.max(0, Math.min(255, Math.round(sum)));
      }
    }
    return out;
  }

  /** A part of a picture, in pixels; edges may lie between pixels. */
  record Box(double x0, double y0, double x1, double y1) {}

  /** For each output pixel: the first input pixel that counts, and the weights from there on. */
  private record Weights(int[] first, float[][] weight) {
    static Weights of(int size, double from, double to, int count) {
      double scale = (to - from) / count;
      double support = Math.max(1, scale);
      int[] first = new int[count];
      float[][] weight = new float[count][];
      for (int i = 0; i < count; i++) {
        double centre = from + (i + 0.5) * scale;
        int low = Math.max(0, (int) Math.floor(centre - support + 0.5));
        int high = Math.min(size, (int) Math.floor(centre + support + 0.5));
        double[] w = new double[Math.max(1, high - low)];
        double sum = 0;
        for (int k = 0; k < w.length; k++) {
          w[k] = Math.max(0, 1 - Math.abs((low + k + 0.5 - centre) / support));
          sum += w[k];
        }
        first[i] = Math.min(low, size - w.length);
        weight[i] = new float[w.length];
        for (int k = 0; k < w.length; k++) {
          weight[i][k] = (float) (sum == 0 ? 1.0 / w.length : w[k] / sum);
        }
      }
      return new Weights(first, weight);
    }
  }
}
