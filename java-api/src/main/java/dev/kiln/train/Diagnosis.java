package dev.kiln.train;

import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Makes sure that one step's numbers are finite, and finds out where they stopped being so.
 *
 * <p>Only after a hit is the forward pass run again, layer by layer. Parameters are never touched
 * and buffers such as running means are put back, so the model stays as it was before the step.
 */
final class Diagnosis {
  private final Settings s;
  private final Place place;
  private final boolean due;
  private final Map<Tensor, Tensor> buffers = new LinkedHashMap<>();

  /** Where training is when a step begins. */
  record Place(int epoch, int step, int steps, long globalStep, Optional<Path> checkpoint) {}

  Diagnosis(Settings s, Place place) {
    this(s, place, s.finiteCheck().isDue(place.globalStep, s.device()));
  }

  private Diagnosis(Settings s, Place place, boolean due) {
    this.s = s;
    this.place = place;
    this.due = due;
  }

  /** One that looks at nothing. */
  static Diagnosis none(Settings s) {
    return new Diagnosis(s, new Place(0, 0, 0, 0, Optional.empty()), false);
  }

  /** Whether this step's numbers are read, so that it cannot be a recorded one. */
  boolean isDue() {
    return due;
  }

  /** Called before the forward pass, in the scope of the batch. */
  void before() {
    if (due) {
      try (NoGrad off = NoGrad.open()) {
        s.model().namedBuffers().values().forEach(b -> buffers.put(b, b.detach().copy()));
      }
    }
  }

  /** Called before the backward pass. */
  void loss(Tensor x, Tensor y, Tensor loss) {
    if (due && !Finite.isFinite(loss)) {
      double value = loss.item();
      throw report("loss is " + Format.number(value), forward(x, y));
    }
  }

  /** Called after the backward pass. Scaled gradients may overflow: the scaler sees to that. */
  void gradients() {
    if (!due || s.scaler().isPresent() || Finite.gradientsAreFinite(s.model().parameters())) {
      return;
    }
    putBack();
    for (Map.Entry<String, Tensor> e : s.model().namedParameters().entrySet()) {
      Optional<Tensor> grad = e.getValue().grad();
      if (grad.isPresent() && !Finite.isFinite(grad.get())) {
        throw report(
            "the loss is finite but a gradient is not",
            new Finding(
                e.getKey(),
                "the gradient of \"%s\" has %s"
                    .formatted(e.getKey(), Finite.describe(grad.get()))));
      }
    }
  }

  /** What was found: the layer or parameter, if it was one, and the words for it. */
  private record Finding(String culprit, String text) {}

  private Finding forward(Tensor x, Tensor y) {
    putBack();
    try (Scope scope = Scope.open("search for NaN");
        NoGrad off = NoGrad.open()) {
      if (!Finite.isFinite(x)) {
        return new Finding(
            "",
            "the input %s has %s, first in example %d of the batch"
                .formatted(x.describe(), Finite.describe(x), Finite.firstExample(x)));
      }
      if (!Finite.isFinite(y)) {
        return new Finding(
            "",
            "the target %s has %s, first in example %d of the batch"
                .formatted(y.describe(), Finite.describe(y), Finite.firstExample(y)));
      }
      Optional<LayerSearch.Hit> hit = LayerSearch.firstNonFinite(s.model(), x);
      if (hit.isPresent()) {
        return new Finding(hit.get().name(), layer(hit.get()));
      }
      return new Finding(
          "",
          "every layer's output is finite, so it begins in the loss %s itself, as by log(0) or 0/0"
              .formatted(s.loss().getClass().getSimpleName()));
    } finally {
      putBack();
    }
  }

  private static String layer(LayerSearch.Hit hit) {
    String name = hit.name().isEmpty() ? "the model" : "layer \"" + hit.name() + "\"";
    String text =
        "it begins in %s (%s): its output %s"
            .formatted(name, hit.module().getClass().getSimpleName(), hit.problem());
    for (Map.Entry<String, Tensor> e : hit.own().entrySet()) {
      if (!Finite.isFinite(e.getValue())) {
        return text + ", and its " + e.getKey() + " has " + Finite.describe(e.getValue());
      }
    }
    return text;
  }

  private void putBack() {
    try (NoGrad off = NoGrad.open()) {
      buffers.forEach(Tensor::copyFrom);
    }
  }

  private NonFiniteLossException report(String what, Finding finding) {
    return make(s, place, what + " in step %d/%d".formatted(place.step, place.steps), finding);
  }

  /** Says that an epoch's mean loss is not finite, found only when it was read. */
  static NonFiniteLossException atEpochEnd(Settings s, Place place, double loss) {
    return make(
        s,
        place,
        "the mean loss is " + Format.number(loss) + " at the end",
        parameter(s)
            .orElse(
                new Finding("", "the weights are finite; check every step: FiniteCheck.every(1)")));
  }

  /** Makes sure that what is about to be saved is finite. */
  static void beforeSaving(Settings s, Place place, Path file) {
    Optional<Finding> bad = parameter(s);
    if (bad.isPresent()) {
      throw make(s, place, "nothing was saved to " + file, bad.get());
    }
  }

  private static Optional<Finding> parameter(Settings s) {
    for (Map.Entry<String, Tensor> e : s.model().stateDict().entrySet()) {
      if (!Finite.isFinite(e.getValue())) {
        return Optional.of(
            new Finding(
                e.getKey(), "\"%s\" has %s".formatted(e.getKey(), Finite.describe(e.getValue()))));
      }
    }
    return Optional.empty();
  }

  private static NonFiniteLossException make(
      Settings s, Place place, String what, Finding finding) {
    String message =
        "[train] %s of epoch %d, lr %s: %s; lower the learning rate, clip gradients (clipNorm), or"
                .formatted(
                    what,
                    place.epoch,
                    Format.rate(s.optimizer().groups().get(0).lr()),
                    finding.text)
            + " check the data; "
            + place
                .checkpoint
                .map(p -> "the last good checkpoint is " + p)
                .orElse("no checkpoint was saved before");
    return new NonFiniteLossException(message, place.epoch, place.globalStep, finding.culprit);
  }
}
