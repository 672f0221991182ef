package dev.kiln.bench.peers;

import dev.kiln.bench.worker.Framework;
import dev.kiln.bench.worker.Unsupported;
import dev.kiln.bench.worker.Worker;
import java.util.Arrays;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.common.base.Preconditions;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Exp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nesterovs;

/** The work in Deeplearning4j, on ND4J's native backend. */
final class Dl4j implements Framework {
  private static final long MANY = 1L << 24;

  private Dl4j() {
    Nd4j.getRandom().setSeed(1);
    Nd4j.getEnvironment().setMaxThreads(Worker.threads());
    Nd4j.getEnvironment().setMaxMasterThreads(Worker.threads());
  }

  public static void main(String[] args) {
    Worker.measure(Dl4j::new, args);
  }

  @Override
  public String description() {
    return "DL4J 1.0.0-M2.1, " + Nd4j.getBackend().getClass().getSimpleName();
  }

  @Override
  public Runnable make(String work) {
    return switch (work) {
      case "W1" -> training(Graphs.mlp(new Adam(1e-3)), 128, 784);
      // Its only momentum is Nesterov's, as much work as the plain one.
      case "W2" -> training(Graphs.lenet(new Nesterovs(0.01, 0.9)), 64, 1, 28, 28);
      case "W3" -> training(Graphs.resnet(new Nesterovs(0.01, 0.9), 5e-4), 32, 3, 32, 32);
      case "W4" -> throw new Unsupported("its layers have no layer normalisation");
      case "W5.b1" -> inference(1);
      case "W5.b32" -> inference(32);
      case "W6.matmul512" -> matmul(512);
      case "W6.matmul1024" -> matmul(1024);
      case "W6.matmul2048" -> matmul(2048);
      case "W6.add" -> {
        INDArray a = Nd4j.randn(MANY);
        INDArray b = Nd4j.randn(MANY);
        INDArray out = Nd4j.randn(MANY);
        yield () -> a.addi(b, out);
      }
      case "W6.add.inPlace" -> {
        INDArray a = Nd4j.randn(MANY);
        INDArray b = Nd4j.randn(MANY);
        yield () -> a.addi(b);
      }
      case "W6.relu" -> into("relu", Nd4j.randn(MANY), Nd4j.randn(MANY), 0);
      case "W6.exp" -> {
        INDArray x = Nd4j.randn(MANY);
        INDArray out = Nd4j.randn(MANY);
        yield () -> Nd4j.getExecutioner().exec(new Exp(x, out));
      }
      case "W6.softmax" -> into("softmax", Nd4j.randn(4096, 1024), Nd4j.create(4096, 1024));
      case "W6.conv" -> convolution();
      case "W6.conv.backward" ->
          throw new Unsupported("no gradient of a single operation outside a network");
      default -> throw new Unsupported("no such work");
    };
  }

  private static Runnable training(ComputationGraphConfiguration configuration, int... shape) {
    ComputationGraph graph = new ComputationGraph(configuration);
    graph.init();
    INDArray[] x = {random(shape)};
    INDArray[] y = {Nd4j.zeros(shape[0], 10)};
    for (int i = 0; i < shape[0]; i++) {
      y[0].putScalar(i, i * 7 % 10, 1);
    }
    return () -> graph.fit(x, y);
  }

  private static Runnable inference(int batch) {
    ComputationGraph graph = new ComputationGraph(Graphs.resnet(new Nesterovs(0.01, 0.9), 0));
    graph.init();
    INDArray x = random(batch, 3, 32, 32);
    return () -> Preconditions.checkState(graph.output(false, x).length == 1);
  }

  private static Runnable matmul(int n) {
    INDArray a = Nd4j.randn(n, n);
    INDArray b = Nd4j.randn(n, n);
    INDArray out = Nd4j.createUninitialized(new long[] {n, n}, 'f');
    return () -> a.mmuli(b, out);
  }

  private static Runnable into(String op, INDArray x, INDArray out, double... arguments) {
    return () ->
        Nd4j.exec(
            DynamicCustomOp.builder(op)
                .addInputs(x)
                .addOutputs(out)
                .addFloatingPointArguments(Arrays.stream(arguments).boxed().toArray(Double[]::new))
                .build());
  }

  private static Runnable convolution() {
    INDArray x = random(32, 64, 32, 32);
    INDArray w = random(3, 3, 64, 64); // kernel height and width, in, out
    INDArray b = random(64);
    INDArray out = random(32, 64, 32, 32);
    return () ->
        Nd4j.exec(
            DynamicCustomOp.builder("conv2d")
                .addInputs(x, w, b)
                .addOutputs(out)
                // Kernel, stride, padding, dilation, same, NCHW, the weight's format.
                .addIntegerArguments(3, 3, 1, 1, 1, 1, 1, 1, 1, 0, 0)
                .build());
  }

  private static INDArray random(int... shape) {
    return Nd4j.randn(Arrays.stream(shape).asLongStream().toArray());
  }
}
