package dev.kiln.backend;

import java.util.List;
import java.util.Optional;

/**
 * Ops that pay to be run as one kernel, each with its backward. {@link CompositeOps} builds them
 * all from the core, so a backend overrides what it accelerates.
 *
 * <p>The conventions of {@link Backend} hold. Images are NCHW, weights OIHW, all views dense.
 */
public interface FusedOps {
  /**
   * Convolves (cross-correlates) images with filters.
   *
   * @param y [n, out, oh, ow]
   * @param x [n, in, h, w]
   * @param weight [out, in / groups, kh, kw]
   * @param bias [out], if there is one
   * @param spec strides, padding, dilation, groups
   * @param epilogue what is applied before storing
   */
  void conv2d(View y, View x, View weight, Optional<View> bias, Conv2dSpec spec, Epilogue epilogue);

  /**
   * Computes the gradient of a convolution's input.
   *
   * @param dx [n, in, h, w]
   * @param dy [n, out, oh, ow]
   * @param weight [out, in / groups, kh, kw]
   * @param spec as in the forward pass
   */
  void conv2dGradInput(View dx, View dy, View weight, Conv2dSpec spec);

  /**
   * Computes the gradient of a convolution's filters.
   *
   * @param dweight [out, in / groups, kh, kw]
   * @param dy [n, out, oh, ow]
   * @param x [n, in, h, w]
   * @param spec as in the forward pass
   */
  void conv2dGradWeight(View dweight, View dy, View x, Conv2dSpec spec);

  /**
   * Takes the largest element of each window: the first of equals, but the last NaN if there is
   * one, as PyTorch does.
   *
   * @param y [n, c, oh, ow]
   * @param index INT32, y's shape: where in its plane (row * w + column) each maximum stood; -1 for
   *     a (dilated) window that lies in padding with all its elements, whose y is negative infinity
   * @param x [n, c, h, w]
   * @param spec the window
   */
  void maxPool2d(View y, View index, View x, Pool2dSpec spec);

  /**
   * Sends each gradient to the element that was the largest.
   *
   * @param dx [n, c, h, w]
   * @param dy [n, c, oh, ow]
   * @param index as saved by the forward pass
   * @param spec the window
   */
  void maxPool2dGrad(View dx, View dy, View index, Pool2dSpec spec);

  /**
   * Averages each window.
   *
   * @param y [n, c, oh, ow]
   * @param x [n, c, h, w]
   * @param spec the window
   */
  void avgPool2d(View y, View x, Pool2dSpec spec);

  /**
   * Spreads each gradient over its window.
   *
   * @param dx [n, c, h, w]
   * @param dy [n, c, oh, ow]
   * @param spec the window
   */
  void avgPool2dGrad(View dx, View dy, Pool2dSpec spec);

  /**
   * Averages windows that divide the input into oh x ow parts: rows floor(i h / oh) to ceil((i + 1)
   * h / oh), and columns likewise.
   *
   * @param y [n, c, oh, ow]
   * @param x [n, c, h, w]
   */
  void adaptiveAvgPool2d(View y, View x);

  /**
   * Spreads each gradient over its part of the input.
   *
   * @param dx [n, c, h, w]
   * @param dy [n, c, oh, ow]
   */
  void adaptiveAvgPool2dGrad(View dx, View dy);

  /**
   * Normalises each channel by the statistics of the batch and updates the running ones: {@code r =
   * (1 - momentum) * r + momentum * batch}, the variance unbiased. Ioffe and Szegedy 2015.
   *
   * @param y [n, c, inner]
   * @param mean [c], the batch mean, saved for the gradient: FLOAT32 where x has 16 bits, else of
   *     x's type
   * @param invStd of mean's shape and type, 1 / sqrt(biased variance + eps), saved for the gradient
   * @param runningMean [c], updated in place, if there are running statistics
   * @param runningVar [c], updated in place, if there are running statistics
   * @param x [n, c, inner]
   * @param weight [c], if there is one
   * @param bias [c], if there is one
   * @param momentum the weight of this batch in the running statistics
   * @param eps added to the variance
   */
  void batchNormTrain(
      View y,
      View mean,
      View invStd,
      Optional<View> runningMean,
      Optional<View> runningVar,
      View x,
      Optional<View> weight,
      Optional<View> bias,
      double momentum,
      double eps);

