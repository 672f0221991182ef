package dev.kiln.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Fails a test that leaves more live tensor memory behind than it found, on any device.
 *
 * <pre>{@code
 * @NoLeaks
 * @Test
 * void trainingStepKeepsNothing() { ... }
 * }</pre>
 *
 * <p>Memory is measured just around the test method, after garbage collection, so tensors that
 * {@code @BeforeEach} puts into fields do not count. Run with {@code -Dkiln.leaks=true} to see
 * where each remaining tensor was made. Tests that run at the same time in one process disturb each
 * other. JUnit is an optional dependency of Kiln: the test that uses this brings it.
 */
@Documented
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NoLeaksExtension.class)
public @interface NoLeaks {
  /**
   * Returns by how many bytes a device's live memory may grow.
   *
   * @return bytes; 0 unless something is kept on purpose
   */
  long allowedBytes() default 0;
}
