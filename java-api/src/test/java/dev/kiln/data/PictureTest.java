package dev.kiln.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureTest {
  @TempDir private Path folder;

  /** White with one black pixel in the middle row, at column 2. */
  private Path dotted(int width, int height) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, 0xFFFFFF);
      }
    }
    image.setRGB(2, height / 2, 0x000000);
    File file = folder.resolve("dot.png").toFile();
    assertThat(ImageIO.write(image, "png", file)).isTrue();
    return file.toPath();
  }

  @Test
  void readsGreyAndColour() throws IOException {
    Path file = dotted(5, 3);
    Picture grey = Picture.read(file, false);
    assertThat(grey.toBytes()).hasSize(15).containsOnly(-1, 0);
    assertThat(grey.toBytes()[7]).isZero();
    Picture rgb = Picture.read(file, true);
    assertThat(new int[] {rgb.channels(), rgb.height(), rgb.width()}).containsExactly(3, 3, 5);
    assertThat(rgb.toBytes()).hasSize(45);
  }

  @Test
  void theNegativeOfTheNegativeIsThePicture() throws IOException {
    Picture p = Picture.read(dotted(5, 3), false);
    assertThat(p.inverted().toBytes()[7]).isEqualTo((byte) 255);
    assertThat(p.inverted().inverted().toBytes()).isEqualTo(p.toBytes());
  }

  @Test
  void theBorderIsEachOutermostPixelOnce() throws IOException {
    // 12 of 15 pixels lie at the border and are white; the dot does not.
    assertThat(Picture.read(dotted(5, 3), false).borderMean()).isEqualTo(255);
    // In one row every pixel does: (4 * 255 + 0) / 5.
    assertThat(Picture.read(dotted(5, 1), false).borderMean()).isEqualTo(204);
  }

  @Test
  void paddingCentresOnBlack() throws IOException {
    byte[] square = Picture.read(dotted(6, 2), false).fitted(6, 6, Fit.PAD).toBytes();
    for (int y = 0; y < 6; y++) {
      assertThat(square[y * 6]).isEqualTo((byte) (y == 2 || y == 3 ? 255 : 0));
    }
  }

  @Test
  void missingAndForeignFilesAreNamed() {
    assertThatThrownBy(() -> Picture.read(folder.resolve("none.png"), true))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("none.png");
  }
}
