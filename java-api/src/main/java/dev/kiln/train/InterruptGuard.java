package dev.kiln.train;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns the first Ctrl-C or SIGTERM into a request to stop; the second does what it did before the
 * guard, which ends the process.
 *
 * <p>Signals are caught through {@code sun.misc.Signal} where the runtime has it. Elsewhere a
 * shutdown hook makes the virtual machine wait until the guard is closed; the process then ends,
 * and a second Ctrl-C has no effect.
 */
final class InterruptGuard implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(InterruptGuard.class);

  private final Thread worker = Thread.currentThread();
  private final CountDownLatch done = new CountDownLatch(1);
  private final List<Runnable> undo = new ArrayList<>();
  private volatile boolean requested;

  private InterruptGuard() {}

  /** Guards nothing: never asks to stop. */
  static InterruptGuard none() {
    return new InterruptGuard();
  }

  /** Guards the current thread's work against signals. */
  static InterruptGuard install() {
    InterruptGuard guard = new InterruptGuard();
    try {
      guard.catchSignal("INT");
      guard.catchSignal("TERM");
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.debug("signals cannot be caught ({}); a shutdown hook takes their place", e.toString());
      guard.close();
      return installHook();
    }
    return guard;
  }

  /** Guards by a shutdown hook. */
  static InterruptGuard installHook() {
    InterruptGuard guard = new InterruptGuard();
    Thread hook = new Thread(guard::waitForWorker, "kiln-save-on-exit");
    Runtime.getRuntime().addShutdownHook(hook);
    guard.undo.add(
        () -> {
          try {
            Runtime.getRuntime().removeShutdownHook(hook);
          } catch (IllegalStateException e) {
            LOG.debug("the virtual machine is shutting down");
          }
        });
    return guard;
  }

  /** Tells whether somebody wants the work to stop. */
  boolean isRequested() {
    return requested;
  }

  private void catchSignal(String name) throws ReflectiveOperationException {
    Class<?> signalType = Class.forName("sun.misc.Signal");
    Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
    InvocationHandler body =
        (proxy, method, args) ->
            switch (method.getName()) {
              case "handle" -> {
                onSignal();
                yield null;
              }
              case "equals" -> proxy == args[0];
              case "hashCode" -> System.identityHashCode(proxy);
              default -> "kiln interrupt guard";
            };
    Object handler =
        Proxy.newProxyInstance(handlerType.getClassLoader(), new Class<?>[] {handlerType}, body);
    Object signal = signalType.getConstructor(String.class).newInstance(name);
    var handle = signalType.getMethod("handle", signalType, handlerType);
    Object before = handle.invoke(null, signal, handler);
    undo.add(
        () -> {
          try {
            handle.invoke(null, signal, before);
          } catch (ReflectiveOperationException e) {
            LOG.warn("the handler of signal {} could not be put back", name, e);
          }
        });
  }

  /** The old handlers come back at once, so that a second signal does what it always does. */
  private void onSignal() {
    requested = true;
    undo();
  }

  private void waitForWorker() {
    requested = true;
    try {
      while (!done.await(100, TimeUnit.MILLISECONDS)) {
        if (!worker.isAlive() || isExiting(worker)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The worker itself called System.exit: waiting for it would never end. */
  private static boolean isExiting(Thread thread) {
    for (StackTraceElement frame : thread.getStackTrace()) {
      if (frame.getClassName().equals("java.lang.Shutdown")) {
        return true;
      }
    }
    return false;
  }

  /** Puts the handlers back as they were. */
  @Override
  public void close() {
    done.countDown();
    undo();
  }

  private synchronized void undo() {
    for (int i = undo.size() - 1; i >= 0; i--) {
      undo.get(i).run();
    }
    undo.clear();
  }
}
