package dev.kiln;

import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Flat memory that holds parameters and, at the same places, their gradients, so that an optimizer
 * step over all of them is one launch.
 *
 * <p>Packing moves the parameters' values into the slab; the tensors stay the same objects.
 */
public final class Slab {
  /** Every parameter starts at a multiple of this many elements: 64 bytes of FLOAT32. */
  private static final int ALIGN = 16;

  private final List<Tensor> parameters;
  private final long[] offsets;
  private final Tensor values;
  private final Tensor grads;

  private Slab(List<Tensor> parameters, long[] offsets, Tensor values, Tensor grads) {
    this.parameters = parameters;
    this.offsets = offsets;
    this.values = values;
    this.grads = grads;
    values.lease().slab(this);
    grads.lease().slab(this);
  }

  /**
   * Finds the slab that a parameter or its gradient lies in.
   *
   * @param tensor a parameter or a gradient
   * @return the slab, or nothing when its memory is its own
   */
  public static Optional<Slab> holding(Tensor tensor) {
    return tensor.lease().slab();
  }

  /**
   * Packs parameters, in their order.
   *
   * @param parameters dense leaves of one device and one element type; at least one
   * @return the slab
   * @throws DeviceException if they are on different devices
   * @throws DTypeException if they have different element types
   */
  public static Slab of(List<Tensor> parameters) {
    Tensor first = parameters.get(0);
    long[] offsets = new long[parameters.size() + 1];
    for (int i = 0; i < parameters.size(); i++) {
      Tensor p = parameters.get(i);
      p.view("slab", "parameter " + i);
      if (!p.device().equals(first.device())) {
        throw new DeviceException(
            "[slab] parameter "
                + i
                + " is on "
                + p.device()
                + " but parameter 0 is on "
                + first.device()
                + "; move the module to one device first");
      }
      if (p.dtype() != first.dtype()) {
        throw new DTypeException(
            "[slab] parameter " + i + " is " + p.dtype() + " but parameter 0 is " + first.dtype());
      }
      offsets[i + 1] = offsets[i] + (p.numel() + ALIGN - 1) / ALIGN * ALIGN;
    }
    Shape shape = Shape.of(offsets[parameters.size()]);
    return Scope.outside(
        () -> {
          Slab slab =
              new Slab(
                  List.copyOf(parameters),
                  offsets,
                  Tensor.zeros(shape, first.dtype(), first.device()),
                  Tensor.zeros(shape, first.dtype(), first.device()));
          slab.move();
          return slab;
        });
  }

  private void move() {
    try (NoGrad off = NoGrad.open()) {
      for (int i = 0; i < parameters.size(); i++) {
        Tensor p = parameters.get(i);
        Tensor place = place(values, i, p.shape());
        place.copyFrom(p);
        p.rebind(place);
        p.variable().gradSlot(place(grads, i, p.shape()));
      }
    }
  }

  private Tensor place(Tensor flat, int i, Shape shape) {
    return flat.alias(View.dense(flat.view().storage(), offsets[i], shape));
  }

  /**
   * Returns the parameters' flat memory, padding included.
   *
   * @return a tensor of rank 1
   */
  public Tensor values() {
    return values;
  }

  /**
   * Returns the gradients' flat memory, padding included. A parameter that {@link Tensor#grad()}
   * gives nothing for has old content here.
   *
   * @return a tensor of rank 1
   */
  public Tensor grads() {
    return grads;
  }

  /**
   * Returns the parameters.
   *
   * @return in slab order
   */
  public List<Tensor> parameters() {
    return parameters;
  }

  /**
   * Makes another flat tensor of the slab's layout, filled with zeros, such as an optimizer's
   * state.
   *
   * @return a tensor of rank 1 that no scope owns
   */
  public Tensor state() {
    return Scope.outside(() -> Tensor.zeros(values.shape(), values.dtype(), values.device()));
  }

  /**
   * Returns one parameter's part of a flat tensor.
   *
   * @param flat a tensor of the slab's layout
   * @param i the parameter's position
   * @return a tensor of the parameter's shape on the same memory
   */
  public Tensor part(Tensor flat, int i) {
    return place(flat, i, parameters.get(i).shape());
  }

  /**
   * A stretch of the slab.
   *
   * @param start its first element
   * @param length its length in elements
   */
  public record Run(long start, long length) {}

  /**
   * Sets the gaps between the parts of a flat tensor to zero.
   *
   * @param flat a tensor of the slab's layout
   */
  public void clearPadding(Tensor flat) {
    for (int i = 0; i < parameters.size(); i++) {
      long start = offsets[i] + parameters.get(i).numel();
      if (start < offsets[i + 1]) {
        flat.device().backend().fill(flat.view().narrow(0, start, offsets[i + 1] - start), 0);
      }
    }
  }

  /**
   * Finds the stretches whose parameters have gradients now; neighbours are merged.
   *
   * @return one run when every parameter has a gradient
   * @throws KilnException if a parameter has left the slab, because it was packed again or moved to
   *     another device
   */
  public List<Run> runs() {
    return runs(i -> parameters.get(i).requiresGrad() && parameters.get(i).grad().isPresent());
  }

  /**
   * Finds the stretches of chosen parameters; neighbours are merged.
   *
   * @param chosen tells by a parameter's position whether it belongs to a run
   * @return the runs in slab order, each with the padding behind its parameters
   * @throws KilnException if a parameter has left the slab, because it was packed again or moved to
   *     another device
   */
  public List<Run> runs(IntPredicate chosen) {
    List<Run> runs = new ArrayList<>();
    long start = -1;
    for (int i = 0; i < parameters.size(); i++) {
      requireHere(i);
      boolean in = chosen.test(i);
      if (in && start < 0) {
        start = offsets[i];
      } else if (!in && start >= 0) {
        runs.add(new Run(start, offsets[i] - start));
        start = -1;
      }
    }
    if (start >= 0) {
      runs.add(new Run(start, offsets[parameters.size()] - start));
    }
    return runs;
  }

  private void requireHere(int i) {
    Tensor p = parameters.get(i);
    if (p.view("slab", "parameter").storage() != values.view().storage()) {
      throw new KilnException(
          "[slab] parameter "
              + i
              + " "
              + p.describe()
              + " was moved out of this slab, by another optimizer or to another device; make the"
              + " optimizer after moving the module, and one optimizer per parameter");
    }
  }
}
