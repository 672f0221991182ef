package dev.kiln.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs the {@code kiln} command and ends the process with its exit code. */
@Command(
    name = "kiln",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "Trains neural networks on the CPU or on an NVIDIA GPU.",
    subcommands = {})
public final class Main implements Runnable {
  @Spec private CommandSpec spec;

  private Main() {}

  /** Called when no subcommand was named: says so, with the usage. */
  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Missing command");
  }

  /** Returns the command line of {@code kiln}, ready to execute; tests run it in-process. */
  public static CommandLine commandLine() {
    return new CommandLine(new Main());
  }

  /**
   * Runs the command.
   *
   * @param args the arguments after {@code kiln}
   */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }
}
