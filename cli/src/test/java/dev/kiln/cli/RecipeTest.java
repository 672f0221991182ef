package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import picocli.CommandLine;

/** The recipes that come with the program can be cooked. */
class RecipeTest {
  @SuppressWarnings("UnusedVariable") // read by the parameterized test
  private static final Iterable<String> NAMES = Recipe.NAMES;

  @TempDir private Path folder;

  @Test
  void allFilesAreListed() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("src/main/resources/dev/kiln/cli/recipes"))) {
      assertThat(files.map(f -> f.getFileName().toString().replace(".conf", "")))
          .containsExactlyInAnyOrderElementsOf(Recipe.NAMES);
    }
  }

  @ParameterizedTest
  @FieldSource("NAMES")
  void optionsModelAndAugmentationExist(String name) {
    CommandLine cli = Main.commandLine();
    String[] args = {"train", "--recipe", name};
    ConfigFile.attach(cli, args);
    CommandLine.ParseResult parsed = cli.parseArgs(args).subcommand();
    CommandLine.Model.CommandSpec spec = parsed.commandSpec();
    assertThat((ModelChoice) spec.findOption("--model").getValue()).hasToString(name);
    assertThat((DatasetChoice) spec.findOption("--dataset").getValue())
        .isEqualTo(DatasetChoice.FASHION_MNIST);
    String augment = spec.findOption("--augment").getValue();
    if (augment != null) {
      AugmentText.parse(augment);
    }
    Recipe recipe = Recipe.of(name).orElseThrow();
    assertThat(recipe.target()).matches("9\\d\\.\\d %");
    assertThat(recipe.title()).contains("Fashion-MNIST");
  }

  @Test
  void theListSaysWhatWasReachedOrThatItWasNotRun() {
    Cli cli = Cli.run("recipes");
    assertThat(cli.code()).isZero();
    assertThat(cli.out()).contains("lenet", "91.5 %", "resnet18", "94.9 %", "wrn28-10", "96.3 %");
    assertThat(cli.out().lines().skip(1)).allMatch(l -> l.matches(".*(not run|\\d %.*).*"));
    assertThat(Cli.run("train", "--recipe", "list").out()).isEqualTo(cli.out());
  }

  @Test
  void aRecipeIsShownAsItsFileAndUnknownOnesAreUsageErrors() throws IOException {
    Cli shown = Cli.run("recipes", "lenet");
    assertThat(shown.code()).isZero();
    assertThat(shown.out())
        .isEqualTo(
            Files.readString(Path.of("src/main/resources/dev/kiln/cli/recipes/lenet.conf"))
                .replace("\n", System.lineSeparator()));
    for (String command : new String[] {"recipes lenett", "train --recipe lenett"}) {
      Cli cli = Cli.run(command.split(" "));
      assertThat(cli.code()).isEqualTo(ExitCode.USAGE);
      assertThat(cli.err()).contains("no recipe \"lenett\"; did you mean lenet?");
    }
  }

  @Test
  void aRecipeGivesDefaultsAndFileAndCommandLineWin() throws IOException {
    Path config = Files.writeString(folder.resolve("my.conf"), "lr = 0.5\nbatch-size = 7\n");
    CommandLine cli = Main.commandLine();
    String[] args = {
      "train", "--recipe=resnet18", "--config", config.toString(), "--batch-size", "9"
    };
    ConfigFile.attach(cli, args);
    CommandLine.Model.CommandSpec spec = cli.parseArgs(args).subcommand().commandSpec();
    assertThat((Integer) spec.findOption("--batch-size").getValue()).isEqualTo(9);
    assertThat((Double) spec.findOption("--lr").getValue()).isEqualTo(0.5);
    assertThat((ModelChoice) spec.findOption("--model").getValue()).isEqualTo(ModelChoice.RESNET18);
  }

  @Test
  void lenetTrainsByItsRecipeAtTinySize() throws IOException {
    Path out = folder.resolve("run");
    String[] tiny = {"--epochs", "1", "--limit", "40", "--batch-size", "20", "--offline"};
    String[] args =
        Stream.concat(
                Stream.of("train", "--recipe", "lenet", "--device", "cpu", "--out", out.toString()),
                Stream.of(tiny))
            .toArray(String[]::new);
    Cli cli = Cli.run(args);
    assertThat(cli.code()).as(cli.err()).isZero();
    assertThat(cli.out())
        .contains("recipe  lenet: adamw, lr 0.002 (one-cycle)", "batch 20, 1 epoch", "(40 images)");
    assertThat(out.resolve("train.conf")).content().contains("model = lenet", "lr = 0.002");
  }
}
