package dev.kiln.bench;

import dev.kiln.DType;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.bench.worker.Operation;
import dev.kiln.bench.worker.Unsupported;
import dev.kiln.nn.AvgPool2d;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Conv1d;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.ConvTranspose2d;
import dev.kiln.nn.Dropout;
import dev.kiln.nn.Embedding;
import dev.kiln.nn.GroupNorm;
import dev.kiln.nn.LSTM;
import dev.kiln.nn.Lambda;
import dev.kiln.nn.LayerNorm;
import dev.kiln.nn.Linear;
import dev.kiln.nn.MaxPool2d;
import dev.kiln.nn.Module;
import dev.kiln.ops.Attention;
import dev.kiln.ops.Elementwise;
import dev.kiln.ops.Losses;
import dev.kiln.ops.Pooling;
import dev.kiln.ops.Rearranging;
import dev.kiln.ops.Reduction;
import dev.kiln.ops.Resampling;
import dev.kiln.ops.Scans;
import dev.kiln.ops.Shaping;
import dev.kiln.ops.Sorting;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;

/** Operations of shapes that no work of W1 to W6 has; {@link Operation} says how one is written. */
final class Operations {
  /** What {@code op} alone stands for. */
  static final List<String> ALL =
      List.of(
          "op.matmul/333x777/n=555",
          "op.matmul/1x1024/n=1000",
          "op.matmul/1000x1000/n=1",
          "op.matmul/64x2048/n=1000/transposed=1",
          "op.matmul/17x31/n=13",
          "op.matmul/64x50x60/n=70",
          "op.linear/32x512/n=10/backward=1",
          "op.linear/1x784/n=512",
          "op.conv2d/1x3x224x224/out=64/k=7/stride=2/pad=3",
          "op.conv2d/4x16x33x35/out=24/k=5/pad=2/backward=1",
          "op.conv2d/16x64x56x56/out=128/k=1",
          "op.conv2d/8x32x28x28/out=64/k=3/stride=2/pad=1/backward=1",
          "op.conv2d/1x256x14x14/out=256/k=3/pad=1",
          "op.conv2d/2x5x19x23/out=7/k=3",
          "op.conv2d/16x96x28x28/out=96/k=7/pad=3/groups=96",
          "op.conv2d/8x144x7x7/out=144/k=3/pad=1/groups=144/backward=1",
          "op.conv2d/8x64x28x28/out=64/k=3/pad=1/groups=4",
          "op.conv2d/4x32x30x30/out=32/k=3/pad=2/dilation=2",
          "op.maxPool2d/32x64x32x32/k=3/stride=2/pad=1/backward=1",
          "op.avgPool2d/32x64x32x32/k=2/stride=2/backward=1",
          "op.globalAvgPool/32x256x14x14",
          "op.batchNorm/32x64x32x32/backward=1",
          "op.layerNorm/2048x768/backward=1",
          "op.groupNorm/16x64x28x28/groups=8/backward=1",
          "op.conv1d/16x64x1000/out=128/k=5/pad=2/backward=1",
          "op.convTranspose2d/8x64x14x14/out=32/k=4/stride=2/pad=1/backward=1",
          "op.lstm/50x32x128/n=256/backward=1",
          "op.attention/16x4x128x64/backward=1",
          "op.upsample/8x32x28x28/backward=1",
          "op.pad/16x64x32x32/backward=1",
          "op.crossEntropy/1024x1000/backward=1",
          "op.mse/1000000/backward=1",
          "op.softmax/1000x1001/backward=1",
          "op.logSoftmax/64x30000",
          "op.gelu/1000000/backward=1",
          "op.tanh/1000000",
          "op.sigmoid/1000000",
          "op.silu/1000000/backward=1",
          "op.relu/1000000/backward=1",
          "op.hardswish/1000000/backward=1",
          "op.log/1000000",
          "op.sqrt/1000000",
          "op.add/1024x1024",
          "op.addRow/1024x1024",
          "op.addColumn/1024x1024",
          "op.gt/1000000",
          "op.where/1000000",
          "op.sum/1024x1024/dim=0",
          "op.sum/1024x1024/dim=1",
          "op.mean/64x128x100/dim=1",
          "op.amax/1024x1024/dim=1",
          "op.argmax/4096x1024/dim=1",
          "op.var/1024x1024/dim=1",
          "op.cumsum/1024x1024/dim=1",
          "op.sort/256x1000",
          "op.topk/256x1000/k=5",
          "op.transpose/1023x1025",
          "op.permute/32x64x32x32",
          "op.cat/512x1000",
          "op.embedding/64x32/rows=30000/n=256",
          "op.embedding/64x32/rows=30000/n=256/backward=1",
          "op.randn/1000000",
          "op.rand/1000000",
          "op.dropout/1000000");