  /**
   * Computes the gradients of a normalisation by batch statistics.
   *
   * @param dx [n, c, inner]
   * @param dweight [c]
   * @param dbias [c]
   * @param dy [n, c, inner]
   * @param x [n, c, inner]
   * @param weight [c], if there is one
   * @param mean as saved, of the type it was saved in
   * @param invStd as saved, of the type it was saved in
   */
  void batchNormTrainGrad(
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd);

  /**
   * Maps each channel: {@code y = (x - mean) / sqrt(variance + eps) * weight + bias}, without what
   * is absent. Normalises by given statistics; the gradient of x is the same map of dy without mean
   * and bias.
   *
   * @param y [n, c, inner]
   * @param x [n, c, inner]
   * @param mean [c], if there is one
   * @param variance [c], if there is one
   * @param weight [c], if there is one
   * @param bias [c], if there is one
   * @param eps added to the variance
   */
  void channelAffine(
      View y,
      View x,
      Optional<View> mean,
      Optional<View> variance,
      Optional<View> weight,
      Optional<View> bias,
      double eps);

  /**
   * Picks each row's score at its label: {@code out[i][0] = scores[i][labels[i][0]]}. A label that
   * is no class is an error of nll_loss.
   *
   * @param out [n, 1, ...]
   * @param scores [n, classes, ...]
   * @param labels INT64 [n, 1, ...]
   * @param ignored the label that a message names beside the classes
   * @throws dev.kiln.IndexException if a label is no class; a device may throw it later
   */
  void pickLabels(View out, View scores, View labels, long ignored);

  /**
   * Picks whole slices along an axis: {@code out[i][j][k] = x[i][index[j]][k]} for axis 1.
   *
   * @param out dense, of x's shape but for the axis, which has index's length
   * @param x dense
   * @param index INT64, a dense vector
   * @param axis the axis that is indexed
   * @throws dev.kiln.IndexException if an index is outside the axis
   */
  void gatherSlices(View out, View x, View index, int axis);

  /**
   * Adds whole slices into places along an axis, in ascending order of their position in src:
   * {@code out[i][index[j]][k] += src[i][j][k]} for axis 1.
   *
   * @param out dense
   * @param src dense, of out's shape but for the axis, which has index's length
   * @param index INT64, a dense vector
   * @param axis the axis that is indexed
   * @throws dev.kiln.IndexException if an index is outside the axis
   */
  void scatterAddSlices(View out, View src, View index, int axis);

  /**
   * Normalises each row and applies an elementwise affine map. Ba et al. 2016.
   *
   * @param y [rows, n]
   * @param mean [rows], saved for the gradient: FLOAT32 where x has 16 bits, else of x's type
   * @param invStd of mean's shape and type, saved for the gradient
   * @param x [rows, n]
   * @param weight [n], if there is one
   * @param bias [n], if there is one
   * @param eps added to the biased variance
   */
  void layerNorm(
      View y,
      View mean,
      View invStd,
      View x,
      Optional<View> weight,
      Optional<View> bias,
      double eps);

  /**
   * Computes the gradients of a layer normalisation.
   *
   * @param dx [rows, n]
   * @param dweight [n]
   * @param dbias [n]
   * @param dy [rows, n]
   * @param x [rows, n]
   * @param weight [n], if there is one
   * @param mean as saved, of the type it was saved in
   * @param invStd as saved, of the type it was saved in
   */
  void layerNormGrad(
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd);

  /**
   * Normalises each group of channels of each example and applies an affine map to each channel. Wu
   * and He 2018.
   *
   * @param y [n, c, inner]
   * @param mean [n, groups], saved for the gradient: FLOAT32 where x has 16 bits, else of x's type;
   *     groups divides c
   * @param invStd of mean's shape and type, saved for the gradient
   * @param x [n, c, inner]
   * @param weight [c], if there is one
   * @param bias [c], if there is one
   * @param eps added to the biased variance
   */
  void groupNorm(
      View y,
      View mean,
      View invStd,
      View x,
      Optional<View> weight,
      Optional<View> bias,
      double eps);

