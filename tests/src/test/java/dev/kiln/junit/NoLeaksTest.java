package dev.kiln.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The extension lets clean tests pass and fails those that leave tensors behind. */
class NoLeaksTest {
  private static final List<Tensor> KEPT = new ArrayList<>();

  /** Run by the tests below, each method alone. */
  @NoLeaks
  static class Fixture {
    private Tensor field;

    private static Tensor floats(long n) {
      return Tensor.zeros(Shape.of(n), DType.FLOAT32, Device.of("scalar"));
    }

    @BeforeEach
    void allocate() {
      field = floats(1000);
    }

    @Test
    void clean() {
      assertThat(floats(100).sum().item()).isZero();
      assertThat(field.numel()).isEqualTo(1000);
    }

    @Test
    void leaking() {
      KEPT.add(floats(25));
    }

    @Test
    @NoLeaks(allowedBytes = 100)
    void allowed() {
      KEPT.add(floats(25));
    }

    @Test
    void failingAnyway() {
      KEPT.add(floats(25));
      throw new IllegalStateException("mine");
    }
  }

  @AfterEach
  void release() {
    KEPT.forEach(Tensor::close);
    KEPT.clear();
  }

  /** Runs one method of the fixture and returns how it failed, or {@code passed}. */
  private static String run(String method) {
    List<String> ends = new ArrayList<>();
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(selectMethod(Fixture.class, method))
                .build(),
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (test.isTest()) {
                  ends.add(result.getThrowable().map(Throwable::getMessage).orElse("passed"));
                }
              }
            });
    assertThat(ends).hasSize(1);
    return ends.get(0);
  }

  @Test
  void cleanTestsPass() {
    assertThat(run("clean")).isEqualTo("passed");
  }

  @Test
  void leaksFailWithTheirSize() {
    assertThat(run("leaking")).contains("live memory of scalar", "grew by 100 bytes", "f32[25]");
  }

  @Test
  void whatIsAllowedPasses() {
    assertThat(run("allowed")).isEqualTo("passed");
  }

  @Test
  void aTestThatFailedKeepsItsOwnMessage() {
    assertThat(run("failingAnyway")).isEqualTo("mine");
  }
}
