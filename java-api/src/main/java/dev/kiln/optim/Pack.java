package dev.kiln.optim;

import dev.kiln.DType;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Slab;
import dev.kiln.StepGraph;
import dev.kiln.Tensor;
import dev.kiln.backend.Backend;
import dev.kiln.backend.OptimizerKind;
import dev.kiln.backend.View;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A slab of one group's parameters with their state.
 *
 * <p>Parameters that have always been updated together share a clock: the vector of
 * hyper-parameters and step number that the kernel reads. When some of them miss a step the clock
 * splits, so each parameter counts its own updates, as PyTorch does.
 */
final class Pack {
  private final ParameterGroup group;
  private final Slab slab;
  private final List<Tensor> states = new ArrayList<>();
  private final Tensor[] clocks;

  Pack(ParameterGroup group, List<Tensor> parameters) {
    this.group = group;
    this.slab = Slab.of(parameters);
    this.clocks = new Tensor[parameters.size()];
    Arrays.fill(clocks, clock(0));
    for (Rule.State s : group.rule().states()) {
      states.add(s.used().test(group) ? start(s) : nothing());
    }
  }

  private Tensor start(Rule.State s) {
    return slab.state().fill(s.start().applyAsDouble(group));
  }

  private Tensor nothing() {
    Tensor values = slab.values();
    return Scope.outside(() -> Tensor.empty(Shape.of(0), values.dtype(), values.device()));
  }

  private Tensor clock(double step) {
    double[] hyper = new double[group.rule().hyperLength()];
    for (Setting s : group.rule().settings()) {
      if (s.index() != Setting.HOST_ONLY) {
        hyper[s.index()] = group.value(s);
      }
    }
    hyper[OptimizerKind.STEP] = step;
    hyper[OptimizerKind.GRAD_SCALE] = direction();
    return Scope.outside(() -> Tensor.of(hyper, slab.values().device()));
  }

  /** What gradients are multiplied by when nothing scales them. */
  private double direction() {
    return group.get(Rule.MAXIMIZE) == 1 ? -1 : 1;
  }

  List<Tensor> parameters() {
    return slab.parameters();
  }

  private Backend backend() {
    return slab.values().device().backend();
  }

  private List<Tensor> distinctClocks() {
    List<Tensor> distinct = new ArrayList<>();
    for (Tensor c : clocks) {
      if (!distinct.contains(c)) {
        distinct.add(c);
      }
    }
    return distinct;
  }

  /** A number that changes with the memory that a step works on. */
  long structure() {
    long hash = System.identityHashCode(slab);
    for (Tensor c : clocks) {
      hash = hash * 31 + System.identityHashCode(c);
    }
    for (Tensor s : states) {
      hash = hash * 31 + System.identityHashCode(s);
    }
    return hash;
  }

