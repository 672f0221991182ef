package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.kiln.cuda.find.Elf;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class BridgeTest {
  @TempDir private Path folder;

  private static Set<String> cublas(Set<String> names) {
    return names.stream().filter(n -> n.startsWith("cublas")).collect(Collectors.toSet());
  }

  /** Else JCuda's library could not be loaded on it, or would end the process later. */
  @Test
  void hasEveryFunctionThatJcudaTakesFromCublas() throws Exception {
    assumeThat(getClass().getClassLoader().getResource(Bridge.resource()))
        .as("needs g++ to build it")
        .isNotNull();
    NativeCache cache = new NativeCache(List.of(folder.resolve("cache")));
    Path jcuda = cache.unpack("jcuda", Natives.JCUDA_LIBRARIES);
    Set<String> wanted =
        cublas(Elf.read(jcuda.resolve("libJCublas2-12.6.0-linux-x86_64.so")).imports());
    assertThat(wanted).hasSizeGreaterThan(400).contains("cublasGemmStridedBatchedEx");
    assertThat(cublas(Elf.read(Bridge.unpack(cache)).exports())).isEqualTo(wanted);
  }
}
