package dev.kiln.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What the tests of this package share. */
final class DataTests {
  private DataTests() {}

  /** Reads one example into fresh buffers, flipped for reading. */
  static ByteBuffer[] example(Dataset data, int index) {
    ByteBuffer[] out = new ByteBuffer[data.fields().size()];
    for (int f = 0; f < out.length; f++) {
      out[f] = ByteBuffer.allocate(data.fields().get(f).bytes()).order(ByteOrder.LITTLE_ENDIAN);
    }
    data.read(index, out);
    for (ByteBuffer b : out) {
      assertThat(b.hasRemaining()).as("bytes not written").isFalse();
      b.flip();
    }
    return out;
  }

  static float[] floats(ByteBuffer b) {
    float[] values = new float[b.remaining() / 4];
    b.asFloatBuffer().get(values);
    return values;
  }

  static byte[] bytes(ByteBuffer b) {
    byte[] values = new byte[b.remaining()];
    b.duplicate().get(values);
    return values;
  }

  static long label(Dataset data, int index) {
    return example(data, index)[1].getLong();
  }

  static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream buffer = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(buffer)) {
      out.write(bytes);
    }
    return buffer.toByteArray();
  }

  static DataException failure(ThrowingCallable code) {
    Throwable t = catchThrowable(code);
    assertThat(t).isInstanceOf(DataException.class);
    return (DataException) t;
  }

  /** Something that reads a file and must never fail with anything but a DataException. */
  interface Reader {
    void read(Path file) throws IOException;
  }

  /** Feeds the reader every beginning of the file; each must be refused. */
  static void everyTruncationIsRefused(Path file, byte[] whole, Reader reader) throws IOException {
    for (int n = 0; n < whole.length; n++) {
      Files.write(file, Arrays.copyOf(whole, n));
      assertThat(catchThrowable(() -> reader.read(file)))
          .as("cut off after %d bytes", n)
          .isInstanceOf(DataException.class);
    }
  }

  /** Feeds the reader damaged copies of the file; each is read or refused, and nothing else. */
  static void damageIsReadOrRefused(Path file, byte[] whole, int copies, Reader reader)
      throws IOException {
    Random random = new Random(1);
    for (int i = 0; i < copies; i++) {
      byte[] damaged = whole.clone();
      int flips = 1 + random.nextInt(4);
      for (int k = 0; k < flips; k++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      Files.write(file, damaged);
      Throwable t = catchThrowable(() -> reader.read(file));
      if (t != null) {
        assertThat(t).as("damaged copy %d", i).isInstanceOf(DataException.class);
      }
    }
  }
}
