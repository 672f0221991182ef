package dev.kiln.bench.peers;

import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The networks of W1 to W5, of libtorch's functions. */
final class Networks {
  private static final long WIDTH = 256;
  private static final long HEADS = 4;

  private final TensorVector parameters = new TensorVector();
  private boolean training = true;

  /** Returns the parameters of all layers made so far. */
  TensorVector parameters() {
    return parameters;
  }

  /** Makes layers behave as in inference. */
  void eval() {
    training = false;
  }

  Function<Tensor, Tensor> mlp() {
    return chain(linear(784, 512), torch::relu, linear(512, 512), torch::relu, linear(512, 10));
  }

  Function<Tensor, Tensor> lenet() {
    return chain(
        conv(1, 32, 5, 1, true),
        torch::relu,
        x -> torch.max_pool2d(x, 2, 2),
        conv(32, 64, 5, 1, true),
        torch::relu,
        x -> torch.max_pool2d(x, 2, 2),
        x -> x.flatten(1, -1),
        linear(3136, 1024),
        torch::relu,
        x -> torch.dropout(x, 0.4, training),
        linear(1024, 10));
  }

  Function<Tensor, Tensor> resnet() {
    return chain(
        conv(3, 64, 3, 1, false),
        batchNorm(64),
        torch::relu,
        block(64, 64, 1),
        block(64, 64, 1),
        block(64, 128, 2),
        block(128, 128, 1),
        block(128, 256, 2),
        block(256, 256, 1),
        block(256, 512, 2),
        block(512, 512, 1),
        x -> torch.adaptive_avg_pool2d(x, 1, 1).flatten(1, -1),
        linear(512, 10));
  }

  Function<Tensor, Tensor> transformer() {
    return chain(encoderLayer(), encoderLayer(), x -> x.mean(1), linear(WIDTH, 10));
  }

  private Function<Tensor, Tensor> block(long in, long out, long stride) {
    Function<Tensor, Tensor> path =
        chain(
            conv(in, out, 3, stride, false),
            batchNorm(out),
            torch::relu,
            conv(out, out, 3, 1, false),
            batchNorm(out));
    Function<Tensor, Tensor> shortcut =
        stride == 1 && in == out
            ? Function.identity()
            : chain(conv(in, out, 1, stride, false), batchNorm(out));
    return x -> torch.relu(path.apply(x).add(shortcut.apply(x)));
  }

  private Function<Tensor, Tensor> encoderLayer() {
    Function<Tensor, Tensor> in = linear(WIDTH, 3 * WIDTH);
    Function<Tensor, Tensor> out = linear(WIDTH, WIDTH);
    Function<Tensor, Tensor> attention =
        x -> {
          long batch = x.size(0);
          long length = x.size(1);
          TensorVector parts = in.apply(x).chunk(3, 2);
          Tensor y =
              torch.scaled_dot_product_attention(
                  heads(parts.get(0)), heads(parts.get(1)), heads(parts.get(2)));
          return out.apply(y.transpose(1, 2).reshape(batch, length, WIDTH));
        };
    Function<Tensor, Tensor> norm1 = layerNorm();
    Function<Tensor, Tensor> feedForward =
        chain(linear(WIDTH, 1024), torch::gelu, linear(1024, WIDTH));
    Function<Tensor, Tensor> norm2 = layerNorm();
    return x -> {
      Tensor y = norm1.apply(x.add(attention.apply(x)));
      return norm2.apply(y.add(feedForward.apply(y)));
    };
  }

  private static Tensor heads(Tensor x) {
    return x.view(x.size(0), x.size(1), HEADS, WIDTH / HEADS).transpose(1, 2);
  }

  /** A convolution whose output is as large as its input, over the stride. */
  Function<Tensor, Tensor> conv(long in, long out, long kernel, long stride, boolean bias) {
    double bound = 1 / Math.sqrt(in * kernel * kernel);
    Tensor w = parameter(uniform(bound, out, in, kernel, kernel));
    TensorOptional b =
        bias ? new TensorOptional(parameter(uniform(bound, out))) : new TensorOptional();
    long[] strides = {stride, stride};
    long[] padding = {kernel / 2, kernel / 2};
    return x -> torch.conv2d(x, w, b, strides, padding, new long[] {1, 1}, 1);
  }

  private Function<Tensor, Tensor> linear(long in, long out) {
    double bound = 1 / Math.sqrt(in);
    Tensor w = parameter(uniform(bound, out, in));
    TensorOptional b = new TensorOptional(parameter(uniform(bound, out)));
    return x -> torch.linear(x, w, b);
  }

  private Function<Tensor, Tensor> batchNorm(long channels) {
    TensorOptional w = new TensorOptional(parameter(torch.ones(channels)));
    TensorOptional b = new TensorOptional(parameter(torch.zeros(channels)));
    TensorOptional mean = new TensorOptional(torch.zeros(channels));
    TensorOptional variance = new TensorOptional(torch.ones(channels));
    return x -> torch.batch_norm(x, w, b, mean, variance, training, 0.1, 1e-5, true);
  }

  private Function<Tensor, Tensor> layerNorm() {
    TensorOptional w = new TensorOptional(parameter(torch.ones(WIDTH)));
    TensorOptional b = new TensorOptional(parameter(torch.zeros(WIDTH)));
    long[] shape = {WIDTH};
    return x -> torch.layer_norm(x, shape, w, b, 1e-5, true);
  }

  private Tensor parameter(Tensor t) {
    Tensor p = t.set_requires_grad(true);
    parameters.push_back(p);
    return p;
  }

  private static Tensor uniform(double bound, long... shape) {
    return torch.rand(shape).mul(new Scalar(2 * bound)).sub(new Scalar(bound));
  }

  @SafeVarargs
  private static Function<Tensor, Tensor> chain(Function<Tensor, Tensor>... layers) {
    List<Function<Tensor, Tensor>> all = List.of(layers);
    return x -> {
      Tensor y = x;
      for (Function<Tensor, Tensor> layer : all) {
        y = layer.apply(y);
      }
      return y;
    };
  }
}
