package dev.kiln.junit;

import dev.kiln.Device;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Compares live bytes before and after a test; see {@link NoLeaks}. */
public final class NoLeaksExtension
    implements BeforeTestExecutionCallback, AfterTestExecutionCallback {
  private static final ExtensionContext.Namespace SPACE =
      ExtensionContext.Namespace.create(NoLeaksExtension.class);
  private static final int ROUNDS = 25;
  private static final int QUIET_ROUNDS = 3;
  private static final int PAUSE_MILLIS = 10;

  /** Makes the extension; JUnit calls this. */
  public NoLeaksExtension() {}

  /** Notes the live bytes of every device in use. */
  @Override
  public void beforeTestExecution(ExtensionContext context) throws InterruptedException {
    context.getStore(SPACE).put(context.getUniqueId(), usage());
  }

  /**
   * Compares the live bytes with those before.
   *
   * @throws AssertionError if they grew; the message lists the largest live tensors
   */
  @Override
  @SuppressWarnings("unchecked")
  public void afterTestExecution(ExtensionContext context) throws InterruptedException {
    if (context.getExecutionException().isPresent()) {
      return; // a failed test's exception may hold tensors, and is the better message
    }
    Map<Device, Long> before =
        (Map<Device, Long>) context.getStore(SPACE).remove(context.getUniqueId(), Map.class);
    for (Device device : Device.inUse()) {
      long allowed = before.getOrDefault(device, generatorBytes(device)) + slack(context);
      long now = settle(device, allowed, ROUNDS);
      if (now > allowed) {
        throw new AssertionError(
            "[no_leaks] live memory of %s grew by %d bytes, from %d to %d; close tensors, or make them"
                    .formatted(device, now - allowed, allowed, now)
                + " inside a Scope\n"
                + device.memoryReport());
      }
    }
  }

  private static long slack(ExtensionContext context) {
    return AnnotationSupport.findAnnotation(context.getRequiredTestMethod(), NoLeaks.class)
        .or(() -> AnnotationSupport.findAnnotation(context.getRequiredTestClass(), NoLeaks.class))
        .map(NoLeaks::allowedBytes)
        .orElse(0L);
  }

  private static Map<Device, Long> usage() throws InterruptedException {
    Map<Device, Long> used = new HashMap<>();
    for (Device device : Device.inUse()) {
      device.generator(); // made on first use and kept for good
      long before;
      long now = device.memory().used();
      do {
        before = now;
        now = settle(device, 0, QUIET_ROUNDS);
      } while (now < before);
      used.put(device, now);
    }
    return used;
  }

  /** What a device that the test opened keeps for good. */
  private static long generatorBytes(Device device) {
    return device.generator().state().length * (long) Long.BYTES;
  }

  /** Waits for garbage collection to give back what it can. */
  private static long settle(Device device, long enough, int rounds) throws InterruptedException {
    long used = device.memory().used();
    for (int i = 0; i < rounds && used > enough; i++) {
      System.gc();
      Thread.sleep(PAUSE_MILLIS);
      used = device.memory().used();
    }
    return used;
  }
}
