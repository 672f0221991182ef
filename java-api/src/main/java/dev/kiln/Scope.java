package dev.kiln;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * The lifetime of temporaries: every tensor made while a scope is the innermost of its thread is
 * released when the scope closes.
 *
 * <pre>{@code
 * for (Batch batch : loader) {
 *   try (Scope scope = Scope.open()) {
 *     Tensor loss = lossOf(model.forward(batch.input()), batch.target());
 *     loss.backward();
 *     optimizer.step();
 *   }
 * }
 * }</pre>
 *
 * <p>{@link #keep} moves a result out. Parameters, gradients and optimizer state are never owned by
 * a scope. With no scope open, a tensor is released by garbage collection. A scope belongs to the
 * thread that opened it.
 */
public final class Scope implements AutoCloseable {
  private static final ThreadLocal<Deque<Scope>> STACK = ThreadLocal.withInitial(ArrayDeque::new);

  private final String name;
  private final Thread thread = Thread.currentThread();
  private final List<Block> blocks = new ArrayList<>();
  private boolean closed;

  private Scope(String name) {
    this.name = name;
  }

  /**
   * Opens a scope inside the current one.
   *
   * @return the scope, now the innermost of this thread
   */
  public static Scope open() {
    return open("scope");
  }

  /**
   * Opens a scope with a name for messages.
   *
   * @param name what the scope stands for, such as {@code step 812}
   * @return the scope, now the innermost of this thread
   */
  public static Scope open(String name) {
    Scope scope = new Scope(name);
    STACK.get().push(scope);
    return scope;
  }

  /**
   * Returns the innermost open scope of this thread.
   *
   * @return the scope, or nothing when none is open
   */
  public static Optional<Scope> current() {
    return Optional.ofNullable(STACK.get().peek());
  }

  /**
   * Runs an action whose tensors belong to no scope: garbage collection releases them.
   *
   * @param <T> what the action returns
   * @param action what to run
   * @return its result
   */
  public static <T> T outside(java.util.function.Supplier<T> action) {
    Deque<Scope> outer = STACK.get();
    STACK.set(new ArrayDeque<>());
    try {
      return action.get();
    } finally {
      STACK.set(outer);
    }
  }

  /**
   * Moves a tensor to the enclosing scope, or to garbage collection when there is none.
   *
   * @param tensor a tensor; one that this scope does not own is left as it is
   * @return the same tensor
   * @throws ReleasedException if it was released already
   */
  public Tensor keep(Tensor tensor) {
    check();
    tensor.view("keep", "tensor");
    Block block = tensor.lease().block();
    if (block.owner() == this) {
      Scope parent = parent();
      block.owner(parent);
      if (parent == null) {
        tensor.lease().collect(tensor.device().memoryBooks());
      } else {
        parent.blocks.add(block);
      }
    }
    return tensor;
  }

  /**
   * Tells whether this scope will release a tensor.
   *
   * @param tensor a tensor
   * @return true if it was made or kept here
   */
  public boolean owns(Tensor tensor) {
    return tensor.lease().block().owner() == this;
  }

  /**
   * Takes a tensor out of all scopes; the caller closes it, or garbage collection does.
   *
   * @param tensor a tensor
   * @return the same tensor
   * @throws ReleasedException if it was released already
   */
  public static Tensor disown(Tensor tensor) {
    tensor.view("disown", "tensor");
    Block block = tensor.lease().block();
    if (block.owner() != null) {
      block.owner(null);
      tensor.lease().collect(tensor.device().memoryBooks());
    }
    return tensor;
  }

  /** Puts a fresh block under the innermost scope; false when there is none. */
  static boolean adopt(Block block) {
    Scope scope = STACK.get().peek();
    if (scope == null) {
      return false;
    }
    block.owner(scope);
    scope.blocks.add(block);
    return true;
  }

  private Scope parent() {
    boolean found = false;
    for (Scope s : STACK.get()) {
      if (found) {
        return s;
      }
      found = s == this;
    }
    return null;
  }

  private void check() {
    if (Thread.currentThread() != thread) {
      throw new IllegalStateException(
          "[scope] "
              + this
              + " belongs to thread "
              + thread.getName()
              + "; use it there and open another in "
              + Thread.currentThread().getName());
    }
    if (closed) {
      throw new IllegalStateException("[scope] " + this + " is closed already");
    }
  }

  /**
   * Releases the tensors made in it and, first, any inner scope that was left open. Closing twice
   * does nothing.
   *
   * @throws IllegalStateException if called from another thread
   * @throws KilnException what the device said first where it failed to take memory back; all else
   *     is released then
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    check();
    Deque<Scope> stack = STACK.get();
    KilnException failure = null;
    if (stack.contains(this)) {
      while (stack.peek() != this) {
        try {
          stack.peek().close();
        } catch (KilnException e) {
          failure = failure == null ? e : failure;
        }
      }
      stack.pop();
    }
    closed = true;
    String by = "when " + this + " closed; keep it with scope.keep(t) or read it inside";
    for (int i = blocks.size() - 1; i >= 0; i--) {
      Block b = blocks.get(i);
      if (b.owner() == this) {
        try {
          b.release(by);
        } catch (KilnException e) {
          failure = failure == null ? e : failure;
        }
      }
    }
    blocks.clear();
    if (failure != null) {
      throw failure;
    }
  }

  /** Returns the name in quotes. */
  @Override
  public String toString() {
    return name.equals("scope") ? "its scope" : "scope \"" + name + "\"";
  }
}
