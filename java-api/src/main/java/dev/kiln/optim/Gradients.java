package dev.kiln.optim;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.backend.View;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Looks at gradients on their device, those of an optimizer's slab together. */
public final class Gradients {
  private Gradients() {}

  /**
   * Tells whether any gradient is infinite or NaN; nothing is read back.
   *
   * @param parameters parameters; those without a gradient do not count
   * @param device where the answer is wanted
   * @return FLOAT64 [1]: 1 if one is, else 0
   */
  public static Tensor nonFinite(Collection<Tensor> parameters, Device device) {
    Tensor any = Tensor.zeros(Shape.of(1), DType.FLOAT64, device);
    Map<Device, List<View>> parts = GradientStretches.of(List.copyOf(parameters)).byDevice();
    for (Map.Entry<Device, List<View>> on : parts.entrySet()) {
      Tensor found = Tensor.empty(Shape.of(1), DType.FLOAT64, on.getKey());
      on.getKey().backend().fused().nonFinite(found.view(), on.getValue());
      any = parts.size() == 1 ? found.to(device) : any.maximum(found.to(device));
    }
    return any;
  }
}