  private Operations() {}

  static Task task(String work) {
    Operation op = Operation.of(work);
    double flops =
        switch (op.kind()) {
          case "matmul", "linear" -> 2.0 * elements(op) * op.get("n", 1);
          case "conv2d" -> {
            double area = Math.pow(op.get("k", 3), 2);
            double pixels = Math.pow(op.get("stride", 1), 2);
            yield 2.0 * elements(op) / pixels * area * op.get("out", 1) / op.get("groups", 1);
          }
          default -> 0;
        };
    return new Task(work, flops * (op.backward() ? 3 : 1), 8.0 * elements(op), s -> make(s, op));
  }

  private static double elements(Operation op) {
    return Arrays.stream(op.shape()).asDoubleStream().reduce(1, (a, b) -> a * b);
  }

  private static Runnable make(Setting s, Operation op) {
    Tensor x = op.kind().equals("embedding") ? indices(s, op) : s.random(op.shape());
    Module layer = layer(s, op);
    if (!op.backward()) {
      return s.run(
          () -> {
            try (NoGrad off = NoGrad.open()) {
              layer.call(x);
            }
          });
    }
    Tensor y = layer.call(x);
    Tensor dy = s.random(y.shape().dims());
    if (x.dtype() == DType.FLOAT32) {
      x.requiresGrad(true);
    }
    return s.run(
        () -> {
          x.zeroGrad();
          layer.zeroGrad();
          layer.call(x).backward(dy);
        });
  }

  private static Tensor indices(Setting s, Operation op) {
    return numbers(s, (int) elements(op), op.get("rows", 1)).reshape(op.shape());
  }

  /** So many whole numbers from 0 on and below the limit. */
  private static Tensor numbers(Setting s, int count, int limit) {
    long[] all = new long[count];
    Arrays.setAll(all, i -> i * 7919L % limit);
    return Tensor.of(all, s.device());
  }

  private static Module layer(Setting s, Operation op) {
    return switch (op.kind()) {
      case "linear" -> new Linear(op.size(-1), op.get("n", 1));
      case "conv2d" ->
          Conv2d.builder(op.size(1), op.get("out", 1), op.get("k", 3))
              .stride(op.get("stride", 1))
              .padding(op.get("pad", 0))
              .dilation(op.get("dilation", 1))
              .groups(op.get("groups", 1))
              .build();
      case "maxPool2d" ->
          MaxPool2d.builder(op.get("k", 2))
              .stride(op.get("stride", 1))
              .padding(op.get("pad", 0))
              .build();
      case "avgPool2d" ->
          AvgPool2d.builder(op.get("k", 2))
              .stride(op.get("stride", 1))
              .padding(op.get("pad", 0))
              .build();
      case "batchNorm" -> new BatchNorm2d(op.size(1));
      case "layerNorm" -> new LayerNorm(op.size(-1));
      case "groupNorm" -> new GroupNorm(op.get("groups", 1), op.size(1));
      case "embedding" -> new Embedding(op.get("rows", 1), op.get("n", 1));
      case "conv1d" ->
          Conv1d.builder(op.size(1), op.get("out", 1), op.get("k", 3))
              .stride(op.get("stride", 1))
              .padding(op.get("pad", 0))
              .dilation(op.get("dilation", 1))
              .build();
      case "convTranspose2d" ->
          ConvTranspose2d.builder(op.size(1), op.get("out", 1), op.get("k", 3))
              .stride(op.get("stride", 1))
              .padding(op.get("pad", 0))
              .build();
      case "lstm" -> new LSTM(op.size(-1), op.get("n", 1));
      default -> new Lambda(function(s, op));
    };
  }

