package dev.kiln.bench.peers;

import dev.kiln.bench.worker.Operation;
import dev.kiln.bench.worker.Unsupported;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LSTMImpl;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Single {@linkplain Operation operations} of libtorch. */
final class Operations {
  private final TensorVector parameters = new TensorVector();

  /** Returns a run of one; it leaves what it makes to the caller's scope. */
  Supplier<Tensor> make(Operation op) {
    Tensor x = op.kind().equals("embedding") ? indices(op) : torch.randn(op.shape());
    Function<Tensor, Tensor> function = function(op);
    if (!op.backward()) {
      return () -> function.apply(x);
    }
    if (!op.kind().equals("embedding")) {
      parameter(x);
    }
    Tensor dy = torch.randn_like(function.apply(x).detach());
    return () -> {
      for (Tensor p : parameters.get()) {
        p.mutable_grad().reset();
      }
      Tensor y = function.apply(x);
      y.backward(dy, new BoolOptional(), false, new TensorArrayRefOptional());
      return y;
    };
  }

  private static Tensor indices(Operation op) {
    int count = (int) Arrays.stream(op.shape()).reduce(1, (a, b) -> a * b);
    return numbers(count, op.get("rows", 1)).reshape(op.shape());
  }

  /** So many whole numbers from 0 on and below the limit. */
  private static Tensor numbers(int count, int limit) {
    long[] all = new long[count];
    Arrays.setAll(all, i -> i * 7919L % limit);
    return Tensor.create(all);
  }

  private Tensor parameter(Tensor t) {
    Tensor p = t.set_requires_grad(true);
    parameters.push_back(p);
    return p;
  }

  private TensorOptional optional(Tensor t) {
    return new TensorOptional(parameter(t));
  }

  private Function<Tensor, Tensor> function(Operation op) {
    long n = op.get("n", 1);
    long[] dim = {op.get("dim", 0)};
    return switch (op.kind()) {
      case "matmul" -> {
        boolean turned = op.get("transposed", 0) == 1;
        Tensor b = turned ? torch.randn(n, op.size(-1)).t() : matrices(op, n);
        yield x -> torch.matmul(x, b);
      }
      case "linear" -> {
        Tensor w = parameter(torch.randn(n, op.size(-1)));
        TensorOptional b = optional(torch.randn(n));
        yield x -> torch.linear(x, w, b);
      }
      case "conv2d" -> convolution(op);
      case "conv1d" -> {
        Tensor w = parameter(torch.randn(op.get("out", 1), op.size(1), op.get("k", 3)));
        TensorOptional b = optional(torch.randn(op.get("out", 1)));
        yield x ->
            torch.conv1d(
                x, w, b, one(op, "stride", 1), one(op, "pad", 0), one(op, "dilation", 1), 1);
      }
      case "convTranspose2d" -> {
        long k = op.get("k", 3);
        Tensor w = parameter(torch.randn(op.size(1), op.get("out", 1), k, k));
        TensorOptional b = optional(torch.randn(op.get("out", 1)));
        yield x ->
            torch.conv_transpose2d(
                x, w, b, both(op, "stride", 1), both(op, "pad", 0), both(0), 1, both(1));
      }
      case "lstm" -> {
        LSTMImpl lstm = new LSTMImpl(op.size(-1), n);
        for (Tensor p : lstm.parameters().get()) {
          parameters.push_back(p);
        }
        yield x -> lstm.forward(x).get0();
      }
      case "attention" ->
          x ->
              torch.scaled_dot_product_attention(
                  x,
                  x,
                  x,
                  new TensorOptional(),
                  0,
                  op.get("causal", 0) == 1,
                  new DoubleOptional(),
                  false);
      case "upsample" -> {
        long scale = op.get("scale", 2);
        long[] size = {scale * op.size(2), scale * op.size(3)};
        yield x -> torch.upsample_bilinear2d(x, size, false);
      }
      case "pad" -> {
        long pad = op.get("pad", 1);
        yield x -> torch.constant_pad_nd(x, pad, pad, pad, pad);
      }
      case "crossEntropy" -> {
        Tensor labels = numbers(op.size(0), op.size(1));
        yield x -> torch.cross_entropy_loss(x, labels);
      }
      case "mse" -> {
        Tensor target = torch.randn(op.shape());
        yield x -> torch.mse_loss(x, target);
      }
      case "maxPool2d" ->
          x ->
              torch.max_pool2d(
                  x, both(op, "k", 2), both(op, "stride", 1), both(op, "pad", 0), both(1), false);
      case "avgPool2d" ->
          x ->
              torch.avg_pool2d(
                  x,
                  both(op, "k", 2),
                  both(op, "stride", 1),
                  both(op, "pad", 0),
                  false,
                  true,
                  new LongOptional());
      case "globalAvgPool" -> x -> torch.adaptive_avg_pool2d(x, 1, 1);
      case "batchNorm", "layerNorm", "groupNorm" -> normalization(op);
      case "softmax" -> x -> torch.softmax(x, -1);
      case "logSoftmax" -> x -> torch.log_softmax(x, -1);
      case "exp" -> torch::exp;
      case "relu" -> torch::relu;
      case "leakyRelu" -> torch::leaky_relu;
      case "elu" -> torch::elu;
      case "hardswish" -> torch::hardswish;
      case "softplus" -> torch::softplus;
      case "mul" -> x -> torch.mul(x, x);
      case "gelu" -> torch::gelu;
      case "silu" -> torch::silu;
      case "tanh" -> torch::tanh;
      case "sigmoid" -> torch::sigmoid;
      case "log" -> torch::log;
      case "sqrt" -> torch::sqrt;
      case "add" -> x -> torch.add(x, x);
      case "addRow" -> plus(torch.randn(op.size(-1)));
      case "addColumn" -> plus(torch.randn(op.size(0), 1));
      case "gt" -> x -> torch.gt(x, new Scalar(0f));
      case "where" -> {
        Tensor condition = torch.gt(torch.randn(op.shape()), new Scalar(0f));
        Tensor other = torch.randn(op.shape());
        yield x -> torch.where(condition, x, other);
      }
      case "sum" -> x -> torch.sum(x, dim);
      case "mean" -> x -> torch.mean(x, dim);
      case "amax" -> x -> torch.amax(x, dim, false);
      case "argmax" -> x -> torch.argmax(x, new LongOptional(dim[0]), false);
      case "var" -> x -> torch.var(x, dim, true, false);
      case "cumsum" -> x -> torch.cumsum(x, dim[0]);
      case "sort" -> x -> torch.sort(x, -1, false).get0();
      case "topk" -> x -> torch.topk(x, op.get("k", 1), -1, true, true).get0();
      case "transpose" -> x -> x.t().contiguous();
      case "permute" -> x -> x.permute(0, 2, 3, 1).contiguous();
      case "cat" -> x -> torch.cat(new TensorVector(x, x), 1);
      case "embedding" -> {
        Tensor w = parameter(torch.randn(op.get("rows", 1), n));
        yield x -> torch.embedding(w, x);
      }
      case "randn" -> x -> torch.randn(op.shape());
      case "rand" -> x -> torch.rand(op.shape());
      case "dropout" -> x -> torch.dropout(x, 0.5, true);
      default -> throw new Unsupported("no such operation");
    };
  }

