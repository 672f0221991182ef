package dev.kiln.train;

import de.siegmar.fastcsv.writer.CsvWriter;
import dev.kiln.io.AtomicFiles;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a CSV file with a row per epoch: {@code epoch}, every monitored value, {@code seconds},
 * {@code samples_per_second}.
 *
 * <p>The file is written anew after each epoch and then renamed, so it is whole at any time, and
 * after a resume it has the epochs before as well. Columns are those of the first epoch.
 */
public final class CsvLogger implements Callback {
  private final Path path;

  private CsvLogger(Path path) {
    this.path = path;
  }

  /**
   * Logs to a file.
   *
   * @param path the file, replaced when the first epoch ends
   * @return the callback
   */
  public static CsvLogger to(Path path) {
    return new CsvLogger(path);
  }

  @Override
  public void onEpochEnd(TrainState state) {
    AtomicFiles.write(path, text(state.history().epochs()).getBytes(StandardCharsets.UTF_8));
  }

  private static String text(List<EpochRecord> records) {
    List<String> columns = new ArrayList<>(records.get(0).values().keySet());
    StringWriter text = new StringWriter();
    try (CsvWriter csv = CsvWriter.builder().build(text)) {
      List<String> head = new ArrayList<>(List.of("epoch"));
      head.addAll(columns);
      head.addAll(List.of("seconds", "samples_per_second"));
      csv.writeRecord(head);
      for (EpochRecord r : records) {
        List<String> row = new ArrayList<>(List.of(Integer.toString(r.epoch())));
        columns.forEach(c -> row.add(Double.toString(r.values().getOrDefault(c, Double.NaN))));
        row.add(Double.toString(r.seconds()));
        row.add(Double.toString(r.samplesPerSecond()));
        csv.writeRecord(row);
      }
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return text.toString();
  }
}
