package dev.kiln.nn;

import static dev.kiln.testing.GradCheck.input;
import static dev.kiln.testing.GradCheck.uniform;

import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.nn.LayerGradientTest.Row;
import dev.kiln.ops.Pooling.Maxima;
import dev.kiln.ops.Rearranging.PadMode;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** The rows of layers for sequences, images and volumes, of containers and of parametrisations. */
final class VisionLayerRows {
  private static final Input SEQUENCE = input(21, 2, 4, 7);
  private static final Input IMAGES = input(22, 2, 4, 6, 5);
  private static final Input VOLUMES = input(23, 2, 2, 4, 3, 5);

  private VisionLayerRows() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.addAll(convolutions());
    rows.addAll(pools());
    rows.addAll(adaptive());
    rows.addAll(pads());
    rows.addAll(normalisations());
    rows.addAll(rearranging());
    rows.addAll(held());
    return rows;
  }

  private static List<Row> convolutions() {
    return List.of(
        new Row("Conv1d", () -> new Conv1d(4, 3, 3), SEQUENCE),
        new Row(
            "Conv1d reflecting",
            () ->
                Conv1d.builder(4, 6, 3)
                    .stride(2)
                    .padding(2)
                    .groups(2)
                    .paddingMode(PadMode.REFLECT)
                    .build(),
            SEQUENCE),
        new Row(
            "Conv2d circular, same",
            () -> Conv2d.builder(4, 2, 3, 2).samePadding().paddingMode(PadMode.CIRCULAR).build(),
            IMAGES),
        new Row("Conv3d", () -> new Conv3d(2, 3, 2), VOLUMES),
        new Row(
            "Conv3d replicating, one volume",
            () ->
                Conv3d.builder(2, 2, 2, 3, 1)
                    .padding(1, 1, 0)
                    .bias(false)
                    .paddingMode(PadMode.REPLICATE)
                    .build(),
            input(24, 2, 3, 2, 2)),
        new Row("ConvTranspose1d", () -> new ConvTranspose1d(4, 3, 3), SEQUENCE),
        new Row(
            "ConvTranspose2d",
            () ->
                ConvTranspose2d.builder(4, 6, 3, 2)
                    .stride(2, 1)
                    .padding(1, 0)
                    .outputPadding(1, 0)
                    .groups(2)
                    .build(),
            input(25, 2, 4, 3, 2)),
        new Row(
            "ConvTranspose3d",
            () ->
                ConvTranspose3d.builder(2, 3, 2, 2, 3)
                    .stride(1, 2, 1)
                    .padding(1, 0, 1)
                    .dilation(2, 1, 1)
                    .build(),
            input(26, 1, 2, 2, 2, 3)),
        new Row("Conv2d weight norm", () -> Parametrize.weightNorm(new Conv2d(4, 2, 2)), IMAGES),
        new Row(
            "ConvTranspose1d spectral norm",
            () -> Parametrize.spectralNorm(new ConvTranspose1d(4, 2, 3)).eval(),
            SEQUENCE),
        new Row(
            "Linear weight norm over all",
            () -> Parametrize.weightNorm(new Linear(5, 3), -1),
            input(27, 2, 5)));
  }

  private static List<Row> pools() {
    return List.of(
        new Row("MaxPool1d", () -> new MaxPool1d(3, 2), SEQUENCE),
        new Row("MaxPool3d", () -> MaxPool3d.builder(2, 1, 2).padding(1, 0, 1).build(), VOLUMES),
        new Row(
            "AvgPool1d", () -> AvgPool1d.builder(3).padding(1).ceilMode(true).build(), SEQUENCE),
        new Row("AvgPool2d divided", () -> AvgPool2d.builder(2).divisorOverride(3).build(), IMAGES),
        new Row("AvgPool3d", () -> new AvgPool3d(2, 1), VOLUMES),
        new Row(
            "AvgPool3d divided",
            () -> AvgPool3d.builder(2, 3, 2).padding(1).divisorOverride(-2).build(),
            VOLUMES),
        new Row("LPPool1d", () -> new LPPool1d(2, 3), SEQUENCE),
        new Row(
            "LPPool2d", () -> new LPPool2d(2, new int[] {2, 3}, new int[] {1, 2}, true), IMAGES),
        new Row("LPPool3d", () -> new LPPool3d(3, 2), uniform(28, 0.2, 1.5, 1, 2, 4, 2, 4)),
        new Row(
            "FractionalMaxPool2d",
            () -> FractionalMaxPool2d.builder(2).outputSize(3, 2).build(),
            IMAGES),
        new Row(
            "FractionalMaxPool3d",
            () -> FractionalMaxPool3d.builder(2, 1, 2).outputRatio(0.6).build(),
            VOLUMES),
        unpool("MaxUnpool1d", new MaxPool1d(2), new MaxUnpool1d(2), input(33, 2, 4, 6)),
        unpool("MaxUnpool2d", new MaxPool2d(2), new MaxUnpool2d(2), input(34, 4, 6, 4)),
        unpool("MaxUnpool3d", new MaxPool3d(2), new MaxUnpool3d(2), input(35, 2, 2, 4, 2, 4)));
  }

  /** Puts the squares of the largest elements where they were. */
  private static Row unpool(String name, MaxPoolNd pool, MaxUnpoolNd unpool, Input x) {
    return new Row(
        name,
        () ->
            new Lambda(
                in -> {
                  Maxima m = pool.run(in);
                  return unpool.run(m.values().square(), m.indices());
                }),
        x);
  }

  private static List<Row> adaptive() {
    int keep = AdaptivePoolNd.KEEP;
    return List.of(
        new Row("AdaptiveAvgPool1d", () -> new AdaptiveAvgPool1d(3), SEQUENCE),
        new Row("AdaptiveAvgPool2d keeping", () -> new AdaptiveAvgPool2d(keep, 2), IMAGES),
        new Row("AdaptiveAvgPool3d", () -> new AdaptiveAvgPool3d(2, keep, 3), VOLUMES),
        new Row("AdaptiveMaxPool1d", () -> new AdaptiveMaxPool1d(3), SEQUENCE),
        new Row("AdaptiveMaxPool2d", () -> new AdaptiveMaxPool2d(4, 2), IMAGES),
        new Row("AdaptiveMaxPool3d", () -> new AdaptiveMaxPool3d(3, 2, 2), VOLUMES));
  }

  private static List<Row> pads() {
    return List.of(
        new Row("ReflectionPad1d", () -> new ReflectionPad1d(2, 1), SEQUENCE),
        new Row("ReflectionPad2d", () -> new ReflectionPad2d(2), IMAGES),
        new Row("ReflectionPad3d", () -> new ReflectionPad3d(1, 2, 0, 1, 3, 0), VOLUMES),
        new Row("ReplicationPad1d", () -> new ReplicationPad1d(3), SEQUENCE),
        new Row("ReplicationPad2d", () -> new ReplicationPad2d(1, 2, 3, 0), IMAGES),
        new Row("ReplicationPad3d", () -> new ReplicationPad3d(1), VOLUMES),
        new Row("CircularPad1d", () -> new CircularPad1d(2, 7), SEQUENCE),
        new Row("CircularPad2d", () -> new CircularPad2d(1, -1, 0, 2), IMAGES),
        new Row("CircularPad3d", () -> new CircularPad3d(1), VOLUMES),
        new Row("ZeroPad1d", () -> new ZeroPad1d(1, 2), SEQUENCE),
        new Row("ZeroPad2d", () -> new ZeroPad2d(-1, 2, 1, 0), IMAGES),
        new Row("ZeroPad3d", () -> new ZeroPad3d(1), VOLUMES),
        new Row("ConstantPad1d", () -> new ConstantPad1d(2, 0.5), SEQUENCE),
        new Row("ConstantPad2d", () -> new ConstantPad2d(new int[] {1, 0, -1, 2}, 3), IMAGES),
        new Row("ConstantPad3d", () -> new ConstantPad3d(1, -1), VOLUMES));
  }

  private static List<Row> normalisations() {
    return List.of(
        new Row("BatchNorm3d", () -> new BatchNorm3d(2), VOLUMES),
        new Row("GroupNorm", () -> new GroupNorm(2, 4), IMAGES),
        new Row("GroupNorm plain", () -> new GroupNorm(4, 4, 1e-3, false), SEQUENCE),
        new Row("InstanceNorm1d", () -> new InstanceNorm1d(4), SEQUENCE),
        new Row(
            "InstanceNorm2d",
            () -> InstanceNorm2d.builder(4).affine(true).trackRunningStats(true).build(),
            IMAGES),
        new Row(
            "InstanceNorm2d eval",
            () -> InstanceNorm2d.builder(4).affine(true).trackRunningStats(true).build().eval(),
            IMAGES),
        new Row(
            "InstanceNorm3d one volume",
            () -> InstanceNorm3d.builder(2).affine(true).build(),
            input(29, 2, 3, 2, 2)),
        new Row("LocalResponseNorm", () -> new LocalResponseNorm(3, 0.5, 0.75, 2), IMAGES),
        new Row("RMSNorm", () -> new RMSNorm(6, 5), IMAGES),
        new Row(
            "RMSNorm plain",
            () -> new RMSNorm(Shape.of(5), OptionalDouble.of(1e-3), false),
            IMAGES));
  }

  private static List<Row> rearranging() {
    return List.of(
        new Row("PixelShuffle", () -> new PixelShuffle(2), IMAGES),
        new Row("PixelUnshuffle", () -> new PixelUnshuffle(3), input(30, 2, 2, 6, 3)),
        new Row("ChannelShuffle", () -> new ChannelShuffle(2), IMAGES),
        new Row(
            "Upsample",
            () -> Upsample.builder().scaleFactor(2).mode(Upsample.Mode.LINEAR).build(),
            SEQUENCE),
        new Row(
            "Upsample volumes",
            () ->
                Upsample.builder()
                    .size(5, 2, 6)
                    .mode(Upsample.Mode.TRILINEAR)
                    .alignCorners(true)
                    .build(),
            VOLUMES),
        new Row(
            "Upsample area",
            () -> Upsample.builder().scaleFactor(0.7).mode(Upsample.Mode.AREA).build(),
            IMAGES),
        new Row("UpsamplingNearest2d", () -> new UpsamplingNearest2d(2), IMAGES),
        new Row("UpsamplingBilinear2d", () -> UpsamplingBilinear2d.toSize(9, 4), IMAGES),
        new Row(
            "Unfold",
            () -> Unfold.builder(2, 3).stride(2, 1).padding(1).dilation(2, 1).build(),
            IMAGES),
        new Row("Fold", () -> Fold.builder(4, 3, 2).padding(0, 1).build(), input(31, 2, 8, 12)),
        new Row("Unflatten", () -> new Unflatten(1, 2, -1), IMAGES));
  }

  /** Rows of modules that hold others: a module that uses what is held. */
  private static List<Row> held() {
    Input x = input(32, 3, 4);
    return List.of(
        new Row(
            "ModuleList",
            () ->
                using(
                    new ModuleList(new Linear(4, 4), new Tanh(), new Linear(4, 2)),
                    (list, in) -> {
                      Tensor y = in;
                      for (Module m : (ModuleList) list) {
                        y = m.call(y);
                      }
                      return y;
                    }),
            x),
        new Row(
            "ModuleDict",
            () ->
                using(
                    new ModuleDict(Map.of("a", new Linear(4, 2))),
                    (dict, in) -> ((ModuleDict) dict).get("a").call(in)),
            x),
        new Row(
            "ParameterList",
            () ->
                using(
                    new ParameterList(Tensor.ones(4), Tensor.ones(3, 1)),
                    (list, in) ->
                        in.mul(((ParameterList) list).get(0)).mul(((ParameterList) list).get(1))),
            x),
        new Row(
            "ParameterDict",
            () ->
                using(
                    new ParameterDict(Map.of("scale", Tensor.ones(4))),
                    (dict, in) -> in.mul(((ParameterDict) dict).get("scale"))),
            x));
  }

  private interface Use {
    Tensor of(Module held, Tensor x);
  }

  private static Module using(Module held, Use use) {
    return new Module() {
      {
        module("held", held);
      }

      @Override
      public Tensor forward(Tensor x) {
        return use.of(held, x);
      }
    };
  }
}
