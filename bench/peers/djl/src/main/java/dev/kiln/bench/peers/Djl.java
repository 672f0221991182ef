package dev.kiln.bench.peers;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.initializer.XavierInitializer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.kiln.bench.worker.Framework;
import dev.kiln.bench.worker.Operation;
import dev.kiln.bench.worker.Unsupported;
import dev.kiln.bench.worker.Worker;
import java.util.function.UnaryOperator;

/** The work in the Deep Java Library, on its PyTorch engine. */
final class Djl implements Framework {
  private static final long MANY = 1L << 24;

  private final Engine engine;
  private final NDManager all;

  private Djl() {
    System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(Worker.threads()));
    System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
    engine = Engine.getEngine("PyTorch");
    engine.setRandomSeed(1);
    all = engine.newBaseManager(Device.cpu());
  }

  public static void main(String[] args) {
    Worker.measure(Djl::new, args);
  }

  @Override
  public String description() {
    return "DJL " + Engine.getDjlVersion() + " on libtorch " + engine.getVersion() + " with MKL";
  }

  @Override
  public Runnable make(String work) {
    return switch (work) {
      case "W1" ->
          training(
              Blocks.mlp(),
              new Shape(128, 784),
              Optimizer.adam().optLearningRateTracker(Tracker.fixed(1e-3f)).build());
      case "W2" -> training(Blocks.lenet(), new Shape(64, 1, 28, 28), sgd(0));
      case "W3" -> training(Blocks.resnet(), new Shape(32, 3, 32, 32), sgd(5e-4f));
      case "W4" ->
          training(
              Blocks.transformer(),
              new Shape(16, 128, 256),
              Optimizer.adamW().optLearningRateTracker(Tracker.fixed(1e-3f)).build());
      case "W5.b1" -> inference(Blocks.resnet(), new Shape(1, 3, 32, 32));
      case "W5.b32" -> inference(Blocks.resnet(), new Shape(32, 3, 32, 32));
      case "W6.matmul512" -> matmul(512);
      case "W6.matmul1024" -> matmul(1024);
      case "W6.matmul2048" -> matmul(2048);
      case "W6.add.inPlace" -> {
        NDArray a = all.randomNormal(new Shape(MANY));
        NDArray b = all.zeros(new Shape(MANY));
        yield () -> a.addi(b);
      }
      case "W6.add", "W6.relu", "W6.exp" ->
          throw new Unsupported("no operation into an existing output");
      case "W6.softmax" -> run(all.randomNormal(new Shape(4096, 1024)), x -> x.softmax(1));
      case "W6.conv" -> inference(Blocks.conv(64, 3, 1, true), new Shape(32, 64, 32, 32));
      case "W6.conv.backward" -> convolutionBackward();
      default -> {
        if (!Operation.isOne(work)) {
          throw new Unsupported("no such work");
        }
        yield new Operations(engine, all).make(Operation.of(work));
      }
    };
  }

  private static Optimizer sgd(float decay) {
    return Optimizer.sgd()
        .setLearningRateTracker(Tracker.fixed(0.01f))
        .optMomentum(0.9f)
        .optWeightDecays(decay)
        .build();
  }

  private static Runnable training(Block block, Shape shape, Optimizer optimizer) {
    Model model = Model.newInstance("model", "PyTorch");
    model.setBlock(block);
    Loss loss = Loss.softmaxCrossEntropyLoss();
    Trainer trainer =
        model.newTrainer(
            new DefaultTrainingConfig(loss)
                .optOptimizer(optimizer)
                .optDevices(new Device[] {Device.cpu()})
                .optInitializer(new XavierInitializer(), Parameter.Type.WEIGHT));
    trainer.initialize(shape);
    NDManager manager = trainer.getManager();
    long[] labels = new long[(int) shape.get(0)];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = i * 7L % 10;
    }
    NDArray x = manager.randomNormal(shape);
    NDArray y = manager.create(labels);
    return () -> {
      try (NDManager step = manager.newSubManager()) {
        NDArray in = x.duplicate();
        in.attach(step);
        try (GradientCollector collector = trainer.newGradientCollector()) {
          NDArray score = trainer.forward(new NDList(in)).singletonOrThrow();
          NDArray value = loss.evaluate(new NDList(y), new NDList(score));
          value.attach(step);
          collector.backward(value);
        }
        trainer.step();
      }
    };
  }

  private Runnable inference(Block block, Shape shape) {
    block.setInitializer(new XavierInitializer(), Parameter.Type.WEIGHT);
    block.initialize(all, DataType.FLOAT32, shape);
    block.freezeParameters(true);
    ParameterStore store = new ParameterStore(all, false);
    return run(
        all.randomNormal(shape),
        x -> block.forward(store, new NDList(x), false).singletonOrThrow());
  }

  private Runnable convolutionBackward() {
    Block block = Blocks.conv(64, 3, 1, true);
    Shape shape = new Shape(32, 64, 32, 32);
    block.setInitializer(new XavierInitializer(), Parameter.Type.WEIGHT);
    block.initialize(all, DataType.FLOAT32, shape);
    ParameterStore store = new ParameterStore(all, false);
    NDArray x = all.randomNormal(shape);
    x.setRequiresGradient(true);
    NDArray dy = all.randomNormal(shape);
    return backward(
        engine, all, x, dy, v -> block.forward(store, new NDList(v), true).singletonOrThrow());
  }

  /** Runs a function and the gradients of everything in it. */
  static Runnable backward(
      Engine engine, NDManager all, NDArray x, NDArray dy, UnaryOperator<NDArray> function) {
    return () -> {
      try (NDManager step = all.newSubManager();
          GradientCollector collector = engine.newGradientCollector()) {
        collector.zeroGradients();
        NDArray y = function.apply(x);
        y.attach(step);
        // A collector starts from a scalar; the product with dy makes dy the gradient of y.
        NDArray sum = y.mul(dy).sum();
        sum.attach(step);
        collector.backward(sum);
      }
    };
  }

  private Runnable matmul(int n) {
    NDArray a = all.randomNormal(new Shape(n, n));
    NDArray b = all.randomNormal(new Shape(n, n));
    return run(a, x -> x.matMul(b));
  }

  /** Runs a function whose results, as their input's manager, last until the end of the run. */
  private Runnable run(NDArray x, UnaryOperator<NDArray> function) {
    return run(all, x, function);
  }

  static Runnable run(NDManager all, NDArray x, UnaryOperator<NDArray> function) {
    return () -> {
      try (NDManager step = all.newSubManager()) {
        x.tempAttach(step);
        function.apply(x).attach(step);
        x.attach(all);
      }
    };
  }
}
