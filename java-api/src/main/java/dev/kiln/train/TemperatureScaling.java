package dev.kiln.train;

import dev.kiln.DType;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.data.DataLoader;
import dev.kiln.nn.Module;
import java.util.function.UnaryOperator;

/**
 * A classifier whose scores are divided by a temperature, which makes it less sure above 1 and
 * surer below; what it predicts stays the same. Guo et al. 2017.
 *
 * <pre>{@code
 * TemperatureScaling calibrated = new TemperatureScaling(model);
 * calibrated.fit(validationLoader, normalize);
 * }</pre>
 *
 * <p>Child: {@code model}. Buffer: {@code temperature}, a scalar, at first 1; it is not trained
 * with the model but fitted to data that the model has not learnt from.
 */
public final class TemperatureScaling extends Module {
  /** The least temperature that is fitted; reached where every prediction is right. */
  public static final double LEAST = 0.01;

  /** The largest temperature that is fitted; reached where scores say nothing. */
  public static final double LARGEST = 100;

  private static final int ROUNDS = 60;

  private final Module model;
  private final Tensor temperature;

  /**
   * Wraps a classifier, at temperature 1.
   *
   * @param model gives scores [n, classes, ...]
   */
  public TemperatureScaling(Module model) {
    this.model = module("model", model);
    this.temperature =
        buffer("temperature", Tensor.ones(Shape.scalar(), DType.FLOAT32, model.device()));
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor scores = model.call(x);
    return scores.div(temperature.to(scores.dtype()));
  }

  /** Returns the temperature; waits for the device. */
  public double temperature() {
    return temperature.item();
  }

  /**
   * Fits the temperature to validation data and keeps it.
   *
   * @param data what the model has not learnt from; one epoch is read
   * @param input what is done to inputs on the device
   * @return the temperature
   */
  public double fit(DataLoader data, UnaryOperator<Tensor> input) {
    try (Scope scope = Scope.open("temperature")) {
      Predictions p = Predictions.of(model, data, input);
      temperature.fill(fit(p.scores(), p.targets()));
      return temperature();
    }
  }

  /**
   * Finds the temperature of the lowest cross-entropy, by Newton's method on its inverse, in which
   * the cross-entropy is convex; where a step would leave the interval that is known to hold the
   * minimum, the interval is halved. A few numbers are read back in each round.
   *
   * @param scores [n, classes, ...]
   * @param targets labels [n, ...], or distributions of the scores' shape
   * @return the temperature, {@link #LEAST} to {@link #LARGEST}
   * @throws KilnException if no row counts, or scores are not finite
   */
  public static double fit(Tensor scores, Tensor targets) {
    try (NoGrad off = NoGrad.open();
        Scope scope = Scope.open("temperature")) {
      Curve curve = Curve.of(scores, targets);
      double low = 1 / LARGEST;
      double high = 1 / LEAST;
      if (curve.at(low).slope() >= 0) {
        return LARGEST;
      }
      if (curve.at(high).slope() <= 0) {
        return LEAST;
      }
      double beta = 1;
      for (int round = 0; round < ROUNDS; round++) {
        Curve.Point here = curve.at(beta);
        if (here.slope() > 0) {
          high = beta;
        } else {
          low = beta;
        }
        double step = here.slope() / here.bend();
        if (Math.abs(step) <= 1e-12 * beta) {
          return 1 / beta;
        }
        double next = beta - step;
        if (!(next > low && next < high)) {
          next = Math.sqrt(low * high);
        }
        beta = next;
      }
      return 1 / beta;
    }
  }

  /**
   * The mean cross-entropy as a function of the inverse temperature.
   *
   * @param z scores less the row's largest, FLOAT64 [rows, classes]
   * @param wanted the score at the target of each row, [rows, 1]
   * @param mass how much each row counts, [rows, 1]
   * @param rows the sum of mass
   */
  private record Curve(Tensor z, Tensor wanted, Tensor mass, double rows) {
    /** Slope and curvature somewhere. */
    record Point(double slope, double bend) {}

    static Curve of(Tensor scores, Tensor targets) {
      Scores s = Scores.of("temperature", scores.to(DType.FLOAT64), targets);
      Tensor z = s.logp().sub(s.logp().amax(new int[] {1}).unsqueeze(1));
      Tensor wanted;
      Tensor mass = s.counted().unsqueeze(1);
      if (s.soft()) {
        wanted = s.target().mul(z).sum(new int[] {1}, true);
        mass = s.target().sum(new int[] {1}, true);
      } else {
        wanted = s.at(z).unsqueeze(1).mul(mass);
      }
      double rows = mass.sum().item();
      if (!(rows > 0) || !Double.isFinite(wanted.sum().item())) {
        throw new KilnException(
            "[temperature] %s rows count and scores sum to %s at the targets; give one or more"
                    .formatted(rows, wanted.sum().item())
                + " rows of finite scores");
      }
      return new Curve(z, wanted, mass, rows);
    }

    Point at(double beta) {
      try (Scope scope = Scope.open("temperature")) {
        Tensor p = z.mul(beta).softmax(1);
        Tensor mean = p.mul(z).sum(new int[] {1}, true);
        Tensor spread = p.mul(z.sub(mean).square()).sum(new int[] {1}, true);
        return new Point(
            mean.mul(mass).sub(wanted).sum().item() / rows, spread.mul(mass).sum().item() / rows);
      }
    }
  }
}
