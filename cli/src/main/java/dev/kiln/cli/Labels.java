package dev.kiln.cli;

import dev.kiln.Precision;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads choices by the names that the command line shows. */
final class Labels {
  private Labels() {}

  static void register(CommandLine cli) {
    cli.registerConverter(DatasetChoice.class, of(DatasetChoice.values()));
    cli.registerConverter(ModelChoice.class, of(ModelChoice.values()));
    cli.registerConverter(OptimizerChoice.class, of(OptimizerChoice.values()));
    cli.registerConverter(ScheduleChoice.class, of(ScheduleChoice.values()));
    cli.registerConverter(Precision.class, of(Precision.values()));
    cli.registerConverter(PredictCommand.Invert.class, of(PredictCommand.Invert.values()));
  }

  private static <E extends Enum<E>> ITypeConverter<E> of(E[] values) {
    List<String> names = Arrays.stream(values).map(Object::toString).toList();
    return text ->
        Arrays.stream(values)
            .filter(v -> v.toString().equalsIgnoreCase(text))
            .findFirst()
            .orElseThrow(
                () -> {
                  List<String> near = Spelling.near(text, names);
                  return new TypeConversionException(
                      "\""
                          + text
                          + "\" is none of "
                          + String.join(", ", names)
                          + (near.isEmpty() ? "" : "; did you mean " + near.get(0) + "?"));
                });
  }
}