  private static UnaryOperator<Tensor> function(Setting s, Operation op) {
    int dim = op.get("dim", 0);
    int n = op.get("n", 1);
    return switch (op.kind()) {
      case "matmul" -> {
        boolean turned = op.get("transposed", 0) == 1;
        Tensor b = turned ? s.random(n, op.size(-1)).t() : matrices(s, op, n);
        yield x -> x.matmul(b);
      }
      case "globalAvgPool" -> x -> Pooling.adaptiveAvgPool2d(x, 1, 1);
      case "attention" ->
          x ->
              Attention.scaledDotProduct(
                  x, x, x, Optional.empty(), op.get("causal", 0) == 1, OptionalDouble.empty());
      case "upsample" -> {
        int h = op.size(2) * op.get("scale", 2);
        int w = op.size(3) * op.get("scale", 2);
        yield x -> Resampling.interpolate(x, h, w, Resampling.Mode.BILINEAR, false);
      }
      case "pad" -> {
        int pad = op.get("pad", 1);
        yield x -> Rearranging.pad(x, Rearranging.PadMode.CONSTANT, 0, pad, pad, pad, pad);
      }
      case "crossEntropy" -> {
        Tensor labels = numbers(s, op.size(0), op.size(1));
        yield x -> Losses.crossEntropy(x, labels, Optional.empty(), 0, -100, Reduction.MEAN);
      }
      case "mse" -> {
        Tensor target = s.random(op.shape());
        yield x -> Losses.mse(x, target, Reduction.MEAN);
      }
      case "softmax" -> x -> x.softmax(-1);
      case "logSoftmax" -> x -> x.logSoftmax(-1);
      case "exp" -> Tensor::exp;
      case "relu" -> Tensor::relu;
      case "leakyRelu" -> x -> Elementwise.leakyRelu(x, 0.01);
      case "elu" -> x -> Elementwise.elu(x, 1);
      case "hardswish" -> Elementwise::hardswish;
      case "softplus" -> x -> Elementwise.softplus(x, 1, 20);
      case "mul" -> x -> x.mul(x);
      case "gelu" -> Elementwise::gelu;
      case "silu" -> Elementwise::silu;
      case "tanh" -> Tensor::tanh;
      case "sigmoid" -> Tensor::sigmoid;
      case "log" -> x -> x.log();
      case "sqrt" -> Tensor::sqrt;
      case "add" -> x -> x.add(x);
      case "addRow" -> plus(s.random(op.size(-1)));
      case "addColumn" -> plus(s.random(op.size(0), 1));
      case "gt" -> x -> x.gt(0);
      case "where" -> {
        Tensor condition = s.random(op.shape()).gt(0);
        Tensor other = s.random(op.shape());
        yield x -> x.where(condition, other);
      }
      case "sum" -> x -> x.sum(dim);
      case "mean" -> x -> x.mean(dim);
      case "amax" -> x -> x.amax(dim);
      case "argmax" -> x -> x.argmax(dim);
      case "var" -> x -> x.var(dim);
      case "cumsum" -> x -> Scans.cumsum(x, dim);
      case "sort" -> x -> Sorting.sort(x, -1, false).values();
      case "topk" -> x -> Sorting.topk(x, op.get("k", 1), -1, true).values();
      case "transpose" -> x -> x.t().copy();
      case "permute" -> x -> x.permute(0, 2, 3, 1).copy();
      case "cat" -> x -> Shaping.cat(List.of(x, x), 1);
      case "randn" -> x -> s.random(op.shape());
      case "rand" -> x -> s.uniform(op.shape());
      case "dropout" -> {
        Module dropout = new Dropout(0.5);
        yield dropout::call;
      }
      default -> throw new Unsupported("no such operation");
    };
  }

  private static Tensor matrices(Setting s, Operation op, int n) {
    long[] shape = op.shape().clone();
    shape[shape.length - 2] = op.size(-1);
    shape[shape.length - 1] = n;
    return s.random(shape);
  }

  private static UnaryOperator<Tensor> plus(Tensor b) {
    return x -> x.add(b);
  }
}
