package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DeviceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class NativeCacheTest {
  private static final String FILE = "images";
  private static final List<String> RESOURCES = List.of("dev/kiln/cuda/kernels/" + FILE);
  private static final Path READ_ONLY = Path.of("/proc/kiln"); // for root, too

  @TempDir private Path folder;

  @Test
  void unpacksForThisUserAlone() throws IOException {
    Path unpacked = new NativeCache(List.of(folder.resolve("a"))).unpack("x", RESOURCES);
    assertThat(Files.readAllBytes(unpacked.resolve(FILE)))
        .isEqualTo(NativeCache.read(RESOURCES.get(0)));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(unpacked)))
        .isEqualTo("rwx------");
  }

  @Test
  void takesAnotherFolderWhereTheFirstCannotBeWritten() {
    NativeCache cache = new NativeCache(List.of(READ_ONLY, folder.resolve("b")));
    assertThat(cache.unpack("x", RESOURCES)).startsWith(folder.resolve("b"));
  }

  @Test
  void saysWhatIsWrongWithEachFolder() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "no folder");
    NativeCache cache = new NativeCache(List.of(READ_ONLY, file));
    assertThatThrownBy(() -> cache.unpack("x", RESOURCES))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining(READ_ONLY + ": ")
        .hasMessageContaining(file + ": ")
        .hasMessageContaining("set KILN_CACHE to a folder of your own");
  }

  @Test
  void refusesALinkThatSomebodyMayHavePutThere() throws IOException {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), elsewhere);
    NativeCache cache = new NativeCache(List.of(link));
    assertThatThrownBy(() -> cache.unpack("x", RESOURCES)).hasMessageContaining("it is no folder");
    assertThat(elsewhere).isEmptyDirectory();
  }

  @Test
  void mendsAFileThatIsNotWhatItWas() throws IOException {
    NativeCache cache = new NativeCache(List.of(folder.resolve("c")));
    Path file = cache.unpack("x", RESOURCES).resolve(FILE);
    byte[] good = Files.readAllBytes(file);
    Files.writeString(file, "damaged");
    cache.unpack("x", RESOURCES);
    assertThat(Files.readAllBytes(file)).isEqualTo(good);
  }

  @Test
  void manyUnpackAtOnce() throws Exception {
    Path root = folder.resolve("d/e");
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try {
      Callable<Path> unpack = () -> new NativeCache(List.of(root)).unpack("x", RESOURCES);
      List<Path> folders = new ArrayList<>();
      for (Future<Path> f : pool.invokeAll(Stream.generate(() -> unpack).limit(32).toList())) {
        folders.add(f.get());
      }
      assertThat(folders).hasSize(32).containsOnly(folders.get(0));
      try (Stream<Path> files = Files.list(folders.get(0))) {
        assertThat(files).containsExactly(folders.get(0).resolve(FILE));
      }
    } finally {
      pool.shutdownNow();
    }
  }
}
