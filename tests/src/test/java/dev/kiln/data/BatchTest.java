package dev.kiln.data;

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
import java.util.List;

class BatchTest {
  private static DataLoader loader(Device device) {
    float[][] x = new float[10][];
    int[] labels = new int[10];
    for (int i = 0; i < 10; i++) {
      x[i] = new float[] {i, i + 0.5f, -i};
      labels[i] = 9 - i;
    }
    return DataLoader.builder(Dataset.of(x, labels)).batchSize(4).device(device).build();
  }

  @OnEachDevice
  void stacksExamplesToTensors(Device device) {
    try (Scope scope = Scope.open()) {
      BatchIterator it = loader(device).iterator();
      it.next();
      Batch b = it.next();
      assertThat(b.input().shape()).isEqualTo(Shape.of(4, 3));
      assertThat(b.input().dtype()).isEqualTo(DType.FLOAT32);
      assertThat(b.input().device()).isEqualTo(device);
      assertThat(b.input().toFloatArray())
          .containsExactly(4, 4.5f, -4, 5, 5.5f, -5, 6, 6.5f, -6, 7, 7.5f, -7);
      assertThat(b.target().shape()).isEqualTo(Shape.of(4));
      assertThat(b.target().dtype()).isEqualTo(DType.INT64);
      assertThat(b.target().toLongArray()).containsExactly(5, 4, 3, 2);
      assertThat(b.input()).isSameAs(b.input());
      assertThat(b.fields()).containsExactly(b.input(), b.target());
      Batch last = it.next();
      assertThat(last.input().shape()).isEqualTo(Shape.of(2, 3));
      assertThat(last.target().toLongArray()).containsExactly(1, 0);
    }
  }

  @OnEachDevice
  void joinsTheScopeThatIsOpenWhenItIsRead(Device device) {
    long before = SettledMemory.used(device);
    for (Batch b : loader(device).epoch(0)) {
      Tensor x;
      try (Scope scope = Scope.open("step " + b.number())) {
        x = b.input();
        assertThat(scope.owns(x)).isTrue();
        assertThat(b.target().sum().item()).isGreaterThan(0);
      }
      assertThat(device.memory().used()).isEqualTo(before);
      assertThatThrownBy(() -> b.input().relu())
          .isInstanceOf(ReleasedException.class)
          .hasMessageContaining("step " + b.number());
    }
  }

  @OnEachDevice
  void isReleasedByCloseWhereNoScopeIsOpen(Device device) {
    long before = SettledMemory.used(device);
    for (Batch batch : loader(device)) {
      try (batch) {
        assertThat(batch.input().toFloatArray()).hasSize(3 * batch.size());
        assertThat(device.memory().used()).isGreaterThan(before);
      }
      assertThat(device.memory().used()).isEqualTo(before);
    }
  }

  @OnEachDevice
  void fillsFixedTensors(Device device) {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.zeros(Shape.of(4, 3), DType.FLOAT32, device);
      Tensor y = Tensor.zeros(Shape.of(4), DType.INT64, device);
      BatchIterator it = loader(device).iterator();
      Batch first = it.next();
      first.copyTo(0, x);
      first.copyTo(1, y);
      assertThat(x.toFloatArray()).startsWith(0, 0.5f, 0, 1);
      assertThat(y.toLongArray()).containsExactly(9, 8, 7, 6);
      Batch second = it.next();
      assertThat(second.input().shape()).isEqualTo(x.shape());
      second.copyTo(0, x);
      assertThat(x.toFloatArray()).startsWith(4, 4.5f);
      Batch last = it.next();
      assertThatThrownBy(() -> last.copyTo(0, x))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("field input is f32[2,3] but the slot is f32[4,3]");
      assertThatThrownBy(() -> last.copyTo(2, x)).hasMessageContaining("field 2 does not exist");
    }
  }

  @OnEachDevice
  void keepsUnreadFieldsWhenTheLoaderMovesOn(Device device) {
    try (Scope scope = Scope.open()) {
      BatchIterator it = loader(device).iterator();
      Batch first = it.next();
      assertThat(first.input().toFloatArray()).hasSize(12);
      it.next().input();
      it.next().input();
      assertThat(first.target().toLongArray()).containsExactly(9, 8, 7, 6);
      first.close();
      assertThatThrownBy(() -> first.target().relu()).isInstanceOf(ReleasedException.class);
    }
  }

  @OnEachDevice
  void hasNoTargetWithoutASecondField(Device device) {
    Field only = new Field("input", DType.UINT8, Shape.of(2));
    Dataset data = Dataset.ofBytes(List.of(only), new byte[] {1, (byte) 200});
    try (Scope scope = Scope.open();
        Batch b = DataLoader.builder(data).device(device).build().iterator().next()) {
      assertThat(b.input().toFloatArray()).containsExactly(1, 200);
      assertThatThrownBy(b::target)
          .isInstanceOf(DataException.class)
          .hasMessageContaining("one field input");
    }
  }

  @OnEachDevice
  void feedsTheEmbeddedSample(Device device) {
    Dataset train =
        FashionMnist.sample()
            .train()
            .normalize(new float[] {FashionMnist.MEAN}, new float[] {FashionMnist.STD});
    DataLoader loader = DataLoader.builder(train).batchSize(1000).shuffle(1).device(device).build();
    double sum = 0;
    for (Batch b : loader) {
      try (Scope scope = Scope.open()) {
        assertThat(b.input().shape()).isEqualTo(Shape.of(1000, 1, 28, 28));
        sum += b.input().mean().item();
      }
    }
    assertThat(sum / 5).isBetween(-0.05, 0.05);
  }
}
