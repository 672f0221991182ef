package dev.kiln.optim;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.FusedOps;
import dev.kiln.backend.LossScaleSpec;
import dev.kiln.backend.View;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps small gradients of FLOAT16 training from vanishing: the loss is multiplied by a large scale
 * before the backward pass, and gradients are divided by it before the step. A step whose gradients
 * overflowed is skipped and the scale made smaller; after enough good steps it grows again.
 * Micikevicius et al. 2018; PyTorch's {@code torch.amp.GradScaler}.
 *
 * <pre>{@code
 * scaler.scale(loss).backward();
 * scaler.step(optimizer);
 * scaler.update();
 * }</pre>
 *
 * <p>Scale, counters and the decision to skip live on the device; nothing is read back, so a step
 * can be recorded.
 */
public final class GradScaler {
  /** Beyond this the scale itself would overflow FLOAT32. */
  private static final double LARGEST = Float.MAX_VALUE;

  private final double growthFactor;
  private final double backoffFactor;
  private final int growthInterval;
  private final Tensor scale;
  private final Tensor tracker;
  private final Map<Optimizer, Found> found = new IdentityHashMap<>();

  /** Whether an optimizer's gradients overflowed, FLOAT64 [1], and whether they are unscaled. */
  private record Found(Tensor overflow, boolean unscaled) {}

  private GradScaler(Builder b) {
    growthFactor = b.growthFactor;
    backoffFactor = b.backoffFactor;
    growthInterval = b.growthInterval;
    scale = counter(b.device, b.initScale);
    tracker = counter(b.device, 0);
  }

  private static Tensor counter(Device device, double value) {
    return Scope.outside(() -> Tensor.full(Shape.of(1), value, DType.FLOAT64, device));
  }

  /**
   * Makes a scaler with PyTorch's defaults: 65536 at first, doubled after 2000 good steps, halved
   * after a bad one.
   *
   * @param device where the model is
   * @return the scaler
   */
  public static GradScaler on(Device device) {
    return builder(device).build();
  }

  /**
   * Starts a scaler with settings of its own.
   *
   * @param device where the model is
   * @return the builder
   */
  public static Builder builder(Device device) {
    return new Builder(device);
  }

  /** Collects the settings; those left out have PyTorch's defaults. */
  public static final class Builder {
    private final Device device;
    private double initScale = 65536;
    private double growthFactor = 2;
    private double backoffFactor = 0.5;
    private int growthInterval = 2000;

    private Builder(Device device) {
      this.device = device;
    }

    /**
     * Sets the first scale.
     *
     * @param value above 0, 65536 by default
     * @return this
     */
    public Builder initScale(double value) {
      initScale = require("initScale", value, value > 0 && value <= LARGEST, "above 0 and finite");
      return this;
    }

    /**
     * Sets what the scale is multiplied by after enough good steps.
     *
     * @param value above 1, 2 by default
     * @return this
     */
    public Builder growthFactor(double value) {
      growthFactor =
          require("growthFactor", value, value > 1 && Double.isFinite(value), "above 1 and finite");
      return this;
    }

    /**
     * Sets what the scale is multiplied by after a step that overflowed.
     *
     * @param value between 0 and 1, 0.5 by default
     * @return this
     */
    public Builder backoffFactor(double value) {
      backoffFactor =
          require("backoffFactor", value, value > 0 && value < 1, "between 0 and 1, both excluded");
      return this;
    }

    /**
     * Sets after how many good steps in a row the scale grows.
     *
     * @param steps at least 1, 2000 by default
     * @return this
     */
    public Builder growthInterval(int steps) {
      growthInterval = (int) require("growthInterval", steps, steps >= 1, "1 or more");
      return this;
    }

    private static double require(String name, double value, boolean holds, String rule) {
      if (!holds) {
        throw new OptimizerException("[GradScaler] " + name + " = " + value + " must be " + rule);
      }
      return value;
    }

    /**
     * Makes the scaler.
     *
     * @return the scaler
     */
    public GradScaler build() {
      return new GradScaler(this);
    }
  }

  /**
   * Multiplies a loss by the scale.
   *
   * @param loss a scalar
   * @return what to call {@code backward()} on, FLOAT32 if the loss is of a 16-bit type
   */
  public Tensor scale(Tensor loss) {
    DType wide = DType.promote(loss.dtype(), DType.FLOAT32);
    return loss.to(wide).mul(scale.to(wide).reshape());
  }

