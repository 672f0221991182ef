package dev.kiln.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every module of {@code torch.nn} (2.10) is a class of the same name in {@code dev.kiln.nn}, or
 * stands here with the reason why not.
 */
class NnCoverageTest {
  private static final List<String> LINEAR = words("Identity Linear Bilinear");

  private static final List<String> CONVOLUTION =
      words("Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d Fold Unfold");

  private static final List<String> POOLING =
      words(
          "MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d AvgPool1d AvgPool2d"
              + " AvgPool3d FractionalMaxPool2d FractionalMaxPool3d LPPool1d LPPool2d LPPool3d"
              + " AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d AdaptiveAvgPool1d"
              + " AdaptiveAvgPool2d AdaptiveAvgPool3d");

  private static final List<String> PADDING =
      words(
          "ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d"
              + " ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d ConstantPad1d ConstantPad2d"
              + " ConstantPad3d CircularPad1d CircularPad2d CircularPad3d");

  private static final List<String> ACTIVATION =
      words(
          "ELU Hardshrink Hardsigmoid Hardtanh Hardswish LeakyReLU LogSigmoid MultiheadAttention"
              + " PReLU ReLU ReLU6 RReLU SELU CELU GELU Sigmoid SiLU Mish Softplus Softshrink"
              + " Softsign Tanh Tanhshrink Threshold GLU Softmin Softmax Softmax2d LogSoftmax"
              + " AdaptiveLogSoftmaxWithLoss");

  private static final List<String> NORMALIZATION =
      words(
          "BatchNorm1d BatchNorm2d BatchNorm3d GroupNorm InstanceNorm1d InstanceNorm2d"
              + " InstanceNorm3d LayerNorm LocalResponseNorm RMSNorm");

  private static final List<String> RECURRENT = words("RNN LSTM GRU RNNCell LSTMCell GRUCell");

  private static final List<String> TRANSFORMER =
      words(
          "Transformer TransformerEncoder TransformerDecoder TransformerEncoderLayer"
              + " TransformerDecoderLayer");

  private static final List<String> DROPOUT =
      words("Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout");

  private static final List<String> SPARSE = words("Embedding EmbeddingBag");

  private static final List<String> DISTANCE = words("CosineSimilarity PairwiseDistance");

  private static final List<String> LOSS =
      words(
          "L1Loss MSELoss CrossEntropyLoss CTCLoss NLLLoss PoissonNLLLoss GaussianNLLLoss KLDivLoss"
              + " BCELoss BCEWithLogitsLoss MarginRankingLoss HingeEmbeddingLoss"
              + " MultiLabelMarginLoss HuberLoss SmoothL1Loss SoftMarginLoss"
              + " MultiLabelSoftMarginLoss CosineEmbeddingLoss MultiMarginLoss TripletMarginLoss"
              + " TripletMarginWithDistanceLoss");

  private static final List<String> VISION =
      words(
          "PixelShuffle PixelUnshuffle Upsample UpsamplingNearest2d UpsamplingBilinear2d"
              + " ChannelShuffle");

  private static final List<String> UTILITY = words("Flatten Unflatten");

  private static final List<String> CONTAINER =
      words("Module Sequential ModuleList ModuleDict ParameterList ParameterDict");

  /** What Kiln leaves out, and why. */
  private static final Map<String, String> LEFT_OUT = new TreeMap<>();

  static {
    String lazy =
        "takes its sizes from the first input; in Kiln sizes are known when a layer is made";
    for (String name :
        words(
            "LazyLinear LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d LazyConvTranspose2d"
                + " LazyConvTranspose3d LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d"
                + " LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d")) {
      LEFT_OUT.put(name, lazy);
    }
    LEFT_OUT.put("SyncBatchNorm", "shares statistics between processes; Kiln trains on one device");
    LEFT_OUT.put("DataParallel", "runs on several devices; Kiln trains on one");
    LEFT_OUT.put("CrossMapLRN2d", "the legacy form of LocalResponseNorm, and not documented");
    LEFT_OUT.put("NLLLoss2d", "deprecated in PyTorch; NLLLoss takes images");
    LEFT_OUT.put("Container", "deprecated in PyTorch");
    LEFT_OUT.put("RNNBase", "the base of RNN, LSTM and GRU, not to be used by itself");
    LEFT_OUT.put("RNNCellBase", "the base of the cells, not to be used by itself");
  }

  private static List<String> words(String text) {
    return Arrays.asList(text.split(" "));
  }

  static Stream<String> names() {
    return Stream.of(
            LINEAR,
            CONVOLUTION,
            POOLING,
            PADDING,
            ACTIVATION,
            NORMALIZATION,
            RECURRENT,
            TRANSFORMER,
            DROPOUT,
            SPARSE,
            DISTANCE,
            LOSS,
            VISION,
            UTILITY,
            CONTAINER)
        .flatMap(List::stream);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  void isThere(String name) throws ClassNotFoundException {
    Class<?> type = Class.forName("dev.kiln.nn." + name);
    assertThat(Modifier.isPublic(type.getModifiers())).as("%s is public", name).isTrue();
  }

  @Test
  void noNameIsListedTwiceOrLeftOutToo() {
    List<String> all = names().toList();
    assertThat(all).doesNotHaveDuplicates().doesNotContainAnyElementsOf(LEFT_OUT.keySet());
    assertThat(LEFT_OUT.values()).noneMatch(String::isBlank);
  }
}
