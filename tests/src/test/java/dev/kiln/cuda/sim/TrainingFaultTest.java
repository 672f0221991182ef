package dev.kiln.cuda.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.backend.DeviceId;
import dev.kiln.cuda.CudaBackend;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import jcuda.driver.CUresult;
import jcuda.jcublas.cublasStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A CNN's training on a device of which one call fails: each function that it calls of the driver,
 * cuBLAS and cuDNN, at two calls ({@code -Dkiln.test.faults=all}: at every one).
 *
 * <p>Whatever fails, either nothing shows and the numbers are right, or an exception names the
 * call, its status and what to do; the weights are then those before the step or after it, the
 * device trains on, a training begun anew gives the numbers of one without faults, and no memory is
 * lost.
 */
class TrainingFaultTest {
  /** How the steps run. */
  enum Way {
    EAGER,
    RECORDED,
    POOLED
  }

  private static final boolean ALL = "all".equals(System.getProperty("kiln.test.faults"));
  private static final int CUDNN_EXECUTION_FAILED = 5000;
  private static final int CUDNN_NOT_SUPPORTED = 3000;

  /** A call that fails: the nth of its function, with a status. */
  private record Fault(String function, long nth, int status) {
    @Override
    public String toString() {
      return nth + ". " + function + " returns " + status;
    }
  }

  /** What a training without faults gives. */
  private record Course(
      List<Double> losses,
      List<Map<String, List<Float>>> learned,
      List<Map<String, List<Float>>> seen) {}

  private Way way;
  private Course course;
  private Map<String, Long> calls;
  private long usedOpen;
  private long usedClosed;
  private long allocationsClosed;
  private int told;
  private final List<String> wrong = new ArrayList<>();

  @BeforeEach
  void open() {
    SimDevice.open();
    SimControl.setQuiet(true);
  }

  @AfterEach
  void close() {
    SimControl.clearFailures();
    SimControl.setQuiet(false);
  }

