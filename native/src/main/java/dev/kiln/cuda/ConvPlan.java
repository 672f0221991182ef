package dev.kiln.cuda;

import static dev.kiln.cuda.Dnn.check;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.backend.Conv2dSpec;
import java.util.List;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnActivationDescriptor;
import jcuda.jcudnn.cudnnActivationMode;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionFwdAlgo;
import jcuda.jcudnn.cudnnConvolutionMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnNanPropagation;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnTensorFormat;

/**
 * How cuDNN computes one convolution: its descriptors, and the algorithms that may be used, the
 * best first. An algorithm that turns out not to work is crossed off.
 */
final class ConvPlan implements AutoCloseable {
  /**
   * An algorithm.
   *
   * @param algorithm cuDNN's number of it
   * @param math cuDNN's number of the arithmetic it is for
   * @param workspace the scratch memory it needs, in bytes
   */
  record Choice(int algorithm, int math, long workspace) {}

  private final Dnn dnn;
  private final ConvKey key;
  private final cudnnTensorDescriptor x = new cudnnTensorDescriptor();
  private final cudnnTensorDescriptor y = new cudnnTensorDescriptor();
  private final cudnnTensorDescriptor bias = new cudnnTensorDescriptor();
  private final cudnnFilterDescriptor weight = new cudnnFilterDescriptor();
  private final cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();
  private final cudnnActivationDescriptor relu = new cudnnActivationDescriptor();
  private final cudnnActivationDescriptor identity = new cudnnActivationDescriptor();
  private final Closing closing = new Closing();
  private List<Choice> choices;
  private boolean fuses = true;

  /**
   * Describes a convolution to cuDNN and lets it choose.
   *
   * @param search what lists the algorithms
   */
  ConvPlan(Dnn dnn, ConvKey key, ConvSearch search) {
    this.dnn = dnn;
    this.key = key;
    try {
      describe();
      choices = search.choices(dnn, key, this);
      if (!choices.isEmpty()) {
        useMathOf(choices.get(0));
      }
    } catch (RuntimeException e) {
      closing.closeAfter(e);
      throw e;
    }
  }

  private void describe() {
    int type = Dnn.type(key.dtype()).orElseThrow();
    int format =
        key.channelsLast()
            ? cudnnTensorFormat.CUDNN_TENSOR_NHWC
            : cudnnTensorFormat.CUDNN_TENSOR_NCHW;
    for (cudnnTensorDescriptor t : List.of(x, y, bias)) {
      check(JCudnn.cudnnCreateTensorDescriptor(t), "cudnnCreateTensorDescriptor");
      closing.add(
          () -> check(JCudnn.cudnnDestroyTensorDescriptor(t), "cudnnDestroyTensorDescriptor"));
    }
    check(JCudnn.cudnnCreateFilterDescriptor(weight), "cudnnCreateFilterDescriptor");
    closing.add(
        () -> check(JCudnn.cudnnDestroyFilterDescriptor(weight), "cudnnDestroyFilterDescriptor"));
    check(JCudnn.cudnnCreateConvolutionDescriptor(convolution), "cudnnCreateConvolutionDescriptor");
    closing.add(
        () ->
            check(
                JCudnn.cudnnDestroyConvolutionDescriptor(convolution),
                "cudnnDestroyConvolutionDescriptor"));
    tensor(x, format, type, key.x());
    tensor(y, format, type, key.y());
    tensor(bias, format, type, Shape.of(1, key.y().dim(1), 1, 1));
    Shape w = key.weight();
    check(
        JCudnn.cudnnSetFilter4dDescriptor(
            weight, type, format, at(w, 0), at(w, 1), at(w, 2), at(w, 3)),
        "cudnnSetFilter4dDescriptor");
    Conv2dSpec spec = key.spec();
    check(
        JCudnn.cudnnSetConvolution2dDescriptor(
            convolution,
            spec.paddingH(),
            spec.paddingW(),
            spec.strideH(),
            spec.strideW(),
            spec.dilationH(),
            spec.dilationW(),
            cudnnConvolutionMode.CUDNN_CROSS_CORRELATION,
            key.dtype() == DType.FLOAT64
                ? cudnnDataType.CUDNN_DATA_DOUBLE
                : cudnnDataType.CUDNN_DATA_FLOAT),
        "cudnnSetConvolution2dDescriptor");
    check(
        JCudnn.cudnnSetConvolutionGroupCount(convolution, spec.groups()),
        "cudnnSetConvolutionGroupCount");
    check(
        JCudnn.cudnnSetConvolutionMathType(convolution, ConvSearch.math(key)),
        "cudnnSetConvolutionMathType");
    activation(relu, cudnnActivationMode.CUDNN_ACTIVATION_RELU);
    activation(identity, cudnnActivationMode.CUDNN_ACTIVATION_IDENTITY);
  }

