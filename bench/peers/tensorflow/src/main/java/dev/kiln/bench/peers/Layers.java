package dev.kiln.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.op.math.Mean;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** The networks of W1 to W5, of TensorFlow's operations. */
final class Layers {
  private static final int WIDTH = 256;
  private static final int HEADS = 4;
  private static final int LENGTH = 128;

  private final Ops tf;
  private final List<Variable<TFloat32>> parameters = new ArrayList<>();
  private final List<Op> initializers = new ArrayList<>();
  private final List<Op> updates = new ArrayList<>();

  Layers(Ops tf) {
    this.tf = tf;
  }

  /** Returns what is trained. */
  List<Variable<TFloat32>> parameters() {
    return parameters;
  }

  /** Returns what gives all variables their first values. */
  List<Op> initializers() {
    return initializers;
  }

  /** Returns what a training step updates beside the parameters. */
  List<Op> updates() {
    return updates;
  }

  Function<Operand<TFloat32>, Operand<TFloat32>> mlp() {
    return chain(linear(784, 512), tf.nn::relu, linear(512, 512), tf.nn::relu, linear(512, 10));
  }

  Function<Operand<TFloat32>, Operand<TFloat32>> lenet() {
    return chain(
        conv(1, 32, 5, 1, true),
        tf.nn::relu,
        this::maxPool,
        conv(32, 64, 5, 1, true),
        tf.nn::relu,
        this::maxPool,
        x -> tf.reshape(x, tf.constant(new int[] {64, 3136})),
        linear(3136, 1024),
        tf.nn::relu,
        this::dropout,
        linear(1024, 10));
  }

  Function<Operand<TFloat32>, Operand<TFloat32>> resnet(boolean training) {
    return chain(
        conv(3, 64, 3, 1, false),
        batchNorm(64, training),
        tf.nn::relu,
        block(64, 64, 1, training),
        block(64, 64, 1, training),
        block(64, 128, 2, training),
        block(128, 128, 1, training),
        block(128, 256, 2, training),
        block(256, 256, 1, training),
        block(256, 512, 2, training),
        block(512, 512, 1, training),
        x -> tf.math.mean(x, tf.constant(new int[] {1, 2})),
        linear(512, 10));
  }

  Function<Operand<TFloat32>, Operand<TFloat32>> transformer(int batch) {
    return chain(
        x -> tf.reshape(x, tf.constant(new int[] {batch * LENGTH, WIDTH})),
        encoderLayer(batch),
        encoderLayer(batch),
        x -> tf.reshape(x, tf.constant(new int[] {batch, LENGTH, WIDTH})),
        x -> tf.math.mean(x, tf.constant(1)),
        linear(WIDTH, 10));
  }

  private Function<Operand<TFloat32>, Operand<TFloat32>> block(
      int in, int out, int stride, boolean training) {
    var path =
        chain(
            conv(in, out, 3, stride, false),
            batchNorm(out, training),
            tf.nn::relu,
            conv(out, out, 3, 1, false),
            batchNorm(out, training));
    Function<Operand<TFloat32>, Operand<TFloat32>> shortcut =
        stride == 1 && in == out
            ? Function.identity()
            : chain(conv(in, out, 1, stride, false), batchNorm(out, training));
    return x -> tf.nn.relu(tf.math.add(path.apply(x), shortcut.apply(x)));
  }

  private Function<Operand<TFloat32>, Operand<TFloat32>> encoderLayer(int batch) {
    var query = linear(WIDTH, WIDTH);
    var key = linear(WIDTH, WIDTH);
    var value = linear(WIDTH, WIDTH);
    var out = linear(WIDTH, WIDTH);
    Function<Operand<TFloat32>, Operand<TFloat32>> attention =
        x -> {
          Operand<TFloat32> q = heads(query.apply(x), batch, 0, 2, 1, 3);
          Operand<TFloat32> k = heads(key.apply(x), batch, 0, 2, 3, 1);
          Operand<TFloat32> v = heads(value.apply(x), batch, 0, 2, 1, 3);
          float scale = (float) (1 / Math.sqrt(WIDTH / HEADS));
          Operand<TFloat32> scores =
              tf.nn.softmax(tf.math.mul(batchMatMul(q, k), tf.constant(scale)));
          Operand<TFloat32> y =
              tf.linalg.transpose(batchMatMul(scores, v), tf.constant(new int[] {0, 2, 1, 3}));
          return out.apply(tf.reshape(y, tf.constant(new int[] {batch * LENGTH, WIDTH})));
        };
    var norm1 = layerNorm();
    var feedForward = chain(linear(WIDTH, 1024), this::gelu, linear(1024, WIDTH));
    var norm2 = layerNorm();
    return x -> {
      Operand<TFloat32> y = norm1.apply(tf.math.add(x, attention.apply(x)));
      return norm2.apply(tf.math.add(y, feedForward.apply(y)));
    };
  }

  private Operand<TFloat32> batchMatMul(Operand<TFloat32> a, Operand<TFloat32> b) {
    return tf.train.batchMatMul(a, b, TFloat32.class);
  }

  private Operand<TFloat32> heads(Operand<TFloat32> x, int batch, int... order) {
    int[] shape = {batch, LENGTH, HEADS, WIDTH / HEADS};
    return tf.linalg.transpose(tf.reshape(x, tf.constant(shape)), tf.constant(order));
  }

