package dev.kiln.train;

import dev.kiln.Autocast;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.BinaryOp;
import dev.kiln.data.Batch;
import dev.kiln.optim.GradScaler;
import dev.kiln.optim.GradientClipping;
import java.util.List;

/**
 * One update of the weights: forward and backward over one batch or several, clipping, optimizer,
 * schedulers per step. Nothing waits for the device unless the step is checked.
 */
final class TrainStep {
  private final Settings s;
  private final Measures measures;
  private final List<Tensor> parameters;
  private String unit = "samples";

  TrainStep(Settings settings, Measures measures) {
    this.s = settings;
    this.measures = measures;
    this.parameters = settings.model().parameters();
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
    try (Scope step = Scope.open(name)) {
      s.optimizer().zeroGrad();
      long first = batches.get(0).size();
      long all = 0;
      for (Batch b : batches) {
        try (Scope inner = Scope.open(name);
            Batch batch = b) {
          long n = batch.size();
          all += n;
          Tensor x = input(s, batch);
          Tensor y = batch.target().to(s.device());
          unit = x.dim() == 4 ? "images" : "samples";
          diagnosis.before();
          body(x, y, n, (double) n / (s.accumulate() * first), diagnosis);
          diagnosis.gradients();
        }
      }
      if (s.accumulate() > 1) {
        rescale(first * s.accumulate(), all);
      }
      if (s.scaler().isPresent() && s.clip().kind() != Settings.Clip.Kind.NONE) {
        s.scaler().get().unscale(s.optimizer());
      }
      clip();
      s.scaler().ifPresentOrElse(this::scaledStep, s.optimizer()::step);
      for (Settings.Schedule schedule : s.schedules()) {
        if (schedule.pace() == Settings.Pace.STEP) {
          schedule.scheduler().step();
        }
      }
      return all;
    }
  }

  /** Moves a batch's input to the device and transforms it there. */
  static Tensor input(Settings s, Batch batch) {
    try (NoGrad off = NoGrad.open()) {
      return s.inputTransform().apply(batch.input().to(s.device()));
    }
  }

  /** All that a device would record and replay: static inputs in, gradients and sums out. */
  private void body(Tensor x, Tensor y, long size, double weight, Diagnosis diagnosis) {
    try (Autocast cast = Autocast.open(s.precision())) {
      Tensor output = s.model().call(x);
      Tensor loss = s.loss().of(output, y);
      diagnosis.loss(x, y, loss);
      measures.add(loss, output, y, size);
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
