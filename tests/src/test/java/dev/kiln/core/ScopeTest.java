package dev.kiln.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.ReleasedException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.testing.OnEachDevice;
import dev.kiln.testing.SettledMemory;
import java.util.concurrent.atomic.AtomicReference;

class ScopeTest {
  private static Tensor make(Device device) {
    return Tensor.zeros(Shape.of(64, 10), DType.FLOAT32, device);
  }

  @OnEachDevice
  void releasesWhatWasMadeInside(Device device) {
    long before = SettledMemory.used(device);
    Tensor t;
    try (Scope scope = Scope.open("step 812")) {
      t = make(device);
      assertThat(device.memory().used() - before).isEqualTo(64 * 10 * 4);
    }
    assertThat(t.isReleased()).isTrue();
    assertThat(device.memory().used()).isEqualTo(before);
    assertThatThrownBy(t::relu)
        .isInstanceOf(ReleasedException.class)
        .hasMessage(
            "[relu] input f32[64,10] was released when scope \"step 812\" closed; keep it with"
                + " scope.keep(t) or read it inside");
    assertThat(t.toString()).contains("released");
  }

  @OnEachDevice
  void everyViewIsReleasedWithItsMemory(Device device) {
    Tensor view;
    try (Scope scope = Scope.open()) {
      view = make(device).t();
    }
    assertThatThrownBy(view::toFloatArray).isInstanceOf(ReleasedException.class);
  }

  @OnEachDevice
  void keepMovesToTheEnclosingScope(Device device) {
    Tensor t;
    try (Scope outer = Scope.open("outer")) {
      try (Scope inner = Scope.open("inner")) {
        t = inner.keep(make(device));
        assertThat(outer.owns(t)).isTrue();
      }
      assertThat(t.isReleased()).isFalse();
    }
    assertThatThrownBy(t::relu).hasMessageContaining("outer");
  }

  @OnEachDevice
  void keptOutOfTheLastScopeItLives(Device device) {
    Tensor t;
    try (Scope scope = Scope.open()) {
      t = scope.keep(make(device));
    }
    assertThat(t.toFloatArray()).hasSize(640);
    t.close();
    assertThatThrownBy(t::relu).hasMessageContaining("by close()");
    t.close();
  }

  @OnEachDevice
  void anInnerScopeLeftOpenIsClosedToo(Device device) {
    Tensor t;
    Scope outer = Scope.open("outer");
    Scope.open("forgotten");
    t = make(device);
    outer.close();
    assertThat(t.isReleased()).isTrue();
    assertThat(Scope.current()).isEmpty();
    outer.close();
  }

  @OnEachDevice
  void scopesBelongToTheirThread(Device device) throws InterruptedException {
    try (Scope scope = Scope.open("mine")) {
      AtomicReference<Throwable> caught = new AtomicReference<>();
      Thread other =
          new Thread(
              () -> {
                try {
                  scope.keep(make(device));
                } catch (IllegalStateException e) {
                  caught.set(e);
                }
              },
              "other");
      other.start();
      other.join();
      assertThat(caught.get()).hasMessageContaining("mine").hasMessageContaining("other");
    }
  }

  @OnEachDevice
  void withoutAScopeGarbageCollectionFrees(Device device) throws InterruptedException {
    long before = SettledMemory.used(device);
    for (int i = 0; i < 50; i++) {
      make(device);
    }
    for (int i = 0; i < 100 && device.memory().used() > before; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertThat(device.memory().used()).isLessThanOrEqualTo(before);
  }

  @OnEachDevice
  void statisticsCountBytesAndPeak(Device device) {
    try (Scope scope = Scope.open()) {
      long before = SettledMemory.used(device);
      device.resetPeakMemory();
      Tensor a = make(device);
      a.close();
      make(device);
      assertThat(device.memory().used() - before).isEqualTo(2560);
      assertThat(device.memory().peak() - before).isEqualTo(2560);
      assertThat(device.memoryReport()).contains("f32[64,10]");
    }
  }
}