  static List<Way> ways() {
    return ALL ? List.of(Way.values()) : List.of(Way.EAGER, Way.POOLED);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void eachFailingCallIsToldAndLeavesAllSound(Way chosen) {
    way = chosen;
    course = undisturbed();
    live(Optional.empty());
    assertThat(wrong).isEmpty();
    assertThat(calls.keySet())
        .contains("cuMemAlloc", "cuMemFree", "cuLaunchKernel", "cuMemcpyDtoHAsync")
        .contains("cuEventRecord", "cuStreamWaitEvent", "cublasGemmEx", "cudnnCreate")
        .contains("cudnnConvolutionBackwardData", "cudnnConvolutionBackwardFilter")
        .contains("cudnnGetConvolutionForwardAlgorithm", "cudnnSetConvolutionDescriptor");
    int faults = 0;
    for (Map.Entry<String, Long> called : Map.copyOf(calls).entrySet()) {
      for (int status : statuses(called.getKey())) {
        for (long nth : chosen(called.getValue())) {
          live(Optional.of(new Fault(called.getKey(), nth, status)));
          faults++;
        }
      }
    }
    assertThat(wrong).as("of %d faults", faults).isEmpty();
    assertThat(told).as("exceptions for %d faults", faults).isGreaterThan(faults * 2 / 3);
  }

  private static List<Integer> statuses(String function) {
    if (function.startsWith("cublas")) {
      return List.of(cublasStatus.CUBLAS_STATUS_EXECUTION_FAILED);
    }
    if (function.startsWith("cudnn")) {
      return function.contains("Convolution") && !function.contains("Descriptor")
          ? List.of(CUDNN_EXECUTION_FAILED, CUDNN_NOT_SUPPORTED)
          : List.of(CUDNN_EXECUTION_FAILED);
    }
    return function.startsWith("cuMem") && function.contains("Alloc")
        ? List.of(CUresult.CUDA_ERROR_UNKNOWN, CUresult.CUDA_ERROR_OUT_OF_MEMORY)
        : List.of(CUresult.CUDA_ERROR_UNKNOWN);
  }

  /** Calls to let fail, of so many: all, or the first and the last, or those in the midst. */
  private List<Long> chosen(long count) {
    if (ALL) {
      return LongStream.rangeClosed(1, count).boxed().toList();
    }
    return way == Way.EAGER
        ? Stream.of(1 + count / 4, 1 + count * 3 / 4).distinct().toList()
        : Stream.of(1L, count).distinct().toList();
  }

  private Course undisturbed() {
    CudaBackend backend = backend();
    Course all = new Course(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    try (FaultyTraining training = new FaultyTraining(Device.on(backend), way != Way.EAGER)) {
      for (int i = 0; i < FaultyTraining.STEPS; i++) {
        all.learned().add(training.learned());
        all.seen().add(training.seen());
        training.step();
      }
      all.learned().add(training.learned());
      all.seen().add(training.seen());
      all.losses().addAll(training.losses());
    }
    backend.close();
    return all;
  }

  private CudaBackend backend() {
    return new CudaBackend(new DeviceId("sim", 0), 0, SimDevice.libraries(), way == Way.POOLED);
  }

  /** Opens a device, trains and closes it, with a fault or to see what is called. */
  private void live(Optional<Fault> fault) {
    long before = SimControl.memoryUsed();
    long allocations = SimControl.allocations();
    SimControl.resetCalls();
    fault.ifPresent(f -> SimControl.fail(f.function(), f.nth(), 1, f.status()));
    String phase = "opening";
    CudaBackend backend = null;
    try {
      backend = backend();
      phase = "training";
      Device device = Device.on(backend);
      trained(device, fault);
      phase = "memory";
      settled(device, usedOpen + before, fault);
      if (fault.isEmpty()) {
        usedOpen = SimControl.memoryUsed() - before;
      }
      long used = SimControl.memoryUsed() - before;
      // a full device has let the recording go, and its memory
      boolean let = fault.isPresent() && fault.get().status() == CUresult.CUDA_ERROR_OUT_OF_MEMORY;
      same(fault, "device memory in use", let ? Math.min(used, usedOpen) : usedOpen, used);
      phase = "closing";
      backend.close();
    } catch (KilnException e) {
      told(fault, e);
      SimControl.clearFailures();
      if (!phase.equals("opening") && !phase.equals("closing")) {
        note(fault, "while " + phase, e);
      }
    } catch (RuntimeException | Error e) {
      note(fault, "while " + phase, e);
      SimControl.clearFailures();
    }
    SimControl.clearFailures();
    if (fault.isEmpty()) {
      calls = new LinkedHashMap<>();
      for (String name : SimControl.called().split(" ")) {
        calls.put(name, SimControl.calls(name));
      }
      usedClosed = SimControl.memoryUsed() - before;
      allocationsClosed = SimControl.allocations() - allocations;
    }
    boolean opened = backend != null;
    // what the driver refuses to take back for good cannot come back
    boolean kept =
        phase.equals("closing")
            && fault.isPresent()
            && fault.get().function().startsWith("cuMemFree");
    if (!kept) {
      same(
          fault,
          phase + ", then device memory",
          opened ? usedClosed : 0,
          SimControl.memoryUsed() - before);
      same(
          fault,
          phase + ", then allocations",
          opened ? allocationsClosed : 0,
          SimControl.allocations() - allocations);
    }
  }

  /** Trains, and after a fault trains on and anew. */
  private void trained(Device device, Optional<Fault> fault) {
    FaultyTraining training = null;
    try {
      training = new FaultyTraining(device, way != Way.EAGER);
      training.finish();
      right(fault, "losses", training);
      training.close();
    } catch (KilnException e) {
      told(fault, e);
      SimControl.clearFailures();
      if (training != null) {
        int step = training.losses().size();
        if (step < FaultyTraining.STEPS) {
          sound(fault, step, training);
          training.finish();
          if (!training.losses().stream().allMatch(Double::isFinite)) {
            wrong.add(fault.orElseThrow() + ": trains on to " + training.losses());
          }
        }
        training.close();
      }
      try (FaultyTraining again = new FaultyTraining(device, way != Way.EAGER)) {
        again.finish();
        right(fault, "losses of a second training", again);
      }
    }
  }

  private void right(Optional<Fault> fault, String what, FaultyTraining training) {
    boolean other = fault.isPresent() && fault.get().function().startsWith("cudnn");
    for (int i = 0; i < course.losses().size(); i++) {
      double expected = course.losses().get(i);
      double actual = training.losses().get(i);
      // where cuDNN does not do a convolution, it is summed in another order
      if (other ? Math.abs(actual - expected) > 1e-4 : actual != expected) {
        wrong.add(fault + ": " + what + " " + training.losses() + ", not " + course.losses());
        return;
      }
    }
  }

  /** A failed step was taken wholly or not at all. */
  private void sound(Optional<Fault> fault, int step, FaultyTraining training) {
    Map<String, List<Float>> learned = training.learned();
    if (!near(learned, course.learned().get(step))
        && !near(learned, course.learned().get(step + 1))) {
      for (String name : learned.keySet()) {
        List<Float> now = learned.get(name);
        if (!Objects.equals(now, course.learned().get(step).get(name))) {
          wrong.add(
              fault.orElseThrow()
                  + ": step "
                  + step
                  + " is half taken: "
                  + name
                  + " is "
                  + now
                  + ", was "
                  + course.learned().get(step).get(name));
        }
      }
    }
    training
        .seen()
        .forEach(
            (name, now) -> {
              if (!near(now, course.seen().get(step).get(name))
                  && !near(now, course.seen().get(step + 1).get(name))) {
                wrong.add(fault.orElseThrow() + ": step " + step + " spoils " + name + ": " + now);
              }
            });
  }

  private static boolean near(Map<String, List<Float>> a, Map<String, List<Float>> b) {
    return a.keySet().equals(b.keySet())
        && a.keySet().stream().allMatch(name -> near(a.get(name), b.get(name)));
  }

  private static boolean near(List<Float> a, List<Float> b) {
    for (int i = 0; i < a.size(); i++) {
      if (!(Math.abs(a.get(i) - b.get(i)) <= 1e-5)) {
        return false;
      }
    }
    return a.size() == b.size();
  }

  /** The exception says which call failed, with which status, and what to do. */
  private void told(Optional<Fault> fault, KilnException e) {
    if (fault.isEmpty()) {
      note(fault, "without a fault", e);
      return;
    }
    told++;
    String text = e.getMessage().replaceAll("[24]d(?=Descriptor)", ""); // one to the simulator
    Fault f = fault.get();
    if (!text.contains(f.function())
        || !text.contains("" + f.status()) && f.status() != CUresult.CUDA_ERROR_OUT_OF_MEMORY
        || !text.contains("; ")) {
      wrong.add(f + ": does not say so: " + text);
    }
  }

  private void note(Optional<Fault> fault, String where, Throwable e) {
    StringBuilder at = new StringBuilder();
    for (StackTraceElement s : e.getStackTrace()) {
      at.append(at.length() < 600 ? "\n    " + s : "");
    }
    wrong.add(fault.map(Fault::toString).orElse("no fault") + " " + where + ": " + e + at);
  }

  private void same(Optional<Fault> fault, String what, long expected, long actual) {
    if (expected != actual) {
      wrong.add(
          fault.map(Fault::toString).orElse("no fault")
              + ": "
              + what
              + " "
              + actual
              + ", not "
              + expected);
    }
  }

  /** The same, and once more where the device does not take memory back. */
  private void settled(Device device, long expected, Optional<Fault> fault) {
    try {
      settle(device, expected);
    } catch (KilnException e) {
      told(fault, e);
      SimControl.clearFailures();
      settle(device, expected);
    }
  }

  /** Lets the collector find what nothing holds, until so much memory is in use. */
  private static void settle(Device device, long expected) {
    for (int i = 0; i < 8; i++) {
      System.gc();
      try {
        Thread.sleep(3); // the cleaner's thread needs its turn
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      device.memory();
      device.backend().trim();
      if (SimControl.memoryUsed() == expected) {
        return;
      }
    }
  }
}
