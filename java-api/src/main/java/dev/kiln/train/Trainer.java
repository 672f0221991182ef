package dev.kiln.train;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Precision;
import dev.kiln.Tensor;
import dev.kiln.data.DataLoader;
import dev.kiln.data.augment.Augment;
import dev.kiln.io.ModelFileException;
import dev.kiln.nn.Loss;
import dev.kiln.nn.Module;
import dev.kiln.optim.GradScaler;
import dev.kiln.optim.LrScheduler;
import dev.kiln.optim.Optimizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Trains a model: the loop, and all that should happen around it.
 *
 * <pre>{@code
 * Trainer trainer =
 *     Trainer.builder(model, new CrossEntropyLoss(), AdamW.of(model.parameters(), 1e-3))
 *         .metric(Accuracy::new)
 *         .validation(testLoader)
 *         .callback(ProgressBar.on(System.out))
 *         .callback(EarlyStopping.on("val_loss"))
 *         .build();
 * History history = trainer.fit(trainLoader, 10);
 * }</pre>
 *
 * <p>Each step runs in a {@link dev.kiln.Scope} of its own and waits for the device only where it
 * must: when a progress bar shows the loss, when a {@link FiniteCheck} is due, and at the end of an
 * epoch. The model is put into training or evaluation mode as needed and left as it was found.
 *
 * <p>Not thread-safe. Interrupting the thread that is in {@link #fit} ends training after the
 * current step.
 */
public final class Trainer {
  private final Settings settings;
  private final Progress progress = new Progress();
  private final Measures training;
  private Optional<Path> lastCheckpoint = Optional.empty();
  private boolean seeded;
  private Optional<DataOrder> order = Optional.empty();
  private boolean orderHolds;

  private Trainer(Settings settings) {
    this.settings = settings;
    this.training = new Measures(settings.metrics());
  }

  /**
   * Starts a trainer.
   *
   * @param model the model, already on its device
   * @param loss the loss, a mean over the batch
   * @param optimizer over the model's parameters
   * @return a builder
   */
  public static Builder builder(Module model, Loss loss, Optimizer optimizer) {
    return new Builder(model, loss, optimizer);
  }

  /**
   * Trains until an epoch is finished; goes on where training stopped before, here or in the
   * checkpoint that {@link #resume} loaded.
   *
   * @param data the training data
   * @param epochs the number of the last epoch, from 1; if it is done already nothing happens, and
   *     no callback is told
   * @return all finished epochs, and how training ended
   * @throws ResumeException if training goes on inside an epoch, or from a checkpoint, with another
   *     batch size, shuffle seed, number of examples or of steps than it had
   * @throws NonFiniteLossException if loss, gradients or weights become NaN or infinite
   */
  public History fit(DataLoader data, int epochs) {
    if (!seeded && progress.globalStep == 0 && settings.seed().isPresent()) {
      settings.device().generator().restore(new long[] {settings.seed().getAsLong(), 1, 0});
    }
    seeded = true;
    return new TrainingRun(this, data, epochs).run();
  }

  /**
   * Measures loss and metrics, in evaluation mode and without gradients.
   *
   * @param data the data
   * @return the scores
   * @throws KilnException if the thread is interrupted while it waits for data
   */
  public Evaluation evaluate(DataLoader data) {
    return new EvaluationRun(settings)
        .run(data, () -> false)
        .orElseThrow(
            () ->
                new KilnException(
                    "[evaluate] the thread was interrupted; clear the flag and evaluate again"));
  }

  /**
   * Takes up training where a checkpoint left it: weights, optimizer, schedulers, random numbers,
   * metrics, callbacks and the place in the data. With the same data, batch size and settings,
   * {@link #fit} then gives the same bits as an unbroken run. What would make it another run is
   * refused here (model, optimizer, schedules, precision, clipping, batches per step, augmentation)
   * or by the next {@link #fit} (order of the data); losses, transforms and the data's contents are
   * functions that cannot be compared.
   *
   * @param checkpoint a file that a trainer saved
   * @return this trainer
   * @throws KilnException if the file does not fit the model, optimizer or settings; nothing is
   *     changed then
   */
  public Trainer resume(Path checkpoint) {
    TrainCheckpoint.load(checkpoint, this);
    lastCheckpoint = Optional.of(checkpoint);
    seeded = true;
    return this;
  }

  /**
   * Takes up training where the newest intact file of {@link Checkpoints} left it. Files are tried
   * from the newest on: those that are damaged are passed over, one that does not fit this trainer
   * is an error.
   *
   * @param folder the folder of {@link Checkpoints#in}
   * @return where training goes on, and what was passed over; from the beginning if the folder has
   *     no checkpoints, or does not exist
   * @throws ModelFileException if there are checkpoints but all are damaged
   * @throws KilnException if the newest intact one does not fit; nothing is changed then
   */
  public Resumed resumeLatest(Path folder) {
    Map<Path, String> passedOver = new LinkedHashMap<>();
    for (Path file : Checkpoints.newestFirst(folder)) {
      try {
        resume(file);
        return Resumed.from(Optional.of(file), progress, passedOver);
      } catch (ModelFileException e) {
        passedOver.put(file, e.getMessage());
      }
    }
    if (!passedOver.isEmpty()) {
      throw new ModelFileException(
          "[resume] no checkpoint in %s is intact: %s; train anew in another folder"
              .formatted(folder, String.join("; ", passedOver.values())));
    }
    return Resumed.from(Optional.empty(), progress, passedOver);
  }

  /**
   * Saves everything that an exact resume needs, by writing a new file and renaming it.
   *
   * @param checkpoint the file
   * @throws NonFiniteLossException if a weight is NaN or infinite; the old file stays
   */
  public void save(Path checkpoint) {
    Diagnosis.beforeSaving(settings, place(0), checkpoint);
    TrainCheckpoint.save(checkpoint, this);
    lastCheckpoint = Optional.of(checkpoint);
  }

  /** The order of the data last trained on, if there was training. */
  Optional<DataOrder> order() {
    return order;
  }

  /** Takes over the order that a checkpoint's run had; the next training must have it too. */
  void resumed(DataOrder saved) {
    order = Optional.of(saved);
    orderHolds = true;
  }

  /**
   * Notes in which order data are trained on.
   *
   * @param here the order
   * @param trains whether there is anything left to train
   * @throws ResumeException if training stopped inside an epoch of another order, or goes on from a
   *     checkpoint of another order
   */
  void begin(DataOrder here, boolean trains) {
    if (!trains) {
      // a script that trains in stages calls fit for the finished ones again
      if (progress.step == 0 && order.isPresent() && order.get().fits(here)) {
        orderHolds = false;
      }
      return;
    }
    if (orderHolds || progress.step > 0) {
      order.ifPresent(saved -> saved.require(here, progress));
    }
    orderHolds = false;
    order = Optional.of(here);
  }

  /**
   * Loads the weights of a training checkpoint, or of any safetensors file, into a model.
   *
   * @param model a model of the same structure
   * @param file what a trainer or {@code Safetensors} saved
   * @throws KilnException if names or shapes differ; the model is unchanged then
   */
  public static void loadWeights(Module model, Path file) {
    TrainCheckpoint.loadWeights(file, model);
  }

  Diagnosis.Place place(int steps) {
    return new Diagnosis.Place(
        progress.epoch(), progress.step + 1, steps, progress.globalStep + 1, lastCheckpoint);
  }

  Settings settings() {
    return settings;
  }

  Progress progress() {
    return progress;
  }

  Measures training() {
    return training;
  }

  /** Collects a trainer's settings. */
  public static final class Builder {
    private final Module model;
    private final Loss loss;
    private final Optimizer optimizer;
    private final List<Settings.Schedule> schedules = new ArrayList<>();
    private final List<Supplier<? extends Metric>> metrics = new ArrayList<>();
    private final List<Callback> callbacks = new ArrayList<>();
    private Optional<DataLoader> validation = Optional.empty();
    private Optional<Device> device = Optional.empty();
    private Optional<Augment> augment = Optional.empty();
    private UnaryOperator<Tensor> inputTransform = UnaryOperator.identity();
    private UnaryOperator<Tensor> targetTransform = UnaryOperator.identity();
    private Settings.Clip clip = Settings.Clip.NONE;
    private int accumulate = 1;
    private FiniteCheck finiteCheck = FiniteCheck.byDevice();
    private OptionalLong seed = OptionalLong.empty();
    private Optional<Function<TrainState, Path>> saveOnInterrupt = Optional.empty();
    private Precision precision = Precision.FP32;
    private Optional<GradScaler> scaler = Optional.empty();
    private boolean recordSteps = true;

    private Builder(Module model, Loss loss, Optimizer optimizer) {
      this.model = model;
      this.loss = loss;
      this.optimizer = optimizer;
    }

    /** Sets where batches are moved to; without it, where the model is. */
    public Builder device(Device where) {
      device = Optional.of(where);
      return this;
    }

    /** Adds a scheduler that steps after every epoch. */
    public Builder scheduler(LrScheduler scheduler) {
      schedules.add(new Settings.Schedule(scheduler, Settings.Pace.EPOCH, ""));
      return this;
    }

    /**
     * Adds a scheduler that steps after every epoch and looks at a value, such as {@code
     * ReduceOnPlateau}.
     *
     * @param monitor such as {@code val_loss}; see {@link EpochRecord#values()}
     */
    public Builder scheduler(LrScheduler scheduler, String monitor) {
      schedules.add(new Settings.Schedule(scheduler, Settings.Pace.MONITOR, monitor));
      return this;
    }

    /** Adds a scheduler that steps after every training step. */
    public Builder stepScheduler(LrScheduler scheduler) {
      schedules.add(new Settings.Schedule(scheduler, Settings.Pace.STEP, ""));
      return this;
    }

    /**
     * Adds a metric, made anew for training and for every evaluation.
     *
     * @param maker such as {@code Accuracy::new} or {@code () -> TopKAccuracy.of(5)}
     */
    public Builder metric(Supplier<? extends Metric> maker) {
      metrics.add(maker);
      return this;
    }

    /** Adds a callback; callbacks are called in the order in which they were added. */
    public Builder callback(Callback callback) {
      callbacks.add(callback);
      return this;
    }

    /** Sets the data that are evaluated after every epoch. */
    public Builder validation(DataLoader data) {
      validation = Optional.of(data);
      return this;
    }

    /**
     * Sets how images are changed at random in training; in evaluation they get what that leaves
     * without chance, see {@link Augment#evaluate}. Metrics see the targets as they were before any
     * mixing.
     */
    public Builder augment(Augment value) {
      augment = Optional.of(value);
      return this;
    }

    /**
     * Sets what is done to every input on the device, in training and evaluation, such as {@link
     * ImageNormalize}; after augmentation, if there is one.
     */
    public Builder inputTransform(UnaryOperator<Tensor> transform) {
      inputTransform = transform;
      return this;
    }

    /**
     * Sets what is done to every target on the device before the training loss sees it, such as
     * {@link SoftLabels}; after mixing, if there is any. Metrics and evaluation see the targets as
     * they are.
     */
    public Builder targetTransform(UnaryOperator<Tensor> transform) {
      targetTransform = transform;
      return this;
    }

    /** Scales all gradients together so that their norm is at most this, before every step. */
    public Builder clipNorm(double maxNorm) {
      return clip(Settings.Clip.Kind.NORM, maxNorm);
    }

    /** Limits every gradient element to [-limit, limit], before every step. */
    public Builder clipValue(double limit) {
      return clip(Settings.Clip.Kind.VALUE, limit);
    }

    private Builder clip(Settings.Clip.Kind kind, double limit) {
      if (!(limit > 0)) {
        throw new KilnException("[trainer] the clipping limit " + limit + " must be positive");
      }
      clip = new Settings.Clip(kind, limit);
      return this;
    }

    /**
     * Makes each step the mean over several batches, as if they were one large batch; layers that
     * look at the whole batch, such as batch norm, still see the small ones.
     *
     * @param batches 1 or more
     */
    public Builder accumulate(int batches) {
      if (batches < 1) {
        throw new KilnException("[trainer] accumulate " + batches + " must be 1 or more");
      }
      accumulate = batches;
      return this;
    }

    /** Sets how often numbers are checked for NaN and infinity. */
    public Builder finiteCheck(FiniteCheck policy) {
      finiteCheck = policy;
      return this;
    }

    /**
     * Seeds the device's random numbers, as for dropout, when training starts from the beginning.
     */
    public Builder seed(long value) {
      seed = OptionalLong.of(value);
      return this;
    }

    /** Saves the state after every epoch; the same as {@link PeriodicCheckpoint} with n = 1. */
    public Builder checkpoint(Path path) {
      return callback(PeriodicCheckpoint.everyEpochs(1, path));
    }

    /**
     * Catches Ctrl-C and SIGTERM during {@link Trainer#fit}: the first finishes the current step,
     * saves and returns; the second ends the process. Without it signals do what they always do.
     *
     * @param path where the state is saved
     */
    public Builder saveOnInterrupt(Path path) {
      saveOnInterrupt = Optional.of(state -> path);
      return this;
    }

    /**
     * Catches Ctrl-C and SIGTERM as {@link #saveOnInterrupt(Path)} does, and saves the state as the
     * newest of some checkpoints.
     *
     * @param checkpoints the ones that were added as a callback
     */
    public Builder saveOnInterrupt(Checkpoints checkpoints) {
      saveOnInterrupt = Optional.of(checkpoints::next);
      return this;
    }

    /**
     * Sets what products and convolutions compute in; see {@link dev.kiln.Autocast}. {@link
     * Precision#FP16} scales the loss by a {@link GradScaler}, which is part of the checkpoint.
     */
    public Builder precision(Precision value) {
      precision = value;
      return this;
    }

    /** Sets a loss scaler of one's own; without it FP16 has one with PyTorch's defaults. */
    public Builder gradScaler(GradScaler value) {
      scaler = Optional.of(value);
      return this;
    }

    /**
     * Sets whether devices that can record steps do, as they do by default: see {@link
     * dev.kiln.StepGraph}. A smaller last batch and steps that are checked run as they are; so do
     * all, with one line in the log, where the model or the loss reads values.
     *
     * @param on false to run the Java code of every step
     */
    public Builder recordSteps(boolean on) {
      recordSteps = on;
      return this;
    }

    /** Makes the trainer. */
    public Trainer build() {
      Device where = device.orElseGet(model::device);
      if (precision == Precision.FP16 && scaler.isEmpty()) {
        scaler = Optional.of(GradScaler.on(where));
      }
      return new Trainer(
          new Settings(
              model,
              loss,
              optimizer,
              where,
              List.copyOf(schedules),
              List.copyOf(metrics),
              List.copyOf(callbacks),
              validation,
              augment,
              inputTransform,
              targetTransform,
              clip,
              accumulate,
              finiteCheck,
              seed,
              saveOnInterrupt,
              precision,
              scaler,
              recordSteps));
    }
  }
}
