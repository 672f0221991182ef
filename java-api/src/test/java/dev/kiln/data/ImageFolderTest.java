package dev.kiln.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntBinaryOperator;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFolderTest {
  @TempDir Path root;

  private static BufferedImage rgb(int w, int h, IntBinaryOperator colour) {
    BufferedImage image = new BufferedImage(w, h, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        image.setRGB(x, y, colour.applyAsInt(x, y));
      }
    }
    return image;
  }

  private static BufferedImage grey(int type, int w, int h, IntBinaryOperator sample) {
    BufferedImage image = new BufferedImage(w, h, type);
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        image.getRaster().setSample(x, y, 0, sample.applyAsInt(x, y));
      }
    }
    return image;
  }

  private static byte[] encoded(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, format, out)).isTrue();
    return out.toByteArray();
  }

  private Path put(String name, byte[] bytes) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  private static int[] unsigned(ByteBuffer b) {
    int[] v = new int[b.remaining()];
    for (int i = 0; i < v.length; i++) {
      v[i] = b.get() & 0xFF;
    }
    return v;
  }

  @Test
  void sortsClassesAndFilesAndSkipsTheRest() throws IOException {
    byte[] red = encoded(rgb(2, 2, (x, y) -> 0xFF0000), "png");
    put("zebra/b.PNG", red);
    put("zebra/a.png", encoded(rgb(2, 2, (x, y) -> 0x010203), "png"));
    put("ant/deep/x.bmp", encoded(rgb(2, 2, (x, y) -> 0x00FF00), "bmp"));
    put("ant/notes.txt", new byte[] {1});
    put("ant/.hidden.png", red);
    put(".git/x.png", red);
    put("readme.png", red);
    ImageFolder d = ImageFolder.builder(root).size(2, 2).build();
    assertThat(d.classNames()).contains(List.of("ant", "zebra"));
    assertThat(d.size()).isEqualTo(3);
    assertThat(d.fields())
        .containsExactly(
            new Field("image", DType.UINT8, Shape.of(3, 2, 2)),
            new Field("label", DType.INT64, Shape.of()));
    assertThat(d.file(1)).isEqualTo(root.resolve("zebra/a.png"));
    assertThat(unsigned(DataTests.example(d, 1)[0]))
        .containsExactly(1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    assertThat(DataTests.label(d, 0)).isZero();
    assertThat(DataTests.label(d, 2)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "gif", "jpg"})
  void decodesEveryFormat(String format) throws IOException {
    put("c/x." + format, encoded(rgb(16, 16, (x, y) -> 0x204060), format));
    ImageFolder d = ImageFolder.builder(root).size(16, 16).build();
    int[] v = unsigned(DataTests.example(d, 0)[0]);
    int slack = format.equals("jpg") ? 4 : 0;
    assertThat(v[0]).isCloseTo(0x20, within(slack));
    assertThat(v[256 + 100]).isCloseTo(0x40, within(slack));
    assertThat(v[512 + 255]).isCloseTo(0x60, within(slack));
  }

  @Test
  void keepsGreySamplesAsTheyAreInTheFile() throws IOException {
    put(
        "c/grey.png",
        encoded(grey(BufferedImage.TYPE_BYTE_GRAY, 4, 4, (x, y) -> 16 * y + x * 60), "png"));
    put(
        "c/grey16.png",
        encoded(grey(BufferedImage.TYPE_USHORT_GRAY, 4, 4, (x, y) -> 257 * (16 * y)), "png"));
    ImageFolder one = ImageFolder.builder(root).size(4, 4).grayscale().build();
    assertThat(one.fields().get(0).shape()).isEqualTo(Shape.of(1, 4, 4));
    assertThat(unsigned(DataTests.example(one, 0)[0]))
        .containsExactly(0, 60, 120, 180, 16, 76, 136, 196, 32, 92, 152, 212, 48, 108, 168, 228);
    assertThat(unsigned(DataTests.example(one, 1)[0]))
        .containsExactly(0, 0, 0, 0, 16, 16, 16, 16, 32, 32, 32, 32, 48, 48, 48, 48);
    ImageFolder three = ImageFolder.builder(root).size(4, 4).build();
    assertThat(unsigned(DataTests.example(three, 0)[0])[32 + 5]).isEqualTo(76);
  }

  @Test
  void turnsColourIntoLuma() throws IOException {
    put("c/x.png", encoded(rgb(3, 1, (x, y) -> 0xFF << (16 - 8 * x)), "png"));
    ImageFolder d = ImageFolder.builder(root).size(1, 3).grayscale().build();
    // 0.299, 0.587 and 0.114 of 255, rounded.
    assertThat(unsigned(DataTests.example(d, 0)[0])).containsExactly(76, 150, 29);
  }

  @Test
  void shrinksByAreaAndNotByPicking() throws IOException {
    // A fine chequerboard must become even grey, whichever pixel the grid hits.
    put("c/x.png", encoded(rgb(64, 64, (x, y) -> (x + y) % 2 == 0 ? 0xFFFFFF : 0), "png"));
    ImageFolder d = ImageFolder.builder(root).size(8, 8).fit(Fit.STRETCH).grayscale().build();
    for (int v : unsigned(DataTests.example(d, 0)[0])) {
      assertThat(v).isBetween(127, 128);
    }
  }

  @Test
  void enlargesLinearly() throws IOException {
    put("c/x.png", encoded(grey(BufferedImage.TYPE_BYTE_GRAY, 2, 1, (x, y) -> 100 * x), "png"));
    ImageFolder d = ImageFolder.builder(root).size(1, 4).fit(Fit.STRETCH).grayscale().build();
    // Pixel centres at 0.25, 0.75, 1.25, 1.75 between input centres 0.5 (0) and 1.5 (100).
    assertThat(unsigned(DataTests.example(d, 0)[0])).containsExactly(0, 25, 75, 100);
  }

  @Test
  void cropsTheMiddleAndPadsTheBorders() throws IOException {
    // Left third 10, middle third 20, right third 30.
    put(
        "c/x.png",
        encoded(grey(BufferedImage.TYPE_BYTE_GRAY, 12, 4, (x, y) -> 10 + x / 4 * 10), "png"));
    ImageFolder crop = ImageFolder.builder(root).size(4, 4).fit(Fit.CROP).grayscale().build();
    assertThat(unsigned(DataTests.example(crop, 0)[0])).containsOnly(20);
    ImageFolder pad = ImageFolder.builder(root).size(12, 12).fit(Fit.PAD).grayscale().build();
    int[] v = unsigned(DataTests.example(pad, 0)[0]);
    assertThat(v[3 * 12 + 6]).isZero();
    assertThat(v[4 * 12 + 1]).isEqualTo(10);
    assertThat(v[7 * 12 + 11]).isEqualTo(30);
    assertThat(v[8 * 12]).isZero();
  }

  @Test
  void namesTheDamagedFileWhenItIsRead() throws IOException {
    byte[] png = encoded(rgb(40, 40, (x, y) -> x * 5000 + y), "png");
    Path cut = put("c/cut.png", Arrays.copyOf(png, png.length / 2));
    Path text = put("c/text.jpg", "no picture".getBytes(StandardCharsets.UTF_8));
    ImageFolder d = ImageFolder.builder(root).size(8, 8).build();
    assertThat(DataTests.failure(() -> DataTests.example(d, 0)))
        .hasMessageContaining(cut.toString());
    assertThat(DataTests.failure(() -> DataTests.example(d, 1)))
        .hasMessageContaining(text.toString())
        .hasMessageContaining("no PNG, JPEG, BMP or GIF");
  }

  @Test
  void refusesAPictureThatClaimsToBeHuge() throws IOException {
    ByteBuffer png = ByteBuffer.wrap(encoded(rgb(2, 2, (x, y) -> 0), "png"));
    // The header chunk: length at 8, "IHDR" at 12, width at 16, height at 20, checksum at 29.
    png.putInt(16, 60_000).putInt(20, 60_000);
    CRC32 crc = new CRC32();
    crc.update(png.array(), 12, 17);
    png.putInt(29, (int) crc.getValue());
    put("c/x.png", png.array());
    ImageFolder d = ImageFolder.builder(root).size(8, 8).build();
    assertThat(DataTests.failure(() -> DataTests.example(d, 0)))
        .hasMessageContaining("60000 x 60000");
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "gif", "jpg"})
  void survivesDamage(String format) throws IOException {
    byte[] whole = encoded(rgb(9, 7, (x, y) -> x * 30_000 + y * 99), format);
    Path f = put("c/x." + format, whole);
    ImageFolder d = ImageFolder.builder(root).size(8, 8).build();
    DataTests.damageIsReadOrRefused(f, whole, 400, p -> DataTests.example(d, 0));
    for (int n = 0; n < whole.length; n++) {
      // Codecs may forgive a missing tail; they must not fail with anything else.
      Files.write(f, Arrays.copyOf(whole, n));
      try {
        DataTests.example(d, 0);
      } catch (DataException e) {
        assertThat(e).hasMessageContaining(f.toString());
      }
    }
  }

  @Test
  void explainsFoldersWithoutClassesOrPictures() throws IOException {
    assertThat(DataTests.failure(() -> ImageFolder.builder(root).build()))
        .hasMessageContaining("has no folders");
    assertThat(DataTests.failure(() -> ImageFolder.builder(root.resolve("none")).build()))
        .hasMessageContaining("cannot be listed");
    put("c/readme.txt", new byte[0]);
    assertThat(DataTests.failure(() -> ImageFolder.builder(root).build()))
        .hasMessageContaining(root.resolve("c").toString())
        .hasMessageContaining("no pictures");
    assertThat(DataTests.failure(() -> ImageFolder.builder(root).classes(List.of("d")).build()))
        .hasMessageContaining("cannot be listed");
    assertThat(DataTests.failure(() -> ImageFolder.builder(root).size(0, 4)))
        .hasMessageContaining("0 x 4");
  }
}
