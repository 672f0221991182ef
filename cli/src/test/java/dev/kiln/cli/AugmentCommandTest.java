package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AugmentCommandTest {
  @TempDir Path folder;

  private Cli preview(Path out, String... more) {
    String[] all = {
      "augment", "preview", "--offline", "--limit", "20", "--device", "cpu", "--out", out.toString()
    };
    String[] args = new String[all.length + more.length];
    System.arraycopy(all, 0, args, 0, all.length);
    System.arraycopy(more, 0, args, all.length, more.length);
    return Cli.run(args);
  }

  /** Cells of 28 x 28 pixels, twice as large, 4 apart, the first column 8 more. */
  @Test
  void writesTheImageThenItsDraws() throws IOException {
    Path out = folder.resolve("sheet.png");
    Cli cli = preview(out, "--augment", "vertical-flip:1", "--samples", "3", "--draws", "2");
    assertThat(cli.code()).as(cli.err()).isZero();
    BufferedImage sheet = ImageIO.read(out.toFile());
    assertThat(sheet.getWidth()).isEqualTo(3 * 60 + 12);
    assertThat(sheet.getHeight()).isEqualTo(3 * 60 + 4);
    int shown = 0;
    for (int row = 0; row < 3; row++) {
      for (int i = 0; i < 56; i++) {
        int original = sheet.getRGB(4 + 28, 4 + row * 60 + i);
        assertThat(sheet.getRGB(4 + 8 + 60 + 28, 4 + row * 60 + 55 - i)).isEqualTo(original);
        shown += original != 0xFF000000 ? 1 : 0;
      }
    }
    assertThat(shown).isGreaterThan(30);
  }

  @Test
  void everyNameWorks() throws IOException {
    Path out = folder.resolve("each.png");
    String all = String.join(",", AugmentText.names());
    Cli cli = preview(out, "--augment", all, "--each", "--samples", "2", "--draws", "1");
    assertThat(cli.code()).as(cli.err()).isZero();
    assertThat(cli.out()).contains("row 1   crop").contains("row 12  saturation");
    int rows = AugmentText.names().size();
    BufferedImage sheet = ImageIO.read(out.toFile());
    assertThat(sheet.getHeight()).isEqualTo(rows * 60 + 4);
    int margin = sheet.getWidth() - (2 * 60 + 12);
    for (int row = 0; row < rows; row++) {
      int ground = sheet.getRGB(0, 0);
      int written = 0;
      for (int p = 0; p < 60 * margin; p++) {
        written += sheet.getRGB(p % margin, row * 60 + p / margin) != ground ? 1 : 0;
      }
      assertThat(written).as("dots of the name of row %d", row).isBetween(20, 60 * margin / 4);
    }
  }

  @Test
  void whatIsWrongIsSaid() {
    Path out = folder.resolve("none.png");
    Cli unknown = preview(out, "--augment", "crop,flop");
    assertThat(unknown.code()).isEqualTo(ExitCode.USAGE);
    assertThat(unknown.err()).contains("\"flop\" is none of crop, ");
    assertThat(preview(out, "--augment", "flip:x").err()).contains("flip:x needs a number");
    assertThat(preview(out, "--augment", "flip:3").code()).isEqualTo(ExitCode.USAGE);
    assertThat(preview(out, "--augment", "blur:4.5").err()).contains("must be whole");
    assertThat(preview(out, "--samples", "0").code()).isEqualTo(ExitCode.USAGE);
    assertThat(Cli.run("augment").err()).contains("preview");
    assertThat(out).doesNotExist();
  }

  @Test
  void trainingTakesThePipelineAndResumesWithIt() {
    Path run = folder.resolve("run");
    Cli cli =
        Cli.run(
            "train",
            "--offline",
            "--limit",
            "96",
            "--epochs",
            "1",
            "--device",
            "cpu",
            "--augment",
            "crop:2,flip,erase,mixup",
            "--out",
            run.toString());
    assertThat(cli.code()).as(cli.err()).isZero();
    assertThat(cli.out()).contains("augmented by crop:2,flip,erase,mixup");
    assertThat(run.resolve("train.conf")).content().contains("augment = crop:2,flip,erase,mixup");
    assertThat(Files.exists(run.resolve("model.safetensors"))).isTrue();
    Cli wrong = Cli.run("train", "--offline", "--augment", "nosuch");
    assertThat(wrong.code()).isEqualTo(ExitCode.USAGE);
  }
}
