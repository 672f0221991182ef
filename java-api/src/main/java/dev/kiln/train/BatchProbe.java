package dev.kiln.train;

import dev.kiln.Autocast;
import dev.kiln.DType;
import dev.kiln.OutOfMemoryException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.data.Batch;
import dev.kiln.data.augment.AugmentedBatch;
import dev.kiln.optim.GradientClipping;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Finds the largest batch that fits, when one did not: by steps on zeros in its shape that leave
 * out the optimizer. Running statistics and random numbers are put back; weights are never changed.
 *
 * <p>Every try begins with no memory kept of the one before, as a run of its own would, and has two
 * steps, since the second finds memory cut up by the first.
 */
final class BatchProbe {
  private static final int STEPS = 2;

  /**
   * A batch that fits at first but no more when tried again is made smaller by one part of so many.
   */
  private static final int PARTS = 32;

  private final Settings s;
  private final Shape input;
  private final Shape target;
  private final DType inputType;
  private final DType targetType;

  /** Notes the shapes of a batch. */
  BatchProbe(Settings settings, Batch batch) {
    s = settings;
    input = batch.shape(0);
    target = batch.shape(1);
    inputType = batch.dtype(0);
    targetType = batch.dtype(1);
  }

  /** Adds to an error what would have fitted; no other memory of the step may be in use. */
  OutOfMemoryException explain(OutOfMemoryException e) {
    long fits = largest();
    String advice =
        fits == 0
            ? "not even one example fits; make the model or the example smaller"
            : "the largest batch that fits is "
                + fits
                + ", found by trying; accumulate(k) adds up"
                + " the gradients of k small batches";
    return new OutOfMemoryException(
        "[fit] a step with a batch of "
            + input.dim(0)
            + " does not fit: "
            + advice
            + ". "
            + e.getMessage(),
        e);
  }

  private long largest() {
    Map<Tensor, ByteBuffer> buffers = new LinkedHashMap<>();
    s.model().namedBuffers().values().forEach(b -> buffers.put(b, b.toBuffer()));
    long[] random = s.device().generator().state();
    long fits = 0;
    long tooMany = input.dim(0);
    while (tooMany - fits > 1) {
      long middle = (fits + tooMany) >>> 1;
      if (fits(middle)) {
        fits = middle;
      } else {
        tooMany = middle;
      }
    }
    // the tries themselves have loaded kernels and libraries, which take memory too
    while (fits > 0 && !fits(fits)) {
      fits -= Math.max(1, fits / PARTS);
    }
    s.optimizer().zeroGrad();
    s.device().backend().trim();
    s.device().generator().restore(random);
    buffers.forEach(Tensor::upload);
    return fits;
  }

  private boolean fits(long n) {
    s.optimizer().zeroGrad();
    s.device().memory(); // frees what the garbage collector has found
    s.device().backend().trim();
    try (Scope scope = Scope.open("probe")) {
      List<Tensor> inputs = new ArrayList<>();
      List<Tensor> targets = new ArrayList<>();
      for (int i = 0; i < s.accumulate(); i++) {
        inputs.add(zeros(input, n, inputType));
        targets.add(zeros(target, n, targetType));
      }
      for (int step = 0; step < STEPS; step++) {
        s.optimizer().zeroGrad();
        for (int i = 0; i < s.accumulate(); i++) {
          learn(inputs.get(i), targets.get(i), n);
        }
        clip();
      }
      return true;
    } catch (OutOfMemoryException | ShapeException e) {
      return false; // one example is too few for the statistics of a batch
    }
  }

  /** What a step does with one of its batches. */
  private void learn(Tensor x, Tensor labels, long n) {
    try (Scope scope = Scope.open("probe")) {
      AugmentedBatch in =
          TrainStep.augmented(s, x, labels, 0, IntStream.range(0, (int) n).toArray());
      try (Autocast cast = Autocast.open(s.precision())) {
        Tensor output = s.model().call(in.input());
        Tensor loss = s.loss().of(output, in.target());
        new Measures(s.metrics()).add(loss, output, labels, n);
        s.scaler().map(scaler -> scaler.scale(loss)).orElse(loss).backward();
      }
    }
  }

  private void clip() {
    if (s.clip().kind() == Settings.Clip.Kind.NORM) {
      GradientClipping.norm(s.model().parameters(), s.clip().limit());
    }
  }

  private Tensor zeros(Shape batch, long n, DType dtype) {
    long[] dims = batch.dims();
    dims[0] = n;
    return Tensor.zeros(Shape.of(dims), dtype, s.device());
  }
}
