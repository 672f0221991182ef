package dev.kiln.cuda;

import static dev.kiln.cuda.Dnn.check;

import dev.kiln.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionBwdFilterAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnDeterminism;
import jcuda.jcudnn.cudnnMathType;

/**
 * Lists the algorithms that may compute a convolution, the best first: as cuDNN guesses, or as it
 * measures.
 *
 * @param deterministic whether all must give the same bits every time
 * @param measured whether cuDNN is to time them, on memory of its own, waiting for the device
 */
record ConvSearch(boolean deterministic, boolean measured) {
  /** More than cuDNN has of any direction. */
  private static final int MOST = 16;

  /** The choice failed and nobody knows why: JCuda has lost cuDNN's status. */
  static final class StatusLost extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** What cuDNN tells of an algorithm in any direction. */
  private record Answer(int status, int algorithm, int math, long workspace, int determinism) {}

  /** The arithmetic that an algorithm may use: FLOAT32 is never rounded unasked. */
  static int math(ConvKey key) {
    return switch (key.dtype()) {
      case FLOAT16, BFLOAT16 -> cudnnMathType.CUDNN_TENSOR_OP_MATH;
      case FLOAT32 -> key.tf32() ? cudnnMathType.CUDNN_DEFAULT_MATH : cudnnMathType.CUDNN_FMA_MATH;
      default -> cudnnMathType.CUDNN_DEFAULT_MATH;
    };
  }

  /**
   * Asks cuDNN.
   *
   * @return the algorithms; none where cuDNN does not compute such a convolution
   * @throws StatusLost if it failed, perhaps for a while
   */
  List<ConvPlan.Choice> choices(Dnn dnn, ConvKey key, ConvPlan plan) {
    int[] count = new int[1];
    List<Answer> answers = new ArrayList<>();
    int status =
        switch (key.direction()) {
          case FORWARD -> forward(dnn, plan, count, answers);
          case INPUT -> input(dnn, plan, count, answers);
          case WEIGHT -> weight(dnn, plan, count, answers);
        };
    if (Dnn.isUnsupported(status)) {
      return List.of();
    }
    check(status, "choosing an algorithm for " + key.describe() + ": " + call(key));
    return answers.stream()
        .filter(a -> a.status() == 0)
        .filter(a -> !deterministic || a.determinism() == cudnnDeterminism.CUDNN_DETERMINISTIC)
        .filter(a -> !isExact(key) || !usesTensorCores(a))
        .map(
            a ->
                new ConvPlan.Choice(
                    a.algorithm(), isExact(key) ? math(key) : a.math(), a.workspace()))
        .toList();
  }

  /** The function that is asked. */
  private String call(ConvKey key) {
    String what =
        switch (key.direction()) {
          case FORWARD -> "ConvolutionForwardAlgorithm";
          case INPUT -> "ConvolutionBackwardDataAlgorithm";
          case WEIGHT -> "ConvolutionBackwardFilterAlgorithm";
        };
    return measured ? "cudnnFind" + what : "cudnnGet" + what + "_v7";
  }

  private static boolean isExact(ConvKey key) {
    return key.dtype() == DType.FLOAT32 && !key.tf32();
  }

  private static boolean usesTensorCores(Answer a) {
    return a.math() == cudnnMathType.CUDNN_TENSOR_OP_MATH
        || a.math() == cudnnMathType.CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION;
  }

  /** The status of a call. */
  private static int asked(IntSupplier call) {
    try {
      return call.getAsInt();
    } catch (ArrayIndexOutOfBoundsException e) {
      // A failed call leaves any number of answers, and JCuda copies so many before its status.
      throw new StatusLost();
    }
  }

  private int forward(Dnn dnn, ConvPlan p, int[] count, List<Answer> answers) {
    var all = new cudnnConvolutionFwdAlgoPerf[MOST];
    for (int i = 0; i < MOST; i++) {
      all[i] = new cudnnConvolutionFwdAlgoPerf();
    }
    int status =
        asked(
            () ->
                measured
                    ? JCudnn.cudnnFindConvolutionForwardAlgorithm(
                        dnn.handle(), p.x(), p.weight(), p.convolution(), p.y(), MOST, count, all)
                    : JCudnn.cudnnGetConvolutionForwardAlgorithm_v7(
                        dnn.handle(), p.x(), p.weight(), p.convolution(), p.y(), MOST, count, all));
    Stream.of(all)
        .limit(status == 0 ? count[0] : 0) // a failed call leaves any number there
        .map(a -> new Answer(a.status, a.algo, a.mathType, a.memory, a.determinism))
        .forEach(answers::add);
    return status;
  }

  private int input(Dnn dnn, ConvPlan p, int[] count, List<Answer> answers) {
    var all = new cudnnConvolutionBwdDataAlgoPerf[MOST];
    for (int i = 0; i < MOST; i++) {
      all[i] = new cudnnConvolutionBwdDataAlgoPerf();
    }
    int status =
        asked(
            () ->
                measured
                    ? JCudnn.cudnnFindConvolutionBackwardDataAlgorithm(
                        dnn.handle(), p.weight(), p.y(), p.convolution(), p.x(), MOST, count, all)
                    : JCudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7(
                        dnn.handle(), p.weight(), p.y(), p.convolution(), p.x(), MOST, count, all));
    Stream.of(all)
        .limit(status == 0 ? count[0] : 0) // a failed call leaves any number there
        .map(a -> new Answer(a.status, a.algo, a.mathType, a.memory, a.determinism))
        .forEach(answers::add);
    return status;
  }

  private int weight(Dnn dnn, ConvPlan p, int[] count, List<Answer> answers) {
    var all = new cudnnConvolutionBwdFilterAlgoPerf[MOST];
    for (int i = 0; i < MOST; i++) {
      all[i] = new cudnnConvolutionBwdFilterAlgoPerf();
    }
    int status =
        asked(
            () ->
                measured
                    ? JCudnn.cudnnFindConvolutionBackwardFilterAlgorithm(
                        dnn.handle(), p.x(), p.y(), p.convolution(), p.weight(), MOST, count, all)
                    : JCudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7(
                        dnn.handle(), p.x(), p.y(), p.convolution(), p.weight(), MOST, count, all));
    Stream.of(all)
        .limit(status == 0 ? count[0] : 0) // a failed call leaves any number there
        .map(a -> new Answer(a.status, a.algo, a.mathType, a.memory, a.determinism))
        .forEach(answers::add);
    return status;
  }
}