  /**
   * Computes the gradients of a group normalisation.
   *
   * @param dx [n, c, inner]
   * @param dweight [c]
   * @param dbias [c]
   * @param dy [n, c, inner]
   * @param x [n, c, inner]
   * @param weight [c], if there is one
   * @param mean as saved, of the type it was saved in
   * @param invStd as saved, of the type it was saved in
   */
  void groupNormGrad(
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd);

  /**
   * Divides each row by its root mean square and multiplies it by a weight. Zhang and Sennrich
   * 2019.
   *
   * @param y [rows, n]
   * @param invRms [rows], 1 / sqrt(mean square + eps), saved for the gradient: FLOAT32 where x has
   *     16 bits, else of x's type
   * @param x [rows, n]
   * @param weight [n], if there is one
   * @param eps added to the mean square
   */
  void rmsNorm(View y, View invRms, View x, Optional<View> weight, double eps);

  /**
   * Computes the gradients of a normalisation by the root mean square.
   *
   * @param dx [rows, n]
   * @param dweight [n]
   * @param dy [rows, n]
   * @param x [rows, n]
   * @param weight [n], if there is one
   * @param invRms as saved, of the type it was saved in
   */
  void rmsNormGrad(View dx, View dweight, View dy, View x, Optional<View> weight, View invRms);

  /**
   * Computes softmax, or its logarithm, along the last axis without overflow.
   *
   * @param y [rows, n]
   * @param x [rows, n]
   * @param log whether the logarithm is wanted
   */
  void softmax(View y, View x, boolean log);

  /**
   * Computes the gradient of softmax, or of its logarithm.
   *
   * @param dx [rows, n]
   * @param dy [rows, n]
   * @param y the forward result
   * @param log whether y is the logarithm
   */
  void softmaxGrad(View dx, View dy, View y, boolean log);

  /**
   * Computes each row's cross-entropy from unnormalised scores and a class index: {@code -sum_c q_c
   * w_c logsoftmax(x)_c}, with q the one-hot target after label smoothing.
   *
   * @param loss [rows]
   * @param logProbs [rows, classes], saved for the gradient
   * @param x [rows, classes]
   * @param target INT64 [rows]
   * @param weight [classes], if there is one
   * @param spec smoothing and the label to ignore
   * @throws dev.kiln.IndexException if a label is neither a class nor the one to ignore
   */
  void crossEntropy(
      View loss, View logProbs, View x, View target, Optional<View> weight, CrossEntropySpec spec);

  /**
   * Computes the gradient of {@link #crossEntropy}.
   *
   * @param dx [rows, classes]
   * @param dloss [rows]
   * @param logProbs as saved
   * @param target INT64 [rows]
   * @param weight [classes], if there is one
   * @param spec as in the forward pass
   */
  void crossEntropyGrad(
      View dx,
      View dloss,
      View logProbs,
      View target,
      Optional<View> weight,
      CrossEntropySpec spec);

  /**
   * Updates parameters in place by one optimizer step.
   *
   * @param kind the rule
   * @param param [n]
   * @param grad [n]
   * @param state the rule's state, [n] each, or [0] where its settings do not use it
   * @param hyper FLOAT64 vector: the rule's hyper-parameters, as {@link OptimizerKind} lists them
   */
  void optimizerStep(OptimizerKind kind, View param, View grad, List<View> state, View hyper);

  /**
   * Begins an optimizer's step: sets the scale in its settings, keeping its sign (minus to
   * maximise, even that of -0), and counts the step unless the scale is 0.
   *
   * @param hyper FLOAT64 vector, as {@link OptimizerKind} describes it, changed in place
   * @param factor FLOAT64 [1], at least 0: what gradients are multiplied by, if it is not 1
   */
  void optimizerClock(View hyper, Optional<View> factor);

  /**
   * Measures gradients: their Euclidean norm as one vector, and the factor that limits it, {@code
   * min(1, maxNorm / (norm + eps))}. Pascanu et al. 2013.
   *
   * @param norm FLOAT64 [2]: the norm, the factor; both NaN if a gradient is
   * @param parts the gradients in pieces, of floating types
   * @param maxNorm the largest norm that is left alone
   * @param eps keeps the quotient finite
   */
  void gradientNorm(View norm, List<View> parts, double maxNorm, double eps);

