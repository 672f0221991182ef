package dev.kiln.cuda;

import static dev.kiln.cuda.CudaStorage.address;

import dev.kiln.DType;
import dev.kiln.OutOfMemoryException;
import dev.kiln.Shape;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.View;
import dev.kiln.cuda.ConvKey.Direction;
import java.util.Optional;

/**
 * Convolutions by cuDNN. Plans are made once per shape; the workspace is borrowed from the device's
 * memory for each launch. What cuDNN does not do is answered with false, and nothing has happened.
 * Called under the device's lock.
 */
final class Convolutions implements AutoCloseable {
  /** More shapes than a model has, fewer than would matter in memory. */
  private static final int PLANS = 4096;

  /** cuDNN counts the elements of a tensor in 32 bits. */
  private static final long MOST_ELEMENTS = Integer.MAX_VALUE;

  private final CudaBackend device;
  private final Natives natives;
  private final Driver driver;
  private final ConvSettings settings = ConvSettings.read();
  private final PlanCache plans = new PlanCache(PLANS);
  private final LostChoices lost = new LostChoices();
  private Optional<Dnn> dnn = Optional.empty();
  private boolean opened;

  Convolutions(CudaBackend device, Natives natives, Driver driver) {
    this.device = device;
    this.natives = natives;
    this.driver = driver;
  }

  /** Computes y, with a bias for each channel and ReLU if wanted. */
  boolean forward(View y, View x, View weight, Optional<View> bias, Conv2dSpec spec, boolean relu) {
    return compute(Direction.FORWARD, x, weight, y, spec, bias, relu);
  }

  /** Computes dx. */
  boolean gradInput(View dx, View dy, View weight, Conv2dSpec spec) {
    return compute(Direction.INPUT, dx, weight, dy, spec, Optional.empty(), false);
  }

  /** Computes dweight. */
  boolean gradWeight(View dweight, View dy, View x, Conv2dSpec spec) {
    return compute(Direction.WEIGHT, x, dweight, dy, spec, Optional.empty(), false);
  }

  private boolean compute(
      Direction direction,
      View x,
      View weight,
      View y,
      Conv2dSpec spec,
      Optional<View> bias,
      boolean relu) {
    if (!fits(x) || !fits(weight) || !fits(y) || Dnn.type(x.dtype()).isEmpty()) {
      return false;
    }
    if (!opened) {
      dnn = Dnn.open(natives, driver);
      opened = true;
    }
    if (dnn.isEmpty()) {
      return false;
    }
    driver.makeCurrent();
    ConvKey key =
        new ConvKey(
            direction,
            x.dtype(),
            device.roundsNow(x.dtype()),
            isChannelsLast(x.dtype()),
            x.shape(),
            weight.shape(),
            y.shape(),
            spec);
    if (lost.isHopeless(key)) {
      return false;
    }
    ConvPlan plan;
    try {
      plan = plans.get(key, this::plan);
    } catch (ConvSearch.StatusLost e) {
      lost.failed(key);
      return false;
    }
    if (!plan.isPossible()) {
      return false;
    }
    if (!key.channelsLast()) {
      return launch(key, plan, x, weight, y, bias, relu);
    }
    return launchChannelsLast(key, plan, x, weight, y, bias, relu);
  }

  private static boolean fits(View v) {
    return v.numel() > 0 && v.numel() <= MOST_ELEMENTS;
  }

  /** The one place that says in which layout cuDNN gets its tensors. */
  private boolean isChannelsLast(DType dtype) {
    return settings.channelsLast() && dtype.bytes() == 2;
  }

  private ConvPlan plan(ConvKey key) {
    // Measuring waits for the device, which a recording forbids.
    boolean measured = settings.benchmark() && !driver.isRecording();
    ConvPlan made =
        new ConvPlan(dnn.get(), key, new ConvSearch(settings.deterministic(), measured));
    lost.succeeded(key);
    return made;
  }

  /** Tries the plan's algorithms until one runs. */
  private boolean launch(
      ConvKey key, ConvPlan plan, View x, View weight, View y, Optional<View> bias, boolean relu) {
    while (plan.isPossible()) {
      boolean fused = bias.isPresent() && plan.fuses(relu);
      int status;
      try {
        status = launchOnce(plan, x, weight, y, fused ? bias : Optional.empty(), relu);
      } catch (OutOfMemoryException e) {
        plan.reject();
        if (!plan.isPossible()) {
          throw e;
        }
        continue;
      }
      if (!Dnn.isUnsupported(status)) {
        Dnn.check(status, key.describe() + ": " + plan.call(fused));
        driver.settle(key::describe);
        if (!fused && (bias.isPresent() || relu)) {
          finish(key, y, bias, relu);
        }
        return true;
      }
      if (fused) {
        plan.stopFusing();
      } else {
        plan.reject();
      }
    }
    return false;
  }

  private int launchOnce(
      ConvPlan plan, View x, View weight, View y, Optional<View> bias, boolean relu) {
    Chunk workspace = device.memory().alloc(plan.choice().workspace());
    try {
      return bias.isPresent()
          ? plan.launchFused(
              address(x), address(weight), address(y), address(bias.get()), relu, workspace)
          : plan.launch(address(x), address(weight), address(y), workspace);
    } finally {
      device.memory().free(workspace);
    }
  }

  /** Bias and ReLU, where they are a pass of their own. */
  private void finish(ConvKey key, View y, Optional<View> bias, boolean relu) {
    Shape shape = key.y();
    long pixels = shape.dim(2) * shape.dim(3);
    long biasAt = bias.isPresent() ? address(bias.get()) : 0;
    int type = CudaBackend.type(y);
    int flag = relu ? 1 : 0;
    long channels = shape.dim(1);
    int status =
        key.channelsLast()
            ? Launchers.epilogue(
                device.launchers(), type, address(y), biasAt, shape.dim(0) * pixels, channels, flag)
            : Launchers.channelEpilogue(
                device.launchers(), type, address(y), biasAt, shape.dim(0), channels, pixels, flag);
    CudaBackend.done(status, "conv2d epilogue", y);
  }

  private boolean launchChannelsLast(
      ConvKey key, ConvPlan plan, View x, View weight, View y, Optional<View> bias, boolean relu) {
    try (Transposed images = new Transposed(x);
        Transposed filters = new Transposed(weight);
        Transposed results = new Transposed(y)) {
      Transposed out =
          switch (key.direction()) {
            case FORWARD -> results;
            case INPUT -> images;
            case WEIGHT -> filters;
          };
      for (Transposed operand : new Transposed[] {images, filters, results}) {
        if (operand != out) {
          operand.read();
        }
      }
      boolean done = launch(key, plan, images.last(), filters.last(), results.last(), bias, relu);
      if (done) {
        out.write();
      }
      return done;
    }
  }

  /** A tensor [a, c, h, w] beside a copy of it that lies [a, h, w, c]. */
  private final class Transposed implements AutoCloseable {
    private final View first;
    private final CudaBackend.Temporary copy;

    Transposed(View first) {
      this.first = first;
      this.copy = device.temporary(first.dtype(), moved(first).shape());
    }

    View last() {
      return copy.view();
    }

    private static View moved(View x) {
      return x.permute(0, 2, 3, 1);
    }

    void read() {
      device.copy(last(), moved(first));
    }

    void write() {
      device.copy(moved(first), last());
    }

    @Override
    public void close() {
      copy.close();
    }
  }

  @Override
  public void close() {
    try {
      plans.close();
    } finally {
      dnn.ifPresent(Dnn::close);
    }
  }
}
