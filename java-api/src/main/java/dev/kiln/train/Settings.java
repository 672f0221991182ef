package dev.kiln.train;

import dev.kiln.Device;
import dev.kiln.Precision;
import dev.kiln.Tensor;
import dev.kiln.data.DataLoader;
import dev.kiln.data.augment.Augment;
import dev.kiln.nn.Loss;
import dev.kiln.nn.Module;
import dev.kiln.optim.GradScaler;
import dev.kiln.optim.LrScheduler;
import dev.kiln.optim.Optimizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** What a trainer was built with. */
record Settings(
    Module model,
    Loss loss,
    Optimizer optimizer,
    Device device,
    List<Schedule> schedules,
    List<Supplier<? extends Metric>> metrics,
    List<Callback> callbacks,
    Optional<DataLoader> validation,
    Optional<Augment> augment,
    UnaryOperator<Tensor> inputTransform,
    UnaryOperator<Tensor> targetTransform,
    Clip clip,
    int accumulate,
    FiniteCheck finiteCheck,
    OptionalLong seed,
    Optional<Function<TrainState, Path>> saveOnInterrupt,
    Precision precision,
    Optional<GradScaler> scaler,
    boolean recordSteps) {

  /** A scheduler and when it steps. */
  record Schedule(LrScheduler scheduler, Pace pace, String monitor) {}

  /** When a scheduler steps. */
  enum Pace {
    STEP,
    EPOCH,
    MONITOR
  }

  /** How gradients are bounded before each step. */
  record Clip(Kind kind, double limit) {
    /** What is bounded. */
    enum Kind {
      NONE,
      NORM,
      VALUE
    }

    static final Clip NONE = new Clip(Kind.NONE, 0);
  }
}
