package dev.kiln.cuda;

import java.nio.Buffer;
import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.Name;
import org.bytedeco.javacpp.annotation.NoException;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * The launchers of {@code cuda-kernels/include/kiln_kernels.h}, bound by JavaCPP; what each does
 * stands there. Device addresses, contexts and geometries are longs. Loaded by {@link NativeCache}.
 */
@Platform(include = "kiln_kernels.h")
@NoException
final class Launchers {
  static final int OK = 0;
  static final int NO_IMAGE = 10001;
  static final int NO_KERNEL = 10002;
  static final int BAD_ARGUMENT = 10003;

  private Launchers() {}

  @Name("kiln_open")
  static native long open(
      String libcuda,
      String images,
      String extensions,
      long context,
      long stream,
      int multiprocessors,
      int sync);

  @Name("kiln_close")
  static native void close(long context);

  @Name("kiln_make_current")
  static native int makeCurrent(long context);

  @Name("kiln_last_error")
  static native String lastError();

  /** The address of a direct buffer's memory. */
  @Name("kiln_address")
  static native long address(@Cast("void*") Buffer buffer);

  @Name("kiln_fill")
  static native int fill(long context, int type, long out, double value, long geometry);

  @Name("kiln_copy")
  static native int copy(long context, int outType, int xType, long out, long x, long geometry);

  @Name("kiln_unary_op")
  static native int unaryOp(String name);

  @Name("kiln_unary_on_integers")
  static native int unaryOnIntegers(int op);

  @Name("kiln_unary")
  static native int unary(
      long context, int op, int type, long out, long x, long n, double a, double b);

  @Name("kiln_unary_grad")
  static native int unaryGrad(
      long context, int op, int type, long dx, long dy, long saved, long n, double a, double b);

  @Name("kiln_math_op")
  static native int mathOp(String name);

  @Name("kiln_math")
  static native int math(long context, int op, int type, long out, long x, long n, double a);

  @Name("kiln_binary_op")
  static native int binaryOp(String name);

  @Name("kiln_binary")
  static native int binary(long context, int op, int type, long out, long a, long b, long geometry);

  @Name("kiln_where")
  static native int where(
      long context, int bytes, long out, long condition, long a, long b, long geometry);

  @Name("kiln_report_to")
  static native void reportTo(long context, long record, long flag);

  @Name("kiln_reduce_op")
  static native int reduceOp(String name);

  @Name("kiln_reduce_scratch")
  static native long reduceScratch(int op, int type, long geometry);

  @Name("kiln_reduce")
  static native int reduce(
      long context, int op, int type, long out, long x, long scratch, long geometry);

  @Name("kiln_gather")
  static native int gather(
      long context,
      int bytes,
      long out,
      long x,
      long index,
      int op,
      long axis,
      long size,
      long axisStride,
      long geometry);

  @Name("kiln_scatter_add_scratch")
  static native long scatterAddScratch(long n, long geometry);

  @Name("kiln_scatter_add")
  static native int scatterAdd(
      long context,
      int type,
      long out,
      long src,
      long index,
      long scratch,
      int axis,
      long size,
      long n,
      long srcStride,
      long outStride,
      long geometry);

  @Name("kiln_scatter_op")
  static native int scatterOp(String name);

  @Name("kiln_scatter")
  static native int scatter(
      long context,
      int op,
      int type,
      long out,
      long src,
      long index,
      int axis,
      long size,
      long n,
      long srcStride,
      long outStride,
      long geometry);

  @Name("kiln_gather_slices")
  static native int gatherSlices(
      long context,
      int bytes,
      long out,
      long x,
      long index,
      int axis,
      long outer,
      long n,
      long inner,
      long size);

  @Name("kiln_scatter_add_slices_scratch")
  static native long scatterAddSlicesScratch(long n);

  @Name("kiln_scatter_add_slices")
  static native int scatterAddSlices(
      long context,
      int type,
      long out,
      long src,
      long index,
      long scratch,
      int axis,
      long outer,
      long n,
      long inner,
      long size);

  @Name("kiln_sort_scratch")
  static native long sortScratch(long rows, long n);

  @Name("kiln_sort")
  static native int sort(
      long context,
      int type,
      long values,
      long index,
      long x,
      long scratch,
      long rows,
      long n,
      long k,
      int descending);

  @Name("kiln_scan_op")
  static native int scanOp(String name);

  @Name("kiln_scan")
  static native int scan(
      long context, int op, int type, long out, long x, long outer, long n, long inner);

  @Name("kiln_random_dist")
  static native int randomDist(String name);

  @Name("kiln_random")
  static native int random(
      long context,
      int dist,
      int type,
      long out,
      long n,
      long state,
      long blocks,
      double a,
      double b);

  @Name("kiln_epilogue")
  static native int epilogue(
      long context, int type, long out, long bias, long rows, long columns, int relu);

  @Name("kiln_channel_epilogue")
  static native int channelEpilogue(
      long context,
      int type,
      long out,
      long bias,
      long images,
      long channels,
      long pixels,
      int relu);

  @Name("kiln_integer_matmul")
  static native int integerMatmul(
      long context,
      int type,
      long out,
      long a,
      long b,
      long bias,
      long batches,
      long m,
      long n,
      long k,
      long aBatch,
      long aRow,
      long aColumn,
      long bBatch,
      long bRow,
      long bColumn,
      long alpha,
      long beta,
      int relu);

  @Name("kiln_softmax")
  static native int softmax(long context, int type, long y, long x, long rows, long n, int log);

  @Name("kiln_softmax_grad")
  static native int softmaxGrad(
      long context, int type, long dx, long dy, long y, long rows, long n, int log);

