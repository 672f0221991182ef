package dev.kiln.bench.peers;

import dev.kiln.bench.worker.Framework;
import dev.kiln.bench.worker.Unsupported;
import dev.kiln.bench.worker.Worker;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Gradients;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;

/**
 * The work in TensorFlow-Java: a graph, with images as [n, h, w, c], as its CPU kernels ask for.
 */
final class Tensorflow implements Framework {
  private final Graph graph = new Graph();
  private final Ops tf = Ops.create(graph);
  private final Layers layers = new Layers(tf);

  private Tensorflow() {}

  public static void main(String[] args) {
    Worker.measure(Tensorflow::new, args);
  }

  @Override
  public String description() {
    String version = Graph.class.getPackage().getImplementationVersion();
    return "TensorFlow " + TensorFlow.version() + (version == null ? "" : ", Java " + version);
  }

  @Override
  public Runnable make(String work) {
    return switch (work) {
      case "W1" -> training(layers.mlp(), this::adam, 128, 784);
      case "W2" -> training(layers.lenet(), g -> momentum(g, 0), 64, 28, 28, 1);
      case "W3" -> training(layers.resnet(true), g -> momentum(g, 5e-4f), 32, 32, 32, 3);
      case "W4" -> training(layers.transformer(16), this::adamW, 16, 128, 256);
      case "W5.b1" -> forward(layers.resnet(false), 1, 32, 32, 3);
      case "W5.b32" -> forward(layers.resnet(false), 32, 32, 32, 3);
      case "W6.matmul512" -> matmul(512);
      case "W6.matmul1024" -> matmul(1024);
      case "W6.matmul2048" -> matmul(2048);
      case "W6.softmax" -> forward(tf.nn::softmax, 4096, 1024);
      case "W6.conv" -> forward(layers.conv(64, 64, 3, 1, true), 32, 32, 32, 64);
      case "W6.conv.backward" -> convolutionBackward();
      case "W6.add", "W6.add.inPlace", "W6.relu", "W6.exp" ->
          throw new Unsupported("no operation into an existing output");
      default -> throw new Unsupported("no such work");
    };
  }

  private Runnable training(
      Function<Operand<TFloat32>, Operand<TFloat32>> model,
      Function<List<Operand<TFloat32>>, List<Op>> optimizer,
      long... shape) {
    Placeholder<TFloat32> x = placeholder(shape);
    // The one that takes class numbers has no gradient in Java.
    float[][] labels = new float[(int) shape[0]][10];
    for (int i = 0; i < labels.length; i++) {
      labels[i][i * 7 % 10] = 1;
    }
    Operand<TFloat32> losses =
        tf.nn.softmaxCrossEntropyWithLogits(model.apply(x), tf.constant(labels)).loss();
    Operand<TFloat32> loss = tf.math.mean(losses, tf.constant(0));
    List<Op> targets = new ArrayList<>(optimizer.apply(gradients(loss)));
    targets.addAll(layers.updates());
    return run(x, random(shape), targets);
  }

  private Runnable forward(Function<Operand<TFloat32>, Operand<TFloat32>> function, long... shape) {
    Placeholder<TFloat32> x = placeholder(shape);
    return run(x, random(shape), List.of(function.apply(x)));
  }

  private Runnable matmul(int n) {
    Variable<TFloat32> b = layers.variable(1, false, n, n);
    return forward(x -> tf.linalg.matMul(x, b), n, n);
  }

  private Runnable convolutionBackward() {
    long[] shape = {32, 32, 32, 64};
    Placeholder<TFloat32> x = placeholder(shape);
    Variable<TFloat32> dy = layers.variable(1, false, shape);
    Operand<TFloat32> y = layers.conv(64, 64, 3, 1, true).apply(x);
    List<Operand<?>> inputs = new ArrayList<>(layers.parameters());
    inputs.add(x);
    List<Op> targets = new ArrayList<>(List.of(y)); // no gradient needs it, so it would be left out
    for (Operand<?> gradient : tf.gradients(List.of(y), inputs, Gradients.dx(List.of(dy)))) {
      targets.add(gradient);
    }
    return run(x, random(shape), targets);
  }

