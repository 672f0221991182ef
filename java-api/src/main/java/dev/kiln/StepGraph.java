package dev.kiln;

import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.Recording;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A training step that records itself: eager at first, replayed from a recording on devices that
 * can record.
 *
 * <pre>{@code
 * StepGraph step =
 *     StepGraph.of(
 *         device,
 *         batch -> {
 *           optimizer.zeroGrad();
 *           Tensor loss = lossOf(model.call(batch.get(0)), batch.get(1));
 *           loss.backward();
 *           optimizer.step();
 *           return loss;
 *         });
 * for (Batch batch : loader) {
 *   Tensor loss = step.run(batch.input(), batch.target());
 * }
 * }</pre>
 *
 * <p>Runs 1 and 2 are eager, real steps; in run 3 the device records the step, and from then on
 * each run replays it with one launch. A device that does not record runs the step again each time,
 * with the same results. A run that throws is not counted.
 *
 * <p>A replay does the same work on the same memory, without the step's Java code. So inside a step
 * nothing may be read back to the host, and whatever varies from run to run must be device data:
 * inputs, settings of optimizers, random numbers and step counts are. Run 3 throws {@link
 * RecordingException} where a step reads a value or sends other data than run 2 did, on every
 * device, so that tests on a processor find it. After a change to the model itself, such as
 * freezing a layer, make a new step graph.
 *
 * <p>A recording keeps memory of its own. Where the device has none left for something else, it is
 * let go, and the next run records the step anew, or runs it as it is if that does not fit.
 *
 * <p>Each run has a {@link Scope} of its own. Not thread-safe.
 */
public final class StepGraph implements AutoCloseable {
  private static final int EAGER_RUNS = 2;

  private final Device device;
  private final Runnable step;
  private final List<Tensor> slots = new ArrayList<>();
  private Optional<Tensor> result = Optional.empty();
  private Optional<StepWatch> rehearsal = Optional.empty();
  private Optional<Recording> recording = Optional.empty();
  private Thread owner = Thread.currentThread();
  private int runs;
  private boolean forgotten;
  private boolean closed;

  private StepGraph(Device device, Runnable step) {
    this.device = device;
    this.step = step;
  }

  private StepGraph(Device device, Function<List<Tensor>, Tensor> step) {
    this.device = device;
    this.step = () -> keep(step.apply(List.copyOf(slots)));
  }

  /**
   * Wraps a step that finds its inputs itself, in tensors that are filled between runs.
   *
   * @param device where the step runs
   * @param step the work
   * @return the step graph
   */
  public static StepGraph of(Device device, Runnable step) {
    return new StepGraph(device, step);
  }

  /**
   * Wraps a step of inputs.
   *
   * @param device where the step runs
   * @param step the work, from inputs to a result, such as the loss
   * @return the step graph, to be run with {@link #run(Tensor...)}
   */
  public static StepGraph of(Device device, Function<List<Tensor>, Tensor> step) {
    return new StepGraph(device, step);
  }

  /**
   * Copies inputs to their fixed places and runs the step once.
   *
   * @param inputs as many as in the first run, of the same shapes and types
   * @return the step's result, at a fixed place too: the next run overwrites it
   * @throws ShapeException if an input has another shape or type than in the first run; a smaller
   *     last batch takes a step of its own
   * @throws RecordingException in run 3, if the step cannot be recorded; a device that records has
   *     done nothing of it then
   * @throws IllegalStateException after {@link #close}
   */
  public Tensor run(Tensor... inputs) {
    open();
    if (runs == 0 && slots.isEmpty()) {
      makeSlots(inputs);
    }
    check(inputs);
    for (int i = 0; i < inputs.length; i++) {
      slots.get(i).copyFrom(inputs[i]);
    }
    run();
    return result.orElseThrow(
        () ->
            new IllegalStateException(
                "[step_graph] this step has no inputs and no result; call run() without any"));
  }

  /** Makes the places of all inputs, or none where there is no memory for all. */
  private void makeSlots(Tensor... inputs) {
    try {
      for (Tensor x : inputs) {
        slots.add(Scope.outside(() -> Tensor.empty(x.shape(), x.dtype(), device)));
      }
    } catch (RuntimeException | Error e) {
      slots.forEach(Tensor::close);
      slots.clear();
      throw e;
    }
  }

