package dev.kiln.io;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
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
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes files that are whole or not there at all: the content goes to a temporary file in the same
 * folder, is forced to the disk and then takes the name in one step, which is forced to the disk
 * too. Whatever fails, a file of that name stays as it was, and the temporary file is removed. A
 * process that is killed while it writes leaves the temporary file behind: {@link
 * #removeLeftovers}. Interrupting the thread does not disturb writing.
 */
public final class AtomicFiles {
  private static final Logger LOG = LoggerFactory.getLogger(AtomicFiles.class);
  private static final Pattern TEMPORARY = Pattern.compile("\\.(.+)\\.[0-9a-f-]{36}\\.tmp");

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
      makeFolder(folder);
      try (FileOutputStream file = new FileOutputStream(temporary.toFile())) {
        content.writeTo(new Uninterrupted(file));
        file.getFD().sync();
      }
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      sync(folder);
    } catch (IOException e) {
      throw new ModelFileException("[write] cannot write " + path + ": " + reason(e, folder), e);
    } finally {
      removeQuietly(temporary);
    }
  }

  /**
   * Removes what killed processes left of files that they were writing. Nobody else may be writing
   * such files at that time.
   *
   * @param folder where to look; it need not exist
   * @param names tells which files' leftovers are meant
   */
  public static void removeLeftovers(Path folder, Predicate<String> names) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      files.filter(f -> isLeftover(f, names)).forEach(AtomicFiles::removeQuietly);
    } catch (IOException e) {
      LOG.warn("leftovers in {} are not removed: {}", folder, e.toString());
    }
  }

  private static boolean isLeftover(Path file, Predicate<String> names) {
    Matcher m = TEMPORARY.matcher(file.getFileName().toString());
    return m.matches() && names.test(m.group(1));
  }

  /** Makes a folder, and forces the names of all that are new to the disk. */
  private static void makeFolder(Path folder) throws IOException {
    Path there = folder;
    while (there != null && !Files.exists(there)) {
      there = there.getParent();
    }
    Files.createDirectories(folder);
    for (Path p = folder; !p.equals(there) && p.getParent() != null; p = p.getParent()) {
      sync(p.getParent());
    }
  }

  /** Forces a folder's names to the disk, where the system can do that. */
  private static void sync(Path folder) {
    boolean interrupted = false;
    boolean again = true;
    while (again) {
      interrupted |= Thread.interrupted();
      again = false;
      try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
        names.force(true);
      } catch (ClosedByInterruptException e) {
        again = true;
      } catch (IOException e) {
        LOG.debug("folder {} cannot be forced to the disk: {}", folder, e.toString());
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** A file's channel that stays open when the thread is interrupted, unlike Java's own. */
  private static final class Uninterrupted implements WritableByteChannel {
    private static final int PIECE = 1 << 16;

    private final FileOutputStream file;
    private final byte[] piece = new byte[PIECE];

    Uninterrupted(FileOutputStream file) {
      this.file = file;
    }

    @Override
    public int write(ByteBuffer data) throws IOException {
      int n = Math.min(PIECE, data.remaining());
      data.get(piece, 0, n);
      file.write(piece, 0, n);
      return n;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {
      // closed by the one who opened it
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
