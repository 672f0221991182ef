package dev.kiln.train;

import dev.kiln.Autocast;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.data.Batch;
import dev.kiln.data.DataLoader;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** One pass over data without learning. */
final class EvaluationRun {
  private final Settings s;

  EvaluationRun(Settings settings) {
    this.s = settings;
  }

  /** Measures the model; nothing when it was told to stop or interrupted. */
  Optional<Evaluation> run(DataLoader data, BooleanSupplier stop) {
    Measures measures = new Measures(s.metrics());
    Modes modes = Modes.of(s.model());
    long start = System.nanoTime();
    long samples = 0;
    s.model().eval();
    try (NoGrad off = NoGrad.open();
        BatchSource batches = new BatchSource(data, 0, 0)) {
      for (int i = 0; i < data.batchesPerEpoch(); i++) {
        List<Batch> next = stop.getAsBoolean() ? List.of() : batches.take(1);
        if (next.isEmpty()) {
          return Optional.empty();
        }
        try (Scope scope = Scope.open("evaluation");
            Autocast cast = Autocast.open(s.precision());
            Batch batch = next.get(0)) {
          Tensor x = TrainStep.input(s, batch);
          Tensor y = batch.target().to(s.device());
          Tensor output = s.model().call(x);
          measures.add(s.loss().of(output, y), output, y, batch.size());
          samples += batch.size();
        }
      }
      return Optional.of(
          new Evaluation(
              measures.loss(),
              measures.values(),
              samples,
              (System.nanoTime() - start) / 1e9,
              measures.confusion()));
    } finally {
      modes.putBack();
    }
  }
}
