package dev.kiln.io;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kiln.Device;
import dev.kiln.Tensor;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads and writes safetensors files, the format of PyTorch and Hugging Face models: eight bytes
 * that count the header, a JSON header, and the tensors' little-endian bytes. Files that Kiln
 * writes carry two SHA-256 in their metadata, of the tensors' bytes and of all that comes before
 * them, and are checked against both when loaded: any changed bit is noticed.
 *
 * @see <a href="https://github.com/huggingface/safetensors">the format's description</a>
 */
public final class Safetensors {
  private static final long LARGEST_HEADER = 100_000_000;
  private static final int ALIGN = 8;
  private static final int PIECE = 1 << 20;
  private static final String DIGEST = "kiln.sha256.data";
  private static final String HEADER_DIGEST = "kiln.sha256.header";

  /** Files of earlier versions have only this one, of the tensors' bytes. */
  private static final String OLD_DIGEST = "kiln.sha256";

  /** Until it is known, the header's SHA-256 is taken to be this. */
  private static final String UNKNOWN = "0".repeat(64);

  /** How a header begins that carries its SHA-256. */
  private static final String START =
      "{\"" + SafetensorsHeader.METADATA + "\":{\"" + HEADER_DIGEST + "\":\"";

  private Safetensors() {}

  /**
   * What a file holds.
   *
   * @param tensors by name, in the file's order, released by the scope they were loaded in
   * @param metadata free text by key
   */
  public record Contents(Map<String, Tensor> tensors, Map<String, String> metadata) {}

  /**
   * Saves tensors; the file is whole or not there at all.
   *
   * @param tensors by name
   * @param path the file; missing folders are made
   * @throws ModelFileException if it cannot be written
   */
  public static void save(Map<String, Tensor> tensors, Path path) {
    save(tensors, path, Map.of());
  }

  /**
   * Saves tensors with metadata; the file is whole or not there at all.
   *
   * @param tensors by name
   * @param path the file; missing folders are made
   * @param metadata free text by key
   * @throws ModelFileException if it cannot be written
   */
  public static void save(Map<String, Tensor> tensors, Path path, Map<String, String> metadata) {
    Map<String, SafetensorsHeader.Entry> entries = new LinkedHashMap<>();
    long at = 0;
    for (Map.Entry<String, Tensor> e : tensors.entrySet()) {
      Tensor t = e.getValue();
      t.view("save", e.getKey());
      long end = at + t.numel() * t.dtype().bytes();
      entries.put(e.getKey(), new SafetensorsHeader.Entry(t.dtype(), t.shape(), at, end));
      at = end;
    }
    Map<String, String> described = new LinkedHashMap<>();
    described.put(HEADER_DIGEST, UNKNOWN);
    described.putAll(metadata);
    described.remove(OLD_DIGEST);
    described.put(HEADER_DIGEST, UNKNOWN); // what was loaded from another file does not hold here
    described.put(DIGEST, digest(tensors));
    ByteBuffer header = sealed(new SafetensorsHeader(entries, described).toJson());
    AtomicFiles.write(
        path,
        out -> {
          AtomicFiles.writeFully(out, header);
          for (Tensor t : tensors.values()) {
            AtomicFiles.writeFully(out, t.toBuffer());
          }
        });
  }

  /** The header's bytes with its length before it and its SHA-256 in it. */
  private static ByteBuffer sealed(String text) {
    byte[] json = text.getBytes(UTF_8);
    int padded = (json.length + ALIGN - 1) / ALIGN * ALIGN;
    ByteBuffer header = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(padded).put(json);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    byte[] digest = sha256().digest(header.array());
    byte[] hex = HexFormat.of().formatHex(digest).getBytes(US_ASCII);
    return header.put(8 + START.length(), hex).rewind();
  }

  /** Compares a header, with its length before it, with the SHA-256 in it, where it has one. */
  private static void verifyHeader(Path path, byte[] header, Map<String, String> metadata) {
    String expected = metadata.get(HEADER_DIGEST);
    if (expected == null && !metadata.containsKey(DIGEST)) {
      return;
    }
    int at = 8 + START.length();
    String start = new String(header, 8, Math.min(START.length(), header.length - 8), UTF_8);
    boolean intact = start.equals(START) && metadata.containsKey(DIGEST);
    if (intact) {
      byte[] zeroed = header.clone();
      byte[] unknown = UNKNOWN.getBytes(US_ASCII);
      System.arraycopy(unknown, 0, zeroed, at, unknown.length);
      intact = HexFormat.of().formatHex(sha256().digest(zeroed)).equals(expected);
    }
    if (!intact) {
      throw SafetensorsHeader.bad(
          path.toString(), "its header does not have the SHA-256 it was saved with");
    }
  }

