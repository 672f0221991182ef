package dev.kiln.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxTest {
  @TempDir Path folder;

  private static byte[] idx(int type, int[] dims, byte... data) {
    ByteBuffer b = ByteBuffer.allocate(4 + 4 * dims.length + data.length);
    b.put((byte) 0).put((byte) 0).put((byte) type).put((byte) dims.length);
    for (int d : dims) {
      b.putInt(d);
    }
    return b.put(data).array();
  }

  private Path file(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("x.idx"), bytes);
  }

  private ByteBuffer data(IdxArray a) {
    return ByteBuffer.wrap(a.data()).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void readsBytes() throws IOException {
    IdxArray a = Idx.read(file(idx(0x08, new int[] {2, 3}, new byte[] {1, 2, 3, 4, 5, -1})));
    assertThat(a.dtype()).isEqualTo(DType.UINT8);
    assertThat(a.shape()).isEqualTo(Shape.of(2, 3));
    assertThat(a.data()).containsExactly(1, 2, 3, 4, 5, -1);
  }

  @Test
  void widensSignedBytesAndShorts() throws IOException {
    ByteBuffer bytes = data(Idx.read(file(idx(0x09, new int[] {2}, (byte) -3, (byte) 127))));
    assertThat(bytes.getInt()).isEqualTo(-3);
    assertThat(bytes.getInt()).isEqualTo(127);
    byte[] shorts = ByteBuffer.allocate(4).putShort((short) -300).putShort((short) 301).array();
    IdxArray a = Idx.read(file(idx(0x0B, new int[] {2}, shorts)));
    assertThat(a.dtype()).isEqualTo(DType.INT32);
    assertThat(data(a).getInt(0)).isEqualTo(-300);
    assertThat(data(a).getInt(4)).isEqualTo(301);
  }

  @Test
  void readsIntegersAndFloats() throws IOException {
    byte[] ints = ByteBuffer.allocate(8).putInt(-70_000).putInt(5).array();
    assertThat(data(Idx.read(file(idx(0x0C, new int[] {2}, ints)))).getInt()).isEqualTo(-70_000);
    byte[] floats = ByteBuffer.allocate(4).putFloat(1.5f).array();
    IdxArray f = Idx.read(file(idx(0x0D, new int[] {1}, floats)));
    assertThat(f.dtype()).isEqualTo(DType.FLOAT32);
    assertThat(data(f).getFloat()).isEqualTo(1.5f);
    byte[] doubles = ByteBuffer.allocate(8).putDouble(Math.PI).array();
    IdxArray d = Idx.read(file(idx(0x0E, new int[] {1, 1}, doubles)));
    assertThat(d.dtype()).isEqualTo(DType.FLOAT64);
    assertThat(data(d).getDouble()).isEqualTo(Math.PI);
  }

  @Test
  void unpacksGzipWhateverTheName() throws IOException {
    byte[] plain = idx(0x08, new int[] {4}, new byte[] {9, 8, 7, 6});
    assertThat(Idx.read(file(DataTests.gzip(plain))).data()).containsExactly(9, 8, 7, 6);
  }

  @Test
  void readsAnEmptyArray() throws IOException {
    assertThat(Idx.read(file(idx(0x08, new int[] {0, 28, 28}))).shape())
        .isEqualTo(Shape.of(0, 28, 28));
  }

  @Test
  void namesFilePlaceExpectedAndFound() throws IOException {
    Path f = file(idx(0x07, new int[] {1}, (byte) 1));
    assertThat(DataTests.failure(() -> Idx.read(f)))
        .hasMessageContaining(f.toString())
        .hasMessageContaining("at byte 2")
        .hasMessageContaining("found type 07")
        .hasMessageContaining("expected one of 08 09 0b 0c 0d 0e");
    Path png = file(new byte[] {(byte) 0x89, 'P', 'N', 'G', 0, 0, 0, 0});
    assertThat(DataTests.failure(() -> Idx.read(png))).hasMessageContaining("not an IDX file");
    Path none = folder.resolve("none");
    assertThat(DataTests.failure(() -> Idx.read(none))).hasMessageContaining("no such file");
  }

  @Test
  void refusesTrailingBytes() throws IOException {
    byte[] longer = idx(0x08, new int[] {2}, new byte[] {1, 2, 3});
    assertThat(DataTests.failure(() -> Idx.read(file(longer))))
        .hasMessageContaining("must be 10 bytes, but it has 11");
    assertThat(DataTests.failure(() -> Idx.read(file(DataTests.gzip(longer)))))
        .hasMessageContaining("goes on");
  }

  @Test
  void refusesHeadersThatClaimTooMuch() throws IOException {
    for (int[] dims :
        List.of(
            new int[] {Integer.MAX_VALUE, 28, 28},
            new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, 4, 4, 4},
            new int[] {-1},
            new int[] {1, 1, 1, 1, 1, 1, 1},
            new int[0])) {
      byte[] bytes = idx(0x0E, dims, new byte[] {1, 2, 3});
      DataTests.failure(() -> Idx.read(file(bytes)));
      DataTests.failure(() -> Idx.read(file(DataTests.gzip(bytes))));
    }
    // A claim of 1 GB that no array limit refuses: only what arrives may be kept.
    byte[] bytes = idx(0x08, new int[] {1 << 30}, new byte[] {1, 2, 3});
    assertThat(DataTests.failure(() -> Idx.read(file(DataTests.gzip(bytes)))))
        .hasMessageContaining("ends at byte 11");
  }

  @Test
  void refusesEveryTruncation() throws IOException {
    byte[] plain = idx(0x0B, new int[] {3, 2}, new byte[12]);
    Path f = folder.resolve("cut");
    DataTests.everyTruncationIsRefused(f, plain, Idx::read);
    DataTests.everyTruncationIsRefused(f, DataTests.gzip(plain), Idx::read);
  }

  @Test
  void survivesDamage() throws IOException {
    byte[] plain = idx(0x08, new int[] {3, 2}, new byte[6]);
    Path f = folder.resolve("damaged");
    DataTests.damageIsReadOrRefused(f, plain, 800, Idx::read);
    DataTests.damageIsReadOrRefused(f, DataTests.gzip(plain), 800, Idx::read);
  }

  @Test
  void pairsImagesWithLabels() throws IOException {
    byte[] pixels = new byte[12];
    for (int i = 0; i < 12; i++) {
      pixels[i] = (byte) i;
    }
    Path images = Files.write(folder.resolve("i"), idx(0x08, new int[] {3, 2, 2}, pixels));
    Path labels = Files.write(folder.resolve("l"), idx(0x08, new int[] {3}, new byte[] {7, 0, 2}));
    Dataset d = Idx.dataset(images, labels);
    assertThat(d.size()).isEqualTo(3);
    assertThat(d.fields())
        .containsExactly(
            new Field("image", DType.UINT8, Shape.of(1, 2, 2)),
            new Field("label", DType.INT64, Shape.of()));
    ByteBuffer[] e = DataTests.example(d, 2);
    assertThat(DataTests.bytes(e[0])).containsExactly(8, 9, 10, 11);
    assertThat(e[1].getLong()).isEqualTo(2);
    assertThat(DataTests.label(d, 0)).isEqualTo(7);
  }

  @Test
  void refusesImagesAndLabelsThatDoNotBelongTogether() throws IOException {
    Path images = Files.write(folder.resolve("i"), idx(0x08, new int[] {3, 2, 2}, new byte[12]));
    Path labels = Files.write(folder.resolve("l"), idx(0x08, new int[] {2}, new byte[2]));
    Path negative =
        Files.write(folder.resolve("n"), idx(0x09, new int[] {3}, new byte[] {0, -1, 2}));
    assertThat(DataTests.failure(() -> Idx.dataset(images, labels)))
        .hasMessageContaining("3 images")
        .hasMessageContaining("2 labels");
    assertThat(DataTests.failure(() -> Idx.dataset(labels, images)))
        .hasMessageContaining("is it a file of images?");
    assertThat(DataTests.failure(() -> Idx.dataset(images, negative)))
        .hasMessageContaining("label 1 is -1");
  }
}
