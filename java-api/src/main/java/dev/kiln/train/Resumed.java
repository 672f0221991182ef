package dev.kiln.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where {@link Trainer#resumeLatest} takes up training.
 *
 * @param checkpoint the newest intact file; empty if training starts from the beginning
 * @param epochs how many epochs are finished
 * @param steps how many steps are done in all epochs
 * @param passedOver newer files that are damaged, the newest first, and why they cannot be used
 */
public record Resumed(
    Optional<Path> checkpoint, int epochs, long steps, Map<Path, String> passedOver) {
  /** Copies the map. */
  public Resumed {
    passedOver = Collections.unmodifiableMap(new LinkedHashMap<>(passedOver));
  }

  static Resumed from(Optional<Path> checkpoint, Progress progress, Map<Path, String> passedOver) {
    return new Resumed(checkpoint, progress.records.size(), progress.globalStep, passedOver);
  }

  /**
   * Says it in words.
   *
   * @return a line for each file that was passed over, then one for what is taken
   */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    passedOver.forEach((file, why) -> lines.add("passed over " + file.getFileName() + ": " + why));
    lines.add(
        checkpoint
            .map(
                file ->
                    "from %s, after step %d, %d epoch%s done"
                        .formatted(file, steps, epochs, epochs == 1 ? "" : "s"))
            .orElse("from the beginning: there is no checkpoint yet"));
    return lines;
  }
}
