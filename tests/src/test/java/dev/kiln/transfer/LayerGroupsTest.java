package dev.kiln.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.KilnException;
import dev.kiln.Tensor;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.models.CifarResNet;
import dev.kiln.models.Mlp;
import dev.kiln.models.ViT;
import dev.kiln.nn.BatchNorm1d;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.Sequential;
import dev.kiln.optim.Optimizer;
import dev.kiln.optim.SGD;
import dev.kiln.train.Callback;
import dev.kiln.train.TrainState;
import dev.kiln.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LayerGroupsTest {
  @Test
  void groupsFollowTheModel() {
    Module net = new CifarResNet(8, 1, 5);
    assertThat(LayerGroups.ofChildren(net).names())
        .containsExactly("conv1", "layer1", "layer2", "layer3", "fc");
    assertThat(LayerGroups.ofChildren(net).parameters(0).keySet())
        .containsExactly("conv1.weight", "bn1.weight", "bn1.bias");
    assertThat(LayerGroups.ofBlocks(net).names())
        .containsExactly("conv1", "layer1.0", "layer2.0", "layer3.0", "fc");
    LayerGroups vit = LayerGroups.ofBlocks(ViT.builder(8, 4).dim(6).depth(2).build());
    assertThat(vit.names()).containsExactly("patch_embed", "blocks.0", "blocks.1", "head");
    assertThat(vit.parameters(0).keySet())
        .containsExactly(
            "patch_embed.proj.weight", "patch_embed.proj.bias", "cls_token", "pos_embed");
    assertThat(vit.parameters(2).keySet()).endsWith("norm.weight", "norm.bias");
  }

  @Test
  void everyParameterIsInOneNamedGroup() {
    Module net = new CifarResNet(8, 1, 5);
    LayerGroups groups =
        LayerGroups.of(net, "conv1.*, bn1.*, layer1.*", "layer2.*,layer3.*", "fc.*");
    long all = 0;
    for (int i = 0; i < groups.size(); i++) {
      all += groups.parameters(i).values().stream().mapToLong(Tensor::numel).sum();
    }
    assertThat(all).isEqualTo(net.numParameters());
    assertThatThrownBy(() -> LayerGroups.of(net, "layer*", "fc.*"))
        .isInstanceOf(KilnException.class)
        .hasMessageContaining("conv1.weight");
    assertThatThrownBy(() -> LayerGroups.of(net, "*", "fc.*")).hasMessageContaining("two groups");
    assertThatThrownBy(() -> LayerGroups.of(net, "stem.*", "*")).hasMessageContaining("stem.*");
  }

  @Test
  void ratesFallTowardsTheInput() {
    Module net = new Mlp(4, 3, 3, 2);
    LayerGroups groups = LayerGroups.ofChildren(net);
    Optimizer optimizer = groups.addTo(SGD.builder(), 0.8, 0.5).build();
    assertThat(optimizer.groups()).extracting(g -> g.lr()).containsExactly(0.2, 0.4, 0.8);
    assertThat(optimizer.groups().get(2).parameters()).isEqualTo(net.parameters().subList(4, 6));
    assertThat(groups.rates(1, 0.1)[0]).isCloseTo(0.01, within(1e-15));
    assertThatThrownBy(() -> groups.addTo(SGD.builder(), 1, 2, 3, 4)).hasMessageContaining("4");
    assertThatThrownBy(() -> groups.rates(1, 0)).hasMessageContaining("decay");
  }

  /** A step of plain descent moves each group by its own rate times the gradient. */
  @Test
  void aStepFollowsTheRates() {
    Module net = new Mlp(4, 3, 2);
    Optimizer optimizer = LayerGroups.ofChildren(net).addTo(SGD.builder(), 0.1, 0.01).build();
    float[][] before = {values(net, 0), values(net, 2)};
    net.call(Tensor.ones(1, 4)).sum().backward();
    float[][] gradients = {
      net.parameters().get(0).grad().orElseThrow().toFloatArray(),
      net.parameters().get(2).grad().orElseThrow().toFloatArray()
    };
    optimizer.step();
    double[] rates = {0.001, 0.1};
    for (int g = 0; g < 2; g++) {
      float[] after = values(net, 2 * g);
      for (int i = 0; i < after.length; i++) {
        assertThat((double) after[i])
            .isCloseTo(before[g][i] - rates[g] * gradients[g][i], within(1e-6));
      }
    }
  }

  private static float[] values(Module net, int parameter) {
    return net.parameters().get(parameter).toFloatArray();
  }

  /** What is trained in each epoch, seen at its end by what moved. */
  private static final class Watch implements Callback {
    private final List<List<String>> moved = new ArrayList<>();
    private Map<String, float[]> before = Map.of();

    @Override
    public void onEpochStart(TrainState state) {
      before = values(state.model());
    }

    @Override
    public void onEpochEnd(TrainState state) {
      List<String> names = new ArrayList<>();
      values(state.model())
          .forEach(
              (name, now) -> {
                if (!java.util.Arrays.equals(now, before.get(name))) {
                  names.add(name);
                }
              });
      moved.add(names);
    }

    private static Map<String, float[]> values(Module net) {
      Map<String, float[]> all = new java.util.LinkedHashMap<>();
      net.stateDict()
          .forEach(
              (name, t) -> {
                if (name.endsWith("weight") || name.endsWith("running_mean")) {
                  all.put(name, t.toFloatArray());
                }
              });
      return all;
    }
  }

  @Test
  void groupsAreUnfrozenOneByOne() {
    Module net =
        new Sequential(new Linear(3, 4), new BatchNorm1d(4), new Linear(4, 4), new Linear(4, 2));
    LayerGroups groups = LayerGroups.ofChildren(net);
    assertThat(groups.size()).isEqualTo(3);
    float[][] x = {{1, 2, 3}, {0, 1, 0}, {2, 1, 1}, {3, 0, 1}};
    DataLoader data =
        DataLoader.builder(Dataset.of(x, new int[] {0, 1, 0, 1})).batchSize(4).build();
    Watch watch = new Watch();
    GradualUnfreezing unfreezing = GradualUnfreezing.of(groups, 2);
    Trainer.builder(net, new CrossEntropyLoss(), groups.addTo(SGD.builder(), 0.1, 0.9).build())
        .callback(unfreezing)
        .callback(watch)
        .build()
        .fit(data, 5);
    assertThat(watch.moved.subList(0, 2)).containsOnly(List.of("3.weight"));
    assertThat(watch.moved.subList(2, 4)).containsOnly(List.of("2.weight", "3.weight"));
    assertThat(watch.moved.get(4))
        .containsExactly("0.weight", "1.weight", "1.running_mean", "2.weight", "3.weight");
    assertThat(unfreezing.trained(1)).isEqualTo(1);
    assertThat(unfreezing.trained(100)).isEqualTo(3);
    assertThat(unfreezing.startingWith(2).trained(2)).isEqualTo(2);
    assertThatThrownBy(() -> GradualUnfreezing.of(groups, 0)).hasMessageContaining("1 or more");
  }

  @Test
  void statisticsMayGoOnMoving() {
    Module net = new Sequential(new Linear(3, 4), new BatchNorm1d(4), new Linear(4, 2));
    LayerGroups groups = LayerGroups.ofChildren(net);
    groups.trainLast(1, false);
    net.train().call(Tensor.ones(2, 3));
    assertThat(net.stateDict().get("1.num_batches_tracked").item()).isEqualTo(1);
    groups.trainLast(1, true);
    net.call(Tensor.ones(2, 3));
    assertThat(net.stateDict().get("1.num_batches_tracked").item()).isEqualTo(1);
    groups.trainLast(9, true);
    net.call(Tensor.ones(2, 3));
    assertThat(net.stateDict().get("1.num_batches_tracked").item()).isEqualTo(2);
    assertThat(net.parameters()).allMatch(Tensor::requiresGrad);
  }
}