  private Function<Tensor, Tensor> convolution(Operation op) {
    long k = op.get("k", 3);
    long out = op.get("out", 1);
    long groups = op.get("groups", 1);
    Tensor w = parameter(torch.randn(out, op.size(1) / groups, k, k));
    TensorOptional b = optional(torch.randn(out));
    return x ->
        torch.conv2d(
            x, w, b, both(op, "stride", 1), both(op, "pad", 0), both(op, "dilation", 1), groups);
  }

  private Function<Tensor, Tensor> normalization(Operation op) {
    boolean layer = op.kind().equals("layerNorm");
    long features = op.size(layer ? -1 : 1);
    TensorOptional w = optional(torch.ones(features));
    TensorOptional b = optional(torch.zeros(features));
    if (layer) {
      return x -> torch.layer_norm(x, new long[] {features}, w, b, 1e-5, true);
    }
    if (op.kind().equals("groupNorm")) {
      return x -> torch.group_norm(x, op.get("groups", 1), w, b, 1e-5, true);
    }
    TensorOptional mean = new TensorOptional(torch.zeros(features));
    TensorOptional variance = new TensorOptional(torch.ones(features));
    return x -> torch.batch_norm(x, w, b, mean, variance, true, 0.1, 1e-5, true);
  }

  private static Tensor matrices(Operation op, long n) {
    long[] shape = op.shape().clone();
    shape[shape.length - 2] = op.size(-1);
    shape[shape.length - 1] = n;
    return torch.randn(shape);
  }

  private static Function<Tensor, Tensor> plus(Tensor b) {
    return x -> torch.add(x, b);
  }

  private static long[] both(Operation op, String name, int otherwise) {
    return both(op.get(name, otherwise));
  }

  private static long[] one(Operation op, String name, int otherwise) {
    return new long[] {op.get(name, otherwise)};
  }

  private static long[] both(long n) {
    return new long[] {n, n};
  }
}
