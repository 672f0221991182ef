package dev.kiln.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Loss;
import dev.kiln.nn.MSELoss;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training that meets NaN or infinity stops, keeps the weights, and says where it began. */
class NonFiniteTest {
  @TempDir Path folder;

  private static final TrainFixtures.Clouds DATA = new TrainFixtures.Clouds(24, 1);

  private static NonFiniteLossException failure(Trainer trainer) {
    return catchThrowableOfType(NonFiniteLossException.class, () -> trainer.fit(DATA.loader(8), 2));
  }

  /** Negative inputs make the log NaN, from the fourth step on. */
  private static final class BadFromStepFour extends Module {
    private int calls;

    @Override
    public Tensor forward(Tensor x) {
      return ++calls < 4 ? x : x.sub(100).log();
    }
  }

  /** Counts its calls in a buffer, as batch norm does. */
  private static final class Counting extends Module {
    private final Tensor calls =
        buffer("calls", Tensor.zeros(Shape.of(1), DType.FLOAT32, TrainFixtures.device()));

    @Override
    public Tensor forward(Tensor x) {
      NoGrad.run(() -> calls.copyFrom(calls.add(1)));
      return x;
    }
  }

  private static Module named(Module middle) {
    return TrainFixtures.on(
        3,
        () -> {
          Map<String, Module> layers = new LinkedHashMap<>();
          layers.put("stem", new Linear(2, 16));
          layers.put("count", new Counting());
          layers.put("block", new Sequential(new ReLU(), middle));
          layers.put("head", new Linear(16, 3));
          return new Sequential(layers);
        });
  }

  @Test
  void namesTheFirstLayerAndKeepsWeightsAndCheckpoint() throws Exception {
    Module model = named(new BadFromStepFour());
    Path checkpoint = folder.resolve("last.safetensors");
    float[][] before = new float[1][];
    Trainer trainer =
        TrainFixtures.trainer(model, 0.1)
            .checkpoint(checkpoint)
            .callback(
                new Callback() {
                  @Override
                  public void onStepEnd(TrainState s) {
                    before[0] = TrainFixtures.weights(model);
                  }
                })
            .build();
    byte[][] saved = new byte[1][];
    NonFiniteLossException e = failure(trainer);
    saved[0] = Files.readAllBytes(checkpoint);
    assertThat(e.culprit()).contains("block.1");
    assertThat(e.epoch()).isEqualTo(2);
    assertThat(e.globalStep()).isEqualTo(4);
    assertThat(e)
        .hasMessageContaining("loss is NaN in step 1/3 of epoch 2, lr 0.1")
        .hasMessageContaining("layer \"block.1\" (BadFromStepFour)")
        .hasMessageContaining("f32[8,16] has 128 NaN of 128 values")
        .hasMessageContaining("lower the learning rate")
        .hasMessageContaining("last good checkpoint is " + checkpoint);
    assertThat(TrainFixtures.weights(model)).isEqualTo(before[0]);
    assertThat(saved[0]).isNotEmpty();
    Module again = named(new BadFromStepFour());
    TrainFixtures.trainer(again, 0.1)
        .checkpoint(checkpoint)
        .callback(new Callback() {})
        .build()
        .resume(checkpoint);
    assertThat(TrainFixtures.weights(again)).isEqualTo(before[0]);
  }

  @Test
  void namesTheWeightThatIsBadAlready() {
    Module model = named(new ReLU());
    NoGrad.run(() -> model.namedParameters().get("head.bias").fill(Double.POSITIVE_INFINITY));
    NonFiniteLossException e = failure(TrainFixtures.trainer(model, 0.1).build());
    assertThat(e.culprit()).contains("head");
    assertThat(e).hasMessageContaining("its bias has 3 infinite of 3 values");
    assertThat(e).hasMessageContaining("no checkpoint was saved before");
  }

  @Test
  void saysThatTheInputIsBad() {
    float[][] points = DATA.points.clone();
    points[5] = new float[] {1, Float.NaN};
    Trainer trainer = TrainFixtures.trainer(TrainFixtures.mlp(3), 0.1).build();
    assertThatThrownBy(() -> trainer.fit(TrainFixtures.loader(points, DATA.labels, 24), 1))
        .isInstanceOf(NonFiniteLossException.class)
        .hasMessageContaining("the input f32[24,2] has 1 NaN of 48 values, first in example");
  }

  @Test
  void saysThatTheLossItselfIsBad() {
    Module model = TrainFixtures.mlp(3);
    Loss logOfNegative = (output, target) -> output.square().neg().log().mean();
    Trainer trainer = Trainer.builder(model, logOfNegative, TrainFixtures.sgd(model, 0.1)).build();
    NonFiniteLossException e = failure(trainer);
    assertThat(e.culprit()).isEmpty();
    assertThat(e).hasMessageContaining("it begins in the loss");
  }

  @Test
  void namesTheParameterWhoseGradientIsBad() {
    // sqrt(0) is fine, its slope is not
    Module model =
        TrainFixtures.on(
            3,
            () -> new Sequential(new Linear(2, 3), new TrainFixtures.Apply(x -> x.mul(0).sqrt())));
    Loss sum = (output, target) -> output.sum();
    float[] before = TrainFixtures.weights(model);
    NonFiniteLossException e =
        failure(Trainer.builder(model, sum, TrainFixtures.sgd(model, 0.1)).build());
    assertThat(e.culprit()).contains("0.weight");
    assertThat(e)
        .hasMessageContaining("the loss is finite but a gradient is not")
        .hasMessageContaining("the gradient of \"0.weight\" has");
    assertThat(TrainFixtures.weights(model)).isEqualTo(before);
  }

  @Test
  void stopsWhenWeightsExplode() {
    Module model =
        TrainFixtures.on(
            3, () -> new Sequential(new Linear(2, 8), new Linear(8, 8), new Linear(8, 1)));
    Loss mse = (output, target) -> new MSELoss().of(output.reshape(-1), target.to(DType.FLOAT32));
    NonFiniteLossException e =
        catchThrowableOfType(
            NonFiniteLossException.class,
            () ->
                Trainer.builder(model, mse, TrainFixtures.sgd(model, 1e4))
                    .build()
                    .fit(DATA.loader(8), 50));
    assertThat(e.culprit()).isPresent();
    for (float w : TrainFixtures.weights(model)) {
      assertThat(w).isFinite();
    }
  }

  @Test
  void aRareCheckStillStopsAtTheEndOfTheEpochAndNeverSaves() {
    Module model = named(new BadFromStepFour());
    Path checkpoint = folder.resolve("last.safetensors");
    Trainer trainer =
        TrainFixtures.trainer(model, 0.1)
            .checkpoint(checkpoint)
            .finiteCheck(FiniteCheck.atEpochEnd())
            .build();
    NonFiniteLossException e = failure(trainer);
    assertThat(e.epoch()).isEqualTo(2);
    assertThat(e).hasMessageContaining("mean loss is NaN").hasMessageContaining("stem.weight");
    Path other = folder.resolve("other.safetensors");
    assertThatThrownBy(() -> trainer.save(other))
        .isInstanceOf(NonFiniteLossException.class)
        .hasMessageContaining("nothing was saved to " + other);
    assertThat(other).doesNotExist();
  }
}
