package dev.kiln.data;

import dev.kiln.DType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Scales channels to float32 with a mean and a standard deviation per channel. */
final class Normalize {
  private Normalize() {}

  static Dataset of(Dataset source, float[] mean, float[] std) {
    Field image = source.fields().get(0);
    boolean bytes = image.dtype() == DType.UINT8;
    boolean fits =
        (bytes || image.dtype() == DType.FLOAT32)
            && image.shape().rank() >= 1
            && image.shape().dim(0) == mean.length
            && mean.length == std.length;
    if (!fits) {
      throw new DataException(
          "[normalize] field %s is %s%s but %d means and %d standard deviations were given; it needs"
                  .formatted(image.name(), image.dtype(), image.shape(), mean.length, std.length)
              + " u8 or f32 of shape [C,...] and one of each per channel");
    }
    for (int c = 0; c < mean.length; c++) {
      if (!(std[c] > 0) || !Float.isFinite(mean[c]) || !Float.isFinite(std[c])) {
        throw new DataException(
            "[normalize] mean %s and std %s of channel %d: both must be finite and std positive"
                .formatted(mean[c], std[c], c));
      }
    }
    List<Field> fields = new ArrayList<>(source.fields());
    fields.set(0, new Field(image.name(), DType.FLOAT32, image.shape()));
    int plane = mean.length == 0 ? 0 : Math.toIntExact(image.shape().numel() / mean.length);
    return source.map(
        fields, bytes ? bytes(mean, std, plane) : floats(mean.clone(), std.clone(), plane));
  }

  private static ExampleTransform bytes(float[] mean, float[] std, int plane) {
    float[][] table = new float[mean.length][256];
    for (int c = 0; c < mean.length; c++) {
      for (int v = 0; v < 256; v++) {
        table[c][v] = (v / 255f - mean[c]) / std[c];
      }
    }
    return (index, in, out) -> {
      byte[] pixels = new byte[in[0].remaining()];
      in[0].get(pixels);
      float[] scaled = new float[pixels.length];
      for (int c = 0; c < table.length; c++) {
        float[] row = table[c];
        for (int i = c * plane; i < (c + 1) * plane; i++) {
          scaled[i] = row[pixels[i] & 0xFF];
        }
      }
      put(scaled, out[0]);
      copyRest(in, out);
    };
  }

  private static void put(float[] values, ByteBuffer out) {
    out.asFloatBuffer().put(values);
    out.position(out.position() + 4 * values.length);
  }

  private static ExampleTransform floats(float[] mean, float[] std, int plane) {
    return (index, in, out) -> {
      float[] values = new float[in[0].remaining() / 4];
      in[0].asFloatBuffer().get(values);
      for (int c = 0; c < mean.length; c++) {
        for (int i = c * plane; i < (c + 1) * plane; i++) {
          values[i] = (values[i] - mean[c]) / std[c];
        }
      }
      put(values, out[0]);
      copyRest(in, out);
    };
  }

  private static void copyRest(ByteBuffer[] in, ByteBuffer[] out) {
    for (int f = 1; f < in.length; f++) {
      out[f].put(in[f]);
    }
  }
}