  private List<Operand<TFloat32>> gradients(Operand<TFloat32> loss) {
    List<Operand<TFloat32>> all = new ArrayList<>();
    var gradients = tf.gradients(loss, layers.parameters());
    for (int i = 0; i < layers.parameters().size(); i++) {
      all.add(gradients.dy(i));
    }
    return all;
  }

  private List<Op> adam(List<Operand<TFloat32>> gradients) {
    Operand<TFloat32> beta1 = tf.constant(0.9f);
    Operand<TFloat32> beta2 = tf.constant(0.999f);
    Variable<TFloat32> power1 = layers.filled(0.9f);
    Variable<TFloat32> power2 = layers.filled(0.999f);
    List<Op> updates = new ArrayList<>();
    for (int i = 0; i < gradients.size(); i++) {
      Variable<TFloat32> w = layers.parameters().get(i);
      updates.add(
          tf.train.applyAdam(
              w,
              layers.filled(0, w.shape().asArray()),
              layers.filled(0, w.shape().asArray()),
              power1,
              power2,
              tf.constant(1e-3f),
              beta1,
              beta2,
              tf.constant(1e-8f),
              gradients.get(i)));
    }
    Ops after = tf.withControlDependencies(updates);
    updates.add(after.assign(power1, after.math.mul(power1, beta1)));
    updates.add(after.assign(power2, after.math.mul(power2, beta2)));
    return updates;
  }

  /** Decays the weights, then lets Adam update them. */
  private List<Op> adamW(List<Operand<TFloat32>> gradients) {
    List<Op> decays = new ArrayList<>();
    for (Variable<TFloat32> w : layers.parameters()) {
      Ops after = tf.withControlDependencies(new ArrayList<>(gradients));
      decays.add(after.assignSub(w, after.math.mul(w, after.constant(1e-3f * 0.01f))));
    }
    Ops after = tf.withControlDependencies(decays);
    List<Operand<TFloat32>> decayed = new ArrayList<>();
    gradients.forEach(g -> decayed.add(after.identity(g)));
    return adam(decayed);
  }

  private List<Op> momentum(List<Operand<TFloat32>> gradients, float decay) {
    List<Op> updates = new ArrayList<>();
    for (int i = 0; i < gradients.size(); i++) {
      Variable<TFloat32> w = layers.parameters().get(i);
      Operand<TFloat32> g = gradients.get(i);
      Operand<TFloat32> sum = decay == 0 ? g : tf.math.add(g, tf.math.mul(w, tf.constant(decay)));
      updates.add(
          tf.train.applyMomentum(
              w,
              layers.filled(0, w.shape().asArray()),
              tf.constant(0.01f),
              sum,
              tf.constant(0.9f)));
    }
    return updates;
  }

  private Placeholder<TFloat32> placeholder(long... shape) {
    return tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(shape)));
  }

  private static TFloat32 random(long... shape) {
    Random random = new Random(1);
    Shape of = Shape.of(shape);
    float[] values = new float[(int) of.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return TFloat32.tensorOf(of, DataBuffers.of(values));
  }

  private Runnable run(Placeholder<TFloat32> x, TFloat32 value, List<? extends Op> targets) {
    ConfigProto config =
        ConfigProto.newBuilder()
            .setIntraOpParallelismThreads(Worker.threads())
            .setInterOpParallelismThreads(1)
            .build();
    Session session = new Session(graph, config);
    layers.initializers().forEach(session::run);
    return () -> {
      Session.Runner runner = session.runner().feed(x, value);
      targets.forEach(runner::addTarget);
      runner.run().close();
    };
  }
}
