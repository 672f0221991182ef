package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class OpsCommandTest {
  @Test
  void printsEveryOpOfThePage() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "ops.md"));
    assertThat(Cli.run("ops", "--markdown").out()).isEqualTo(page);
    Cli cli = Cli.run("ops");
    assertThat(cli.code()).isZero();
    assertThat(cli.out().lines().filter(l -> l.startsWith("      types: ")).count())
        .isEqualTo(page.lines().filter(l -> l.startsWith("| `")).count())
        .isGreaterThan(100);
  }

  @Test
  void printsWhatIsAskedFor() {
    assertThat(Cli.run("ops", "Conv2d").out().lines())
        .contains(
            "Convolution",
            "  conv2d(Tensor x, Tensor weight, Optional<Tensor> bias, Conv2dSpec spec)",
            "      Convolves images with filters")
        .anyMatch(l -> l.contains("| cpu: fused | scalar: composed | built from: conv2d"))
        .noneMatch(l -> l.contains("softmax"));
  }

  @Test
  void saysWhenThereIsNone() {
    Cli cli = Cli.run("ops", "nosuchop");
    assertThat(cli.code()).isEqualTo(2);
    assertThat(cli.err()).contains("No op's name contains nosuchop");
  }
}