  private Operand<TFloat32> gelu(Operand<TFloat32> x) {
    Operand<TFloat32> erf = tf.math.erf(tf.math.mul(x, tf.constant((float) Math.sqrt(0.5))));
    return tf.math.mul(tf.math.mul(x, tf.constant(0.5f)), tf.math.add(erf, tf.constant(1f)));
  }

  /** A convolution whose output is as large as its input, over the stride. */
  Function<Operand<TFloat32>, Operand<TFloat32>> conv(
      int in, int out, int kernel, long stride, boolean bias) {
    Variable<TFloat32> w =
        variable(1 / Math.sqrt(in * kernel * kernel), true, kernel, kernel, in, out);
    Variable<TFloat32> b = bias ? filledParameter(0, out) : null;
    return x -> {
      Operand<TFloat32> y = tf.nn.conv2d(x, w, List.of(1L, stride, stride, 1L), "SAME");
      return b == null ? y : tf.nn.biasAdd(y, b);
    };
  }

  private Operand<TFloat32> maxPool(Operand<TFloat32> x) {
    Operand<TInt32> window = tf.constant(new int[] {1, 2, 2, 1});
    return tf.nn.maxPool(x, window, window, "VALID");
  }

  private Operand<TFloat32> dropout(Operand<TFloat32> x) {
    Operand<TFloat32> draw =
        tf.random.randomUniform(tf.constant(new int[] {64, 1024}), TFloat32.class);
    Operand<TFloat32> keep =
        tf.dtypes.cast(tf.math.greaterEqual(draw, tf.constant(0.4f)), TFloat32.class);
    return tf.math.mul(x, tf.math.mul(keep, tf.constant(1 / 0.6f)));
  }

  private Function<Operand<TFloat32>, Operand<TFloat32>> linear(int in, int out) {
    Variable<TFloat32> w = variable(1 / Math.sqrt(in), true, in, out);
    Variable<TFloat32> b = filledParameter(0, out);
    return x -> tf.nn.biasAdd(tf.linalg.matMul(x, w), b);
  }

  private Function<Operand<TFloat32>, Operand<TFloat32>> batchNorm(int channels, boolean training) {
    Variable<TFloat32> w = filledParameter(1, channels);
    Variable<TFloat32> b = filledParameter(0, channels);
    Variable<TFloat32> mean = filled(0, channels);
    Variable<TFloat32> variance = filled(1, channels);
    Operand<TFloat32> none = tf.constant(new float[0]);
    return x -> {
      FusedBatchNorm<TFloat32, TFloat32> y =
          tf.nn.fusedBatchNorm(
              x,
              w,
              b,
              training ? none : mean,
              training ? none : variance,
              FusedBatchNorm.epsilon(1e-5f),
              FusedBatchNorm.isTraining(training));
      if (training) {
        updates.add(moved(mean, y.batchMean()));
        updates.add(moved(variance, y.batchVariance()));
      }
      return y.y();
    };
  }

  private Op moved(Variable<TFloat32> running, Operand<TFloat32> now) {
    Operand<TFloat32> step = tf.math.mul(tf.math.sub(running, now), tf.constant(0.1f));
    return tf.assignSub(running, step);
  }

  private Function<Operand<TFloat32>, Operand<TFloat32>> layerNorm() {
    Variable<TFloat32> w = filledParameter(1, WIDTH);
    Variable<TFloat32> b = filledParameter(0, WIDTH);
    return x -> {
      Operand<TFloat32> mean = tf.math.mean(x, tf.constant(1), Mean.keepDims(true));
      Operand<TFloat32> centred = tf.math.sub(x, mean);
      Operand<TFloat32> variance =
          tf.math.mean(tf.math.square(centred), tf.constant(1), Mean.keepDims(true));
      Operand<TFloat32> scale = tf.math.rsqrt(tf.math.add(variance, tf.constant(1e-5f)));
      return tf.math.add(tf.math.mul(tf.math.mul(centred, scale), w), b);
    };
  }

  /** A variable of normal random values. */
  Variable<TFloat32> variable(double scale, boolean trained, long... shape) {
    Operand<TFloat32> values =
        tf.math.mul(
            tf.random.randomStandardNormal(tf.constant(shape), TFloat32.class),
            tf.constant((float) scale));
    return add(values, trained, shape);
  }

  private Variable<TFloat32> filledParameter(float value, long... shape) {
    return add(tf.fill(tf.constant(shape), tf.constant(value)), true, shape);
  }

  /** A variable that is not trained, with the same value everywhere. */
  Variable<TFloat32> filled(float value, long... shape) {
    Operand<TFloat32> values =
        shape.length == 0 ? tf.constant(value) : tf.fill(tf.constant(shape), tf.constant(value));
    return add(values, false, shape);
  }

  private Variable<TFloat32> add(Operand<TFloat32> values, boolean trained, long... shape) {
    Variable<TFloat32> v = tf.variable(Shape.of(shape), TFloat32.class);
    initializers.add(tf.assign(v, values));
    if (trained) {
      parameters.add(v);
    }
    return v;
  }

  @SafeVarargs
  private static Function<Operand<TFloat32>, Operand<TFloat32>> chain(
      Function<Operand<TFloat32>, Operand<TFloat32>>... layers) {
    List<Function<Operand<TFloat32>, Operand<TFloat32>>> all = List.of(layers);
    return x -> {
      Operand<TFloat32> y = x;
      for (Function<Operand<TFloat32>, Operand<TFloat32>> layer : all) {
        y = layer.apply(y);
      }
      return y;
    };
  }
}
