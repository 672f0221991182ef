package dev.kiln.data;

import dev.kiln.data.IdxFamily.Published;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Downloads published files: resumable, checked, and in place only when complete.
 *
 * <p>Bytes go to {@code NAME.part}; a later call goes on where an earlier one stopped. The file
 * gets its name by an atomic move after its SHA-256 matches; a part with a wrong checksum is
 * removed. A lock file keeps processes that download to the same folder apart.
 */
final class Download {
  private static final Logger LOG = LoggerFactory.getLogger(Download.class);
  private static final int ATTEMPTS = 4;

  private final Duration connectTimeout;
  private final Duration stallTimeout;
  private final HttpClient client;

  Download(Duration connectTimeout, Duration stallTimeout) {
    this.connectTimeout = connectTimeout;
    this.stallTimeout = stallTimeout;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(connectTimeout)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
  }

  /** Returns the complete, checked file in {@code folder}; downloads what is missing of it. */
  Path fetch(URI base, Published file, Path folder) throws IOException {
    Files.createDirectories(folder);
    // One thread at a time in this JVM, since a JVM may lock a file only once.
    synchronized (Download.class) {
      try (FileChannel lockFile =
              FileChannel.open(
                  folder.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = lockFile.lock()) {
        LOG.debug("holding {}", lock);
        return fetchLocked(base.resolve(file.name()), file, folder);
      } catch (ClosedByInterruptException | FileLockInterruptionException e) {
        InterruptedIOException stopped = new InterruptedIOException("interrupted at " + folder);
        stopped.initCause(e);
        throw stopped;
      }
    }
  }

  private Path fetchLocked(URI from, Published file, Path folder) throws IOException {
    Path target = folder.resolve(file.name());
    if (Files.exists(target)) {
      if (sha256(target).equals(file.sha256())) {
        return target;
      }
      LOG.warn("{} is damaged (wrong SHA-256); removing it", target);
      Files.delete(target);
    }
    Path part = folder.resolve(file.name() + ".part");
    boolean resumed = Files.exists(part);
    if (resumed && Files.size(part) > file.bytes()) {
      Files.delete(part);
    }
    LOG.info("downloading {} ({}) to {}", from, megabytes(file.bytes()), folder);
    transferAll(from, file, part);
    String found = sha256(part);
    if (!found.equals(file.sha256()) && resumed) {
      LOG.warn("{}: wrong SHA-256 {} after going on; starting again", part, found);
      Files.delete(part);
      transferAll(from, file, part);
      found = sha256(part);
    }
    if (!found.equals(file.sha256())) {
      Files.delete(part);
      throw new IOException(
          "%s has SHA-256 %s, expected %s; removed it".formatted(from, found, file.sha256()));
    }
    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return target;
  }

  /** Transfers until the part is complete; goes on after a break as long as bytes keep arriving. */
  private void transferAll(URI from, Published file, Path part) throws IOException {
    int attempt = 1;
    while (size(part) < file.bytes()) {
      long before = size(part);
      try {
        transfer(from, file, part);
      } catch (InterruptedIOException e) {
        throw e;
      } catch (IOException e) {
        boolean startedAnew = before > 0 && size(part) == 0;
        if (attempt == ATTEMPTS || (size(part) <= before && !startedAnew)) {
          throw e;
        }
        LOG.info("{}: {}; going on from byte {}", from, e.getMessage(), size(part));
      }
      attempt++;
    }
  }

  private void transfer(URI from, Published file, Path part) throws IOException {
    try (Transfer t = new Transfer(from, file, part)) {
      t.await();
    }
  }

  private static long size(Path part) throws IOException {
    return Files.exists(part) ? Files.size(part) : 0;
  }

  static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  static String sha256(Path file) throws IOException {
    MessageDigest digest = newSha256();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }

  /**
   * One request, run on a thread of its own so that the caller can give up on anything that hangs:
   * name resolution, the connection, the answer or the body.
   */
  private final class Transfer implements AutoCloseable {
    private final URI from;
    private final Published file;
    private final FileChannel out;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final Thread thread;
    private volatile long position;

    Transfer(URI from, Published file, Path part) throws IOException {
      this.from = from;
      this.file = file;
      this.out = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      this.position = out.size();
      this.thread = new Thread(this::run, "kiln-download");
      thread.setDaemon(true);
      thread.start();
    }

    private void run() {
      try {
        request();
        done.complete(null);
      } catch (Throwable e) {
        done.completeExceptionally(e);
      }
    }

    private void request() throws IOException, InterruptedException {
      HttpRequest.Builder request = HttpRequest.newBuilder(from).GET();
      long start = position;
      if (start > 0) {
        request.header("Range", "bytes=" + start + "-");
      }
      HttpResponse<InputStream> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        switch (response.statusCode()) {
          case 206 -> checkRange(response, start);
          case 200 -> start = 0;
          case 416 -> {
            out.truncate(0);
            throw new IOException(from + " cannot go on from byte " + start);
          }
          default -> throw new IOException("HTTP " + response.statusCode() + " from " + from);
        }
        checkLength(response, start);
        out.truncate(start);
        out.position(start);
        position = start;
        byte[] buffer = new byte[1 << 16];
        for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
          if (out.position() + n > file.bytes()) {
            out.truncate(0);
            throw new IOException(
                "%s sends more than the expected %d bytes".formatted(from, file.bytes()));
          }
          ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n);
          while (bytes.hasRemaining()) {
            out.write(bytes);
          }
          position = out.position();
        }
      }
      if (position < file.bytes()) {
        throw new IOException(
            "%s broke off at byte %d of %d".formatted(from, position, file.bytes()));
      }
      out.force(true);
    }

    private void checkRange(HttpResponse<?> response, long start) throws IOException {
      String range = response.headers().firstValue("Content-Range").orElse("");
      if (!range.startsWith("bytes " + start + "-")) {
        out.truncate(0);
        throw new IOException(
            "%s answered Content-Range '%s' for bytes from %d".formatted(from, range, start));
      }
    }

    /** Refuses another file (say, a login page) before a byte of it is kept. */
    private void checkLength(HttpResponse<?> response, long start) throws IOException {
      long length = response.headers().firstValueAsLong("Content-Length").orElse(-1);
      if (length >= 0 && start + length != file.bytes()) {
        out.truncate(0);
        throw new IOException(
            "%s has %d bytes, expected %d".formatted(from, start + length, file.bytes()));
      }
    }

    void await() throws IOException {
      long last = -1;
      long moved = System.nanoTime();
      long told = moved;
      while (true) {
        try {
          done.get(50, TimeUnit.MILLISECONDS);
          return;
        } catch (TimeoutException e) {
          long now = System.nanoTime();
          if (position != last) {
            last = position;
            moved = now;
          } else if (now - moved > stallTimeout.toNanos()) {
            throw new IOException(
                "%s sent nothing for %.1f s".formatted(from, stallTimeout.toMillis() / 1e3));
          }
          if (now - told > 3_000_000_000L) {
            told = now;
            LOG.info("{} of {}", megabytes(position), megabytes(file.bytes()));
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException("interrupted while downloading " + from);
        } catch (ExecutionException e) {
          throw explained(e.getCause());
        }
      }
    }

    private IOException explained(Throwable cause) {
      if (cause instanceof HttpConnectTimeoutException) {
        return new IOException(
            "no connection to %s within %.1f s"
                .formatted(from.getHost(), connectTimeout.toMillis() / 1e3),
            cause);
      }
      if (cause instanceof ConnectException) {
        return new IOException("no connection to " + from.getHost(), cause);
      }
      if (cause instanceof IOException io && io.getMessage() != null) {
        return io;
      }
      return new IOException(from + ": " + cause, cause);
    }

    /** Ends the thread, and keeps it from writing should it wake up late. */
    @Override
    public void close() throws IOException {
      out.close();
      thread.interrupt();
    }
  }
}
