package dev.kiln.autograd;

import java.util.concurrent.atomic.AtomicLong;

/** One recorded op: its inputs, its output and its backward. */
final class Node implements Comparable<Node> {
  private static final AtomicLong COUNT = new AtomicLong();

  final long id = COUNT.incrementAndGet();
  final String op;
  final Variable[] inputs;
  final Variable output;
  Backward backward;

  Node(String op, Variable[] inputs, Variable output, Backward backward) {
    this.op = op;
    this.inputs = inputs;
    this.output = output;
    this.backward = backward;
  }

  /** The newest first: every consumer of a result comes before its producer. */
  @Override
  public int compareTo(Node other) {
    return Long.compare(other.id, id);
  }
}
