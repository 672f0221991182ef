package dev.kiln.train;

import dev.kiln.Autocast;
import dev.kiln.OutOfMemoryException;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.BinaryOp;
import dev.kiln.data.Batch;
import dev.kiln.data.augment.AugmentedBatch;
import dev.kiln.optim.GradScaler;
import dev.kiln.optim.GradientClipping;
import java.util.List;

/**
 * One update of the weights: forward and backward over one batch or several, clipping, optimizer,
 * schedulers per step. Nothing waits for the device unless the step is checked.
 */
final class TrainStep implements AutoCloseable {
  private final Settings s;
  private final Measures measures;
  private final List<Tensor> parameters;
  private final RecordedStep recorded;
  private String unit = "samples";

  TrainStep(Settings settings, Measures measures) {
    this.s = settings;
    this.measures = measures;
    this.parameters = settings.model().parameters();
    this.recorded = new RecordedStep(settings, this::update);
  }

  /** What the examples seen so far are called. */
  String unit() {
    return unit;
  }

  /**
   * Updates the weights once.
   *
   * @param batches what to learn from: {@code accumulate} of them, or fewer at an epoch's end
   * @param diagnosis makes sure that numbers are finite, if this step is checked
   * @return the number of examples
   */
  long run(List<Batch> batches, String name, Diagnosis diagnosis) {
    long all = batches.stream().mapToLong(Batch::size).sum();
    try (Scope step = Scope.open(name)) {
      if (diagnosis.isDue() || !recorded.run(batches)) {
        eager(batches, all, name, diagnosis);
      }
      for (Settings.Schedule schedule : s.schedules()) {
        if (schedule.pace() == Settings.Pace.STEP) {
          schedule.scheduler().step();
        }
      }
    } catch (OutOfMemoryException e) {
      batches.forEach(Batch::close);
      recorded.close();
      throw new BatchProbe(s, batches.get(0)).explain(e);
    }
    return all;
  }

  private void eager(List<Batch> batches, long all, String name, Diagnosis diagnosis) {
    long first = batches.get(0).size();
    s.optimizer().zeroGrad();
    for (Batch b : batches) {
      try (Scope inner = Scope.open(name);
          Batch batch = b) {
        long n = batch.size();
        Tensor labels = batch.target().to(s.device());
        AugmentedBatch in =
            augmented(s, batch.input().to(s.device()), labels, batch.epoch(), batch.indices());
        diagnosis.before();
        body(in, labels, n, share(n, first), diagnosis);
        diagnosis.gradients();
      }
    }
    finish(first, all);
  }

  /** The whole step on batches of one size: what a device records and replays. */
  private void update(List<RecordedStep.Example> examples) {
    s.optimizer().zeroGrad();
    long n = examples.get(0).size();
    for (RecordedStep.Example e : examples) {
      try (Scope inner = Scope.open("batch")) {
        body(prepared(e), e.target(), n, share(n, n), Diagnosis.none(s));
      }
    }
    finish(n, n * examples.size());
  }

  private double share(long n, long first) {
    return (double) n / (s.accumulate() * first);
  }

  private void finish(long first, long all) {
    if (s.accumulate() > 1) {
      rescale(first * s.accumulate(), all);
    }
    if (s.scaler().isPresent() && s.clip().kind() != Settings.Clip.Kind.NONE) {
      s.scaler().get().unscale(s.optimizer());
    }
    clip();
    s.scaler().ifPresentOrElse(this::scaledStep, s.optimizer()::step);
  }

  @Override
  public void close() {
    recorded.close();
  }

  /** Moves a batch's input to the device and transforms it there, without chance. */
  static Tensor input(Settings s, Batch batch) {
    return transformed(s, batch.input().to(s.device()));
  }

  /** An input on the device as it is in evaluation. */
  static Tensor transformed(Settings s, Tensor x) {
    try (NoGrad off = NoGrad.open()) {
      return s.inputTransform().apply(s.augment().map(a -> a.evaluate(x)).orElse(x));
    }
  }

  /** A batch on the device as the model gets it in training; changed at random, if wanted. */
  static AugmentedBatch augmented(Settings s, Tensor x, Tensor labels, int epoch, int... indices) {
    if (s.augment().isEmpty()) {
      return new AugmentedBatch(transformed(s, x), target(s, labels));
    }
    return finished(s, s.augment().get().apply(x, labels, epoch, indices));
  }

  /** What was drawn for a batch before, done to it: device work only. */
  private AugmentedBatch prepared(RecordedStep.Example e) {
    return e.plan()
        .map(plan -> finished(s, plan.apply(e.input(), e.target())))
        .orElseGet(() -> new AugmentedBatch(transformed(s, e.input()), target(s, e.target())));
  }

  private static AugmentedBatch finished(Settings s, AugmentedBatch made) {
    try (NoGrad off = NoGrad.open()) {
      return new AugmentedBatch(
          s.inputTransform().apply(made.input()), s.targetTransform().apply(made.target()));
    }
  }

  private static Tensor target(Settings s, Tensor labels) {
    try (NoGrad off = NoGrad.open()) {
      return s.targetTransform().apply(labels);
    }
  }

  /** From one batch to gradients and sums. */
  private void body(
      AugmentedBatch in, Tensor labels, long size, double weight, Diagnosis diagnosis) {
    Tensor x = in.input();
    unit = x.dim() == 4 ? "images" : "samples";
    try (Autocast cast = Autocast.open(s.precision())) {
      Tensor output = s.model().call(x);
      Tensor loss = s.loss().of(output, in.target());
      diagnosis.loss(x, in.target(), loss);
      measures.add(loss, output, labels, size);
      Tensor share = s.accumulate() == 1 ? loss : loss.mul(weight);
      s.scaler().map(scaler -> scaler.scale(share)).orElse(share).backward();
    }
  }

  private void scaledStep(GradScaler scaler) {
    scaler.step(s.optimizer());
    scaler.update();
  }

  /** The weights above take all batches to be as large as the first; the last ones may not be. */
  private void rescale(long assumed, long actual) {
    if (assumed == actual) {
      return;
    }
    try (NoGrad off = NoGrad.open()) {
      for (Tensor p : parameters) {
        p.grad()
            .ifPresent(
                g -> {
                  Tensor factor = Tensor.scalar((double) assumed / actual, g.dtype(), g.device());
                  g.device()
                      .backend()
                      .binary(BinaryOp.MUL, g.view(), g.view(), factor.view().expand(g.shape()));
                });
      }
    }
  }

  private void clip() {
    switch (s.clip().kind()) {
      case NORM -> GradientClipping.norm(parameters, s.clip().limit());
      case VALUE -> GradientClipping.value(parameters, s.clip().limit());
      case NONE -> {
        // nothing to bound
      }
    }
  }
}
