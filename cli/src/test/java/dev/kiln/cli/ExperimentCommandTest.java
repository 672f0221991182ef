package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExperimentCommandTest {
  @TempDir Path folder;

  private Cli transfer(Path out) {
    return quick("transfer", out);
  }

  private static Cli quick(String name, Path out) {
    return Cli.run(
        "experiment", name, "--quick", "--offline", "--device", "cpu", "--out", out.toString());
  }

  @Test
  void listsWhatThereIs() {
    Cli cli = Cli.run("experiment");
    assertThat(cli.code()).isZero();
    assertThat(cli.out()).contains("transfer", "ensemble");
  }

  /** Each way at two sizes with two seeds, and the same numbers when run again. */
  @Test
  void aQuickRunWritesItsNumbersAndItsPlot() throws IOException {
    Cli cli = transfer(folder.resolve("a"));
    assertThat(cli.code()).as(cli.err()).isZero();
    assertThat(cli.out()).contains("images per class", "gain by seed", "seeds   [1, 2]");
    List<String> rows = Files.readAllLines(folder.resolve("a/transfer.csv"));
    assertThat(rows).hasSize(1 + 2 * 2 * 2).startsWith("seed,images_per_class,way,accuracy");
    assertThat(rows.get(1)).startsWith("1,4,from scratch,");
    assertThat(ImageIO.read(folder.resolve("a/transfer.png").toFile()).getWidth()).isEqualTo(720);
    assertThat(transfer(folder.resolve("b")).code()).isZero();
    assertThat(folder.resolve("b/transfer.csv"))
        .hasSameTextualContentAs(folder.resolve("a/transfer.csv"));
  }

  @Test
  void whatIsWrongIsSaid() {
    Cli unknown = Cli.run("experiment", "transfre");
    assertThat(unknown.code()).isEqualTo(ExitCode.USAGE);
    assertThat(unknown.err()).contains("\"transfre\" is none of transfer, ensemble");
    assertThat(Cli.run("experiment", "transfer", "--seeds", "0").code()).isEqualTo(ExitCode.USAGE);
    assertThat(Cli.run("experiment", "transfer", "--threads", "0").code())
        .isEqualTo(ExitCode.USAGE);
    assertThat(Cli.run("experiment", "transfer", "--offline", "--data", folder.toString()).code())
        .isEqualTo(ExitCode.DATA);
  }
}
