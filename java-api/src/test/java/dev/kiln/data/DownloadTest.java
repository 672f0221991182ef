package dev.kiln.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.data.IdxFamily.Published;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DownloadTest {
  private static final byte[] CONTENT = new byte[300_000];

  static {
    new Random(3).nextBytes(CONTENT);
  }

  @TempDir Path folder;
  private HttpFiles server;
  private Published file;
  private final Download download = new Download(Duration.ofSeconds(2), Duration.ofMillis(600));

  @BeforeEach
  void start() throws Exception {
    server = new HttpFiles();
    server.files.put("f.gz", CONTENT);
    String sha = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(CONTENT));
    file = new Published("f.gz", CONTENT.length, sha, "unused");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Path part() {
    return folder.resolve("f.gz.part");
  }

  private void assertComplete() throws IOException {
    assertThat(Files.readAllBytes(folder.resolve("f.gz"))).isEqualTo(CONTENT);
    assertThat(part()).doesNotExist();
  }

  @Test
  void downloadsOnceAndThenUsesTheFile() throws IOException {
    assertThat(download.fetch(server.base(), file, folder)).isEqualTo(folder.resolve("f.gz"));
    assertComplete();
    download.fetch(server.base(), file, folder);
    assertThat(server.requests).containsExactly("f.gz");
  }

  @Test
  void goesOnWhereAnEarlierDownloadStopped() throws IOException {
    Files.write(part(), Arrays.copyOf(CONTENT, 123_456));
    download.fetch(server.base(), file, folder);
    assertComplete();
    assertThat(server.requests).containsExactly("f.gz from 123456");
  }

  @Test
  void goesOnByItselfAfterBrokenConnections() throws IOException {
    server.breakAfter = 120_000;
    download.fetch(server.base(), file, folder);
    assertComplete();
    assertThat(server.requests).hasSize(3).first().isEqualTo("f.gz");
    assertThat(server.requests.get(1)).startsWith("f.gz from ");
  }

  @Test
  void startsAgainWhereTheServerCannotGoOn() throws IOException {
    server.ranges = false;
    Files.write(part(), Arrays.copyOf(CONTENT, 1000));
    download.fetch(server.base(), file, folder);
    assertComplete();
  }

  @Test
  void startsAgainOnceWhenThePartWasWrong() throws IOException {
    byte[] wrong = Arrays.copyOf(CONTENT, 5000);
    wrong[17]++;
    Files.write(part(), wrong);
    download.fetch(server.base(), file, folder);
    assertComplete();
    assertThat(server.requests).containsExactly("f.gz from 5000", "f.gz");
  }

  @Test
  void usesACompletePart() throws IOException {
    Files.write(part(), CONTENT);
    download.fetch(server.base(), file, folder);
    assertComplete();
    assertThat(server.requests).isEmpty();
  }

  @Test
  void replacesADamagedFile() throws IOException {
    Files.write(folder.resolve("f.gz"), new byte[] {1, 2});
    download.fetch(server.base(), file, folder);
    assertComplete();
  }

  @Test
  void removesAFileWithAWrongChecksum() {
    byte[] other = CONTENT.clone();
    other[0]++;
    server.files.put("f.gz", other);
    assertThatThrownBy(() -> download.fetch(server.base(), file, folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("SHA-256")
        .hasMessageContaining("removed");
    assertThat(part()).doesNotExist();
    assertThat(folder.resolve("f.gz")).doesNotExist();
  }

  @Test
  void refusesAnotherFileBeforeKeepingIt() throws IOException {
    server.files.put("f.gz", "<html>log in</html>".getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> download.fetch(server.base(), file, folder))
        .hasMessageContaining("has 19 bytes, expected 300000");
    assertThat(Files.size(part())).isZero();
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void givesUpOnASilentServerAndKeepsThePart() throws IOException {
    server.stallAfter = 100_000;
    assertThatThrownBy(() -> download.fetch(server.base(), file, folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("sent nothing for 0.6 s");
    assertThat(Files.size(part())).isBetween(1L, 100_000L);
    server.stallAfter = Integer.MAX_VALUE;
    download.fetch(server.base(), file, folder);
    assertComplete();
  }

  @Test
  void givesUpOnAServerThatAcceptsButNeverAnswers() throws IOException {
    try (ServerSocket mute = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      URI base = URI.create("http://127.0.0.1:" + mute.getLocalPort() + "/");
      assertThatThrownBy(() -> download.fetch(base, file, folder))
          .hasMessageContaining("sent nothing");
    }
  }

  @Test
  void saysWhatTheServerSaid() throws IOException {
    server.files.clear();
    assertThatThrownBy(() -> download.fetch(server.base(), file, folder))
        .hasMessageContaining("HTTP 404");
    int port;
    try (ServerSocket closed = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      port = closed.getLocalPort();
    }
    URI base = URI.create("http://127.0.0.1:" + port + "/");
    assertThatThrownBy(() -> download.fetch(base, file, folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no connection to 127.0.0.1");
  }

  @Test
  void stopsWhenInterrupted() {
    server.stallAfter = 1000;
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> download.fetch(server.base(), file, folder))
          .isInstanceOf(InterruptedIOException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
