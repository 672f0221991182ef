package dev.kiln.data.augment;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Images of random bytes, and what the fused ops make of images. */
final class Images {
  private Images() {}

  static byte[] bytes(long seed, int count) {
    byte[] all = new byte[count];
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < count; i++) {
      all[i] = (byte) random.nextInt(256);
    }
    return all;
  }

  static Tensor random(Device device, long seed, int n, int c, int h, int w) {
    ByteBuffer data = ByteBuffer.wrap(bytes(seed, n * c * h * w));
    return Tensor.fromBuffer(data, DType.UINT8, Shape.of(n, c, h, w), device);
  }

  /** The same bytes as floats 0 .. 1, rounded once. */
  static float[] scaled(byte[] bytes) {
    float[] v = new float[bytes.length];
    for (int i = 0; i < v.length; i++) {
      v[i] = (bytes[i] & 0xFF) / 255f;
    }
    return v;
  }

  static float[] scaled(Tensor x) {
    byte[] bytes = new byte[(int) x.numel()];
    x.toBuffer().get(bytes);
    return scaled(bytes);
  }

  static int[] ids(int n) {
    int[] ids = new int[n];
    for (int i = 0; i < n; i++) {
      ids[i] = i;
    }
    return ids;
  }

  static double mean(float[] v) {
    double sum = 0;
    for (float f : v) {
      sum += f;
    }
    return sum / v.length;
  }
}
