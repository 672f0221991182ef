package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class RedistJarsTest {
  @TempDir private Path folder;

  private Path jar(String... files) throws IOException {
    Path jar = folder.resolve("cuda-redist.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(file)) {
      for (String name : files) {
        zip.putNextEntry(new ZipEntry("org/bytedeco/cuda/linux-x86_64/" + name));
        zip.write(name.getBytes(StandardCharsets.UTF_8));
      }
    }
    return jar;
  }

  @Test
  void unpacksALibraryWithThoseItLoadsByName() throws IOException {
    Path jar = jar("libcudnn.so.9", "libcudnn_ops.so.9", "libcublas.so.12", "jnicudnn.so");
    NativeCache cache = new NativeCache(List.of(folder.resolve("cache")));
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
      RedistJars jars = new RedistJars(cache, loader);
      Path cudnn = jars.unpack("libcudnn.so.9").orElseThrow();
      assertThat(cudnn).hasContent("libcudnn.so.9");
      try (Stream<Path> beside = Files.list(cudnn.getParent())) {
        assertThat(beside)
            .containsExactlyInAnyOrder(cudnn, cudnn.resolveSibling("libcudnn_ops.so.9"));
      }
      assertThat(jars.unpack("libcudnn.so.9")).contains(cudnn);
      assertThat(jars.unpack("libnvrtc.so.12")).isEqualTo(Optional.empty());
    }
  }
}
