package dev.kiln.autograd;

import dev.kiln.Autocast;
import dev.kiln.AutogradException;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.Storage;
import dev.kiln.backend.View;
import dev.kiln.ops.Reductions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * One backward pass: visits recorded ops from the newest to the oldest, sums gradients down to the
 * shapes of broadcast inputs, adds up those of inputs used twice, and frees each as soon as it is
 * used.
 */
final class Walker {
  private final boolean retain;
  private final boolean create;
  private final Map<Variable, Tensor> pending = new IdentityHashMap<>();
  private final Map<Variable, Tensor> wanted = new IdentityHashMap<>();
  private final Map<Storage, int[]> holders = new IdentityHashMap<>();
  private final PriorityQueue<Node> queue = new PriorityQueue<>();
  private final Set<Variable> useful = Collections.newSetFromMap(new IdentityHashMap<>());
  private boolean collectOnly;

  Walker(boolean retain, boolean create) {
    this.retain = retain;
    this.create = create;
  }

  void toLeaves(Tensor y, Tensor dy) {
    walk(List.of(y), List.of(dy));
  }

  List<Tensor> toInputs(List<Tensor> outputs, List<Tensor> dys, List<Tensor> inputs) {
    collectOnly = true;
    for (Tensor x : inputs) {
      wanted.put(x.variable(), null);
    }
    findUseful(outputs);
    walk(outputs, dys);
    List<Tensor> gradients = new ArrayList<>();
    for (Tensor x : inputs) {
      Tensor g = wanted.get(x.variable());
      gradients.add(g != null ? g : Tensor.zeros(x.shape(), x.dtype(), x.device()));
    }
    return gradients;
  }

  /** Marks what leads to a wanted tensor, so that no other gradient is computed. */
  private void findUseful(List<Tensor> outputs) {
    Set<Node> seen = new TreeSet<>(Comparator.reverseOrder()); // the oldest first
    ArrayDeque<Variable> open = new ArrayDeque<>();
    outputs.forEach(y -> open.add(y.variable()));
    while (!open.isEmpty()) {
      Node node = open.remove().producer();
      if (node != null && seen.add(node)) {
        open.addAll(Arrays.asList(node.inputs));
      }
    }
    useful.addAll(wanted.keySet());
    for (Node node : seen) {
      if (isUseful(node)) {
        useful.add(node.output);
      }
    }
  }

  private boolean isUseful(Node node) {
    return Arrays.stream(node.inputs).anyMatch(useful::contains);
  }

  private boolean needs(Variable v) {
    return v.requiresGrad() && (!collectOnly || useful.contains(v));
  }

  private void walk(List<Tensor> outputs, List<Tensor> dys) {
    if (!retain) {
      Autocast.clearCache(); // what was converted is part of the graph that ends here
    }
    try (NoGrad mode = NoGrad.set(create)) {
      if (create) {
        visitAll(outputs, dys);
      } else {
        try (Scope scope = Scope.open("backward")) {
          visitAll(outputs, dys);
          wanted.values().forEach(g -> keep(scope, g));
        }
      }
    }
  }

  private static void keep(Scope scope, Tensor g) {
    if (g != null) {
      scope.keep(g);
    }
  }

  private void visitAll(List<Tensor> outputs, List<Tensor> dys) {
    for (int i = 0; i < outputs.size(); i++) {
      if (needs(outputs.get(i).variable())) {
        deliver(outputs.get(i).variable(), dys.get(i), false);
      }
    }
    while (!queue.isEmpty()) {
      visit(queue.poll());
    }
  }

  private void visit(Node node) {
    Tensor dy = pending.remove(node.output);
    Backward backward = node.backward;
    if (backward == null) {
      throw new AutogradException(
          "["
              + node.op
              + "] this graph was freed by an earlier backward pass; run the forward pass again, or"
              + " call backward(retainGraph = true) the first time");
    }
    if (!retain) {
      node.backward = null;
    }
    if (create) {
      backward.run(dy, new Inputs(node, null));
    } else {
      try (Scope scope = Scope.open("backward of " + node.op)) {
        backward.run(dy, new Inputs(node, scope));
      }
      drop(dy);
    }
  }

  /** Hands the gradients of one op's inputs on. */
  private final class Inputs implements Backward.Sink {
    private final Node node;
    private final Scope scope;

    Inputs(Node node, Scope scope) {
      this.node = node;
      this.scope = scope;
    }

    @Override
    public boolean needs(int input) {
      return Walker.this.needs(node.inputs[input]);
    }

    @Override
    public void put(int input, Tensor gradient) {
      Variable v = node.inputs[input];
      if (!needs(input)) {
        return;
      }
      Tensor g = Reductions.sumTo(gradient, v.shape);
      if (g.dtype() != v.dtype) {
        g = g.to(v.dtype);
      }
      boolean fresh = scope != null && scope.owns(g);
      if (fresh) {
        scope.keep(g);
      }
      deliver(v, g, fresh);
    }

    @Override
    public void putPart(int input, Tensor part, UnaryOperator<View> place, Supplier<Tensor> whole) {
      Variable v = node.inputs[input];
      Tensor before = create || wanted.containsKey(v) ? null : pending.get(v);
      if (before == null || !exclusive(before) || part.dtype() != v.dtype) {
        put(input, whole.get());
        return;
      }
      View into = place.apply(before.view());
      before.device().backend().binary(BinaryOp.ADD, into, into, part.view());
    }
  }

  /**
   * Adds a gradient to a variable.
   *
   * @param fresh whether g's memory was made for it, so that the walker owns it
   */
  private void deliver(Variable v, Tensor g, boolean fresh) {
    boolean owned = fresh || holders.containsKey(g.view().storage());
    if (wanted.containsKey(v)) {
      Tensor before = wanted.get(v);
      wanted.put(v, before == null ? g : sum(before, g));
      if (owned) {
        hold(g); // never dropped: the caller gets it
      }
    }
    if (!v.isLeaf()) {
      if (!collectOnly || isUseful(v.producer())) {
        await(v, g, owned);
      }
    } else if (!collectOnly && create) {
      v.accumulateGraph(g);
    } else if (!collectOnly) {
      v.accumulate(g, fresh && !holders.containsKey(g.view().storage()));
    }
  }

  private void await(Variable v, Tensor g, boolean owned) {
    Tensor before = pending.get(v);
    if (before == null) {
      pending.put(v, g);
      queue.add(v.producer());
      if (owned) {
        hold(g);
      }
    } else if (exclusive(before)) {
      before.device().backend().binary(BinaryOp.ADD, before.view(), before.view(), g.view());
    } else {
      Tensor sum = sum(before, g);
      pending.put(v, sum);
      drop(before);
      hold(sum);
    }
  }

  /** Adds two gradients; the result outlives the op that is being visited. */
  private Tensor sum(Tensor a, Tensor b) {
    Tensor sum = a.add(b);
    if (!create) {
      Scope.current().ifPresent(scope -> scope.keep(sum));
    }
    return sum;
  }

  private void hold(Tensor g) {
    if (!create) {
      holders.computeIfAbsent(g.view().storage(), s -> new int[1])[0]++;
    }
  }

  private boolean exclusive(Tensor g) {
    int[] n = holders.get(g.view().storage());
    return n != null && n[0] == 1 && g.view().isDense();
  }

  /** Gives a consumed gradient's memory back once nothing pending points at it. */
  private void drop(Tensor g) {
    int[] n = holders.get(g.view().storage());
    if (n != null && --n[0] == 0) {
      holders.remove(g.view().storage());
      g.close();
    }
  }
}