  /**
   * Divides an optimizer's gradients by the scale now, so that they can be clipped or looked at
   * before the step.
   *
   * @param optimizer whose gradients come from a scaled loss
   * @throws OptimizerException if it was called for this optimizer since the last {@link #update}
   */
  public void unscale(Optimizer optimizer) {
    if (found.containsKey(optimizer)) {
      throw new OptimizerException(
          "[GradScaler] unscale() was called for this optimizer since the last update(); call it"
              + " once, before step()");
    }
    try (Scope scope = Scope.open("unscale");
        NoGrad off = NoGrad.open()) {
      List<Tensor> parameters = parameters(optimizer);
      Tensor overflow = Gradients.nonFinite(parameters, scale.device());
      Tensor inverse = scale.reciprocal();
      GradientStretches gradients = GradientStretches.of(parameters);
      gradients
          .byDevice()
          .forEach((on, parts) -> on.backend().fused().scaleAll(parts, inverse.to(on).view()));
      gradients.clearPadding();
      found.put(optimizer, new Found(lasting(overflow), true));
    }
  }

  /**
   * Updates an optimizer's parameters with the unscaled gradients, or leaves them as they are if a
   * gradient is infinite or NaN.
   *
   * @param optimizer whose gradients come from a scaled loss
   */
  public void step(Optimizer optimizer) {
    try (Scope scope = Scope.open("scaled step");
        NoGrad off = NoGrad.open()) {
      Found f =
          found.computeIfAbsent(
              optimizer,
              o -> {
                Tensor overflow = Gradients.nonFinite(parameters(o), scale.device());
                return new Found(lasting(overflow), false);
              });
      Tensor factor = Tensor.empty(Shape.of(1), DType.FLOAT64, scale.device());
      Optional<View> by = f.unscaled() ? Optional.empty() : Optional.of(scale.view());
      ops().lossScaleFactor(factor.view(), f.overflow().view(), by);
      optimizer.step(Optional.of(factor));
    }
  }

  /**
   * Makes the scale smaller if a step overflowed since the last call, else larger when it is time.
   */
  public void update() {
    try (Scope scope = Scope.open("scaler update");
        NoGrad off = NoGrad.open()) {
      Optional<Tensor> any = Optional.empty();
      for (Found f : found.values()) {
        any = Optional.of(any.map(t -> t.maximum(f.overflow())).orElse(f.overflow()));
      }
      Tensor overflow =
          any.orElseGet(() -> Tensor.zeros(Shape.of(1), DType.FLOAT64, scale.device()));
      LossScaleSpec spec = new LossScaleSpec(growthFactor, backoffFactor, growthInterval, LARGEST);
      ops().lossScaleUpdate(scale.view(), tracker.view(), overflow.view(), spec);
    }
    found.values().forEach(f -> f.overflow().close());
    found.clear();
  }

  /**
   * Reads the scale; waits for the device.
   *
   * @return what the next loss is multiplied by
   */
  public double scale() {
    return scale.item();
  }

  /**
   * Returns what a checkpoint must keep.
   *
   * @return the scale and the number of good steps in a row, FLOAT64 [1] each, on the live memory
   */
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put("scale", scale.detach());
    state.put("growth_tracker", tracker.detach());
    return state;
  }

  /**
   * Goes on where a saved scaler was.
   *
   * @param state what {@link #state} gave
   * @throws OptimizerException if an entry is missing or of another shape
   */
  public void load(Map<String, Tensor> state) {
    for (String name : state().keySet()) {
      Tensor saved = state.get(name);
      if (saved == null || saved.numel() != 1) {
        throw new OptimizerException(
            "[GradScaler] the saved state has "
                + state.keySet()
                + " but a '"
                + name
                + "' of one number is needed");
      }
    }
    scale.copyFrom(state.get("scale").reshape(1));
    tracker.copyFrom(state.get("growth_tracker").reshape(1));
  }

  private static List<Tensor> parameters(Optimizer optimizer) {
    List<Tensor> all = new ArrayList<>();
    optimizer.groups().forEach(g -> all.addAll(g.parameters()));
    return all;
  }

  private FusedOps ops() {
    return scale.device().backend().fused();
  }

  private static Tensor lasting(Tensor t) {
    return Scope.outside(() -> Tensor.empty(t.shape(), t.dtype(), t.device())).copyFrom(t);
  }
}
