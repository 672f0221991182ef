package dev.kiln.cuda.sim;

import static dev.kiln.cuda.sim.Sim.*;
import static jcuda.driver.JCudaDriver.*;
import static jcuda.jcudnn.JCudnn.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.jcudnn.cudnnActivationDescriptor;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** That the stand-in for cuDNN convolves as plain loops over the definition do. */
class SimCudnnTest {
  private static final int FLOAT = 0;
  private static final int HALF = 2;
  private static final int NCHW = 0;
  private static final int NHWC = 1;
  private static final int CROSS_CORRELATION = 1;
  private static final int FMA_MATH = 3;
  private static final int BAD_PARAM = 2000;
  private static final int NOT_SUPPORTED = 3000;

  /** A convolution of images; everything about it but the layouts. */
  private record Problem(
      int n,
      int c,
      int h,
      int w,
      int k,
      int r,
      int s,
      int pad,
      int stride,
      int dilation,
      int groups) {
    int p() {
      return (h + 2 * pad - (r - 1) * dilation - 1) / stride + 1;
    }

    int q() {
      return (w + 2 * pad - (s - 1) * dilation - 1) / stride + 1;
    }

    int xSize() {
      return n * c * h * w;
    }

    int wSize() {
      return k * c / groups * r * s;
    }

    int ySize() {
      return n * k * p() * q();
    }

    /** Calls back for every product of the definition, with indices into NCHW arrays. */
    void each(Visitor visitor) {
      int ins = c / groups;
      int outs = k / groups;
      for (int b = 0; b < n; b++) {
        for (int o = 0; o < k; o++) {
          for (int i = 0; i < p(); i++) {
            for (int j = 0; j < q(); j++) {
              for (int ch = 0; ch < ins; ch++) {
                for (int u = 0; u < r; u++) {
                  for (int v = 0; v < s; v++) {
                    int row = i * stride - pad + u * dilation;
                    int column = j * stride - pad + v * dilation;
                    if (row < 0 || row >= h || column < 0 || column >= w) {
                      continue;
                    }
                    int from = o / outs * ins + ch;
                    visitor.visit(
                        ((b * c + from) * h + row) * w + column,
                        ((o * ins + ch) * r + u) * s + v,
                        ((b * k + o) * p() + i) * q() + j);
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /** Gets the places in x, in the filter and in y of one product. */
  private interface Visitor {
    void visit(int x, int w, int y);
  }

  private Sim sim;
  private cudnnHandle handle;

  @BeforeEach
  void open() {
    sim = Sim.open();
    handle = new cudnnHandle();
    ok(cudnnCreate(handle));
  }

  @AfterEach
  void close() {
    if (sim != null) {
      cudnnDestroy(handle);
      sim.close();
    }
  }

  private static float[] some(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static cudnnTensorDescriptor tensor(int format, int type, int n, int c, int h, int w) {
    cudnnTensorDescriptor tensor = new cudnnTensorDescriptor();
    ok(cudnnCreateTensorDescriptor(tensor));
    ok(cudnnSetTensor4dDescriptor(tensor, format, type, n, c, h, w));
    return tensor;
  }

  private static cudnnFilterDescriptor filter(int format, int type, Problem p) {
    cudnnFilterDescriptor filter = new cudnnFilterDescriptor();
    ok(cudnnCreateFilterDescriptor(filter));
    ok(cudnnSetFilter4dDescriptor(filter, type, format, p.k, p.c / p.groups, p.r, p.s));
    return filter;
  }

  private static cudnnConvolutionDescriptor convolution(Problem p) {
    cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();
    ok(cudnnCreateConvolutionDescriptor(convolution));
    ok(
        cudnnSetConvolution2dDescriptor(
            convolution,
            p.pad,
            p.pad,
            p.stride,
            p.stride,
            p.dilation,
            p.dilation,
            CROSS_CORRELATION,
            FLOAT));
    ok(cudnnSetConvolutionGroupCount(convolution, p.groups));
    ok(cudnnSetConvolutionMathType(convolution, FMA_MATH));
    return convolution;
  }

  /** NCHW to NHWC: the channels, of which each image has `c`, move behind `space` places. */
  private static float[] channelsLast(float[] x, int c, int space) {
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      int image = i / (c * space);
      y[(image * space + i % space) * c + i / space % c] = x[i];
    }
    return y;
  }

  private static float[] channelsFirst(float[] x, int c, int space) {
    return channelsLast(x, space, c);
  }

  private static Pointer one(float value) {
    return Pointer.to(new float[] {value});
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1",
    "2, 3, 8, 9, 5, 3, 3, 1, 1, 1, 1",
    "3, 4, 11, 7, 6, 3, 2, 1, 2, 1, 2",
    "1, 6, 9, 9, 6, 3, 3, 2, 1, 2, 6",
    "2, 2, 12, 12, 40, 5, 5, 2, 3, 1, 1",
    "2, 20, 6, 6, 3, 1, 1, 0, 1, 1, 1"
  })
  void convolvesForwardAndBackward(
      int n,
      int c,
      int h,
      int w,
      int k,
      int r,
      int s,
      int pad,
      int stride,
      int dilation,
      int groups) {
    Problem p = new Problem(n, c, h, w, k, r, s, pad, stride, dilation, groups);
    Random random = new Random(11);
    float[] x = some(random, p.xSize());
    float[] f = some(random, p.wSize());
    float[] dy = some(random, p.ySize());
    double[] y = new double[p.ySize()];
    double[] dx = new double[p.xSize()];
    double[] df = new double[p.wSize()];
    p.each(
        (i, j, o) -> {
          y[o] += x[i] * (double) f[j];
          dx[i] += dy[o] * (double) f[j];
          df[j] += dy[o] * (double) x[i];
        });
    for (int format : new int[] {NCHW, NHWC}) {
      for (int algorithm : new int[] {0, 1}) {
        check(p, format, algorithm, x, f, dy, y, dx, df);
      }
    }
  }

  private void check(
      Problem p,
      int format,
      int algorithm,
      float[] x,
      float[] f,
      float[] dy,
      double[] y,
      double[] dx,
      double[] df) {
    boolean last = format == NHWC;
    int ySpace = p.p() * p.q();
    int taps = p.r * p.s;
    cudnnTensorDescriptor xTensor = tensor(format, FLOAT, p.n, p.c, p.h, p.w);
    cudnnTensorDescriptor yTensor = tensor(format, FLOAT, p.n, p.k, p.p(), p.q());
    cudnnFilterDescriptor filter = filter(format, FLOAT, p);
    cudnnConvolutionDescriptor convolution = convolution(p);
    CUdeviceptr xData = floats(last ? channelsLast(x, p.c, p.h * p.w) : x);
    CUdeviceptr fData = floats(last ? channelsLast(f, p.c / p.groups, taps) : f);
    CUdeviceptr dyData = floats(last ? channelsLast(dy, p.k, ySpace) : dy);
    long[] bytes = new long[1];

    CUdeviceptr out = allocate(4L * p.ySize());
    ok(
        cudnnGetConvolutionForwardWorkspaceSize(
            handle, xTensor, filter, convolution, yTensor, algorithm, bytes));
    ok(
        cudnnConvolutionForward(
            handle,
            one(1),
            xTensor,
            xData,
            filter,
            fData,
            convolution,
            algorithm,
            workspace(bytes[0]),
            bytes[0],
            one(0),
            yTensor,
            out));
    float[] result = floats(out, p.ySize());
    near(last ? channelsFirst(result, p.k, ySpace) : result, y);

    out = floats(new float[p.xSize()]);
    ok(
        cudnnGetConvolutionBackwardDataWorkspaceSize(
            handle, filter, yTensor, convolution, xTensor, algorithm, bytes));
    ok(
        cudnnConvolutionBackwardData(
            handle,
            one(1),
            filter,
            fData,
            yTensor,
            dyData,
            convolution,
            algorithm,
            workspace(bytes[0]),
            bytes[0],
            one(1),
            xTensor,
            out));
    result = floats(out, p.xSize());
    near(last ? channelsFirst(result, p.c, p.h * p.w) : result, dx);

    out = allocate(4L * p.wSize());
    ok(
        cudnnGetConvolutionBackwardFilterWorkspaceSize(
            handle, xTensor, yTensor, convolution, filter, algorithm, bytes));
    ok(
        cudnnConvolutionBackwardFilter(
            handle,
            one(1),
            xTensor,
            xData,
            yTensor,
            dyData,
            convolution,
            algorithm,
            workspace(bytes[0]),
            bytes[0],
            one(0),
            filter,
            out));
    result = floats(out, p.wSize());
    near(last ? channelsFirst(result, p.c / p.groups, taps) : result, df);
  }

  private static Pointer workspace(long bytes) {
    return bytes == 0 ? new Pointer() : allocate(bytes);
  }

  private static void near(float[] actual, double[] expected) {
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i]).isCloseTo(expected[i], within(2e-4));
    }
  }

  private static final Problem SMALL = new Problem(2, 3, 6, 5, 4, 3, 3, 1, 1, 1, 1);

  @Test
  void convolvesInThreeDimensionsAndInDouble() {
    int type = 1; // double
    cudnnTensorDescriptor x = new cudnnTensorDescriptor();
    cudnnTensorDescriptor y = new cudnnTensorDescriptor();
    cudnnFilterDescriptor f = new cudnnFilterDescriptor();
    cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();
    ok(cudnnCreateTensorDescriptor(x));
    ok(cudnnCreateTensorDescriptor(y));
    ok(cudnnCreateFilterDescriptor(f));
    ok(cudnnCreateConvolutionDescriptor(convolution));
    // A cube of ones with a filter of ones counts the neighbours.
    ok(cudnnSetTensorNdDescriptorEx(x, NCHW, type, 5, new int[] {1, 1, 3, 3, 3}));
    ok(cudnnSetFilterNdDescriptor(f, type, NCHW, 5, new int[] {1, 1, 3, 3, 3}));
    int[] ones = {1, 1, 1};
    ok(cudnnSetConvolutionNdDescriptor(convolution, 3, ones, ones, ones, CROSS_CORRELATION, type));
    int[] size = new int[5];
    ok(cudnnGetConvolutionNdForwardOutputDim(convolution, x, f, 5, size));
    assertThat(size).containsExactly(1, 1, 3, 3, 3);
    ok(cudnnSetTensorNdDescriptorEx(y, NCHW, type, 5, size));
    double[] cube = new double[27];
    java.util.Arrays.fill(cube, 1);
    CUdeviceptr out = allocate(27 * 8);
    ok(
        cudnnConvolutionForward(
            handle,
            Pointer.to(new double[] {1}),
            x,
            doubles(cube),
            f,
            doubles(cube),
            convolution,
            0,
            new Pointer(),
            0,
            Pointer.to(new double[] {0}),
            y,
            out));
    double[] result = doubles(out, 27);
    assertThat(result[0]).isEqualTo(8);
    assertThat(result[1]).isEqualTo(12);
    assertThat(result[4]).isEqualTo(18);
    assertThat(result[13]).isEqualTo(27);
  }

  @Test
  void accumulatesHalvesInFloat() {
    Problem p = new Problem(1, 3, 1, 1, 1, 1, 1, 0, 1, 1, 1);
    CUdeviceptr out = allocate(2);
    ok(
        cudnnConvolutionForward(
            handle,
            one(1),
            tensor(NCHW, HALF, 1, 3, 1, 1),
            shorts((short) 0x6800, (short) 0x3c00, (short) 0x3c00),
            filter(NCHW, HALF, p),
            shorts((short) 0x3c00, (short) 0x3c00, (short) 0x3c00),
            convolution(p),
            0,
            new Pointer(),
            0,
            one(0),
            tensor(NCHW, HALF, 1, 1, 1, 1),
            out));
    assertThat(shorts(out, 1)).containsExactly(0x6801); // 2048 + 1 + 1
  }

  @Test
  void multipliesInTf32UnlessToldNotTo() {
    Problem p = new Problem(1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1);
    float x = 1 + 0x1p-12f;
    CUdeviceptr out = allocate(4);
    for (int math : new int[] {0, FMA_MATH}) {
      cudnnConvolutionDescriptor convolution = convolution(p);
      ok(cudnnSetConvolutionMathType(convolution, math));
      ok(
          cudnnConvolutionForward(
              handle,
              one(1),
              tensor(NCHW, FLOAT, 1, 1, 1, 1),
              floats(x),
              filter(NCHW, FLOAT, p),
              floats(1),
              convolution,
              0,
              new Pointer(),
              0,
              one(0),
              tensor(NCHW, FLOAT, 1, 1, 1, 1),
              out));
      assertThat(floats(out, 1)).containsExactly(math == FMA_MATH ? x : 1);
    }
  }

  @Test
  void addsTheBiasAndActivatesInOnePass() {
    Problem p = SMALL;
    Random random = new Random(12);
    float[] x = some(random, p.xSize());
    float[] f = some(random, p.wSize());
    float[] z = some(random, p.ySize());
    float[] bias = some(random, p.k);
    double[] y = new double[p.ySize()];
    p.each((i, j, o) -> y[o] += x[i] * (double) f[j]);
    for (int o = 0; o < y.length; o++) {
      y[o] = Math.max(0, 2 * y[o] + 3 * z[o] + bias[o / (p.p() * p.q()) % p.k]);
    }
    cudnnActivationDescriptor relu = new cudnnActivationDescriptor();
    ok(cudnnCreateActivationDescriptor(relu));
    ok(cudnnSetActivationDescriptor(relu, 1, 0, 0));
    cudnnTensorDescriptor yTensor = tensor(NCHW, FLOAT, p.n, p.k, p.p(), p.q());
    CUdeviceptr out = allocate(4L * p.ySize());
    ok(
        cudnnConvolutionBiasActivationForward(
            handle,
            one(2),
            tensor(NCHW, FLOAT, p.n, p.c, p.h, p.w),
            floats(x),
            filter(NCHW, FLOAT, p),
            floats(f),
            convolution(p),
            0,
            new Pointer(),
            0,
            one(3),
            yTensor,
            floats(z),
            tensor(NCHW, FLOAT, 1, p.k, 1, 1),
            floats(bias),
            relu,
            yTensor,
            out));
    near(floats(out, p.ySize()), y);
  }

  @Test
  void sumsTheGradientOfABias() {
    float[] dy = some(new Random(13), 2 * 3 * 4 * 5);
    double[] sums = new double[3];
    for (int i = 0; i < dy.length; i++) {
      sums[i / 20 % 3] += dy[i];
    }
    for (int format : new int[] {NCHW, NHWC}) {
      CUdeviceptr out = allocate(12);
      ok(
          cudnnConvolutionBackwardBias(
              handle,
              one(1),
              tensor(format, FLOAT, 2, 3, 4, 5),
              floats(format == NHWC ? channelsLast(dy, 3, 20) : dy),
              one(0),
              tensor(NCHW, FLOAT, 1, 3, 1, 1),
              out));
      near(floats(out, 3), sums);
    }
  }

  @Test
  void ranksAlgorithmsWithWorkspaceAndDeterminism() {
    Problem p = SMALL;
    cudnnTensorDescriptor x = tensor(NCHW, FLOAT, p.n, p.c, p.h, p.w);
    cudnnTensorDescriptor y = tensor(NCHW, FLOAT, p.n, p.k, p.p(), p.q());
    cudnnFilterDescriptor f = filter(NCHW, FLOAT, p);
    cudnnConvolutionDescriptor convolution = convolution(p);
    int[] count = new int[1];
    ok(cudnnGetConvolutionForwardAlgorithmMaxCount(handle, count));
    var results = new cudnnConvolutionFwdAlgoPerf[count[0]];
    for (int i = 0; i < results.length; i++) {
      results[i] = new cudnnConvolutionFwdAlgoPerf();
    }
    ok(
        cudnnGetConvolutionForwardAlgorithm_v7(
            handle, x, f, convolution, y, results.length, count, results));
    assertThat(count[0]).isEqualTo(8);
    assertThat(results[0].status).isEqualTo(SUCCESS);
    assertThat(results[0].memory).isPositive();
    assertThat(results[7].status).isEqualTo(NOT_SUPPORTED);
    long[] bytes = new long[1];
    ok(
        cudnnGetConvolutionForwardWorkspaceSize(
            handle, x, f, convolution, y, results[0].algo, bytes));
    assertThat(bytes[0]).isEqualTo(results[0].memory);
    var backward = new cudnnConvolutionBwdDataAlgoPerf[6];
    for (int i = 0; i < backward.length; i++) {
      backward[i] = new cudnnConvolutionBwdDataAlgoPerf();
    }
    ok(cudnnFindConvolutionBackwardDataAlgorithm(handle, f, y, convolution, x, 6, count, backward));
    assertThat(backward[0].determinism).isZero(); // the fastest is not deterministic
    assertThat(backward[0].time).isPositive();
    assertThat(backward[1].determinism).isEqualTo(1);
  }

  @Test
  void algorithmsThatAreNotDeterministicGiveOtherBits() {
    Problem p = new Problem(4, 16, 9, 9, 16, 3, 3, 1, 1, 1, 1);
    Random random = new Random(14);
    CUdeviceptr f = floats(some(random, p.wSize()));
    CUdeviceptr dy = floats(some(random, p.ySize()));
    float[][] results = new float[4][];
    for (int i = 0; i < 4; i++) {
      int algorithm = i / 2; // 0 sums in any order
      long bytes = algorithm == 0 ? 0 : 1 << 20;
      CUdeviceptr dx = allocate(4L * p.xSize());
      ok(
          cudnnConvolutionBackwardData(
              handle,
              one(1),
              filter(NCHW, FLOAT, p),
              f,
              tensor(NCHW, FLOAT, p.n, p.k, p.p(), p.q()),
              dy,
              convolution(p),
              algorithm,
              workspace(bytes),
              bytes,
              one(0),
              tensor(NCHW, FLOAT, p.n, p.c, p.h, p.w),
              dx));
      results[i] = floats(dx, p.xSize());
    }
    assertThat(results[0]).isNotEqualTo(results[1]);
    assertThat(results[2]).isEqualTo(results[3]);
  }

  @Test
  void refusesWhatDoesNotFit() {
    Problem p = SMALL;
    cudnnTensorDescriptor x = tensor(NCHW, FLOAT, p.n, p.c, p.h, p.w);
    cudnnTensorDescriptor y = tensor(NCHW, FLOAT, p.n, p.k, p.p(), p.q());
    cudnnTensorDescriptor other = tensor(NCHW, FLOAT, p.n, p.k, p.p() + 1, p.q());
    cudnnFilterDescriptor f = filter(NCHW, FLOAT, p);
    cudnnConvolutionDescriptor convolution = convolution(p);
    CUdeviceptr data = floats(new float[1000]);
    assertThat(
            cudnnConvolutionForward(
                handle,
                one(1),
                x,
                data,
                f,
                data,
                convolution,
                0,
                new Pointer(),
                0,
                one(0),
                other,
                data))
        .isEqualTo(BAD_PARAM);
    assertThat(
            cudnnConvolutionForward(
                handle, one(1), x, data, f, data, convolution, 1, data, 8, one(0), y, data))
        .isEqualTo(BAD_PARAM); // the workspace is too small
    assertThat(
            cudnnConvolutionForward(
                handle, one(1), x, data, f, data, convolution, 4, data, 4000, one(0), y, data))
        .isEqualTo(NOT_SUPPORTED); // FFT
    ok(cuCtxSynchronize());
  }

  @Test
  void isCapturedWithItsStream() {
    CUstream stream = new CUstream();
    ok(cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    ok(cudnnSetStream(handle, new cudaStream_t(stream)));
    Problem p = new Problem(1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1);
    CUdeviceptr x = floats(2);
    CUdeviceptr y = floats(1);
    CUdeviceptr f = floats(3);
    cudnnTensorDescriptor tensor = tensor(NCHW, FLOAT, 1, 1, 1, 1);
    ok(cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    ok(
        cudnnConvolutionForward(
            handle,
            one(1),
            tensor,
            x,
            filter(NCHW, FLOAT, p),
            f,
            convolution(p),
            0,
            new Pointer(),
            0,
            one(1),
            tensor,
            y));
    CUgraph graph = new CUgraph();
    ok(cuStreamEndCapture(stream, graph));
    CUgraphExec exec = new CUgraphExec();
    ok(cuGraphInstantiate(exec, graph, 0));
    ok(cuGraphLaunch(exec, stream));
    ok(cuGraphLaunch(exec, stream));
    ok(cuStreamSynchronize(stream));
    assertThat(floats(y, 1)).containsExactly(13);
  }
}
