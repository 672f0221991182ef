package dev.kiln.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CifarTest {
  @TempDir Path folder;

  /** Records with the given leading bytes; pixel k of record i is i + k. */
  private static byte[] records(int labelBytes, int... labels) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < labels.length; i += labelBytes) {
      for (int b = 0; b < labelBytes; b++) {
        out.write(labels[i + b]);
      }
      for (int k = 0; k < 3072; k++) {
        out.write(i / labelBytes + k);
      }
    }
    return out.toByteArray();
  }

  @Test
  void readsTheFiveTrainingFilesInOrder() throws IOException {
    for (int f = 1; f <= 5; f++) {
      Files.write(folder.resolve("data_batch_" + f + ".bin"), records(1, f, f - 1));
    }
    Dataset d = Cifar.train10(folder);
    assertThat(d.size()).isEqualTo(10);
    assertThat(d.fields())
        .containsExactly(
            new Field("image", DType.UINT8, Shape.of(3, 32, 32)),
            new Field("label", DType.INT64, Shape.of()));
    assertThat(DataTests.label(d, 2)).isEqualTo(2);
    ByteBuffer[] e = DataTests.example(d, 9);
    assertThat(e[1].getLong()).isEqualTo(4);
    assertThat(e[0].get(0)).isEqualTo((byte) 1);
    assertThat(e[0].get(3071)).isEqualTo((byte) 3072);
    assertThat(d.classNames()).isEmpty();
  }

  @Test
  void findsTheUnpackedFolderAndClassNames() throws IOException {
    Path inner = Files.createDirectory(folder.resolve("cifar-10-batches-bin"));
    Files.write(inner.resolve("test_batch.bin"), records(1, 9));
    Files.writeString(inner.resolve("batches.meta.txt"), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
    Dataset d = Cifar.test10(folder);
    assertThat(d.size()).isEqualTo(1);
    assertThat(d.classNames().orElseThrow()).hasSize(10).startsWith("a").endsWith("j");
  }

  @Test
  void takesTheFineLabelOfCifar100() throws IOException {
    Files.write(folder.resolve("train.bin"), records(2, 19, 99, 3, 0));
    Dataset d = Cifar.train100(folder);
    assertThat(d.size()).isEqualTo(2);
    assertThat(DataTests.label(d, 0)).isEqualTo(99);
    assertThat(DataTests.bytes(DataTests.example(d, 1)[0])[5]).isEqualTo((byte) 6);
  }

  @Test
  void namesFileAndPlaceOfBadRecords() throws IOException {
    Path file = folder.resolve("test_batch.bin");
    Files.write(file, records(1, 3, 10));
    assertThat(DataTests.failure(() -> Cifar.test10(folder)))
        .hasMessageContaining(file.toString())
        .hasMessageContaining("at byte 3073: label 10, expected 0 to 9");
    Files.write(file, new byte[0]);
    assertThat(DataTests.failure(() -> Cifar.test10(folder))).hasMessageContaining("0 bytes");
    assertThat(DataTests.failure(() -> Cifar.train10(folder)))
        .hasMessageContaining("data_batch_1.bin does not exist")
        .hasMessageContaining("cifar-10-binary.tar.gz");
  }

  @Test
  void refusesEveryTruncationInsideARecord() throws IOException {
    byte[] whole = records(1, 3);
    Path file = folder.resolve("test_batch.bin");
    for (int n = 0; n < whole.length; n += 97) {
      Files.write(file, Arrays.copyOf(whole, n));
      DataTests.failure(() -> Cifar.test10(folder));
    }
    DataTests.damageIsReadOrRefused(file, whole, 200, f -> Cifar.test10(folder));
  }

  @Test
  void refusesAnotherNumberOfClassNames() throws IOException {
    Files.write(folder.resolve("test_batch.bin"), records(1, 3));
    Files.write(folder.resolve("batches.meta.txt"), new byte[] {'a', '\n', (byte) 0xFF});
    assertThat(DataTests.failure(() -> Cifar.test10(folder))).hasMessageContaining("UTF-8");
    Files.writeString(folder.resolve("batches.meta.txt"), "a\nb\n");
    assertThat(DataTests.failure(() -> Cifar.test10(folder)))
        .hasMessageContaining("2 class names, expected 10");
  }
}
