package dev.kiln.bench.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What is counted, not how long it takes. */
class TimingTest {
  private volatile byte[] kept;

  @Test
  void theMiddleOfTheSamples() {
    Samples samples = new Samples(List.of(9.0, 1.0, 3.0, 2.0, 4.0));
    assertThat(samples.sorted()).containsExactly(1.0, 2.0, 3.0, 4.0, 9.0);
    assertThat(samples.median()).isEqualTo(3);
    assertThat(samples.best()).isEqualTo(1);
    assertThat(samples.spread()).isEqualTo((4.0 - 2.0) / 3.0);
  }

  @Test
  void aRunThatAllocatesIsFound() {
    int bytes = 1 << 20;
    Timing timing = Timing.of(() -> {}, () -> kept = new byte[bytes], 0, 0);
    assertThat(timing.heap()).isBetween((double) bytes, bytes * 1.1);
    assertThat(kept).hasSize(bytes);
  }

  @Test
  void itWaitsForTheDeviceAfterEverySample() {
    AtomicInteger waits = new AtomicInteger();
    Timing timing = Timing.of(waits::incrementAndGet, () -> {}, 0, 0);
    // The first run, three of warm-up, and the samples.
    assertThat(waits.get()).isEqualTo(4 + timing.samples().sorted().size());
  }
}
