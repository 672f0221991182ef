package dev.kiln.nn;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a model is made of and what one forward pass of it costs. {@link #toString} is a table.
 *
 * <p>Multiply-adds count products of weights and inputs. Activation bytes count the outputs of
 * layers that have no children, views left out.
 *
 * @param rows the modules, parents before children, each once
 * @param inputShape the shape of the input
 * @param parameterBytes memory of the parameters
 * @param bufferBytes memory of the buffers
 */
public record Summary(List<Row> rows, Shape inputShape, long parameterBytes, long bufferBytes) {
  /**
   * One module.
   *
   * @param name its dotted name; empty for the model itself
   * @param type its class
   * @param outputShape of its last call; nothing if it was not called
   * @param calls how many times it was called in the pass
   * @param trainable elements of its own parameters that are trained, shared ones in their first
   *     row
   * @param frozen elements of its own parameters that are not
   * @param multiplyAdds of all its calls
   * @param activationBytes of all its calls; 0 for modules with children, and for views
   */
  public record Row(
      String name,
      String type,
      Optional<Shape> outputShape,
      int calls,
      long trainable,
      long frozen,
      long multiplyAdds,
      long activationBytes) {
    /** Returns how deep the module lies; the model itself is at 0. */
    public int depth() {
      return name.isEmpty() ? 0 : (int) name.chars().filter(c -> c == '.').count() + 1;
    }

    /** Returns the last part of the dotted name. */
    public String shortName() {
      return name.substring(name.lastIndexOf('.') + 1);
    }
  }

  /** Keeps an unmodifiable copy of the rows. */
  public Summary {
    rows = List.copyOf(rows);
  }

  /** Returns the elements of all parameters. */
  public long parameters() {
    return trainable() + frozen();
  }

  /** Returns the elements of the parameters that are trained. */
  public long trainable() {
    return rows.stream().mapToLong(Row::trainable).sum();
  }

  /** Returns the elements of the parameters that are not trained. */
  public long frozen() {
    return rows.stream().mapToLong(Row::frozen).sum();
  }

  /** Returns the multiply-adds of one forward pass. */
  public long multiplyAdds() {
    return rows.stream().mapToLong(Row::multiplyAdds).sum();
  }

  /** Returns the memory of all layers' outputs together, which training keeps. */
  public long activationBytes() {
    return rows.stream().mapToLong(Row::activationBytes).sum();
  }

  /** Collects what is seen during a pass. */
  static final class Seen {
    private final Set<Tensor> counted = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Map<Module, Calls> calls = new IdentityHashMap<>();

    private static final class Calls {
      private Optional<Shape> output = Optional.empty();
      private int count;
      private long multiplyAdds;
      private long bytes;
    }

    void saw(Module module, Tensor input, Tensor output) {
      Calls c = calls.computeIfAbsent(module, m -> new Calls());
      c.count++;
      c.output = Optional.of(output.shape());
      c.multiplyAdds += module.multiplyAdds(input.shape(), output.shape());
      if (module.namedChildren().isEmpty() && output.view().storage() != input.view().storage()) {
        c.bytes += output.numel() * output.dtype().bytes();
      }
    }

    Row row(String name, Module module) {
      Calls c = calls.getOrDefault(module, new Calls());
      long trainable = 0;
      long frozen = 0;
      for (Tensor t : module.ownParameters()) {
        if (counted.add(t)) {
          trainable += t.requiresGrad() ? t.numel() : 0;
          frozen += t.requiresGrad() ? 0 : t.numel();
        }
      }
      return new Row(
          name, module.typeName(), c.output, c.count, trainable, frozen, c.multiplyAdds, c.bytes);
    }
  }

  /** Returns the table. */
  @Override
  public String toString() {
    return SummaryTable.of(this);
  }
}
