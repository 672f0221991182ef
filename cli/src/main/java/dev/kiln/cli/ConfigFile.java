package dev.kiln.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Options from a file: one {@code name = value} on each line, the names those of the options
 * without dashes; empty lines and lines that begin with # count nothing. What the command line says
 * wins.
 */
final class ConfigFile implements IDefaultValueProvider {
  static final String OPTION = "--config";
  static final String RESUME = "--resume";

  private final Map<String, String> values;

  private ConfigFile(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Looks for the option in the arguments, and if it is there lets the command that is called take
   * its defaults from the file; a command that resumes takes them from the run's own.
   *
   * @throws ParameterException if the file cannot be read or is wrong
   */
  static void attach(CommandLine root, String... args) {
    int first = 0;
    while (first < args.length && !root.getSubcommands().containsKey(args[first])) {
      first++;
    }
    if (first == args.length) {
      return;
    }
    CommandLine command = root.getSubcommands().get(args[first]);
    List<String> rest = List.of(args).subList(first + 1, args.length);
    Optional<Path> file = value(command, rest, OPTION);
    if (file.isEmpty()) {
      file =
          value(command, rest, RESUME)
              .map(f -> f.resolveSibling(TrainCommand.SETTINGS))
              .filter(Files::isRegularFile);
    }
    file.ifPresent(f -> command.setDefaultValueProvider(read(f, command)));
  }

  /** What the command line gives an option that the command has. */
  private static Optional<Path> value(CommandLine command, List<String> args, String option) {
    Optional<Path> value = Optional.empty();
    if (command.getCommandSpec().findOption(option) == null) {
      return value;
    }
    for (int i = 0; i < args.size() && !args.get(i).equals("--"); i++) {
      if (args.get(i).equals(option) && i + 1 < args.size()) {
        value = Optional.of(Path.of(args.get(i + 1)));
      } else if (args.get(i).startsWith(option + "=")) {
        value = Optional.of(Path.of(args.get(i).substring(option.length() + 1)));
      }
    }
    return value;
  }

  private static ConfigFile read(Path file, CommandLine command) {
    List<String> lines;
    try {
      lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw new ParameterException(command, "there is no config file " + file);
    } catch (IOException e) {
      throw new ParameterException(command, "config file " + file + " cannot be read: " + e);
    }
    Set<String> names = names(command);
    Map<String, String> values = new LinkedHashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      String where = file + " line " + (i + 1) + ": ";
      int equals = line.indexOf('=');
      if (equals <= 0) {
        throw new ParameterException(
            command, where + "\"" + line + "\" is not of the form name = value");
      }
      String name = line.substring(0, equals).strip();
      if (!names.contains(name)) {
        throw new ParameterException(command, where + unknown(name, names));
      }
      if (values.put(name, line.substring(equals + 1).strip()) != null) {
        throw new ParameterException(command, where + "\"" + name + "\" is there a second time");
      }
    }
    return new ConfigFile(values);
  }

  private static Set<String> names(CommandLine command) {
    Set<String> names = new TreeSet<>();
    for (OptionSpec option : command.getCommandSpec().options()) {
      boolean fits = !option.usageHelp() && !option.versionHelp();
      if (fits && !List.of(OPTION, RESUME).contains(option.longestName())) {
        names.add(option.longestName().substring(2));
      }
    }
    return names;
  }

  private static String unknown(String name, Set<String> names) {
    List<String> near = Spelling.near(name, names);
    return "there is no option \""
        + name
        + "\""
        + (near.isEmpty()
            ? "; there are: " + String.join(", ", names)
            : "; did you mean " + String.join(" or ", near) + "?");
  }

  /**
   * Writes down the options of a command, as a file that gives them again.
   *
   * @param title the first line, a comment
   * @param command the command, parsed
   * @param left options that are not written
   */
  static String of(String title, CommandSpec command, Set<String> left) {
    StringBuilder text = new StringBuilder("# ").append(title).append('\n');
    for (String name : names(command.commandLine())) {
      Object value = command.findOption("--" + name).getValue();
      if (value != null && !left.contains(name)) {
        text.append(name).append(" = ").append(value).append('\n');
      }
    }
    return text.toString();
  }

  @Override
  public String defaultValue(ArgSpec arg) {
    return arg.isOption() ? values.get(((OptionSpec) arg).longestName().substring(2)) : null;
  }
}
