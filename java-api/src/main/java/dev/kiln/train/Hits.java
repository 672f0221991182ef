package dev.kiln.train;

import dev.kiln.Device;
import dev.kiln.DeviceException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.RankSpec;
import java.util.Map;

/** Counts examples that are classified right, and all that count, on the device. */
final class Hits {
  private final String metric;
  private final Accumulator right;
  private final Accumulator all;

  Hits(String metric) {
    this.metric = metric;
    this.right = Accumulator.counts(metric);
    this.all = Accumulator.counts(metric);
  }

  /** Adds a batch: scores [N,C] or [N,C,...] and labels, as {@link Classes#labels} gives them. */
  void add(Tensor output, Tensor labels, RankSpec spec) {
    Device device = output.device();
    if (!labels.device().equals(device)) {
      throw new DeviceException(
          "[%s] output is on %s but target is on %s; move one with to(device)"
              .formatted(metric, device, labels.device()));
    }
    Tensor scores = output.detach().contiguous();
    Tensor target = labels.contiguous();
    long n = scores.size(0);
    long classes = scores.size(1);
    long inner = 1;
    for (int axis = 2; axis < scores.dim(); axis++) {
      inner *= scores.size(axis);
    }
    device
        .backend()
        .fused()
        .countCorrect(
            right.on(device).view().reshape(Shape.of(1)),
            all.on(device).view().reshape(Shape.of(1)),
            scores.view().reshape(Shape.of(n, classes, inner)),
            target.view().reshape(Shape.of(n, inner)),
            spec);
  }

  /** Reads the share of hits. */
  double share() {
    return right.read()[0] / all.read()[0];
  }

  void reset() {
    right.reset();
    all.reset();
  }

  void save(Map<String, Tensor> into) {
    right.save(into, "right");
    all.save(into, "all");
  }

  void restore(Map<String, Tensor> saved) {
    right.restore(saved, "right");
    all.restore(saved, "all");
  }
}
