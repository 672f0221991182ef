package dev.kiln.cli.experiment;

import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.data.DataLoader;
import dev.kiln.nn.Module;
import dev.kiln.train.Accuracy;
import dev.kiln.train.BrierScore;
import dev.kiln.train.ExpectedCalibrationError;
import dev.kiln.train.NegativeLogLikelihood;
import dev.kiln.train.Predictions;
import dev.kiln.train.ReliabilityDiagram;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;

/**
 * How good a classifier is, and how well it knows that.
 *
 * @param accuracy the share of predictions that are right
 * @param calibration the expected calibration error
 * @param nll the mean negative log-likelihood
 * @param brier the Brier score
 * @param diagram how confidence and accuracy go together
 */
record Quality(
    double accuracy, double calibration, double nll, double brier, ReliabilityDiagram diagram) {
  /**
   * Measures a model.
   *
   * @param model a classifier
   * @param data what to measure it on
   * @param input what is done to inputs
   */
  static Quality of(Module model, DataLoader data, UnaryOperator<Tensor> input) {
    try (Scope scope = Scope.open("quality")) {
      Predictions p = Predictions.of(model, data, input);
      ExpectedCalibrationError calibration = new ExpectedCalibrationError();
      return new Quality(
          p.measure(new Accuracy()),
          p.measure(calibration),
          p.measure(new NegativeLogLikelihood()),
          p.measure(new BrierScore()),
          calibration.diagram());
    }
  }

  /** The mean of each figure over several; the diagram is the first one's. */
  static Quality mean(List<Quality> all) {
    return new Quality(
        mean(all, Quality::accuracy),
        mean(all, Quality::calibration),
        mean(all, Quality::nll),
        mean(all, Quality::brier),
        all.get(0).diagram);
  }

  private static double mean(List<Quality> all, ToDoubleFunction<Quality> figure) {
    return all.stream().mapToDouble(figure).average().orElse(Double.NaN);
  }
}
