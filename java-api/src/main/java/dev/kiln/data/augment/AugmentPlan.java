package dev.kiln.data.augment;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.FusedOps;
import dev.kiln.backend.PixelProgram;
import dev.kiln.backend.Sampling;
import dev.kiln.backend.View;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * A pipeline made ready for batches of one shape: {@link #draw} chooses what happens to each sample
 * and uploads it as a few floats per sample, {@link #apply} only starts kernels. So a recorded step
 * can hold the second, and read from the same memory what the first has put there.
 *
 * <pre>{@code
 * AugmentPlan plan = augment.plan(slot.shape(), device);
 * for (Batch batch : loader) {
 *   batch.copyTo(0, slot);
 *   plan.draw(batch.epoch(), batch.indices());
 *   step.run(); // its closure calls plan.apply(slot)
 * }
 * }</pre>
 *
 * <p>Its tensors belong to the scope that is open when it is made. Not thread-safe.
 */
public final class AugmentPlan implements AutoCloseable {
  private final Augment augment;
  private final List<Pass> passes;
  private final Optional<Mixing> mixing;
  private final Shape shape;
  private final Size[] sizes;
  private final float[] numbers;
  private final int mixAt;
  private final ByteBuffer floatBytes;
  private final ByteBuffer longBytes;
  private final Tensor floats;
  private final Tensor longs;

  AugmentPlan(
      Augment augment, List<Pass> passes, Optional<Mixing> mixing, Shape shape, Device device) {
    this.augment = augment;
    this.passes = passes;
    this.mixing = mixing;
    this.shape = shape;
    int n = samples();
    int channels = (int) shape.dim(1);
    sizes = new Size[passes.size() + 1];
    sizes[0] = new Size((int) shape.dim(2), (int) shape.dim(3));
    int total = 3 * channels;
    for (int i = 0; i < passes.size(); i++) {
      Pass pass = passes.get(i);
      sizes[i + 1] = pass instanceof Pass.Sampled ? ((Pass.Sampled) pass).size(sizes[i]) : sizes[i];
      augment.check(pass, channels, sizes[i]);
      total = Math.addExact(total, Math.multiplyExact(n, pass.width()));
    }
    mixAt = total;
    total = Math.addExact(total, mixing.isPresent() ? Math.multiplyExact(n, Mixing.WIDTH) : 0);
    numbers = new float[total];
    augment.constants(channels, numbers);
    floatBytes = bytes(4 * total);
    longBytes = bytes(24 * n);
    floats = Tensor.empty(Shape.of(total), DType.FLOAT32, device);
    longs = Tensor.empty(Shape.of(3L * n), DType.INT64, device);
  }

  private static ByteBuffer bytes(int count) {
    return ByteBuffer.allocateDirect(count).order(ByteOrder.LITTLE_ENDIAN);
  }

  private int samples() {
    return (int) shape.dim(0);
  }

  /**
   * Chooses what happens to each sample of the next batch.
   *
   * @param epoch the epoch
   * @param indices which samples of the data set these are
   * @throws dev.kiln.KilnException if there are not as many as the plan was made for
   */
  public void draw(int epoch, int... indices) {
    int n = samples();
    if (indices.length != n) {
      throw Augment.wrong("%d samples for a plan of %d; make another plan", indices.length, n);
    }
    longBytes.clear();
    for (int id : indices) {
      longBytes.putLong(augment.seed()).putLong(SampleDraws.stream(epoch, id));
    }
    for (int i = 0; i < n; i++) {
      longBytes.putLong((i + 1) % n);
    }
    int at = 3 * (int) shape.dim(1);
    for (int p = 0; p < passes.size(); p++) {
      Pass pass = passes.get(p);
      for (int i = 0; i < n; i++, at += pass.width()) {
        if (pass instanceof Pass.Sampled) {
          sample((Pass.Sampled) pass, sizes[p], epoch, indices[i], at);
        } else {
          change((Pass.Changed) pass, sizes[p], epoch, indices[i], at);
        }
      }
    }
    for (int i = 0; i < n && mixing.isPresent(); i++, at += Mixing.WIDTH) {
      SampleDraws r = new SampleDraws(augment.seed(), epoch, indices[i], Augment.MIXING_PLACE);
      mixing.get().draw(r, sizes[passes.size()], numbers, at);
    }
    floatBytes.clear();
    floatBytes.asFloatBuffer().put(numbers);
    floats.upload(floatBytes);
    longs.upload(longBytes.flip());
  }

  private void sample(Pass.Sampled pass, Size in, int epoch, int id, int at) {
    Affine map = Affine.IDENTITY;
    Size size = in;
    for (Pass.Placed<Geometry> t : pass.transforms()) {
      Size next = t.transform().size().apply(size);
      SampleDraws r = new SampleDraws(augment.seed(), epoch, id, t.place());
      map = map.after(t.transform().map().draw(r, size, next));
      size = next;
    }
    double[] six = {map.a(), map.b(), map.c(), map.d(), map.e(), map.f()};
    for (int k = 0; k < 6; k++) {
      numbers[at + k] = (float) six[k];
    }
  }

  private void change(Pass.Changed pass, Size size, int epoch, int id, int at) {
    float[][][] drawn = new float[pass.transforms().size()][][];
    for (int t = 0; t < drawn.length; t++) {
      Pass.Placed<PixelChange> placed = pass.transforms().get(t);
      drawn[t] = new float[placed.transform().steps().size()][PixelChange.WIDTH];
      SampleDraws r = new SampleDraws(augment.seed(), epoch, id, placed.place());
      placed.transform().draw().steps(r, size, drawn[t]);
    }
    int to = at;
    for (Pass.Part part : pass.parts()) {
      float[] step = drawn[part.transform()][part.step()];
      System.arraycopy(step, 0, numbers, to, PixelChange.WIDTH);
      to += PixelChange.WIDTH;
    }
  }

  /**
   * Returns the shape of what {@link #apply} makes.
   *
   * @return [n, channels, h, w]
   */
  public Shape outputShape() {
    Size size = sizes[passes.size()];
    return shape.with(2, size.h()).with(3, size.w());
  }

  /**
   * Changes images as drawn. Starts kernels only: nothing is drawn, uploaded or read back.
   *
   * @param x UINT8, or floating on the scale 0 to 1, of the plan's shape
   * @return new images
   * @throws dev.kiln.KilnException if x has another shape or type
   */
  public Tensor apply(Tensor x) {
    augment.requireImages(x);
    if (!x.shape().equals(shape)) {
      throw Augment.wrong("input %s for a plan of %s; make another plan", x.describe(), shape);
    }
    try (NoGrad off = NoGrad.open()) {
      Tensor images = changed(x.contiguous());
      return mixing.isPresent() ? Mixing.inputs(images, boxes(), partner()) : images;
    }
  }

  /**
   * Changes images and targets as drawn; targets only where samples are mixed.
   *
   * @param x as for {@link #apply(Tensor)}
   * @param y class numbers [n] or probabilities [n, classes]
   * @return new images, and y or probabilities
   */
  public AugmentedBatch apply(Tensor x, Tensor y) {
    Tensor images = apply(x);
    if (mixing.isEmpty()) {
      return new AugmentedBatch(images, y);
    }
    try (NoGrad off = NoGrad.open()) {
      return new AugmentedBatch(images, mixing.get().targets(y, boxes(), partner()));
    }
  }

  private Tensor boxes() {
    int n = samples();
    return floats.narrow(0, mixAt, (long) n * Mixing.WIDTH).reshape(n, Mixing.WIDTH);
  }

  private Tensor partner() {
    return longs.narrow(0, 2L * samples(), samples());
  }

  private Tensor changed(Tensor x) {
    FusedOps fused = x.device().backend().fused();
    long channels = shape.dim(1);
    View fill = part(0, Shape.of(channels));
    View values = part(channels, Shape.of(channels, 2));
    View keys = longs.view("augment", "keys").narrow(0, 0, 2L * samples());
    View keyed = keys.reshape(Shape.of(samples(), 2));
    Tensor y = x;
    long at = 3 * channels;
    for (int p = 0; p < passes.size(); p++) {
      Pass pass = passes.get(p);
      Shape to = shape.with(2, sizes[p + 1].h()).with(3, sizes[p + 1].w());
      boolean last = p == passes.size() - 1;
      Tensor out = Tensor.empty(to, last ? augment.dtype() : DType.FLOAT32, x.device());
      View in = y.view("augment", "input");
      if (pass instanceof Pass.Sampled) {
        View theta = part(at, Shape.of(samples(), 2, 3));
        Sampling sampling = augment.sampling((Pass.Sampled) pass);
        fused.affineSample(out.view(), in, theta, Optional.of(fill), sampling);
      } else {
        PixelProgram program = ((Pass.Changed) pass).program();
        View steps = part(at, Shape.of(samples(), program.steps().size(), PixelChange.WIDTH));
        fused.transformPixels(out.view(), in, program, steps, values, keyed);
      }
      at += (long) samples() * pass.width();
      y = out;
    }
    return y;
  }

  /** Releases the plan's memory, where no scope does. */
  @Override
  public void close() {
    floats.close();
    longs.close();
  }

  private View part(long at, Shape of) {
    return floats.view("augment", "parameters").narrow(0, at, of.numel()).reshape(of);
  }
}
