package dev.kiln.autograd;

import dev.kiln.DType;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.StepGraph;
import dev.kiln.Tensor;
import dev.kiln.backend.BinaryOp;
import java.util.Optional;

/** A tensor's place in the autograd graph, and a leaf's gradient. */
public final class Variable {
  final Shape shape;
  final DType dtype;
  private boolean requiresGrad;
  private Node producer;
  private Tensor grad;
  private Tensor slot;
  private Tensor own; // the gradient while its memory is held by nobody else

  /**
   * Makes the variable of a new tensor, outside any graph.
   *
   * @param shape the tensor's shape
   * @param dtype the tensor's element type
   */
  public Variable(Shape shape, DType dtype) {
    this.shape = shape;
    this.dtype = dtype;
  }

  Node producer() {
    return producer;
  }

  void producedBy(Node node) {
    producer = node;
    requiresGrad = true;
  }

  /**
   * Tells whether gradients flow to or through the tensor.
   *
   * @return true for leaves that want one and for results that depend on such a leaf
   */
  public boolean requiresGrad() {
    return requiresGrad;
  }

  /**
   * Tells whether no recorded op made the tensor.
   *
   * @return true for parameters, inputs and detached tensors
   */
  public boolean isLeaf() {
    return producer == null;
  }

  /**
   * Decides whether a leaf wants a gradient.
   *
   * @param wanted true to collect one
   */
  public void requiresGrad(boolean wanted) {
    requiresGrad = wanted;
  }

  /**
   * Returns the gradient collected so far.
   *
   * @return the gradient, or nothing before the first backward pass
   */
  public Optional<Tensor> grad() {
    own = null;
    return Optional.ofNullable(grad);
  }

  /**
   * Forgets the gradient; the next backward pass writes it anew. Its memory is given back at once
   * if {@link #grad} never handed it out, and else when nobody holds it.
   */
  public void clearGrad() {
    Tensor gone = own;
    grad = null;
    own = null;
    if (gone != null && !StepGraph.isRecording()) { // a recording would take it for the step's own
      gone.close();
    }
  }

  /**
   * Replaces the gradient.
   *
   * @param gradient of the tensor's shape; it is copied
   */
  public void setGrad(Tensor gradient) {
    clearGrad();
    accumulate(gradient, false);
  }

  /**
   * Gives the gradient a fixed place, such as a part of a slab.
   *
   * @param place a dense tensor of the same shape, kept alive by its owner
   */
  public void gradSlot(Tensor place) {
    Tensor before = grad;
    slot = place;
    grad = null;
    own = null;
    if (before != null) {
      accumulate(before, false);
    }
  }

  /**
   * Adds a gradient of a backward pass.
   *
   * @param g the gradient
   * @param exclusive whether g's memory may be taken over
   */
  void accumulate(Tensor g, boolean exclusive) {
    if (grad != null && grad.requiresGrad()) {
      setGrad(grad); // it is part of a graph, which may still need its values
    }
    if (grad != null) {
      g.device().backend().binary(BinaryOp.ADD, grad.view(), grad.view(), g.view());
    } else if (slot != null) {
      g.device().backend().copy(slot.view(), g.view());
      grad = slot;
    } else if (exclusive && g.view().isDense()) {
      own(Scope.disown(g));
    } else {
      Tensor copy = Scope.outside(() -> Tensor.empty(shape, dtype, g.device()));
      g.device().backend().copy(copy.view(), g.view());
      own(copy);
    }
  }

  private void own(Tensor gradient) {
    grad = gradient;
    own = StepGraph.isRecording() ? null : gradient; // each replay writes what was made in it
  }

  /** Adds a gradient that is itself part of a graph; like every gradient it outlives its scope. */
  void accumulateGraph(Tensor g) {
    own = null;
    grad = Scope.outside(() -> grad == null ? g.copy() : grad.add(g));
  }
}