  private void check(Tensor... inputs) {
    if (inputs.length != slots.size()) {
      throw new ShapeException(
          "[step_graph] "
              + inputs.length
              + " inputs, but the first run had "
              + slots.size()
              + "; give the same ones in the same order");
    }
    for (int i = 0; i < inputs.length; i++) {
      Tensor slot = slots.get(i);
      if (!inputs[i].shape().equals(slot.shape()) || inputs[i].dtype() != slot.dtype()) {
        throw new ShapeException(
            "[step_graph] input "
                + i
                + " is "
                + inputs[i].describe()
                + " but the first run had "
                + slot.describe()
                + "; use one step graph for each shape, or drop a smaller last batch");
      }
    }
  }

  /** Puts the result where the next run will put its own. */
  private void keep(Tensor y) {
    try (NoGrad off = NoGrad.open()) {
      if (result.isEmpty()) {
        result = Optional.of(Scope.outside(() -> Tensor.empty(y.shape(), y.dtype(), device)));
      }
      Tensor slot = result.get();
      if (!slot.shape().equals(y.shape()) || slot.dtype() != y.dtype()) {
        throw new ShapeException(
            "[step_graph] the step's result is "
                + y.describe()
                + " but it was "
                + slot.describe()
                + " in the run before; return the same shape each time");
      }
      slot.copyFrom(y.detach());
    }
  }

  /**
   * Runs the step once.
   *
   * @throws RecordingException in run 3, if the step cannot be recorded; a device that records has
   *     done nothing of it then
   * @throws IllegalStateException after {@link #close}
   */
  public void run() {
    open();
    Autocast.clearCache(); // a recording must convert parameters itself, and may change them
    if (recording.isPresent()) {
      replay();
      return;
    }
    runs++;
    try {
      if (runs == EAGER_RUNS) {
        try (StepWatch watch = StepWatch.rehearsal(device)) {
          rehearsal = Optional.of(watch);
          eager();
        }
      } else if (runs == EAGER_RUNS + 1) {
        record();
      } else {
        eager();
      }
    } catch (RuntimeException | Error e) {
      runs--; // it was none: the next run is what this one should have been
      throw e;
    }
  }

  private void record() {
    try (StepWatch watch = StepWatch.recording(rehearsal.orElseThrow())) {
      recording = device.record(this::eager);
      if (recording.isEmpty()) {
        eager();
      }
    } catch (OutOfMemoryException e) {
      if (forgotten) {
        eager(); // as in all runs from here on
        return;
      }
      throw new RecordingException(
          "[step_graph] no memory to record the step, which takes memory of its own: "
              + e.getMessage());
    }
    if (recording.isPresent()) {
      device.memoryBooks().mayForget(this);
      replay();
    }
  }

  private void replay() {
    recording.orElseThrow().replay();
    device.replayed();
  }

  private void eager() {
    try (Scope scope = Scope.open("step")) {
      step.run();
    }
  }

  /**
   * Lets the recording go, whose memory is wanted elsewhere; the next run records anew, or is eager
   * where there is no room for that. Does nothing on another thread than that of the last run,
   * which may be in the midst of a replay.
   */
  void forget() {
    if (recording.isPresent() && Thread.currentThread() == owner) {
      Recording gone = recording.get();
      recording = Optional.empty();
      runs = EAGER_RUNS;
      forgotten = true;
      gone.close();
    }
  }

  private void open() {
    if (closed) {
      throw new IllegalStateException("[step_graph] it is closed; make a new one");
    }
    owner = Thread.currentThread();
  }

  /**
   * Tells whether runs are replays by now.
   *
   * @return true from run 3 on, on devices that record, while the recording is kept
   */
  public boolean isRecorded() {
    return recording.isPresent();
  }

  /**
   * Tells whether a step is being recorded on this thread: PyTorch's {@code
   * is_current_stream_capturing}. A replay runs no Java code, so work that keeps copies between
   * calls, and looks whether they are still right, must do without them then.
   *
   * @return true in run 3 of a step, on every device
   */
  public static boolean isRecording() {
    return StepWatch.isRecording();
  }

  /** Frees the recording, the places of inputs, and the result. */
  @Override
  public void close() {
    closed = true;
    Optional<Recording> gone = recording;
    recording = Optional.empty();
    try {
      gone.ifPresent(Recording::close);
    } finally {
      slots.forEach(Tensor::close);
      slots.clear();
      result.ifPresent(Tensor::close);
      result = Optional.empty();
    }
  }
}
