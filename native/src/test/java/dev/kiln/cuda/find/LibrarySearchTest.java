package dev.kiln.cuda.find;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The order of the places, on libc, which is on every machine. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class LibrarySearchTest {
  private static final String LIBC = "libc.so.6";
  private static final Set<String> FUNCTIONS = Set.of("malloc", "strlen");

  @TempDir private Path folder;

  private static Search search(Path root, Map<String, String> variables) {
    return new LibrarySearch(
            new Surroundings(root, variables, "Linux", "amd64"), name -> Optional.empty())
        .find(LIBC, FUNCTIONS);
  }

  private static Path libc() {
    return search(Path.of("/"), Map.of()).found().orElseThrow();
  }

  private Path link(String place) throws IOException {
    Path link = folder.resolve(place).resolve(LIBC);
    Files.createDirectories(link.getParent());
    return Files.createSymbolicLink(link, libc());
  }

  @Test
  void asksTheLoadersCache() {
    Search found = search(Path.of("/"), Map.of());
    assertThat(found.source()).isEqualTo("system loader");
    assertThat(found.found().orElseThrow()).hasFileName(LIBC).exists();
  }

  @Test
  void goesFromTheMostWantedToTheLeast() throws IOException {
    Path own = link("own/lib64");
    Path loader = link("loader");
    Path home = link("home/lib64");
    Path usual = link("root/usr/local/cuda-13.0/lib64");
    Path wheel = link("venv/lib/python3.12/site-packages/nvidia/cu13/lib");
    Path root = folder.resolve("root");
    Map<String, String> all =
        Map.of(
            "KILN_CUDA_PATH", folder.resolve("own").toString(),
            "LD_LIBRARY_PATH", folder.resolve("loader").toString(),
            "CUDA_HOME", folder.resolve("home").toString(),
            "VIRTUAL_ENV", folder.resolve("venv").toString());
    for (Path expected : new Path[] {own, loader, home, usual, wheel}) {
      assertThat(search(root, all).found()).contains(expected);
      Files.delete(expected);
    }
    Search none = search(root, all);
    assertThat(none.found()).isEmpty();
    assertThat(none.summary())
        .contains("KILN_CUDA_PATH, system loader, CUDA_HOME, usual folders, pip wheels, jars");
  }

  @Test
  void takesTheNewestToolkit() throws IOException {
    link("root/usr/local/cuda-12.6/lib64");
    Path newer = link("root/usr/local/cuda-13.0/lib64");
    assertThat(search(folder.resolve("root"), Map.of()).found()).contains(newer);
  }

  @Test
  void goesOnAfterAFileThatIsNoGood() throws IOException {
    Path bad = folder.resolve("own").resolve(LIBC);
    Files.createDirectories(bad.getParent());
    Files.writeString(bad, "/* GNU ld script */ INPUT(libc.so)".repeat(4));
    Path good = link("loader");
    Search found =
        search(
            folder,
            Map.of(
                "KILN_CUDA_PATH", bad.getParent().toString(),
                "LD_LIBRARY_PATH", good.getParent().toString()));
    assertThat(found.found()).contains(good);
    assertThat(found.refusals()).isEqualTo(bad + " (KILN_CUDA_PATH) is no shared library");
  }

  @Test
  void saysWhatALibraryLacks() {
    Search lacking =
        new LibrarySearch(
                new Surroundings(Path.of("/"), Map.of(), "Linux", "amd64"),
                name -> Optional.empty())
            .find(LIBC, Set.of("malloc", "cublasCreate_v2"));
    assertThat(lacking.found()).isEmpty();
    assertThat(lacking.refusals()).contains("has undefined symbols: it lacks cublasCreate_v2");
  }
}
