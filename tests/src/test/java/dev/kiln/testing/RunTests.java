package dev.kiln.testing;

import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import dev.kiln.DeviceException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Runs tests without a build tool: {@code RunTests PATTERN...} runs those of the classes whose
 * names match. Prints what fails at once, a summary last, and ends with 1 if something failed or
 * nothing ran.
 */
public final class RunTests {
  private RunTests() {}

  /** Runs the tests. */
  public static void main(String[] patterns) {
    try {
      EachDevice.all();
    } catch (DeviceException e) {
      // Else every single test would fail and say the same.
      System.out.println("No test was run. " + e.getMessage());
      System.exit(1);
    }
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectPackage("dev.kiln"))
            .filters(includeClassNamePatterns(patterns))
            .build();
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    SummaryGeneratingListener summary = new SummaryGeneratingListener();
    Launcher launcher = LauncherFactory.create();
    launcher.execute(request, summary, new Failures(out));
    TestExecutionSummary all = summary.getSummary();
    out.printf(
        "%d tests passed, %d failed, %d skipped%n",
        all.getTestsSucceededCount(), all.getTotalFailureCount(), all.getTestsSkippedCount());
    boolean good = all.getTotalFailureCount() == 0 && all.getTestsSucceededCount() > 0;
    System.exit(good ? 0 : 1);
  }

  /** Tells of classes as they end, so that a run that is cut short has told something. */
  private record Failures(PrintWriter out) implements TestExecutionListener {
    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      if (result.getStatus() == Status.FAILED) {
        out.println("FAILED " + test.getDisplayName() + " of " + test.getParentId().orElse(""));
        result.getThrowable().ifPresent(t -> out.println("  " + t));
      } else if (test.isContainer() && test.getUniqueIdObject().getSegments().size() == 2) {
        out.println("done   " + test.getDisplayName());
      }
    }
  }
}
