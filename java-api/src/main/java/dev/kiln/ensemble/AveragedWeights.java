package dev.kiln.ensemble;

import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Slab;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.View;
import dev.kiln.nn.Module;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A running average of a model's parameters, and of its buffers or a copy of them, on the model's
 * device.
 *
 * <p>Parameters that an optimizer holds in slabs are averaged slab by slab: three launches for all
 * of them. Nothing is read back.
 */
final class AveragedWeights {
  private final boolean averageBuffers;
  private final Map<String, Tensor> averages = new LinkedHashMap<>();
  private final List<Pair> averaged = new ArrayList<>();
  private final List<Pair> copied = new ArrayList<>();
  private final List<View> places = new ArrayList<>();

  /** What is kept and what it follows. */
  private record Pair(Tensor average, Tensor source) {}

  AveragedWeights(boolean averageBuffers) {
    this.averageBuffers = averageBuffers;
  }

  /** Whether nothing was taken in yet. */
  boolean isEmpty() {
    return averages.isEmpty();
  }

  /** The averages by the parameters' and buffers' names. */
  Map<String, Tensor> tensors() {
    return Collections.unmodifiableMap(averages);
  }

  /**
   * Moves the averages towards the model: {@code average + share(model - average)}.
   *
   * @param share makes the step of the difference
   */
  void update(Module model, UnaryOperator<Tensor> share) {
    layOut(model);
    try (NoGrad off = NoGrad.open();
        Scope scope = Scope.open("weight average")) {
      for (Pair p : averaged) {
        Tensor step = share.apply(p.source().detach().sub(p.average()));
        View v = p.average().view();
        p.average().device().backend().binary(BinaryOp.ADD, v, v, step.contiguous().view());
        p.average().incrementVersion();
      }
      copied.forEach(p -> p.average().copyFrom(p.source()));
    }
  }

  /** Makes the averages what the model is. */
  void copyFrom(Module model) {
    layOut(model);
    try (NoGrad off = NoGrad.open()) {
      averaged.forEach(p -> p.average().copyFrom(p.source().detach()));
      copied.forEach(p -> p.average().copyFrom(p.source()));
    }
  }

  /** Puts saved averages back; they are copied. */
  void restore(Map<String, Tensor> saved) {
    forget();
    averages.clear();
    try (NoGrad off = NoGrad.open()) {
      saved.forEach((name, t) -> averages.put(name, Scope.outside(() -> t.detach().copy())));
    }
  }

  /** Copies the averages into a model of the same structure. */
  void copyTo(String op, Module model) {
    if (isEmpty()) {
      throw new KilnException(
          "[" + op + "] no weights were averaged yet; train past the first average");
    }
    Map<String, Tensor> into = new LinkedHashMap<>(model.namedParameters());
    into.putAll(model.namedBuffers());
    if (!into.keySet().equals(averages.keySet())) {
      throw new KilnException(
          "[%s] the averages are of %s but the model has %s; give the same model"
              .formatted(op, averages.keySet(), into.keySet()));
    }
    try (NoGrad off = NoGrad.open()) {
      averages.forEach((name, t) -> into.get(name).copyFrom(t));
    }
  }

  private void forget() {
    averaged.clear();
    copied.clear();
    places.clear();
  }

  /** Follows parameters to where they are now: optimizers pack them, layers are unfrozen. */
  private void layOut(Module model) {
    Map<String, Tensor> parameters = model.namedParameters();
    Map<String, Tensor> buffers = model.namedBuffers();
    List<View> now = new ArrayList<>();
    parameters.values().forEach(t -> now.add(t.view()));
    buffers.values().forEach(t -> now.add(t.view()));
    if (isWhere(now)) {
      return;
    }
    Map<String, Tensor> before = new LinkedHashMap<>(averages);
    forget();
    averages.clear();
    places.addAll(now);
    try (NoGrad off = NoGrad.open()) {
      layOut(parameters);
      buffers.forEach(
          (name, t) -> keep(name, t, averageBuffers && t.dtype().isFloating() ? averaged : copied));
      averages.forEach(
          (name, t) -> {
            Tensor known = before.get(name);
            Tensor first = parameters.getOrDefault(name, buffers.get(name));
            t.copyFrom(known == null ? first.detach() : known);
          });
    }
  }

  private boolean isWhere(List<View> now) {
    if (now.size() != places.size()) {
      return false;
    }
    for (int i = 0; i < now.size(); i++) {
      View a = now.get(i);
      View b = places.get(i);
      if (a.storage() != b.storage() || a.offset() != b.offset()) {
        return false;
      }
    }
    return true;
  }

  private void layOut(Map<String, Tensor> parameters) {
    Map<Slab, Tensor> flats = new IdentityHashMap<>();
    Map<Slab, Map<Tensor, Integer>> positions = new IdentityHashMap<>();
    parameters.forEach(
        (name, p) -> {
          Optional<Slab> slab = Slab.holding(p);
          if (slab.isEmpty()) {
            keep(name, p, averaged);
            return;
          }
          Slab s = slab.get();
          Tensor flat = flats.get(s);
          if (flat == null) {
            flat = s.state();
            flats.put(s, flat);
            averaged.add(new Pair(flat, s.values()));
            Map<Tensor, Integer> at = new IdentityHashMap<>();
            for (int i = 0; i < s.parameters().size(); i++) {
              at.put(s.parameters().get(i), i);
            }
            positions.put(s, at);
          }
          averages.put(name, s.part(flat, positions.get(s).get(p)));
        });
  }

  private void keep(String name, Tensor source, List<Pair> list) {
    Tensor own = Scope.outside(() -> Tensor.empty(source.shape(), source.dtype(), source.device()));
    averages.put(name, own);
    list.add(new Pair(own, source));
  }
}
