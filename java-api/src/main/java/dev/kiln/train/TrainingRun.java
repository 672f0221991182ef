package dev.kiln.train;

import dev.kiln.KilnException;
import dev.kiln.data.Batch;
import dev.kiln.data.DataLoader;
import dev.kiln.nn.Module;
import dev.kiln.optim.Optimizer;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** One call of {@link Trainer#fit}. */
final class TrainingRun implements TrainState {
  private final Trainer trainer;
  private final Settings s;
  private final Progress progress;
  private final Measures measures;
  private final DataLoader data;
  private final int epochs;
  private final TrainStep trainStep;
  private final int steps;
  private final Set<Path> toSave = new LinkedHashSet<>();

  private InterruptGuard guard = InterruptGuard.none();
  private boolean interrupted;
  private Optional<String> stopReason = Optional.empty();
  private int epoch;
  private int step;
  private long samples;

  TrainingRun(Trainer trainer, DataLoader data, int epochs) {
    this.trainer = trainer;
    this.s = trainer.settings();
    this.progress = trainer.progress();
    this.measures = trainer.training();
    this.data = data;
    this.epochs = epochs;
    this.trainStep = new TrainStep(s, measures);
    this.steps = (data.batchesPerEpoch() + s.accumulate() - 1) / s.accumulate();
    this.epoch = progress.records.size();
    if (steps == 0) {
      throw new KilnException("[fit] the training data are empty; there is nothing to learn from");
    }
    trainer.begin(DataOrder.of(data, steps), progress.records.size() < epochs);
  }

  History run() {
    if (progress.records.size() >= epochs) {
      trainStep.close();
      return history();
    }
    Modes modes = Modes.of(s.model());
    try (InterruptGuard installed =
        s.saveOnInterrupt().isPresent() ? InterruptGuard.install() : InterruptGuard.none()) {
      guard = installed;
      guarded();
    } finally {
      trainStep.close();
      modes.putBack();
    }
    return history();
  }

  private void guarded() {
    Throwable failure = null;
    try {
      s.model().train();
      tell(c -> c.onTrainStart(this));
      while (progress.records.size() < epochs && goesOn()) {
        runEpoch();
      }
      if (interrupted) {
        saveInterrupted();
      }
    } catch (RuntimeException | Error e) {
      failure = e;
      throw e;
    } finally {
      end(failure);
    }
  }

  /** Tells every callback that training is over; what failed first is what is thrown. */
  private void end(Throwable failure) {
    RuntimeException own = null;
    for (Callback c : s.callbacks()) {
      try {
        c.onTrainEnd(this);
      } catch (RuntimeException e) {
        if (failure != null) {
          failure.addSuppressed(e);
        } else if (own != null) {
          own.addSuppressed(e);
        } else {
          own = e;
        }
      }
    }
    if (own != null) {
      throw own;
    }
  }

  private boolean goesOn() {
    if (guard.isRequested() || Thread.currentThread().isInterrupted()) {
      interrupted = true;
      stopReason = Optional.of("interrupted");
    }
    return stopReason.isEmpty();
  }

  private void runEpoch() {
    epoch = progress.epoch();
    show();
    if (progress.step == 0) {
      measures.reset();
    }
    tell(c -> c.onEpochStart(this));
    double before = progress.seconds;
    long start = System.nanoTime();
    // the last step of an epoch may have had fewer batches
    int done = Math.min(progress.step * s.accumulate(), data.batchesPerEpoch());
    try (BatchSource batches = new BatchSource(data, epoch - 1, done)) {
      while (progress.step < steps && goesOn()) {
        List<Batch> group = batches.take(s.accumulate());
        if (group.isEmpty()) {
          continue; // interrupted while waiting for data
        }
        step(group);
        progress.seconds = before + (System.nanoTime() - start) / 1e9;
        tell(c -> c.onStepEnd(this));
      }
    }
    boolean whole = progress.step == steps;
    if (goesOn() || (whole && !interrupted)) {
      finishEpoch();
    }
  }

  private void step(List<Batch> batches) {
    Diagnosis diagnosis = new Diagnosis(s, trainer.place(steps));
    progress.samples += trainStep.run(batches, "step " + (progress.globalStep + 1), diagnosis);
    progress.step++;
    progress.globalStep++;
    show();
  }

  /** What callbacks see; it outlives the end of the epoch, when progress starts the next one. */
  private void show() {
    step = progress.step;
    samples = progress.samples;
  }

  private void finishEpoch() {
    double loss = measures.loss();
    if (!Double.isFinite(loss)) {
      throw Diagnosis.atEpochEnd(s, trainer.place(steps), loss);
    }
    Map<String, Double> values = measures.values();
    Optional<Evaluation> validation = Optional.empty();
    if (s.validation().isPresent()) {
      tell(c -> c.onValidationStart(this));
      validation = new EvaluationRun(s).run(s.validation().get(), () -> !goesOn() && interrupted);
      if (validation.isEmpty()) {
        return; // interrupted: a resumed run validates again
      }
    }
    EpochRecord record =
        new EpochRecord(
            epoch, loss, values, validation, lr(), progress.seconds, samples / progress.seconds);
    progress.finish(record);
    schedule(record);
    validation.ifPresent(v -> tell(c -> c.onValidationEnd(this, v)));
    tell(c -> c.onEpochEnd(this));
  }

  private void schedule(EpochRecord record) {
    for (Settings.Schedule schedule : s.schedules()) {
      switch (schedule.pace()) {
        case EPOCH -> schedule.scheduler().step();
        case MONITOR -> schedule.scheduler().step(record.value(schedule.monitor()));
        case STEP -> {
          // stepped with the optimizer
        }
      }
    }
  }

  private void saveInterrupted() {
    // a pending interrupt would close the file that is being written
    boolean pending = Thread.interrupted();
    try {
      Optional<Path> path = s.saveOnInterrupt().map(names -> names.apply(this));
      path.ifPresent(this::write);
      tell(c -> c.onInterrupt(this, path));
    } finally {
      if (pending) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Calls all callbacks, then saves what they asked for, so that all of them have heard the news.
   */
  private void tell(Consumer<Callback> news) {
    s.callbacks().forEach(news);
    List<Path> paths = List.copyOf(toSave);
    toSave.clear();
    paths.forEach(this::write);
  }

  private void write(Path path) {
    // a pending interrupt would close files that are read here
    boolean pending = Thread.interrupted();
    try {
      trainer.save(path);
      s.callbacks().forEach(c -> c.onSave(this, path));
    } finally {
      if (pending) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public Module model() {
    return s.model();
  }

  @Override
  public Optimizer optimizer() {
    return s.optimizer();
  }

  @Override
  public int epoch() {
    return epoch;
  }

  @Override
  public int epochs() {
    return epochs;
  }

  @Override
  public int step() {
    return step;
  }

  @Override
  public int steps() {
    return steps;
  }

  @Override
  public long globalStep() {
    return progress.globalStep;
  }

  @Override
  public long samples() {
    return samples;
  }

  @Override
  public String unit() {
    return trainStep.unit();
  }

  @Override
  public double lr() {
    return s.optimizer().groups().get(0).lr();
  }

  @Override
  public double loss() {
    return measures.loss();
  }

  @Override
  public Map<String, Double> metrics() {
    return measures.values();
  }

  @Override
  public History history() {
    return new History(progress.records, interrupted, stopReason);
  }

  @Override
  public void stop(String reason) {
    if (stopReason.isEmpty()) {
      stopReason = Optional.of(reason);
    }
  }

  @Override
  public void save(Path path) {
    toSave.add(path);
  }
}
