package dev.kiln.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Lets the library print where the command line prints. */
final class Screens {
  private Screens() {}

  /** Returns a stream whose text goes to a writer, at once. */
  static PrintStream stream(PrintWriter writer) {
    return new PrintStream(new Decoding(writer), true, StandardCharsets.UTF_8);
  }

  /** Turns UTF-8 bytes back into text. */
  private static final class Decoding extends OutputStream {
    private final PrintWriter writer;
    private final CharsetDecoder decoder = decoder(StandardCharsets.UTF_8);
    private final ByteBuffer bytes = ByteBuffer.allocate(8192);
    private final CharBuffer chars = CharBuffer.allocate(8192);

    private Decoding(PrintWriter writer) {
      this.writer = writer;
    }

    private static CharsetDecoder decoder(Charset charset) {
      return charset
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
    }

    @Override
    public void write(int b) {
      bytes.put((byte) b);
      drain();
    }

    @Override
    public void write(byte[] source, int offset, int length) {
      int at = offset;
      int left = length;
      while (left > 0) {
        int n = Math.min(left, bytes.remaining());
        bytes.put(source, at, n);
        at += n;
        left -= n;
        drain();
      }
    }

    /** A character that is not complete yet stays behind. */
    private void drain() {
      bytes.flip();
      decoder.decode(bytes, chars, false);
      bytes.compact();
      writer.append(chars.flip());
      chars.clear();
    }

    @Override
    public void flush() {
      writer.flush();
    }
  }
}
