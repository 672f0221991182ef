package dev.kiln.train;

import dev.kiln.Autocast;
import dev.kiln.DType;
import dev.kiln.OutOfMemoryException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.data.Batch;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Finds the largest batch that fits, when one did not: by forward and backward passes of zeros in
 * its shape. Running statistics and random numbers are put back; weights are never changed.
 */
final class BatchProbe {
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
    s.optimizer().zeroGrad();
    s.device().generator().restore(random);
    buffers.forEach(Tensor::upload);
    return fits;
  }

  private boolean fits(long n) {
    s.optimizer().zeroGrad();
    try (Scope scope = Scope.open("probe");
        Autocast cast = Autocast.open(s.precision())) {
      Tensor x = TrainStep.transformed(s, zeros(input, n, inputType));
      Tensor y = zeros(target, n, targetType);
      Tensor output = s.model().call(x);
      Tensor loss = s.loss().of(output, y);
      new Measures(s.metrics()).add(loss, output, y, n);
      s.scaler().map(scaler -> scaler.scale(loss)).orElse(loss).backward();
      return true;
    } catch (OutOfMemoryException e) {
      return false;
    }
  }

  private Tensor zeros(Shape batch, long n, DType dtype) {
    long[] dims = batch.dims();
    dims[0] = n;
    return Tensor.zeros(Shape.of(dims), dtype, s.device());
  }
}
