package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LatestTest {
  @TempDir private Path runs;

  private Path run(String name) throws IOException {
    Path folder = Files.createDirectory(runs.resolve(name));
    Files.writeString(folder.resolve("who"), name);
    Latest.point(folder);
    return folder;
  }

  @Test
  void leadsToTheLastRun() throws IOException {
    run("one");
    assertThat(runs.resolve("latest").resolve("who")).hasContent("one");
    run("two");
    assertThat(runs.resolve("latest").resolve("who")).hasContent("two");
    assertThat(runs.resolve("one").resolve("who")).hasContent("one");
  }

  @Test
  void leavesAFolderOfThatNameAlone() throws IOException {
    Path own = Files.createDirectory(runs.resolve("latest"));
    run("one");
    assertThat(own).isEmptyDirectory();
  }
}
