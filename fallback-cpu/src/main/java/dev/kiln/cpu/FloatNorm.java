package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;
import static dev.kiln.cpu.Operands.at;
import static dev.kiln.cpu.Operands.data;
import static dev.kiln.cpu.Operands.dim;

import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.Kernels;
import dev.kiln.cpu.kernels.Normalization;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.Optional;

/** Normalisations of dense FLOAT32 views, and their gradients. */
final class FloatNorm {
  private final Normalization norm;

  FloatNorm(Kernels kernels, WorkerPool workers) {
    norm = new Normalization(kernels, workers);
  }

  void batchTrain(
      View y,
      View mean,
      View invStd,
      Optional<View> runningMean,
      Optional<View> runningVar,
      View x,
      Optional<View> weight,
      Optional<View> bias,
      double momentum,
      double eps) {
    norm.batchTrain(
        floats(x),
        at(x),
        floats(y),
        at(y),
        dim(x, 0),
        dim(x, 1),
        dim(x, 2),
        data(weight),
        at(weight),
        data(bias),
        at(bias),
        floats(mean),
        at(mean),
        floats(invStd),
        at(invStd),
        data(runningMean),
        at(runningMean),
        data(runningVar),
        at(runningVar),
        momentum,
        eps);
  }

  void batchTrainGradient(
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd) {
    norm.batchTrainGradient(
        floats(dy),
        at(dy),
        floats(x),
        at(x),
        floats(dx),
        at(dx),
        dim(x, 0),
        dim(x, 1),
        dim(x, 2),
        data(weight),
        at(weight),
        floats(mean),
        at(mean),
        floats(invStd),
        at(invStd),
        floats(dweight),
        at(dweight),
        floats(dbias),
        at(dbias));
  }

  void channelAffine(
      View y,
      View x,
      Optional<View> mean,
      Optional<View> variance,
      Optional<View> weight,
      Optional<View> bias,
      double eps) {
    norm.channelAffine(
        floats(x),
        at(x),
        floats(y),
        at(y),
        dim(x, 0),
        dim(x, 1),
        dim(x, 2),
        data(weight),
        at(weight),
        data(bias),
        at(bias),
        data(mean),
        at(mean),
        data(variance),
        at(variance),
        eps);
  }

  void layer(
      View y,
      View mean,
      View invStd,
      View x,
      Optional<View> weight,
      Optional<View> bias,
      double eps) {
    norm.layer(
        floats(x),
        at(x),
        floats(y),
        at(y),
        dim(x, 0),
        dim(x, 1),
        data(weight),
        at(weight),
        data(bias),
        at(bias),
        floats(mean),
        at(mean),
        floats(invStd),
        at(invStd),
        eps);
  }

  void layerGradient(
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd) {
    norm.layerGradient(
        floats(dy),
        at(dy),
        floats(x),
        at(x),
        floats(dx),
        at(dx),
        dim(x, 0),
        dim(x, 1),
        data(weight),
        at(weight),
        floats(mean),
        at(mean),
        floats(invStd),
        at(invStd),
        floats(dweight),
        at(dweight),
        floats(dbias),
        at(dbias));
  }

  void group(
      View y,
      View mean,
      View invStd,
      View x,
      Optional<View> weight,
      Optional<View> bias,
      double eps) {
    norm.group(
        floats(x),
        at(x),
        floats(y),
        at(y),
        dim(x, 0),
        dim(x, 1),
        dim(mean, 1),
        dim(x, 2),
        data(weight),
        at(weight),
        data(bias),
        at(bias),
        floats(mean),
        at(mean),
        floats(invStd),
        at(invStd),
        eps);
  }

  void groupGradient(
      View dx,
      View dweight,
      View dbias,
      View dy,
      View x,
      Optional<View> weight,
      View mean,
      View invStd) {
    norm.groupGradient(
        floats(dy),
        at(dy),
        floats(x),
        at(x),
        floats(dx),
        at(dx),
        dim(x, 0),
        dim(x, 1),
        dim(mean, 1),
        dim(x, 2),
        data(weight),
        at(weight),
        floats(mean),
        at(mean),
        floats(invStd),
        at(invStd),
        floats(dweight),
        at(dweight),
        floats(dbias),
        at(dbias));
  }

  void rms(View y, View invRms, View x, Optional<View> weight, double eps) {
    norm.rms(
        floats(x),
        at(x),
        floats(y),
        at(y),
        dim(x, 0),
        dim(x, 1),
        data(weight),
        at(weight),
        floats(invRms),
        at(invRms),
        eps);
  }

  void rmsGradient(View dx, View dweight, View dy, View x, Optional<View> weight, View invRms) {
    norm.rmsGradient(
        floats(dy),
        at(dy),
        floats(x),
        at(x),
        floats(dx),
        at(dx),
        dim(x, 0),
        dim(x, 1),
        data(weight),
        at(weight),
        floats(invRms),
        at(invRms),
        floats(dweight),
        at(dweight));
  }
}