  /** The SHA-256 of all tensors' bytes, so that a damaged file is noticed when it is loaded. */
  private static String digest(Map<String, Tensor> tensors) {
    MessageDigest sha = sha256();
    for (Tensor t : tensors.values()) {
      sha.update(t.toBuffer());
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has SHA-256
    }
  }

  /** Compares the data with the digest in the metadata, where a file has one. */
  private static void verify(
      Path path, FileChannel file, long data, long size, Map<String, String> metadata)
      throws IOException {
    String expected = metadata.getOrDefault(DIGEST, metadata.get(OLD_DIGEST));
    if (expected == null) {
      return;
    }
    MessageDigest sha = sha256();
    for (long at = data; at < size; at += PIECE) {
      sha.update(read(path, file, at, Math.min(PIECE, size - at)));
    }
    if (!HexFormat.of().formatHex(sha.digest()).equals(expected)) {
      throw SafetensorsHeader.bad(
          path.toString(), "its tensors do not have the SHA-256 they were saved with");
    }
  }

  /**
   * Loads all tensors of a file.
   *
   * @param path the file
   * @param device where the tensors go
   * @return tensors and metadata
   * @throws ModelFileException if there is no such file, or it is damaged
   */
  public static Contents load(Path path, Device device) {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = file.size();
      SafetensorsHeader header = header(path, file, size);
      long data = size - dataBytes(header);
      verify(path, file, data, size, header.metadata());
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (Map.Entry<String, SafetensorsHeader.Entry> e : header.entries().entrySet()) {
        SafetensorsHeader.Entry t = e.getValue();
        ByteBuffer bytes = read(path, file, data + t.start(), t.end() - t.start());
        tensors.put(e.getKey(), Tensor.fromBuffer(bytes, t.dtype(), t.shape(), device));
      }
      return new Contents(tensors, header.metadata());
    } catch (NoSuchFileException e) {
      throw new ModelFileException("[load] there is no file " + path + "; check the path", e);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /**
   * Reads a file's metadata alone.
   *
   * @param path the file
   * @return free text by key
   * @throws ModelFileException if there is no such file, or it is damaged
   */
  public static Map<String, String> metadata(Path path) {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      return header(path, file, file.size()).metadata();
    } catch (NoSuchFileException e) {
      throw new ModelFileException("[load] there is no file " + path + "; check the path", e);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static ModelFileException unreadable(Path path, IOException e) {
    return new ModelFileException(
        Files.isDirectory(path)
            ? "[load] " + path + " is a folder; give the file in it"
            : "[load] cannot read " + path + ": " + e.getMessage() + "; check its permissions",
        e);
  }

  private static long dataBytes(SafetensorsHeader header) {
    return header.entries().values().stream()
        .mapToLong(SafetensorsHeader.Entry::end)
        .max()
        .orElse(0);
  }

  private static SafetensorsHeader header(Path path, FileChannel file, long size)
      throws IOException {
    if (size < 8) {
      throw SafetensorsHeader.bad(
          path.toString(), "it has " + size + " bytes, fewer than the 8 it must start with");
    }
    long length = read(path, file, 0, 8).getLong();
    if (length < 2 || length > LARGEST_HEADER || length > size - 8) {
      throw SafetensorsHeader.bad(
          path.toString(),
          "it claims a header of " + length + " bytes in a file of " + size + " bytes");
    }
    ByteBuffer bytes = read(path, file, 8, length);
    String json;
    try {
      json = UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw SafetensorsHeader.bad(path.toString(), "its header is not UTF-8 text");
    }
    SafetensorsHeader header = SafetensorsHeader.parse(path.toString(), json, size - 8 - length);
    verifyHeader(path, read(path, file, 0, 8 + length).array(), header.metadata());
    return header;
  }

  private static ByteBuffer read(Path path, FileChannel file, long at, long length)
      throws IOException {
    if (length > Integer.MAX_VALUE - 8) {
      throw SafetensorsHeader.bad(
          path.toString(), "one tensor has " + length + " bytes; Kiln reads up to 2 GiB each");
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (file.read(bytes, at + bytes.position()) < 0) {
        throw new EOFException("it ends at byte " + (at + bytes.position()));
      }
    }
    return bytes.flip();
  }
}
