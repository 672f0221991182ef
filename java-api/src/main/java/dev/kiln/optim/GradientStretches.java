package dev.kiln.optim;

import dev.kiln.Device;
import dev.kiln.Slab;
import dev.kiln.Tensor;
import dev.kiln.backend.View;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The gradients' memory in as few pieces as their slabs allow. */
final class GradientStretches {
  /** A piece of memory on a device; inside a slab it is flat. */
  record Stretch(Device device, View view) {}

  private final List<Stretch> views = new ArrayList<>();
  private final Set<Slab> slabs = Collections.newSetFromMap(new IdentityHashMap<>());

  static GradientStretches of(List<Tensor> parameters) {
    GradientStretches out = new GradientStretches();
    Map<Tensor, Boolean> inSlabs = new IdentityHashMap<>();
    Set<Tensor> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Tensor p : parameters) {
      if (p.grad().isEmpty() || !seen.add(p)) {
        continue;
      }
      Tensor g = p.grad().get();
      View view = g.view("clip", "gradient");
      Slab slab = Slab.holding(g).filter(s -> s.parameters().contains(p)).orElse(null);
      if (slab == null) {
        out.views.add(new Stretch(g.device(), view));
      } else {
        out.slabs.add(slab);
        inSlabs.put(p, true);
      }
    }
    for (Slab slab : ordered(parameters, out.slabs)) {
      for (Slab.Run run : slab.runs(i -> inSlabs.containsKey(slab.parameters().get(i)))) {
        View part = slab.grads().view().narrow(0, run.start(), run.length());
        out.views.add(new Stretch(slab.grads().device(), part));
      }
    }
    return out;
  }

  /** Slabs by their first parameter in the list, so that sums have one order. */
  private static List<Slab> ordered(List<Tensor> parameters, Set<Slab> slabs) {
    List<Slab> order = new ArrayList<>();
    for (Tensor p : parameters) {
      p.grad()
          .flatMap(Slab::holding)
          .filter(s -> slabs.contains(s) && !order.contains(s))
          .ifPresent(order::add);
    }
    return order;
  }

  /** Returns the pieces of each device, in the same order. */
  Map<Device, List<View>> byDevice() {
    Map<Device, List<View>> parts = new LinkedHashMap<>();
    views.forEach(s -> parts.computeIfAbsent(s.device(), d -> new ArrayList<>()).add(s.view()));
    return parts;
  }

  void clearPadding() {
    slabs.forEach(s -> s.clearPadding(s.grads()));
  }

  /** Returns the pieces, in an order that the parameters' order decides. */
  List<Stretch> views() {
    return views;
  }
}
