package dev.kiln.data;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Reads the binary version of CIFAR-10 and CIFAR-100: 32 x 32 colour photographs.
 *
 * <p>Every method takes the folder of {@code .bin} files, or the folder in which the archive was
 * unpacked. Fields: {@code image} uint8[3,32,32] (red, green, blue planes) and {@code label}
 * int64[]. Format and data: Krizhevsky, "Learning multiple layers of features from tiny images",
 * 2009.
 */
public final class Cifar {
  private static final int PIXELS = 3 * 32 * 32;
  private static final Layout TEN =
      new Layout("cifar10", "cifar-10-batches-bin", "cifar-10-binary.tar.gz", 1, 10);
  private static final Layout HUNDRED =
      new Layout("cifar100", "cifar-100-binary", "cifar-100-binary.tar.gz", 2, 100);

  private Cifar() {}

  /**
   * Reads CIFAR-10's training set, {@code data_batch_1.bin} to {@code data_batch_5.bin}.
   *
   * @param folder where the files are
   * @return 50,000 examples in 10 classes if the files are complete
   * @throws DataException if a file is missing or damaged
   */
  public static Dataset train10(Path folder) {
    List<String> files =
        IntStream.rangeClosed(1, 5).mapToObj(i -> "data_batch_" + i + ".bin").toList();
    return TEN.read(folder, files, "batches.meta.txt");
  }

  /**
   * Reads CIFAR-10's test set, {@code test_batch.bin}.
   *
   * @param folder where the file is
   * @return 10,000 examples in 10 classes if the file is complete
   * @throws DataException if the file is missing or damaged
   */
  public static Dataset test10(Path folder) {
    return TEN.read(folder, List.of("test_batch.bin"), "batches.meta.txt");
  }

  /**
   * Reads CIFAR-100's training set, {@code train.bin}, with the fine labels.
   *
   * @param folder where the file is
   * @return 50,000 examples in 100 classes if the file is complete
   * @throws DataException if the file is missing or damaged
   */
  public static Dataset train100(Path folder) {
    return HUNDRED.read(folder, List.of("train.bin"), "fine_label_names.txt");
  }

  /**
   * Reads CIFAR-100's test set, {@code test.bin}, with the fine labels.
   *
   * @param folder where the file is
   * @return 10,000 examples in 100 classes if the file is complete
   * @throws DataException if the file is missing or damaged
   */
  public static Dataset test100(Path folder) {
    return HUNDRED.read(folder, List.of("test.bin"), "fine_label_names.txt");
  }

  /** A record is {@code labelBytes} labels, of which the last counts, and then the pixels. */
  private record Layout(String op, String subfolder, String archive, int labelBytes, int classes) {
    Dataset read(Path folder, List<String> names, String classFile) {
      Path home = home(folder, names.get(0));
      List<Path> files = names.stream().map(home::resolve).toList();
      int record = labelBytes + PIXELS;
      long total = 0;
      for (Path file : files) {
        total += records(file, record);
      }
      int n = Math.toIntExact(total);
      String where = home.toString();
      byte[] images = new byte[Sizes.product(where, op, new long[] {n, PIXELS}, 1)];
      byte[] labels = new byte[Sizes.product(where, op, new long[] {n}, 8)];
      ByteBuffer target = ByteBuffer.wrap(labels).order(ByteOrder.LITTLE_ENDIAN);
      int at = 0;
      for (Path file : files) {
        at = read(file, record, images, at, target);
      }
      return new ArrayDataset(
          n,
          List.of(
              new Field("image", DType.UINT8, Shape.of(3, 32, 32)),
              new Field("label", DType.INT64, Shape.scalar())),
          new byte[][] {images, labels},
          classNames(home.resolve(classFile)));
    }

    private Path home(Path folder, String firstFile) {
      Path inner = folder.resolve(subfolder);
      if (!Files.exists(folder.resolve(firstFile)) && Files.exists(inner.resolve(firstFile))) {
        return inner;
      }
      return folder;
    }

    private long records(Path file, int record) {
      try {
        long size = Files.size(file);
        if (size == 0 || size % record != 0) {
          throw new DataException(
              "[%s] %s: %,d bytes, expected a positive multiple of %d (%d label bytes and %d pixels);"
                      .formatted(op, file, size, record, labelBytes, PIXELS)
                  + " unpack "
                  + archive
                  + " again");
        }
        Sizes.checkHeap(file.toString(), op, size);
        return size / record;
      } catch (IOException e) {
        throw unreadable(file, e);
      }
    }

    private int read(Path file, int record, byte[] images, int start, ByteBuffer labels) {
      int at = start;
      try (InputStream in = Files.newInputStream(file)) {
        byte[] bytes = in.readAllBytes();
        if (bytes.length % record != 0 || images.length - at < bytes.length / record * PIXELS) {
          throw new DataException(
              "[%s] %s changed its length while it was read".formatted(op, file));
        }
        for (int i = 0; i < bytes.length; i += record) {
          int label = bytes[i + labelBytes - 1] & 0xFF;
          if (label >= classes) {
            throw new DataException(
                "[%s] %s at byte %d: label %d, expected 0 to %d; unpack %s again"
                    .formatted(op, file, i + labelBytes - 1, label, classes - 1, archive));
          }
          labels.putLong(label);
          System.arraycopy(bytes, i + labelBytes, images, at, PIXELS);
          at += PIXELS;
        }
        return at;
      } catch (IOException e) {
        throw unreadable(file, e);
      }
    }

    private DataException unreadable(Path file, IOException e) {
      if (e instanceof NoSuchFileException) {
        return new DataException(
            "[%s] %s does not exist; unpack %s (https://www.cs.toronto.edu/~kriz/cifar.html) and give"
                    .formatted(op, file, archive)
                + " its folder",
            e);
      }
      return new DataException("[%s] %s: cannot be read: %s".formatted(op, file, e), e);
    }

    private Optional<List<String>> classNames(Path file) {
      if (!Files.exists(file)) {
        return Optional.empty();
      }
      try {
        List<String> names = new ArrayList<>();
        for (String line : Files.readString(file, StandardCharsets.UTF_8).split("\\R")) {
          if (!line.isBlank()) {
            names.add(line.strip());
          }
        }
        if (names.size() != classes) {
          throw new DataException(
              "[%s] %s: %d class names, expected %d; unpack %s again"
                  .formatted(op, file, names.size(), classes, archive));
        }
        return Optional.of(names);
      } catch (IOException e) {
        throw new DataException(
            "[%s] %s: cannot be read as UTF-8 text: %s".formatted(op, file, e), e);
      }
    }
  }
}
