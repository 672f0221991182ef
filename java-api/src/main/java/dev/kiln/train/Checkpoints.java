package dev.kiln.train;

import dev.kiln.KilnException;
import dev.kiln.io.AtomicFiles;
import dev.kiln.io.ModelFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Saves the training state to a folder, to one new file each time, and deletes those that are not
 * to be kept; {@link Trainer#resumeLatest} goes on from the newest that is intact.
 *
 * <pre>{@code
 * Checkpoints checkpoints =
 *     Checkpoints.in(folder).everySteps(500).keepLast(3).keepBest("val_loss");
 * Trainer trainer = builder.callback(checkpoints).saveOnInterrupt(checkpoints).build();
 * trainer.resumeLatest(folder).lines().forEach(System.out::println);
 * trainer.fit(loader, 20);
 * }</pre>
 *
 * <p>Files are called {@code checkpoint-NUMBER-step-STEP.safetensors}; the one of the highest
 * number is the newest. Each is written under another name, forced to the disk and renamed, and
 * only then are older ones deleted: whenever the process is killed or the disk is full, the last
 * whole one stays. A save that fails ends training.
 *
 * <p>What is kept follows from the files in the folder alone, so it goes on after a resume. Damaged
 * files are left where they are. One training at a time may use a folder.
 */
public final class Checkpoints implements Callback {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);
  private static final Pattern NAME =
      Pattern.compile("checkpoint-(\\d{1,18})-step-(\\d{1,18})\\.safetensors");

  private final Path folder;
  private final int epochs;
  private final int steps;
  private final int last;
  private final Optional<Best> best;
  private final int every;
  private final List<Entry> entries = new ArrayList<>();
  private long next = 1;

  /** The value that decides, and how many of the best are kept. */
  private record Best(String monitor, Mode mode, int count) {}

  /** A whole file: which epoch it closes, if it does, and the value that decides. */
  private record Entry(Path path, long number, OptionalInt epoch, double value) {}

  private Checkpoints(
      Path folder, int epochs, int steps, int last, Optional<Best> best, int every) {
    this.folder = folder;
    this.epochs = epochs;
    this.steps = steps;
    this.last = last;
    this.best = best;
    this.every = every;
  }

  /**
   * Saves after every epoch, and keeps all files until told otherwise.
   *
   * @param folder for checkpoints alone; made when training starts
   * @return the callback
   */
  public static Checkpoints in(Path folder) {
    return new Checkpoints(folder, 1, 0, 0, Optional.empty(), 0);
  }

  /**
   * Saves after every n-th epoch only.
   *
   * @param n 1 or more
   * @return a new callback
   */
  public Checkpoints everyEpochs(int n) {
    return new Checkpoints(folder, positive("everyEpochs", n), steps, last, best, every);
  }

  /**
   * Saves after every n-th step too, counted over all epochs.
   *
   * @param n 1 or more
   * @return a new callback
   */
  public Checkpoints everySteps(int n) {
    return new Checkpoints(folder, epochs, positive("everySteps", n), last, best, every);
  }

  /**
   * Keeps the newest files; with 2 or more there is another to go back to should the newest get
   * damaged.
   *
   * @param n 1 or more
   * @return a new callback
   */
  public Checkpoints keepLast(int n) {
    return new Checkpoints(folder, epochs, steps, positive("keepLast", n), best, every);
  }

  /**
   * Keeps the file of the best epoch too, of those at whose end there was one, in the direction
   * that {@link Mode#of} guesses; the first of equals.
   *
   * @param monitor such as {@code val_loss}; see {@link EpochRecord#values()}
   * @return a new callback
   */
  public Checkpoints keepBest(String monitor) {
    return keepBest(monitor, Mode.of(monitor), 1);
  }

  /**
   * Keeps the files of the best epochs too.
   *
   * @param monitor such as {@code val_loss}; see {@link EpochRecord#values()}
   * @param better which direction is good
   * @param n how many, 1 or more
   * @return a new callback
   */
  public Checkpoints keepBest(String monitor, Mode better, int n) {
    Best chosen = new Best(monitor, better, positive("keepBest", n));
    return new Checkpoints(folder, epochs, steps, last, Optional.of(chosen), every);
  }

  /**
   * Keeps the file at the end of every n-th epoch too.
   *
   * @param n 1 or more
   * @return a new callback
   */
  public Checkpoints keepEveryEpochs(int n) {
    return new Checkpoints(folder, epochs, steps, last, best, positive("keepEveryEpochs", n));
  }

  private static int positive(String what, int n) {
    if (n < 1) {
      throw new KilnException("[checkpoints] %s %d must be 1 or more".formatted(what, n));
    }
    return n;
  }

  /**
   * Lists the checkpoints in a folder, damaged ones included.
   *
   * @param folder the folder; it need not exist
   * @return the files, the newest first
   * @throws ModelFileException if the folder cannot be read
   */
  public static List<Path> newestFirst(Path folder) {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(f -> names(f.getFileName().toString()))
          .sorted(Comparator.comparingLong(Checkpoints::number).reversed())
          .toList();
    } catch (IOException e) {
      throw new ModelFileException(
          "[checkpoints] cannot list %s: %s; check the path and its permissions"
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  /** Tells whether a file's name is that of such a checkpoint. */
  static boolean names(String file) {
    return NAME.matcher(file).matches();
  }

  private static long number(Path file) {
    Matcher m = NAME.matcher(file.getFileName().toString());
    return m.matches() ? Long.parseLong(m.group(1)) : 0;
  }

  /** Names the next file. */
  Path next(TrainState state) {
    return folder.resolve(
        "checkpoint-%06d-step-%09d.safetensors".formatted(next++, state.globalStep()));
  }

  @Override
  public void onTrainStart(TrainState state) {
    requireWritable();
    AtomicFiles.removeLeftovers(folder, Checkpoints::names);
    entries.clear();
    for (Path file : newestFirst(folder)) {
      next = Math.max(next, number(file) + 1);
      try {
        entry(file).ifPresent(entries::add);
      } catch (ModelFileException e) {
        LOG.warn("checkpoint {} is damaged and left as it is: {}", file, e.getMessage());
      }
    }
  }

  /** Better to fail before the first step than after the first epoch. */
  private void requireWritable() {
    String why = "";
    try {
      Files.createDirectories(folder);
      if (!Files.isWritable(folder)) {
        why = "no permission to write there";
      }
    } catch (IOException e) {
      why = e.toString();
    }
    if (!why.isEmpty()) {
      throw new ModelFileException(
          "[checkpoints] cannot save to folder %s: %s; choose another, or change its permissions"
              .formatted(folder, why));
    }
  }

  private Optional<Entry> entry(Path file) {
    return TrainCheckpoint.progress(file)
        .map(
            p -> {
              boolean closes = p.step == 0 && !p.records.isEmpty();
              double value =
                  closes && best.isPresent()
                      ? p.records.get(p.records.size() - 1).value(best.get().monitor())
                      : Double.NaN;
              OptionalInt epoch = closes ? OptionalInt.of(p.records.size()) : OptionalInt.empty();
              return new Entry(file, number(file), epoch, value);
            });
  }

  @Override
  public void onStepEnd(TrainState state) {
    if (steps > 0 && state.globalStep() % steps == 0) {
      state.save(next(state));
    }
  }

  @Override
  public void onEpochEnd(TrainState state) {
    if (state.epoch() % epochs == 0) {
      state.save(next(state));
    }
  }

  @Override
  public void onSave(TrainState state, Path checkpoint) {
    if (!folder.equals(checkpoint.getParent()) || !names(checkpoint.getFileName().toString())) {
      return;
    }
    entry(checkpoint).ifPresent(entries::add);
    if (last > 0 || best.isPresent() || every > 0) {
      Set<Entry> kept = kept();
      entries.removeIf(e -> !kept.contains(e) && deleted(e.path()));
    }
  }

  private Set<Entry> kept() {
    Set<Entry> kept = new LinkedHashSet<>();
    entries.stream()
        .sorted(Comparator.comparingLong(Entry::number).reversed())
        .limit(Math.max(1, last))
        .forEach(kept::add);
    best.ifPresent(
        b ->
            entries.stream()
                .filter(e -> !Double.isNaN(e.value()))
                .sorted(
                    Comparator.comparingDouble(
                            (Entry e) -> b.mode() == Mode.MIN ? e.value() : -e.value())
                        .thenComparingLong(Entry::number))
                .limit(b.count())
                .forEach(kept::add));
    entries.stream()
        .filter(e -> every > 0 && e.epoch().isPresent() && e.epoch().getAsInt() % every == 0)
        .forEach(kept::add);
    return kept;
  }

  private static boolean deleted(Path file) {
    try {
      Files.deleteIfExists(file);
      return true;
    } catch (IOException e) {
      LOG.warn("checkpoint {} cannot be deleted: {}", file, e.toString());
      return false;
    }
  }
}
