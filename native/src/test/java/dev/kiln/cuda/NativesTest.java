package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.kiln.cuda.find.Elf;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class NativesTest {
  @TempDir private Path folder;

  /** Wherever they were built: the doctor promises it, and an archive goes to other machines. */
  @Test
  void runOnTheOldestSystemThatTheDoctorAccepts() throws Exception {
    assumeThat(NativeCache.exists(Natives.LAUNCHERS)).as("needs g++ to build them").isTrue();
    NativeCache cache = new NativeCache(List.of(folder.resolve("cache")));
    List<Path> folders =
        List.of(
            cache.unpack("launchers", List.of(Natives.LAUNCHERS)),
            cache.unpack("jcuda", Natives.JCUDA_LIBRARIES),
            Bridge.unpack(cache).getParent());
    for (Path each : folders) {
      try (Stream<Path> files = Files.list(each)) {
        for (Path file : files.filter(f -> f.toString().contains(".so")).toList()) {
          assertThat(Elf.read(file).glibc())
              .as("glibc that %s needs", file.getFileName())
              .isLessThanOrEqualTo(SystemChecks.OLDEST_GLIBC);
        }
      }
    }
  }
}