  @Name("kiln_cross_entropy")
  static native int crossEntropy(
      long context,
      int type,
      long loss,
      long logp,
      long x,
      long target,
      long weight,
      long rows,
      long n,
      double smoothing,
      long ignored);

  @Name("kiln_cross_entropy_grad")
  static native int crossEntropyGrad(
      long context,
      int type,
      long dx,
      long dloss,
      long logp,
      long target,
      long weight,
      long rows,
      long n,
      double smoothing,
      long ignored);

  @Name("kiln_batch_norm_scratch")
  static native long batchNormScratch(long images, long channels, long inner);

  @Name("kiln_batch_norm")
  static native int batchNorm(
      long context,
      int type,
      long y,
      long mean,
      long invStd,
      long runningMean,
      long runningVar,
      long x,
      long weight,
      long bias,
      long scratch,
      long images,
      long channels,
      long inner,
      double momentum,
      double eps);

  @Name("kiln_channel_affine")
  static native int channelAffine(
      long context,
      int type,
      long y,
      long x,
      long mean,
      long variance,
      long weight,
      long bias,
      long images,
      long channels,
      long inner,
      double eps);

  @Name("kiln_batch_norm_grad")
  static native int batchNormGrad(
      long context,
      int type,
      long dx,
      long dweight,
      long dbias,
      long dy,
      long x,
      long weight,
      long mean,
      long invStd,
      long scratch,
      long images,
      long channels,
      long inner);

  @Name("kiln_layer_norm_grad_scratch")
  static native long layerNormGradScratch(long rows, long n);

  @Name("kiln_layer_norm")
  static native int layerNorm(
      long context,
      int type,
      long y,
      long mean,
      long invStd,
      long x,
      long weight,
      long bias,
      long rows,
      long n,
      double eps);

  @Name("kiln_layer_norm_grad")
  static native int layerNormGrad(
      long context,
      int type,
      long dx,
      long dweight,
      long dbias,
      long dy,
      long x,
      long weight,
      long mean,
      long invStd,
      long scratch,
      long rows,
      long n);

  @Name("kiln_rms_norm")
  static native int rmsNorm(
      long context,
      int type,
      long y,
      long invRms,
      long x,
      long weight,
      long rows,
      long n,
      double eps);

  @Name("kiln_rms_norm_grad")
  static native int rmsNormGrad(
      long context,
      int type,
      long dx,
      long dweight,
      long dy,
      long x,
      long weight,
      long invRms,
      long scratch,
      long rows,
      long n);

  @Name("kiln_group_norm")
  static native int groupNorm(
      long context,
      int type,
      long y,
      long mean,
      long invStd,
      long x,
      long weight,
      long bias,
      long images,
      long groups,
      long channels,
      long inner,
      double eps);

  @Name("kiln_group_norm_grad_scratch")
  static native long groupNormGradScratch(long images, long groups, long channels);

  @Name("kiln_group_norm_grad")
  static native int groupNormGrad(
      long context,
      int type,
      long dx,
      long dweight,
      long dbias,
      long dy,
      long x,
      long weight,
      long mean,
      long invStd,
      long scratch,
      long images,
      long groups,
      long channels,
      long inner);

  // ---- Optimizers, gradients, pooling, accuracy ----

  @Name("kiln_optimizer_kind")
  static native int optimizerKind(String name);

  @Name("kiln_optimizer_step")
  static native int optimizerStep(
      long context,
      int kind,
      int type,
      long p,
      long grad,
      long s0,
      long s1,
      long s2,
      long n,
      long hyper);

  @Name("kiln_optimizer_clock")
  static native int optimizerClock(long context, long hyper, long factor);

  @Name("kiln_gradient_norm_scratch")
  static native long gradientNormScratch(long parts);

  @Name("kiln_gradient_norm")
  static native int gradientNorm(
      long context, long out, long parts, long scratch, double maxNorm, double eps);

  @Name("kiln_scale")
  static native int scale(long context, long parts, long factor);

  @Name("kiln_nonfinite")
  static native int nonFinite(long context, long found, long parts);

  @Name("kiln_loss_scale_factor")
  static native int lossScaleFactor(long context, long factor, long found, long scale);

  @Name("kiln_loss_scale_update")
  static native int lossScaleUpdate(
      long context,
      long scale,
      long tracker,
      long found,
      double growth,
      double backoff,
      double interval,
      double largest);

  @Name("kiln_max_pool")
  static native int maxPool(long context, int type, long y, long index, long x, long sizes);

  @Name("kiln_max_pool_grad")
  static native int maxPoolGrad(long context, int type, long dx, long dy, long index, long sizes);

  @Name("kiln_avg_pool")
  static native int avgPool(long context, int type, long y, long x, long sizes);

  @Name("kiln_avg_pool_grad")
  static native int avgPoolGrad(long context, int type, long dx, long dy, long sizes);

  @Name("kiln_adaptive_avg_pool")
  static native int adaptiveAvgPool(
      long context, int type, int grad, long result, long operand, long sizes);

  @Name("kiln_count_correct")
  static native int countCorrect(
      long context,
      int type,
      long right,
      long all,
      long x,
      long target,
      long n,
      long classes,
      long inner,
      long k,
      long ignore,
      int argmax);

  @Name("kiln_affine_sample")
  static native int affineSample(
      long context,
      int outType,
      int xType,
      long out,
      long x,
      long theta,
      long fill,
      long images,
      long channels,
      long h,
      long w,
      long outH,
      long outW,
      int nearest,
      int padding);

  @Name("kiln_transform_pixels")
  static native int transformPixels(
      long context,
      int outType,
      int xType,
      long out,
      long x,
      long steps,
      long channelValues,
      long keys,
      long images,
      long channels,
      long h,
      long w,
      int count,
      long first,
      int measures);
}
