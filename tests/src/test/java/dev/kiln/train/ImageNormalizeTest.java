package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Images on their device against the formula, pixel by pixel. */
class ImageNormalizeTest {
  private static final Device DEVICE = TrainFixtures.device();
  private static final float[] MEAN = {0.25f, 0.5f};
  private static final float[] STD = {0.5f, 0.125f};

  @Test
  void bytesAreScaledToOneThenNormalizedPerChannel() {
    byte[] pixels = {0, 51, (byte) 255, (byte) 128, 0, 51, (byte) 255, (byte) 128};
    Tensor x =
        Tensor.fromBuffer(ByteBuffer.wrap(pixels), DType.UINT8, Shape.of(1, 2, 2, 2), DEVICE);
    Tensor y = ImageNormalize.of(MEAN, STD).apply(x);
    assertThat(y.dtype()).isEqualTo(DType.FLOAT32);
    assertThat(y.shape()).isEqualTo(x.shape());
    float[] found = y.toFloatArray();
    for (int i = 0; i < pixels.length; i++) {
      int c = i / 4;
      double expected = ((pixels[i] & 0xFF) / 255.0 - MEAN[c]) / STD[c];
      assertThat((double) found[i]).isCloseTo(expected, within(1e-5));
    }
  }

  @Test
  void floatsAreNotScaled() {
    Tensor x = Tensor.of(new float[] {0.25f, 0.75f}, Shape.of(1, 2, 1, 1), DEVICE);
    ImageNormalize normalize = ImageNormalize.of(MEAN, STD);
    assertThat(normalize.apply(x).toFloatArray()).containsExactly(0, 2);
    assertThat(normalize.apply(x).toFloatArray()).containsExactly(0, 2);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Tensor gray = Tensor.zeros(Shape.of(1, 1, 2, 2), DType.UINT8, DEVICE);
    assertThatThrownBy(() -> ImageNormalize.of(MEAN, STD).apply(gray))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("u8[1,1,2,2] must be [N,2,H,W]");
    assertThatThrownBy(() -> ImageNormalize.of(MEAN, new float[] {1}))
        .isInstanceOf(KilnException.class);
    assertThatThrownBy(() -> ImageNormalize.of(MEAN, new float[] {1, 0}))
        .isInstanceOf(KilnException.class);
  }
}