  /**
   * Multiplies pieces of memory in place by one number.
   *
   * @param parts of floating types, any strides; nothing is written where the factor is 1
   * @param factor FLOAT64 [1]
   */
  void scaleAll(List<View> parts, View factor);

  /**
   * Finds out whether any element is infinite or NaN.
   *
   * @param found FLOAT64 [1]: 1 if one is, else 0
   * @param parts of floating types, any strides
   */
  void nonFinite(View found, List<View> parts);

  /**
   * Computes what the gradients of a scaled loss are multiplied by: 0 if they overflowed, so that
   * the step is skipped, else 1 / scale.
   *
   * @param factor FLOAT64 [1]
   * @param found FLOAT64 [1], not 0 if gradients overflowed
   * @param scale FLOAT64 [1], unless they are unscaled by now
   */
  void lossScaleFactor(View factor, View found, Optional<View> scale);

  /**
   * Makes the scale of a loss smaller after an overflow, and larger after enough good steps in a
   * row. Micikevicius et al. 2018.
   *
   * @param scale FLOAT64 [1], changed in place
   * @param tracker FLOAT64 [1], the good steps in a row, changed in place
   * @param found FLOAT64 [1], not 0 if gradients overflowed
   * @param spec how it changes
   */
  void lossScaleUpdate(View scale, View tracker, View found, LossScaleSpec spec);

  /**
   * Counts examples whose right class has one of the highest scores.
   *
   * @param right INT64 [1], raised by the number of hits
   * @param all INT64 [1], raised by the number of examples that count
   * @param scores [n, classes, inner]
   * @param target INT64 [n, inner]
   * @param spec what a hit is
   * @throws dev.kiln.IndexException if a label is neither a class nor the one to ignore, unless
   *     hits are those of argmax
   */
  void countCorrect(View right, View all, View scores, View target, RankSpec spec);

  /**
   * Samples each image at the points of an affine map of its own: crop, flip, rotation, scale and
   * shear in one pass. Jaderberg et al. 2015.
   *
   * <p>The middle of pixel (row i, column j) is the point (j + 1/2, i + 1/2). Output pixel (i, j)
   * is read at the point {@code (a (j + 1/2) + b (i + 1/2) + c, d (j + 1/2) + e (i + 1/2) + f)} of
   * the input. These are PyTorch's {@code affine_grid} and {@code grid_sample} with align_corners =
   * false, in pixels instead of -1 .. 1: so flips, quarter turns and shifts by whole pixels are
   * exact in FLOAT32 at any size. All devices compute points alike, each operation rounded on its
   * own.
   *
   * <p>UINT8 images are divided by 255, so that values are 0 .. 1.
   *
   * @param out [n, channels, oh, ow], floating
   * @param x [n, channels, h, w], UINT8 or floating, with at least one pixel if out has one
   * @param theta FLOAT32 [n, 2, 3]: a, b, c; d, e, f
   * @param fill FLOAT32 [channels], for constant padding, on the scale 0 to 1; 0 without it
   * @param sampling between and beside pixels
   */
  void affineSample(View out, View x, View theta, Optional<View> fill, Sampling sampling);

  /**
   * Changes the colours of each image by steps of its own, in one pass: the pixel part of
   * augmentation. Each step takes what the one before has made.
   *
   * <p>UINT8 images are divided by 255 first. Normal random numbers are those of {@link
   * dev.kiln.random.Draws} as FLOAT32: channel k of pixel i (row by row) has lane {@code k % 4} of
   * block {@code program.counter(step) + i ceil(channels / 4) + k / 4} of the image's stream.
   *
   * @param out [n, channels, h, w], floating; may be x itself unless the program looks around
   * @param x [n, channels, h, w], UINT8 or floating
   * @param program which ops there can be
   * @param steps FLOAT32 [n, steps, 6]: the {@link PixelOp}'s ordinal, p0 to p4
   * @param channels FLOAT32 [channels, 2]: mean and deviation, for NORMALIZE
   * @param keys INT64 [n, 2]: seed and stream of each image's random numbers
   */
  void transformPixels(
      View out, View x, PixelProgram program, View steps, View channels, View keys);
}
