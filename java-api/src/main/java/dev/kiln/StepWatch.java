package dev.kiln;

import dev.kiln.backend.View;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Watches what a step does that a recording would not repeat: values it reads, and data it sends to
 * the device, which have to be the same in every run. It watches on every device, so that a step
 * that runs on a processor can be recorded on a GPU.
 */
final class StepWatch implements AutoCloseable {
  private static final ThreadLocal<StepWatch> CURRENT = new ThreadLocal<>();

  private final Device device;
  private final boolean mayRead;
  private final List<Sent> expected;
  private final List<Sent> sent = new ArrayList<>();

  /** What was sent, by its content. */
  private record Sent(String what, long checksum) {}

  private StepWatch(Device device, boolean mayRead, List<Sent> expected) {
    this.device = device;
    this.mayRead = mayRead;
    this.expected = expected;
    CURRENT.set(this);
  }

  /** Watches a step that runs before its recording. */
  static StepWatch rehearsal(Device device) {
    return new StepWatch(device, true, List.of());
  }

  /** Watches the step that is recorded; its rehearsal is over. */
  static StepWatch recording(StepWatch rehearsal) {
    return new StepWatch(rehearsal.device, false, rehearsal.sent);
  }

  /** Tells whether a step is being recorded on this thread. */
  static boolean isRecording() {
    StepWatch watch = CURRENT.get();
    return watch != null && !watch.mayRead;
  }

  /** Called for all data that go to a device. */
  static void sending(View to, ByteBuffer data, Device device) {
    StepWatch watch = CURRENT.get();
    if (watch != null && watch.device == device) {
      watch.send(to, data);
    }
  }

  private void send(View to, ByteBuffer data) {
    CRC32C checksum = new CRC32C();
    ByteBuffer content = data.duplicate();
    content.limit((int) (content.position() + to.numel() * to.dtype().bytes()));
    checksum.update(content);
    Sent now = new Sent(to.dtype().toString() + to.shape(), checksum.getValue());
    int place = sent.size();
    sent.add(now);
    if (!mayRead && (place >= expected.size() || !expected.get(place).equals(now))) {
      throw new RecordingException(
          "[step_graph] the step sends "
              + now.what
              + " to "
              + device
              + ", other data than in the run before; a recorded step would send the same for ever:"
              + " copy what changes into a tensor made outside, before each run");
    }
  }

  /** Called before a value is read from a device. */
  static void reading(String op, View x, Device device) {
    StepWatch watch = CURRENT.get();
    if (watch != null && !watch.mayRead && watch.device == device) {
      throw new RecordingException(
          "["
              + op
              + "] "
              + x
              + " cannot be read inside a step that is being recorded; read it after the step, or"
              + " run the step without StepGraph");
    }
  }

  @Override
  public void close() {
    CURRENT.remove();
  }
}
