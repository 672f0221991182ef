package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model is trained on the embedded sample, resumed, measured and asked, all by commands. */
class TrainEvalPredictTest {
  @TempDir private static Path folder;
  private static Cli trained;
  private static Path model;

  private static Cli train(String out, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("train", "--model", "mlp", "--offline", "--device", "cpu", "--limit", "600"));
    args.addAll(List.of("--out", folder.resolve(out).toString()));
    args.addAll(List.of(more));
    return Cli.run(args.toArray(String[]::new));
  }

  @BeforeAll
  static void train() {
    trained = train("first", "--epochs", "2");
    model = folder.resolve("first").resolve("model.safetensors");
  }

  @Test
  void savesModelSettingsAndHistory() {
    assertThat(trained.err()).isEmpty();
    assertThat(trained.code()).isZero();
    assertThat(folder.resolve("first"))
        .isDirectoryContaining("glob:**/model.safetensors")
        .isDirectoryContaining("glob:**/model.json")
        .isDirectoryContaining("glob:**/checkpoints")
        .isDirectoryContaining("glob:**/train.conf")
        .isDirectoryContaining("glob:**/history.csv");
  }

  @Test
  void saysWhatItDoesAndWhatCameOut() {
    assertThat(trained.out())
        .contains("device  cpu: ", "data    Fashion-MNIST", "model   mlp: 535,818 parameters")
        .contains("recipe  adamw, lr 0.002 (one-cycle)", "2 epochs, seed 42")
        .contains("epoch 1/2", "epoch 2/2", "val_accuracy")
        .containsPattern("test    accuracy 0\\.\\d{4}, loss \\d\\.\\d{4} \\(600 images\\)")
        .contains("saved   " + model);
  }

  @Test
  void theSameSettingsGiveTheSameModelBitForBit() throws IOException {
    Path settings = folder.resolve("first").resolve("train.conf");
    Path again = folder.resolve("again");
    Cli cli =
        Cli.run("train", "--config", settings.toString(), "--out", again.toString(), "--quiet");
    assertThat(cli.code()).as(cli.err()).isZero();
    assertThat(cli.out().lines()).as("quiet output").hasSize(2);
    assertThat(again.resolve("model.safetensors")).hasSameBinaryContentAs(model);
    Cli other = train("other", "--epochs", "2", "--seed", "7");
    assertThat(other.code()).isZero();
    assertThat(Files.mismatch(folder.resolve("other").resolve("model.safetensors"), model))
        .isNotEqualTo(-1);
  }

  @Test
  void aRunIsNotOverwrittenButGoesOn() {
    Cli cli = train("first");
    assertThat(cli.code()).isEqualTo(ExitCode.USAGE);
    assertThat(cli.err()).contains("already holds a run", "--resume");
  }

  private static String other(String name) {
    return folder.resolve(name).toString();
  }

  private static List<Path> checkpoints(String run) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(run).resolve("checkpoints"))) {
      return files.sorted().toList();
    }
  }

  @Test
  void aRunGoesOnFromItsFolderOrFromAFile() throws IOException {
    Path run = folder.resolve("first");
    List<Path> saved = checkpoints("first");
    assertThat(saved).hasSize(2);
    Path on = folder.resolve("on");
    Cli finished = Cli.run("train", "--resume", run.toString(), "--out", on.toString());
    assertThat(finished.code()).as(finished.err()).isZero();
    assertThat(finished.out()).contains("resume  from " + saved.get(1) + ", after step 20");
    assertThat(on.resolve("model.safetensors")).hasSameBinaryContentAs(model);
    Path second = folder.resolve("second");
    Cli half = Cli.run("train", "--resume", saved.get(0).toString(), "--out", second.toString());
    assertThat(half.code()).as(half.err()).isZero();
    assertThat(half.out()).contains("epoch 2/2").doesNotContain("epoch 1/2");
    assertThat(second.resolve("model.safetensors")).hasSameBinaryContentAs(model);
  }

  @Test
  void aDamagedNewestCheckpointIsPassedOver() throws IOException {
    assertThat(train("hurt", "--epochs", "2", "--save-every", "3", "--keep", "2").code()).isZero();
    List<Path> saved = checkpoints("hurt");
    assertThat(saved).hasSizeBetween(2, 3);
    Path newest = saved.get(saved.size() - 1);
    byte[] bytes = Files.readAllBytes(newest);
    bytes[bytes.length / 2] ^= 4;
    Files.write(newest, bytes);
    Path run = folder.resolve("hurt");
    Cli cli = Cli.run("train", "--resume", run.resolve("checkpoints").toString());
    assertThat(cli.code()).as(cli.err()).isZero();
    assertThat(cli.out())
        .contains("resume  passed over " + newest.getFileName(), "SHA-256")
        .contains("resume  from " + saved.get(saved.size() - 2));
    assertThat(run.resolve("model.safetensors")).hasSameBinaryContentAs(model);
  }

  @Test
  void whatCannotBeResumedIsAModelError() throws IOException {
    String saved = checkpoints("first").get(0).toString();
    Cli batch = Cli.run("train", "--resume", saved, "--batch-size", "63", "--out", other("a"));
    assertThat(batch.code()).isEqualTo(ExitCode.MODEL);
    assertThat(batch.err()).contains("batch size").contains("but these data have 63");
    Cli flip = Cli.run("train", "--resume", saved, "--augment", "flip", "--out", other("b"));
    assertThat(flip.code()).isEqualTo(ExitCode.MODEL);
    assertThat(flip.err()).contains("augmentation none but this trainer has horizontalFlip(0.5)");
    Cli none = Cli.run("train", "--resume", folder.resolve("none.safetensors").toString());
    assertThat(none.code()).isEqualTo(ExitCode.MODEL);
    Cli empty = Cli.run("train", "--resume", folder.toString());
    assertThat(empty.code()).isEqualTo(ExitCode.MODEL);
    assertThat(empty.err()).contains("is no folder of a run");
  }

  @Test
  void evalGivesTheAccuracyThatTrainGave() {
    String accuracy = trained.out().split("test    accuracy ")[1].substring(0, 6);
    Cli cli =
        Cli.run(
            "eval",
            model.toString(),
            "--offline",
            "--limit",
            "600",
            "--json",
            folder.resolve("eval.json").toString());
    assertThat(cli.code()).as(cli.err()).isZero();
    assertThat(cli.out())
        .contains("true \\ predicted", "precision", "Ankle boot", "accuracy " + accuracy);
    assertThat(folder.resolve("eval.json")).content().contains("\"samples\": 600", "\"f1\"");
  }

  @Test
  void evalFailsBelowTheAccuracyThatIsAskedFor() {
    Cli cli =
        Cli.run(
            "eval",
            folder.resolve("first").toString(),
            "--offline",
            "--limit",
            "50",
            "--min-accuracy",
            "1.01");
    assertThat(cli.code()).isEqualTo(ExitCode.CHECK_FAILED);
    assertThat(cli.err()).contains("is below 1.01");
  }

  private static Path picture(String name, int ground, int object) throws IOException {
    BufferedImage image = new BufferedImage(60, 40, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 40; y++) {
      for (int x = 0; x < 60; x++) {
        boolean legs = y > 4 && y < 36 && Math.abs(x - 30) < 8 && (y < 12 || x != 30);
        image.setRGB(x, y, (legs ? object : ground) * 0x010101);
      }
    }
    Path file = folder.resolve(name);
    assertThat(ImageIO.write(image, "png", file.toFile())).isTrue();
    return file;
  }

  @Test
  void predictSeesTheSameOnLightAndOnDarkGround() throws IOException {
    Path dark = picture("dark.png", 0, 220);
    Path light = picture("light.png", 255, 35);
    Cli cli = Cli.run("predict", model.toString(), dark.toString(), light.toString(), "--top", "2");
    assertThat(cli.code()).as(cli.err()).isZero();
    List<String> lines = cli.out().lines().toList();
    assertThat(lines).hasSize(2);
    assertThat(lines.get(0)).startsWith(dark + ": ").containsPattern("\\d %, .+ \\d+\\.\\d %$");
    String onDark = lines.get(0).substring(dark.toString().length());
    assertThat(lines.get(1)).isEqualTo(light + onDark + "  (light and dark swapped)");
  }

  @Test
  void brokenPicturesFailAndTheOthersAreAnswered() throws IOException {
    Path good = picture("good.png", 0, 255);
    Path bad = Files.writeString(folder.resolve("bad.png"), "no picture");
    Cli cli = Cli.run("predict", model.toString(), bad.toString(), good.toString());
    assertThat(cli.code()).isEqualTo(ExitCode.DATA);
    assertThat(cli.err()).contains("bad.png");
    assertThat(cli.out()).startsWith(good.toString());
  }

  @Test
  void modelFilesThatDoNotFitAreNamed() throws IOException {
    Cli absent = Cli.run("eval", folder.resolve("none").resolve("m.safetensors").toString());
    assertThat(absent.code()).isEqualTo(ExitCode.MODEL);
    assertThat(absent.err()).contains("m.safetensors");
    Path cut = folder.resolve("cut.safetensors");
    Files.write(cut, Arrays.copyOf(Files.readAllBytes(model), 5000));
    assertThat(Cli.run("eval", cut.toString()).code()).isEqualTo(ExitCode.MODEL);
    Path checkpoint = checkpoints("first").get(0);
    Cli training = Cli.run("eval", checkpoint.toString());
    assertThat(training.code()).isEqualTo(ExitCode.MODEL);
    assertThat(training.err()).contains("checkpoint of a training run", "model.safetensors");
  }

  @Test
  void missingDataIsADataError() {
    Cli cli = Cli.run("train", "--data", folder.resolve("nowhere").toString());
    assertThat(cli.code()).isEqualTo(ExitCode.DATA);
    assertThat(cli.err()).contains("nowhere");
    Cli cifar = Cli.run("train", "--dataset", "cifar10");
    assertThat(cifar.code()).isEqualTo(ExitCode.DATA);
    assertThat(cifar.err()).contains("--data DIR");
  }

  @Test
  void valuesOutOfRangeAreUsageErrors() {
    for (String[] option :
        new String[][] {
          {"--epochs", "0"},
          {"--batch-size", "0"},
          {"--lr", "-1"},
          {"--threads", "0"},
          {"--label-smoothing", "2"},
          {"--limit", "-1"},
          {"--save-every", "-1"},
          {"--keep", "-1"},
          {"--model", "lenett"}
        }) {
      Cli cli = Cli.run("train", option[0], option[1]);
      assertThat(cli.code()).as(String.join(" ", option)).isEqualTo(ExitCode.USAGE);
      assertThat(cli.err()).contains(option[0], option[1]);
    }
  }
}
