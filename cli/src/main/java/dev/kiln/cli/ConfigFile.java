package dev.kiln.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Options from a file: one {@code name = value} on each line, the names those of the options
 * without dashes; empty lines and lines that begin with # count nothing. What the command line says
 * wins.
 */
final class ConfigFile implements IDefaultValueProvider {
  static final String OPTION = "--config";

  private final Map<String, String> values;

  private ConfigFile(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Looks for the option in the arguments, and if it is there lets the command that is called take
   * its defaults from the file.
   *
   * @throws ParameterException if the file cannot be read or is wrong
   */
  static void attach(CommandLine root, String... args) {
    CommandLine command = null;
    for (int i = 0; i < args.length && !args[i].equals("--"); i++) {
      if (command == null) {
        command = root.getSubcommands().get(args[i]);
      } else if (command.getCommandSpec().findOption(OPTION) != null) {
        if (args[i].equals(OPTION) && i + 1 < args.length) {
          command.setDefaultValueProvider(read(Path.of(args[i + 1]), command));
        } else if (args[i].startsWith(OPTION + "=")) {
          String file = args[i].substring(OPTION.length() + 1);
          command.setDefaultValueProvider(read(Path.of(file), command));
        }
      }
    }
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
      if (fits && !option.longestName().equals(OPTION)) {
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

  @Override
  public String defaultValue(ArgSpec arg) {
    return arg.isOption() ? values.get(((OptionSpec) arg).longestName().substring(2)) : null;
  }
}
