package dev.kiln.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Writes files that are whole or not there at all: the content goes to a temporary file in the same
 * folder, is forced to the disk and then takes the name in one step. Whatever fails, a file of that
 * name stays as it was, and the temporary file is removed.
 */
public final class AtomicFiles {
  private AtomicFiles() {}

  /** Writes a file's content. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes everything, in order.
     *
     * @param out where it goes
     * @throws IOException if writing fails; the file then stays as it was
     */
    void writeTo(WritableByteChannel out) throws IOException;
  }

  /**
   * Writes text as UTF-8.
   *
   * @param path the file; missing folders are made
   * @param text its content
   * @throws ModelFileException if it cannot be written
   */
  public static void write(Path path, String text) {
    write(path, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Writes bytes.
   *
   * @param path the file; missing folders are made
   * @param bytes its content
   * @throws ModelFileException if it cannot be written
   */
  public static void write(Path path, byte[] bytes) {
    write(path, out -> writeFully(out, ByteBuffer.wrap(bytes)));
  }

  /**
   * Writes a file piece by piece.
   *
   * @param path the file; missing folders are made
   * @param content writes its content
   * @throws ModelFileException if it cannot be written
   */
  public static void write(Path path, Content content) {
    Path target = path.toAbsolutePath();
    Path folder = target.getParent();
    if (folder == null || Files.isDirectory(target)) {
      throw new ModelFileException(
          "[write] " + path + " is a folder; give the name of a file to write");
    }
    Path temporary = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      Files.createDirectories(folder);
      try (FileChannel out =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        content.writeTo(out);
        out.force(true);
      }
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new ModelFileException("[write] cannot write " + path + ": " + reason(e, folder), e);
    } finally {
      removeQuietly(temporary);
    }
  }

  private static void removeQuietly(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      // The reason that matters is already on its way; a leftover has a name of its own.
      temporary.toFile().deleteOnExit();
    }
  }

  private static String reason(IOException e, Path folder) {
    if (e instanceof AccessDeniedException) {
      return "no permission in folder " + folder + "; choose another, or change its permissions";
    }
    if (e instanceof NotDirectoryException || e instanceof FileAlreadyExistsException) {
      return folder + " is not a folder; choose another path";
    }
    String why =
        e instanceof FileSystemException f && f.getReason() != null
            ? f.getReason()
            : String.valueOf(e.getMessage());
    return why + "; check the free space and the permissions of " + folder;
  }

  /**
   * Writes a buffer to its end.
   *
   * @param out where it goes
   * @param data what is left in the buffer
   * @throws IOException if writing fails
   */
  static void writeFully(WritableByteChannel out, ByteBuffer data) throws IOException {
    while (data.hasRemaining()) {
      out.write(data);
    }
  }
}
