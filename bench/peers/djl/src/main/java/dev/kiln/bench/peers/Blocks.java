package dev.kiln.bench.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.pooling.Pool;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import java.util.List;
import java.util.function.Function;

/** The networks of W1 to W5, of DJL's blocks. */
final class Blocks {
  private static final int WIDTH = 256;

  private Blocks() {}

  static Block mlp() {
    return chain(linear(512), relu(), linear(512), relu(), linear(10));
  }

  static Block lenet() {
    return chain(
        conv(32, 5, 1, true),
        relu(),
        Pool.maxPool2dBlock(new Shape(2, 2), new Shape(2, 2)),
        conv(64, 5, 1, true),
        relu(),
        Pool.maxPool2dBlock(new Shape(2, 2), new Shape(2, 2)),
        ai.djl.nn.Blocks.batchFlattenBlock(),
        linear(1024),
        relu(),
        Dropout.builder().optRate(0.4f).build(),
        linear(10));
  }

  static Block resnet() {
    return chain(
        conv(64, 3, 1, false),
        norm(),
        relu(),
        residual(64, 64, 1),
        residual(64, 64, 1),
        residual(64, 128, 2),
        residual(128, 128, 1),
        residual(128, 256, 2),
        residual(256, 256, 1),
        residual(256, 512, 2),
        residual(512, 512, 1),
        Pool.globalAvgPool2dBlock(),
        ai.djl.nn.Blocks.batchFlattenBlock(),
        linear(10));
  }

  /** DJL's own TransformerEncoderBlock normalises over the batch, so this is put together. */
  static Block transformer() {
    return chain(encoderLayer(), encoderLayer(), lambda(x -> x.mean(new int[] {1})), linear(10));
  }

  private static Block encoderLayer() {
    Block attention =
        ScaledDotProductAttentionBlock.builder()
            .setEmbeddingSize(WIDTH)
            .setHeadCount(4)
            .optAttentionProbsDropoutProb(0)
            .build();
    Block feedForward = chain(linear(1024), new LambdaBlock(Activation::gelu), linear(WIDTH));
    return chain(
        sum(attention, identity()), layerNorm(), sum(feedForward, identity()), layerNorm());
  }

  private static Block residual(int in, int out, int stride) {
    Block path = chain(conv(out, 3, stride, false), norm(), relu(), conv(out, 3, 1, false), norm());
    Block shortcut =
        stride == 1 && in == out ? identity() : chain(conv(out, 1, stride, false), norm());
    return chain(sum(path, shortcut), relu());
  }

  /** A convolution whose output is as large as its input, over the stride. */
  static Block conv(int out, int kernel, int stride, boolean bias) {
    return Conv2d.builder()
        .setKernelShape(new Shape(kernel, kernel))
        .setFilters(out)
        .optStride(new Shape(stride, stride))
        .optPadding(new Shape(kernel / 2, kernel / 2))
        .optBias(bias)
        .build();
  }

  private static Block linear(int units) {
    return Linear.builder().setUnits(units).build();
  }

  private static Block norm() {
    return BatchNorm.builder().build();
  }

  private static Block layerNorm() {
    return LayerNorm.builder().axis(2).build();
  }

  private static Block relu() {
    return new LambdaBlock(Activation::relu);
  }

  private static Block identity() {
    return ai.djl.nn.Blocks.identityBlock();
  }

  private static Block lambda(Function<NDArray, NDArray> function) {
    return new LambdaBlock(x -> new NDList(function.apply(x.singletonOrThrow())));
  }

  private static Block sum(Block a, Block b) {
    return new ParallelBlock(
        outputs ->
            new NDList(outputs.get(0).singletonOrThrow().add(outputs.get(1).singletonOrThrow())),
        List.of(a, b));
  }

  private static Block chain(Block... blocks) {
    SequentialBlock chain = new SequentialBlock();
    for (Block block : blocks) {
      chain.add(block);
    }
    return chain;
  }
}
