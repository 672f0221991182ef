package dev.kiln.train;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.data.Batch;
import dev.kiln.data.DataLoader;
import dev.kiln.nn.Module;
import dev.kiln.ops.Shaping;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * What a model says of a whole data set, and what is right, on the model's device.
 *
 * @param scores the model's outputs, in the loader's order, [n, ...]
 * @param targets the targets, [n, ...]
 */
public record Predictions(Tensor scores, Tensor targets) {

  /**
   * Runs a model over data, in evaluation mode and without gradients; its modes are left as they
   * were.
   *
   * @param model the model, on its device
   * @param data one epoch of it is read, epoch 0; do not shuffle where the order matters
   * @param input what is done to inputs on the device, as the trainer's input transform
   * @return tensors that belong to the scope that is open now
   * @throws KilnException if there are no data
   */
  public static Predictions of(Module model, DataLoader data, UnaryOperator<Tensor> input) {
    Device device = model.device();
    List<Tensor> scores = new ArrayList<>();
    List<Tensor> targets = new ArrayList<>();
    Modes modes = Modes.of(model);
    model.eval();
    try (NoGrad off = NoGrad.open()) {
      for (Batch batch : data.epoch(0)) {
        try (Scope scope = Scope.open("predictions");
            Batch b = batch) {
          Tensor x = input.apply(b.input().to(device));
          // copies, so that neither hangs on the batch's memory
          scores.add(scope.keep(model.call(x).copy()));
          targets.add(scope.keep(b.target().to(device).copy()));
        }
      }
      if (scores.isEmpty()) {
        throw new KilnException("[predictions] the data are empty; there is nothing to predict");
      }
      return new Predictions(Shaping.cat(scores, 0), Shaping.cat(targets, 0));
    } finally {
      modes.putBack();
    }
  }

  /**
   * Brings a metric up to date with these predictions.
   *
   * @param metric any metric
   * @return its value over them alone
   */
  public double measure(Metric metric) {
    metric.reset();
    metric.update(scores, targets);
    return metric.compute();
  }
}