  /** Sends one changed setting to the device, and makes room for state that it calls for. */
  void changed(Setting setting) {
    if (setting.index() != Setting.HOST_ONLY) {
      ByteBuffer value = ByteBuffer.allocate(Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      value.putDouble(0, group.value(setting));
      for (Tensor c : distinctClocks()) {
        c.alias(c.view().narrow(0, setting.index(), 1)).upload(value);
      }
    }
    if (setting.name().equals(Rule.MAXIMIZE)) {
      for (Tensor c : distinctClocks()) {
        backend().fill(c.view().narrow(0, OptimizerKind.GRAD_SCALE, 1), direction());
      }
    }
    for (int s = 0; s < states.size(); s++) {
      Rule.State state = group.rule().states().get(s);
      if (isEmpty(states.get(s)) && state.used().test(group)) {
        states.set(s, start(state));
      }
    }
  }

  private static boolean isEmpty(Tensor state) {
    return state.numel() == 0;
  }

  // ---- stepping -----------------------------------------------------------------------------

  /**
   * Updates the parameters that have a gradient.
   *
   * @param factor what gradients are multiplied by, a FLOAT64 scalar on the device; 0 skips the
   *     step, which is then not counted
   * @param updates counts at its first place the stretches of parameters that were updated
   */
  void step(Optional<Tensor> factor, int[] updates) {
    boolean[] live = live();
    for (Tensor c : distinctClocks()) {
      Tensor clock = split(c, live);
      List<Slab.Run> runs = slab.runs(i -> live[i] && clocks[i] == clock);
      if (!runs.isEmpty()) {
        backend().fused().optimizerClock(clock.view(), factor.map(f -> f.view()));
        int before = updates[0];
        try {
          for (Slab.Run run : runs) {
            update(run, clock);
            updates[0]++;
          }
        } catch (KilnException e) {
          if (updates[0] == before && !StepGraph.isRecording()) { // what is recorded has not run
            turnBack(clock, e);
          }
          throw e;
        }
        slab.values().incrementVersion();
      }
    }
  }

  /** Counts a step less, as none was taken; one that a factor of 0 skipped was not counted. */
  private static void turnBack(Tensor clock, KilnException failure) {
    try {
      double[] hyper = clock.toDoubleArray();
      if (hyper[OptimizerKind.GRAD_SCALE] != 0) {
        hyper[OptimizerKind.STEP]--;
        clock.copyFrom(Tensor.of(hyper, clock.device()));
      }
    } catch (KilnException e) {
      failure.addSuppressed(e);
    }
  }

  private boolean[] live() {
    boolean[] live = new boolean[clocks.length];
    for (int i = 0; i < live.length; i++) {
      Tensor p = parameters().get(i);
      live[i] = p.requiresGrad() && p.grad().isPresent();
      if (live[i]) {
        Tensor g = p.grad().get();
        if (g.view("step", "gradient").storage() != slab.grads().view().storage()) {
          p.variable().setGrad(g); // one that is part of a graph: copied to its place
        }
      }
    }
    return live;
  }

  /** Returns the clock of those that step now: a new one if others of it do not. */
  private Tensor split(Tensor clock, boolean[] live) {
    int all = 0;
    int now = 0;
    for (int i = 0; i < live.length; i++) {
      if (clocks[i] == clock) {
        all++;
        now += live[i] ? 1 : 0;
      }
    }
    if (now == 0 || now == all) {
      return clock;
    }
    Tensor own = Scope.outside(() -> Tensor.empty(clock.shape(), DType.FLOAT64, clock.device()));
    backend().copy(own.view(), clock.view());
    for (int i = 0; i < live.length; i++) {
      if (clocks[i] == clock && live[i]) {
        clocks[i] = own;
      }
    }
    return own;
  }

  private void update(Slab.Run run, Tensor clock) {
    List<View> part = new ArrayList<>();
    for (Tensor s : states) {
      part.add(isEmpty(s) ? s.view() : cut(s, run));
    }
    backend()
        .fused()
        .optimizerStep(
            group.rule().kernel(),
            cut(slab.values(), run),
            cut(slab.grads(), run),
            part,
            clock.view());
  }

  private static View cut(Tensor flat, Slab.Run run) {
    return flat.view().narrow(0, run.start(), run.length());
  }

  // ---- saving and loading ---------------------------------------------------------------------

  /** The state of the i-th parameter by name, on the live memory. */
  Map<String, Tensor> state(int i) {
    Map<String, Tensor> out = new LinkedHashMap<>();
    View count = clocks[i].view().select(0, OptimizerKind.STEP);
    out.put(Optimizer.STEP, clocks[i].alias(count));
    for (int s = 0; s < states.size(); s++) {
      if (!isEmpty(states.get(s))) {
        out.put(group.rule().states().get(s).name(), slab.part(states.get(s), i));
      }
    }
    return out;
  }

  /**
   * Replaces the state of every parameter.
   *
   * @param saved for each parameter what {@link #state} gave, checked; nothing starts it anew
   */
  void load(List<Map<String, Tensor>> saved) {
    Map<Double, Tensor> byStep = new LinkedHashMap<>();
    for (int i = 0; i < clocks.length; i++) {
      Map<String, Tensor> from = saved.get(i);
      double step = from.isEmpty() ? 0 : from.get(Optimizer.STEP).item();
      clocks[i] = byStep.computeIfAbsent(step, this::clock);
      for (int s = 0; s < states.size(); s++) {
        Rule.State state = group.rule().states().get(s);
        if (!isEmpty(states.get(s))) {
          Tensor place = slab.part(states.get(s), i);
          if (from.isEmpty()) {
            place.fill(state.start().applyAsDouble(group));
          } else {
            place.copyFrom(from.get(state.name()));
          }
        }
      }
    }
  }
}
