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
 * wins; a file wins over a recipe.
 */
final class ConfigFile implements IDefaultValueProvider {
  static final String OPTION = "--config";
  static final String RESUME = "--resume";
  static final String RECIPE = "--recipe";

  /** In the place of a recipe's name: shows which there are. */
  static final String LIST = "list";

  /** Options that a file cannot give. */
  private static final List<String> OUTSIDE = List.of(OPTION, RESUME, RECIPE);

  private final Map<String, String> values;

  private ConfigFile(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Looks for the options in the arguments, and if they are there lets the command that is called
   * take its defaults from the file and the recipe; a command that resumes takes them from the
   * run's own.
   *
   * @throws ParameterException if a file cannot be read or is wrong, or there is no such recipe
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
    Map<String, String> values = new LinkedHashMap<>();
    value(command, rest, RECIPE)
        .filter(name -> !name.equals(LIST))
        .ifPresent(name -> values.putAll(recipe(name, command)));
    value(command, rest, OPTION)
        .map(Path::of)
        .or(() -> value(command, rest, RESUME).flatMap(f -> RunFolder.settings(Path.of(f))))
        .ifPresent(file -> values.putAll(read(file, command)));
    if (!values.isEmpty()) {
      command.setDefaultValueProvider(new ConfigFile(values));
    }
  }

  /** What the command line gives an option that the command has. */
  private static Optional<String> value(CommandLine command, List<String> args, String option) {
    Optional<String> value = Optional.empty();
    if (command.getCommandSpec().findOption(option) == null) {
      return value;
    }
    for (int i = 0; i < args.size() && !args.get(i).equals("--"); i++) {
      if (args.get(i).equals(option) && i + 1 < args.size()) {
        value = Optional.of(args.get(i + 1));
      } else if (args.get(i).startsWith(option + "=")) {
        value = Optional.of(args.get(i).substring(option.length() + 1));
      }
    }
    return value;
  }

  private static Map<String, String> recipe(String name, CommandLine command) {
    Recipe recipe = Recipe.of(name).orElseThrow(() -> noRecipe(command.getCommandSpec(), name));
    return parse("recipe " + name, recipe.lines(), command);
  }

  /** Says that there is no such recipe, and which there are. */
  static ParameterException noRecipe(CommandSpec command, String name) {
    List<String> near = Spelling.near(name, Recipe.NAMES);
    return new ParameterException(
        command.commandLine(),
        "there is no recipe \""
            + name
            + "\""
            + (near.isEmpty()
                ? "; there are: " + String.join(", ", Recipe.NAMES)
                : "; did you mean " + String.join(" or ", near) + "?"));
  }

  private static Map<String, String> read(Path file, CommandLine command) {
    try {
      return parse(file.toString(), Files.readAllLines(file, StandardCharsets.UTF_8), command);
    } catch (NoSuchFileException e) {
      throw new ParameterException(command, "there is no config file " + file);
    } catch (IOException e) {
      throw new ParameterException(command, "config file " + file + " cannot be read: " + e);
    }
  }

  private static Map<String, String> parse(String file, List<String> lines, CommandLine command) {
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
    return values;
  }

  private static Set<String> names(CommandLine command) {
    Set<String> names = new TreeSet<>();
    for (OptionSpec option : command.getCommandSpec().options()) {
      boolean fits = !option.usageHelp() && !option.versionHelp();
      if (fits && !OUTSIDE.contains(option.longestName())) {
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
