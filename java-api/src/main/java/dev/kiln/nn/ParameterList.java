package dev.kiln.nn;

import dev.kiln.DTypeException;
import dev.kiln.KilnException;
import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;

/** A list of parameters, named {@code 0}, {@code 1}, .... */
public final class ParameterList extends Holder implements Iterable<Tensor> {
  private final List<Tensor> tensors = new ArrayList<>();

  /** Makes a list, in order; the tensors become parameters. */
  public ParameterList(Tensor... tensors) {
    for (Tensor t : tensors) {
      add(t);
    }
  }

  /**
   * Adds a parameter at the end.
   *
   * @return this list
   * @throws DTypeException if it is not floating
   */
  public ParameterList add(Tensor tensor) {
    tensors.add(parameter(String.valueOf(tensors.size()), tensor));
    return this;
  }

  /** Returns the number of parameters. */
  public int size() {
    return tensors.size();
  }

  /**
   * Returns a parameter.
   *
   * @param index its position, from 0
   * @throws KilnException if there is none
   */
  public Tensor get(int index) {
    if (index < 0 || index >= tensors.size()) {
      throw new KilnException(
          "[parameter_list] there is no parameter " + index + "; it has " + tensors.size());
    }
    return tensors.get(index);
  }

  /** Iterates over the parameters, in order. */
  @Override
  public Iterator<Tensor> iterator() {
    return Collections.unmodifiableList(tensors).iterator();
  }

  @Override
  protected String extraRepr() {
    return tensors.stream().map(Tensor::describe).collect(Collectors.joining(", "));
  }
}
