package dev.kiln.autograd;

import dev.kiln.AutogradException;
import dev.kiln.DTypeException;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import java.util.List;

/**
 * Records ops and computes gradients by walking them backwards.
 *
 * <p>Gradients can have gradients: with {@code createGraph} the backward pass is itself recorded,
 * its gradients computed by ops rather than fused kernels. The product of a Hessian and a vector:
 *
 * <pre>{@code
 * Tensor slope = Autograd.grad(loss, List.of(w), true).get(0);
 * Tensor hv = Autograd.grad(List.of(slope), List.of(v), List.of(w), false, false).get(0);
 * }</pre>
 *
 * <p>What such a pass makes belongs to the scope it runs in.
 */
public final class Autograd {
  private Autograd() {}

  /**
   * Tells whether an op on these inputs is recorded: gradient mode is on and one of them requires a
   * gradient.
   *
   * @param inputs the op's inputs
   * @return true if the op's backward will be kept
   */
  public static boolean records(Tensor... inputs) {
    if (NoGrad.isRecording()) {
      for (Tensor t : inputs) {
        if (t.variable().requiresGrad()) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Attaches an op's backward to its result, one rule per differentiable input.
   *
   * @param op the op's name, for messages
   * @param y the op's result
   * @param edges inputs with their rules
   * @return y
   */
  public static Tensor record(String op, Tensor y, Edge... edges) {
    Tensor[] inputs = new Tensor[edges.length];
    for (int i = 0; i < edges.length; i++) {
      inputs[i] = edges[i].input();
    }
    return record(
        op,
        y,
        inputs,
        (dy, into) -> {
          for (int i = 0; i < edges.length; i++) {
            if (into.needs(i)) {
              into.put(i, edges[i].gradient().of(dy));
            }
          }
        });
  }

  /**
   * Attaches a backward that computes several gradients together.
   *
   * @param op the op's name, for messages
   * @param y the op's result
   * @param inputs the differentiable inputs
   * @param backward their gradients
   * @return y
   */
  public static Tensor record(String op, Tensor y, Tensor[] inputs, Backward backward) {
    if (y.dtype().isFloating() && records(inputs)) {
      Variable[] variables = new Variable[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        variables[i] = inputs[i].variable();
      }
      y.variable().producedBy(new Node(op, variables, y.variable(), backward));
    }
    return y;
  }

  /**
   * Guards a backward that runs as one kernel and so has no gradient of its own: call it first in
   * the backward. Kiln's own ops need it nowhere.
   *
   * @param op the op's name
   * @throws AutogradException if the backward pass is itself being recorded
   */
  public static void firstOrderOnly(String op) {
    if (NoGrad.isRecording()) {
      throw new AutogradException(
          "["
              + op
              + "] its gradient runs as one fused kernel and cannot be differentiated again; "
              + "write the op with primitives (add, mul, matmul, sum, ...) where a second"
              + " derivative is needed, or leave createGraph off");
    }
  }

  /**
   * Computes gradients of a result and adds them to the leaves it was made from.
   *
   * @param y the result
   * @param dy the gradient of y
   * @param retainGraph whether the graph is kept for another backward pass
   * @param createGraph whether the gradients can be differentiated again; implies retainGraph
   * @throws AutogradException if y depends on no leaf that requires a gradient, or the graph was
   *     freed by an earlier pass
   */
  public static void backward(Tensor y, Tensor dy, boolean retainGraph, boolean createGraph) {
    check("backward", y, dy);
    new Walker(retainGraph || createGraph, createGraph).toLeaves(y, dy);
  }

  /**
   * Computes gradients of a scalar with respect to chosen tensors and touches no leaf. Keeps the
   * graph if createGraph is set; see the general form.
   *
   * @param y a scalar result
   * @param inputs leaves or intermediate results
   * @param createGraph whether the gradients can be differentiated again
   * @return one gradient per input; zeros where y does not depend on it
   * @throws AutogradException if y or an input is not in a graph, or the graph was freed by an
   *     earlier pass
   */
  public static List<Tensor> grad(Tensor y, List<Tensor> inputs, boolean createGraph) {
    return grad(List.of(y), List.of(onesFor("grad", y)), inputs, createGraph, createGraph);
  }

  /**
   * Computes gradients of results, each weighted by a given gradient, with respect to chosen
   * tensors and touches no leaf: the product of the weights and the Jacobian, added up over the
   * results. Only what leads from the results to the inputs is visited.
   *
   * <p>An input that no result depends on has a gradient of zeros, as with PyTorch's {@code
   * materialize_grads}; such zeros are outside every graph.
   *
   * @param outputs results of any shape
   * @param gradOutputs the weights, one tensor of each result's shape and type
   * @param inputs leaves or intermediate results
   * @param retainGraph whether the graph is kept for another pass; what was not visited is kept
   *     anyway
   * @param createGraph whether the gradients can be differentiated again; implies retainGraph
   * @return one gradient per input
   * @throws AutogradException if a result or an input is not in a graph, the lists do not match, or
   *     the graph was freed by an earlier pass
   */
  public static List<Tensor> grad(
      List<Tensor> outputs,
      List<Tensor> gradOutputs,
      List<Tensor> inputs,
      boolean retainGraph,
      boolean createGraph) {
    if (outputs.size() != gradOutputs.size()) {
      throw new AutogradException(
          "[grad] "
              + outputs.size()
              + " results need as many gradients, but there are "
              + gradOutputs.size());
    }
    for (int i = 0; i < outputs.size(); i++) {
      check("grad", outputs.get(i), gradOutputs.get(i));
    }
    for (Tensor x : inputs) {
      if (!x.requiresGrad()) {
        throw new AutogradException(
            "[grad] input "
                + x.describe()
                + " requires no gradient; call requiresGrad(true) on it before the results are"
                + " computed");
      }
    }
    return new Walker(retainGraph || createGraph, createGraph)
        .toInputs(outputs, gradOutputs, inputs);
  }

  /**
   * Makes the gradient that a scalar result starts from.
   *
   * @param op the caller, for messages
   * @param y a result of one element
   * @return a tensor of one
   * @throws AutogradException if y has more than one element
   */
  public static Tensor onesFor(String op, Tensor y) {
    if (y.shape().numel() != 1) {
      throw new AutogradException(
          "["
              + op
              + "] "
              + y.describe()
              + " is not a scalar, so its gradient must be given: backward(dy), or reduce it with"
              + " sum() or mean() first");
    }
    return Tensor.ones(y.shape(), y.dtype(), y.device());
  }

  private static void check(String op, Tensor y, Tensor dy) {
    y.view(op, "result");
    dy.view(op, "dy");
    if (!y.variable().requiresGrad()) {
      throw new AutogradException(
          "["
              + op
              + "] "
              + y.describe()
              + " depends on no tensor that requires a gradient; call requiresGrad(true) on the"
              + " leaves, and compute it outside NoGrad");
    }
    if (!dy.shape().equals(y.shape())) {
      throw new ShapeException(
          "[" + op + "] dy " + dy.describe() + " must have the shape of " + y.describe());
    }
    if (dy.dtype() != y.dtype()) {
      throw new DTypeException(
          "[" + op + "] dy " + dy.describe() + " must have the type of " + y.describe());
    }
  }
}
