package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class ConfigFileTest {
  @TempDir private Path folder;

  @Command(name = "root", subcommands = Work.class)
  private static final class Root implements Runnable {
    @Override
    public void run() {}
  }

  @Command(name = "work")
  @SuppressWarnings("UnusedVariable") // some are there to be found only
  private static final class Work implements Runnable {
    @Option(names = "--batch-size", defaultValue = "64")
    private int batchSize;

    @Option(names = "--epochs", defaultValue = "5")
    private int epochs;

    @Option(names = "--offline")
    private boolean offline;

    @Option(names = "--name")
    private String name;

    @Option(names = ConfigFile.OPTION)
    private Path config;

    @Option(names = ConfigFile.RESUME)
    private Path resume;

    @Override
    public void run() {}
  }

  private final StringWriter err = new StringWriter();
  private final CommandLine cli = new CommandLine(new Root());

  private Work run(String... args) {
    cli.setErr(new PrintWriter(err));
    ConfigFile.attach(cli, args);
    assertThat(cli.execute(args)).isZero();
    return cli.getSubcommands().get("work").getCommand();
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  @Test
  void givesDefaultsAndTheCommandLineWins() throws IOException {
    Path file =
        write(
            "my.conf", "# a comment\n\n batch-size=32\nepochs =  7 \noffline = true\nname = a = b");
    Work work = run("work", "--epochs", "2", "--config", file.toString());
    assertThat(work.batchSize).isEqualTo(32);
    assertThat(work.epochs).isEqualTo(2);
    assertThat(work.offline).isTrue();
    assertThat(work.name).isEqualTo("a = b");
  }

  @Test
  void aResumedRunTakesTheFileBesideItsCheckpoint() throws IOException {
    write(TrainCommand.SETTINGS, "epochs = 9");
    Path checkpoint = folder.resolve("checkpoint.safetensors");
    assertThat(run("work", "--resume=" + checkpoint).epochs).isEqualTo(9);
    Path other = write("other.conf", "epochs = 3");
    assertThat(run("work", "--resume=" + checkpoint, "--config=" + other).epochs).isEqualTo(3);
  }

  @Test
  void withoutAFileTheDefaultsStay() {
    Work work = run("work");
    assertThat(work.batchSize).isEqualTo(64);
    assertThat(work.epochs).isEqualTo(5);
    assertThat(work.name).isNull();
  }

  @Test
  void whatIsWrittenDownGivesTheSameOptions() throws IOException {
    run("work", "--batch-size", "16", "--offline", "--name", "x y");
    String text =
        ConfigFile.of("title", cli.getSubcommands().get("work").getCommandSpec(), Set.of("epochs"));
    assertThat(text).isEqualTo("# title\nbatch-size = 16\nname = x y\noffline = true\n");
    Work again = run("work", "--config", write("again.conf", text).toString());
    assertThat(again.batchSize).isEqualTo(16);
    assertThat(again.name).isEqualTo("x y");
    assertThat(again.offline).isTrue();
  }

  private String error(String text) throws IOException {
    Path file = write("bad.conf", text);
    Cli result = Cli.run("train", "--config", file.toString());
    assertThat(result.code()).isEqualTo(ExitCode.USAGE);
    assertThat(result.err()).startsWith("kiln: " + file + " line ").contains("train --help");
    return result.err();
  }

  @Test
  void mistakesAreNamedWithTheirLine() throws IOException {
    assertThat(error("epochs = 3\n\nbatchsize = 8"))
        .contains("line 3: there is no option \"batchsize\"; did you mean batch-size?");
    assertThat(error("zzzz = 8")).contains("there are: ", "epochs", "optimizer");
    assertThat(error("epochs 3")).contains("line 1", "not of the form name = value");
    assertThat(error("epochs = 3\nepochs = 4")).contains("line 2", "a second time");
    assertThat(error("config = other.conf")).contains("no option \"config\"");
  }

  @Test
  void valuesAreCheckedLikeThoseOfTheCommandLine() throws IOException {
    Path file = write("bad.conf", "epochs = many");
    Cli result = Cli.run("train", "--config", file.toString());
    assertThat(result.code()).isEqualTo(ExitCode.USAGE);
    assertThat(result.err()).contains("--epochs", "many");
  }

  @Test
  void missingFilesAreUsageErrors() {
    Cli result = Cli.run("train", "--config", folder.resolve("none.conf").toString());
    assertThat(result.code()).isEqualTo(ExitCode.USAGE);
    assertThat(result.err()).contains("there is no config file", "none.conf");
  }
}
