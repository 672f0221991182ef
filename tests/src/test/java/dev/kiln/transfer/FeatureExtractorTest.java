package dev.kiln.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.data.Dataset;
import dev.kiln.io.Safetensors;
import dev.kiln.models.CifarResNet;
import dev.kiln.models.Mlp;
import dev.kiln.nn.Module;
import dev.kiln.testing.OnEachDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeatureExtractorTest {
  @TempDir Path folder;

  private static Dataset rows(int n, float scale) {
    float[][] x = new float[n][4];
    int[] y = new int[n];
    for (int i = 0; i < n; i++) {
      y[i] = i % 3;
      for (int j = 0; j < 4; j++) {
        x[i][j] = scale * (i + 1) * (j - 1);
      }
    }
    return Dataset.of(x, y);
  }

  /** The features of the last hidden layer, put through the head, are the model's output. */
  @OnEachDevice
  void featuresOfABatch(Device device) {
    try (Scope scope = Scope.open()) {
      Module net = new CifarResNet(8, 1, 3).to(device);
      net.namedChildren().get("layer1").eval();
      Tensor x = Tensor.randn(Shape.of(2, 1, 8, 8), net.dtype(), device);
      Map<String, Tensor> f = FeatureExtractor.of(net, "flatten", "layer2.0.bn1").extract(x);
      assertThat(f.keySet()).containsExactly("flatten", "layer2.0.bn1");
      assertThat(f.get("layer2.0.bn1").shape()).isEqualTo(Shape.of(2, 32, 4, 4));
      assertThat(f.get("flatten").requiresGrad()).isFalse();
      assertThat(net.isTraining()).isTrue();
      assertThat(net.namedChildren().get("layer1").isTraining()).isFalse();
      float[] head =
          NoGrad.run(() -> net.namedChildren().get("fc").call(f.get("flatten"))).toFloatArray();
      float[] whole = NoGrad.run(() -> net.eval().call(x)).toFloatArray();
      assertThat(head).isEqualTo(whole);
    }
  }

  @OnEachDevice
  void batchesComeTogetherInOrder(Device device) {
    try (Scope scope = Scope.open()) {
      Module net = new Mlp(4, 5, 3).to(device);
      Dataset data = rows(300, 0.01f);
      Features f = FeatureExtractor.of(net, "fc1").extract(data);
      assertThat(f.labels()).startsWith(0, 1, 2, 0).hasSize(300);
      assertThat(f.layers().get("fc1")).hasDimensions(300, 5);
      Tensor x = Tensor.of(new float[] {-3, 0, 3, 6}, Shape.of(1, 4), device);
      float[] last = NoGrad.run(() -> net.namedChildren().get("fc1").call(x)).toFloatArray();
      float[] got = f.layers().get("fc1")[299];
      for (int i = 0; i < 5; i++) {
        assertThat(Math.abs(got[i] - last[i])).isLessThan(1e-5f);
      }
      assertThat(f.dataset("fc1").size()).isEqualTo(300);
      assertThatThrownBy(() -> f.dataset("fc2")).hasMessageContaining("fc1");
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(p -> p.toString().endsWith(".safetensors")).toList();
    }
  }

  @Test
  void theCacheIsKeyedByAllThatMatters() throws IOException {
    Module net = new Mlp(4, 5, 3);
    FeatureExtractor extractor = FeatureExtractor.of(net, "fc1", "fc2");
    Features fresh = extractor.extract(rows(10, 1), folder);
    Features again = extractor.extract(rows(10, 1), folder);
    assertThat(fresh.fromCache()).isFalse();
    assertThat(again.fromCache()).isTrue();
    assertThat(again.layers().get("fc2")).isDeepEqualTo(fresh.layers().get("fc2"));
    assertThat(again.labels()).isEqualTo(fresh.labels());
    assertThat(extractor.extract(rows(10, 2), folder).fromCache()).isFalse();
    assertThat(extractor.extract(rows(9, 1), folder).fromCache()).isFalse();
    assertThat(FeatureExtractor.of(net, "fc1").extract(rows(10, 1), folder).fromCache()).isFalse();
    FeatureExtractor doubled = extractor.withTransform("doubled", x -> x.mul(2));
    assertThat(doubled.extract(rows(10, 1), folder).fromCache()).isFalse();
    NoGrad.run(() -> net.parameters().get(0).fill(0.5));
    Features changed = extractor.extract(rows(10, 1), folder);
    assertThat(changed.fromCache()).isFalse();
    assertThat(changed.layers().get("fc1")[3]).isNotEqualTo(fresh.layers().get("fc1")[3]);
    assertThat(files()).hasSize(6);
  }

  @Test
  void aDamagedFileIsWrittenAnew() throws IOException {
    FeatureExtractor extractor = FeatureExtractor.of(new Mlp(4, 5, 3), "fc1");
    Features fresh = extractor.extract(rows(10, 1), folder);
    Path file = files().get(0);
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= 1;
    Files.write(file, bytes);
    Features again = extractor.extract(rows(10, 1), folder);
    assertThat(again.fromCache()).isFalse();
    assertThat(again.labels()).isEqualTo(fresh.labels());
    assertThat(extractor.extract(rows(10, 1), folder).fromCache()).isTrue();
  }

  @Test
  void aFileWithoutFeaturesIsWrittenAnew() throws IOException {
    FeatureExtractor extractor = FeatureExtractor.of(new Mlp(4, 5, 3), "fc1");
    Features fresh = extractor.extract(rows(10, 1), folder);
    for (String name : new String[] {"other", "layer.fc1"}) {
      Safetensors.save(Map.of(name, Tensor.ones(10, 5)), files().get(0));
      Features again = extractor.extract(rows(10, 1), folder);
      assertThat(again.fromCache()).isFalse();
      assertThat(again.layers().get("fc1")).isDeepEqualTo(fresh.layers().get("fc1"));
    }
    assertThat(extractor.extract(rows(10, 1), folder).fromCache()).isTrue();
  }

  @Test
  void wrongLayersAreExplained() {
    Module net = new Mlp(4, 5, 5, 3);
    assertThatThrownBy(() -> FeatureExtractor.of(net, "fc9"))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("fc1");
    assertThatThrownBy(() -> FeatureExtractor.of(net)).hasMessageContaining("at least one");
    assertThatThrownBy(() -> FeatureExtractor.of(net, "relu").extract(Tensor.ones(1, 4)))
        .hasMessageContaining("more than once");
    assertThat(FeatureExtractor.of(net, "fc1").extract(Tensor.ones(1, 4))).hasSize(1);
  }
}
