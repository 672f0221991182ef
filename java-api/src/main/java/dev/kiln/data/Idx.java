package dev.kiln.data;

import dev.kiln.DType;
import dev.kiln.Shape;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads IDX files, the format of MNIST and its relatives, plain or gzipped.
 *
 * <p>The reader is strict: magic number, sizes, length and (in gzip) checksum must all agree.
 * Format: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
 */
public final class Idx {
  private static final String OP = "idx";
  private static final String MEND = "; fetch the file again";

  private Idx() {}

  /**
   * Reads a whole file, plain or gzipped, whatever its name.
   *
   * @param file the file
   * @return its array, of rank 1 to 6
   * @throws DataException if the file cannot be read or is not a complete IDX file
   */
  public static IdxArray read(Path file) {
    return read(file, Optional.empty());
  }

  /** Reads a file and feeds its unpacked content to the digest, if one is given. */
  static IdxArray read(Path file, Optional<MessageDigest> digest) {
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, file.toString(), OptionalLong.of(Files.size(file)), digest);
    } catch (IOException e) {
      throw unreadable(file.toString(), e);
    }
  }

  /**
   * Makes a data set for classification from a file of images and a file of labels.
   *
   * <p>Images of rank 3 [N,H,W] get a channel axis; images of rank 2 or 4 are taken as they are.
   *
   * @param images N examples
   * @param labels N integers, zero or more
   * @return fields "image" and "label" int64[], held in memory
   * @throws DataException if a file is damaged or the two do not belong together
   */
  public static Dataset dataset(Path images, Path labels) {
    return dataset(
        read(images), images.toString(), read(labels), labels.toString(), Optional.empty());
  }

  static Dataset dataset(
      IdxArray images,
      String imagesName,
      IdxArray labels,
      String labelsName,
      Optional<List<String>> classNames) {
    Shape s = images.shape();
    if (s.rank() < 2 || s.rank() > 4) {
      throw new DataException(
          "[idx] %s: shape %s, expected [N,features], [N,H,W] or [N,C,H,W]; is it a file of images?"
              .formatted(imagesName, s));
    }
    if (labels.shape().rank() != 1 || !labels.dtype().isIntegral()) {
      throw new DataException(
          "[idx] %s: %s%s, expected integers of shape [N]; is it a file of labels?"
              .formatted(labelsName, labels.dtype(), labels.shape()));
    }
    if (labels.shape().dim(0) != s.dim(0)) {
      throw new DataException(
          "[idx] %s has %d images but %s has %d labels; take both from the same set"
              .formatted(imagesName, s.dim(0), labelsName, labels.shape().dim(0)));
    }
    int n = Math.toIntExact(s.dim(0));
    Shape example = s.without(0);
    if (s.rank() == 3) {
      example = example.insert(0, 1);
    }
    int classes = classNames.map(List::size).orElse(Integer.MAX_VALUE);
    byte[] targets = labels(labels, labelsName, classes);
    return new ArrayDataset(
        n,
        List.of(
            new Field("image", images.dtype(), example),
            new Field("label", DType.INT64, Shape.scalar())),
        new byte[][] {images.data(), targets},
        classNames);
  }

  private static byte[] labels(IdxArray labels, String name, int classes) {
    int n = Math.toIntExact(labels.shape().dim(0));
    ByteBuffer in = ByteBuffer.wrap(labels.data()).order(ByteOrder.LITTLE_ENDIAN);
    byte[] bytes = new byte[Sizes.product(name, OP, new long[] {n}, 8)];
    ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < n; i++) {
      int label = labels.dtype() == DType.UINT8 ? in.get() & 0xFF : in.getInt();
      if (label < 0 || label >= classes) {
        throw new DataException(
            "[idx] %s: label %d is %d, expected 0 to %d%s"
                .formatted(name, i, label, classes - 1, MEND));
      }
      out.putLong(label);
    }
    return bytes;
  }

  /** Reads a plain or gzipped stream to its end; {@code size} is its length where known. */
  static IdxArray read(
      InputStream stream, String name, OptionalLong size, Optional<MessageDigest> digest)
      throws IOException {
    BufferedInputStream raw = new BufferedInputStream(stream, 1 << 16);
    if (!isGzip(raw)) {
      return readContent(tapped(raw, digest), name, size);
    }
    try {
      InputStream content = new GZIPInputStream(raw, 1 << 16);
      return readContent(tapped(content, digest), name, OptionalLong.empty());
    } catch (ZipException | EOFException e) {
      throw new DataException(
          "[idx] %s: the gzip data are damaged or cut off (%s)%s"
              .formatted(name, e.getMessage(), MEND),
          e);
    }
  }

  private static InputStream tapped(InputStream in, Optional<MessageDigest> digest) {
    return digest.<InputStream>map(d -> new DigestInputStream(in, d)).orElse(in);
  }

  private static boolean isGzip(BufferedInputStream in) throws IOException {
    in.mark(2);
    int first = in.read();
    int second = in.read();
    in.reset();
    return first == 0x1F && second == 0x8B;
  }

  private static IdxArray readContent(InputStream in, String name, OptionalLong size)
      throws IOException {
    byte[] magic = header(in, 4, 0, name);
    if (magic[0] != 0 || magic[1] != 0) {
      throw new DataException(
          "[idx] %s at byte 0: found %02x %02x, expected 00 00; this is not an IDX file"
              .formatted(name, magic[0], magic[1]));
    }
    Element element = Element.of(magic[2], name);
    int rank = magic[3] & 0xFF;
    if (rank < 1 || rank > Shape.MAX_RANK) {
      throw new DataException(
          "[idx] %s at byte 3: found %d dimensions, expected 1 to %d%s"
              .formatted(name, rank, Shape.MAX_RANK, MEND));
    }
    long[] dims = new long[rank];
    ByteBuffer sizes = ByteBuffer.wrap(header(in, 4 * rank, 4, name));
    for (int i = 0; i < rank; i++) {
      dims[i] = sizes.getInt();
      if (dims[i] < 0) {
        throw new DataException(
            "[idx] %s at byte %d: dimension %d is %d, expected 0 to %d%s"
                .formatted(name, 4 + 4 * i, i, dims[i], Integer.MAX_VALUE, MEND));
      }
    }
    int bytes = Sizes.product(name, OP, dims, element.width);
    Sizes.product(name, OP, dims, element.dtype.bytes());
    int start = 4 + 4 * rank;
    if (size.isPresent() && size.getAsLong() != start + (long) bytes) {
      throw wrongLength(name, dims, start + (long) bytes, "has " + size.getAsLong());
    }
    Sizes.checkHeap(name, OP, bytes);
    // Grows with what arrives, so a header that lies about a gzipped file cannot exhaust memory.
    byte[] data = in.readNBytes(bytes);
    if (data.length != bytes) {
      throw wrongLength(
          name, dims, start + (long) bytes, "ends at byte " + (start + (long) data.length));
    }
    if (in.read() != -1) {
      throw wrongLength(name, dims, start + (long) bytes, "goes on");
    }
    return new IdxArray(element.dtype, Shape.of(dims), element.littleEndian(data));
  }

  private static byte[] header(InputStream in, int count, int offset, String name)
      throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length != count) {
      throw new DataException(
          "[idx] %s at byte %d: the header is cut off, expected %d bytes there but found %d%s"
              .formatted(name, offset, count, bytes.length, MEND));
    }
    return bytes;
  }

  private static DataException wrongLength(String name, long[] dims, long expected, String found) {
    return new DataException(
        "[idx] %s: the header says %s, so the content must be %d bytes, but it %s%s"
            .formatted(name, Arrays.toString(dims), expected, found, MEND));
  }

  private static DataException unreadable(String name, IOException e) {
    String why = e instanceof NoSuchFileException ? "there is no such file" : e.toString();
    return new DataException("[idx] %s: cannot be read: %s".formatted(name, why), e);
  }

  /** The element types of the format, with the type that each becomes. */
  private enum Element {
    UINT8(0x08, 1, DType.UINT8),
    INT8(0x09, 1, DType.INT32),
    INT16(0x0B, 2, DType.INT32),
    INT32(0x0C, 4, DType.INT32),
    FLOAT32(0x0D, 4, DType.FLOAT32),
    FLOAT64(0x0E, 8, DType.FLOAT64);

    private final int code;
    private final int width;
    private final DType dtype;

    Element(int code, int width, DType dtype) {
      this.code = code;
      this.width = width;
      this.dtype = dtype;
    }

    static Element of(byte code, String name) {
      for (Element e : values()) {
        if (e.code == code) {
          return e;
        }
      }
      throw new DataException(
          "[idx] %s at byte 2: found type %02x, expected one of 08 09 0b 0c 0d 0e%s"
              .formatted(name, code, MEND));
    }

    byte[] littleEndian(byte[] data) {
      if (this == UINT8) {
        return data;
      }
      ByteBuffer in = ByteBuffer.wrap(data);
      int n = data.length / width;
      ByteBuffer out = ByteBuffer.allocate(n * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < n; i++) {
        switch (this) {
          case INT8 -> out.putInt(in.get());
          case INT16 -> out.putInt(in.getShort());
          case FLOAT64 -> out.putLong(in.getLong());
          default -> out.putInt(in.getInt());
        }
      }
      return out.array();
    }
  }
}