  private static void tensor(cudnnTensorDescriptor tensor, int format, int type, Shape s) {
    check(
        JCudnn.cudnnSetTensor4dDescriptor(
            tensor, format, type, at(s, 0), at(s, 1), at(s, 2), at(s, 3)),
        "cudnnSetTensor4dDescriptor(" + s + ")");
  }

  private void activation(cudnnActivationDescriptor activation, int mode) {
    check(JCudnn.cudnnCreateActivationDescriptor(activation), "cudnnCreateActivationDescriptor");
    closing.add(
        () ->
            check(
                JCudnn.cudnnDestroyActivationDescriptor(activation),
                "cudnnDestroyActivationDescriptor"));
    check(
        JCudnn.cudnnSetActivationDescriptor(
            activation, mode, cudnnNanPropagation.CUDNN_PROPAGATE_NAN, 0),
        "cudnnSetActivationDescriptor");
  }

  private static int at(Shape s, int axis) {
    return Math.toIntExact(s.dim(axis));
  }

  cudnnTensorDescriptor x() {
    return x;
  }

  cudnnTensorDescriptor y() {
    return y;
  }

  cudnnFilterDescriptor weight() {
    return weight;
  }

  cudnnConvolutionDescriptor convolution() {
    return convolution;
  }

  /** Whether an algorithm is left. */
  boolean isPossible() {
    return !choices.isEmpty();
  }

  /** The best algorithm that is left. */
  Choice choice() {
    return choices.get(0);
  }

  /** Crosses off the best algorithm: it does not work for this convolution, here. */
  void reject() {
    if (choices.size() > 1) {
      useMathOf(choices.get(1)); // first: where this fails, the best is still the best
    }
    choices = choices.subList(1, choices.size());
  }

  private void useMathOf(Choice choice) {
    check(
        JCudnn.cudnnSetConvolutionMathType(convolution, choice.math()),
        "cudnnSetConvolutionMathType");
  }

  /** Whether cuDNN adds the bias in the same pass: with ReLU, or with this one algorithm. */
  boolean fuses(boolean withRelu) {
    return fuses
        && (withRelu
            || choice().algorithm()
                == cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM);
  }

  /** From now on bias and ReLU are a pass of their own. */
  void stopFusing() {
    fuses = false;
  }

  /** Starts the convolution by the best algorithm; returns cuDNN's status. */
  int launch(long xAt, long weightAt, long yAt, Chunk workspace) {
    Pointer one = dnn.one(key.dtype());
    Pointer zero = dnn.zero(key.dtype());
    Pointer images = Staging.at(xAt);
    Pointer filters = Staging.at(weightAt);
    Pointer results = Staging.at(yAt);
    Pointer scratch = Staging.at(workspace.address());
    int algorithm = choice().algorithm();
    long bytes = choice().workspace();
    return switch (key.direction()) {
      case FORWARD ->
          JCudnn.cudnnConvolutionForward(
              dnn.handle(),
              one,
              x,
              images,
              weight,
              filters,
              convolution,
              algorithm,
              scratch,
              bytes,
              zero,
              y,
              results);
      case INPUT ->
          JCudnn.cudnnConvolutionBackwardData(
              dnn.handle(),
              one,
              weight,
              filters,
              y,
              results,
              convolution,
              algorithm,
              scratch,
              bytes,
              zero,
              x,
              images);
      case WEIGHT ->
          JCudnn.cudnnConvolutionBackwardFilter(
              dnn.handle(),
              one,
              x,
              images,
              y,
              results,
              convolution,
              algorithm,
              scratch,
              bytes,
              zero,
              weight,
              filters);
    };
  }

  /** The function that a launch calls; {@code fused}: with bias and ReLU. */
  String call(boolean fused) {
    return switch (key.direction()) {
      case FORWARD -> fused ? "cudnnConvolutionBiasActivationForward" : "cudnnConvolutionForward";
      case INPUT -> "cudnnConvolutionBackwardData";
      case WEIGHT -> "cudnnConvolutionBackwardFilter";
    };
  }

  /** As {@link #launch}, forward, with a bias for each out-channel and perhaps ReLU. */
  int launchFused(
      long xAt, long weightAt, long yAt, long biasAt, boolean withRelu, Chunk workspace) {
    return JCudnn.cudnnConvolutionBiasActivationForward(
        dnn.handle(),
        dnn.one(key.dtype()),
        x,
        Staging.at(xAt),
        weight,
        Staging.at(weightAt),
        convolution,
        choice().algorithm(),
        Staging.at(workspace.address()),
        choice().workspace(),
        dnn.zero(key.dtype()),
        y,
        Staging.at(yAt),
        bias,
        Staging.at(biasAt),
        withRelu ? relu : identity,
        y,
        Staging.at(yAt));
  }

  /** Destroys the descriptors; work that was started still completes. */
  @Override
  public void close() {
    closing.close();
  }
}
