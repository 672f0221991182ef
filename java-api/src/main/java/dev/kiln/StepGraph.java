package dev.kiln;

import dev.kiln.backend.Recording;
import java.util.Optional;

/**
 * A training step that records itself: eager at first, replayed from a recording on devices that
 * can record.
 *
 * <p>Calls 1 and 2 of {@link #run} are eager, real steps; on call 3 the device records the step,
 * and from then on each call replays it. A device that does not record runs the step again each
 * time, with the same results. Inside a step nothing may be read back to the host, and whatever
 * varies from step to step must be device data.
 */
public final class StepGraph implements AutoCloseable {
  private static final int EAGER_RUNS = 2;

  private final Device device;
  private final Runnable step;
  private Optional<Recording> recording = Optional.empty();
  private int runs;
  private boolean closed;

  private StepGraph(Device device, Runnable step) {
    this.device = device;
    this.step = step;
  }

  /**
   * Wraps a step.
   *
   * @param device where the step runs
   * @param step the work, with static inputs
   * @return the step graph
   */
  public static StepGraph of(Device device, Runnable step) {
    return new StepGraph(device, step);
  }

  /**
   * Runs the step once.
   *
   * @throws IllegalStateException after {@link #close}
   */
  public void run() {
    if (closed) {
      throw new IllegalStateException("[step_graph] it is closed; make a new one");
    }
    if (recording.isPresent()) {
      recording.get().replay();
      return;
    }
    runs++;
    if (runs == EAGER_RUNS + 1) {
      recording = device.backend().record(step);
      if (recording.isPresent()) {
        recording.get().replay();
        return;
      }
    }
    step.run();
  }

  /** Frees the recording. */
  @Override
  public void close() {
    closed = true;
    recording.ifPresent(Recording::close);
    recording = Optional.empty();
  }
}
