package dev.kiln.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Tensor;
import dev.kiln.io.Safetensors;
import dev.kiln.models.CifarResNet;
import dev.kiln.nn.Module;
import dev.kiln.nn.StateLoading;
import dev.kiln.testing.OnEachDevice;
import dev.kiln.train.Trainer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PretrainedTest {
  @TempDir Path folder;

  private Path saved(Map<String, Tensor> state) {
    Path file = folder.resolve("backbone.safetensors");
    Safetensors.save(state, file);
    return file;
  }

  private static float[] values(Module net, String name) {
    return net.stateDict().get(name).toFloatArray();
  }

  @OnEachDevice
  void aBackboneIsLoadedUnderAnotherHead(Device device) {
    Module trained = new CifarResNet(8, 1, 5);
    Path file = saved(trained.stateDict());
    Module net = new CifarResNet(8, 1, 7).to(device);
    float[] head = values(net, "fc.weight");
    StateLoading report = Pretrained.file(file).without("fc.*").into(net);
    assertThat(report.missing()).containsExactly("fc.weight", "fc.bias");
    assertThat(report.unexpected()).isEmpty();
    assertThat(values(net, "layer3.0.conv2.weight"))
        .isEqualTo(values(trained, "layer3.0.conv2.weight"));
    assertThat(values(net, "fc.weight")).isEqualTo(head);
    assertThat(net.device()).isEqualTo(device);
  }

  @Test
  void anotherHeadIsNoticed() {
    Path file = saved(new CifarResNet(8, 1, 5).stateDict());
    Module net = new CifarResNet(8, 1, 7);
    float[] first = values(net, "conv1.weight");
    assertThatThrownBy(() -> Pretrained.file(file).into(net))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("fc.weight");
    assertThat(values(net, "conv1.weight")).isEqualTo(first);
  }

  @Test
  void namesOnOneSideAreReportedOrRefused() {
    Map<String, Tensor> state = new LinkedHashMap<>(new CifarResNet(8, 1, 5).stateDict());
    Tensor head = state.remove("fc.weight");
    state.put("head.weight", head);
    Path file = saved(state);
    Module net = new CifarResNet(8, 1, 5);
    assertThatThrownBy(() -> Pretrained.file(file).into(net))
        .hasMessageContaining("missing: fc.weight")
        .hasMessageContaining("unexpected: head.weight");
    StateLoading report = Pretrained.file(file).strict(false).into(net);
    assertThat(report.missing()).containsExactly("fc.weight");
    assertThat(report.unexpected()).containsExactly("head.weight");
    assertThat(values(net, "fc.bias")).isEqualTo(state.get("fc.bias").toFloatArray());
  }

  @Test
  void prefixesAndOlderFiles() {
    Module trained = new CifarResNet(8, 1, 5);
    Map<String, Tensor> state = new LinkedHashMap<>();
    trained
        .stateDict()
        .forEach(
            (name, t) -> {
              if (!name.endsWith("num_batches_tracked")) {
                state.put("backbone." + name, t);
              }
            });
    try (Scope scope = Scope.open()) {
      state.put("projector.weight", Tensor.zeros(2, 2));
      Path file = saved(state);
      Module net = new CifarResNet(8, 1, 5);
      StateLoading report = Pretrained.file(file).prefix("backbone.").into(net);
      assertThat(report.missing()).allMatch(n -> n.endsWith("num_batches_tracked")).isNotEmpty();
      assertThat(values(net, "fc.weight")).isEqualTo(values(trained, "fc.weight"));
    }
  }

  @Test
  void wholeFilesLoadAsBefore() {
    Module trained = new CifarResNet(8, 1, 5);
    Path file = saved(trained.stateDict());
    Module net = new CifarResNet(8, 1, 5);
    Trainer.loadWeights(net, file);
    assertThat(values(net, "fc.weight")).isEqualTo(values(trained, "fc.weight"));
  }
}
