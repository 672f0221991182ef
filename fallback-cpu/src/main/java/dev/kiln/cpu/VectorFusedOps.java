package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;
import static dev.kiln.cpu.Moves.isFloat;

import dev.kiln.backend.CompositeOps;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.OptimizerKind;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.Conv2d;
import dev.kiln.cpu.kernels.ConvShape;
import dev.kiln.cpu.kernels.Kernels;
import dev.kiln.cpu.kernels.OptimizerSteps;
import dev.kiln.cpu.kernels.OptimizerSteps.Span;
import dev.kiln.cpu.kernels.Pool2d;
import dev.kiln.cpu.kernels.Pool2d.Planes;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.List;
import java.util.Optional;

/** The fused ops on FLOAT32 vectors; other types are composed from the core. */
final class VectorFusedOps extends CompositeOps {
  private static final float[] NO_BIAS = {};

  private final Conv2d conv;
  private final Pool2d pool;
  private final OptimizerSteps optimizers;

  VectorFusedOps(VectorBackend core, Kernels kernels, WorkerPool workers) {
    super(core);
    conv = new Conv2d(kernels.tiles(), workers);
    pool = new Pool2d(workers);
    optimizers = new OptimizerSteps(workers);
  }

  private static int at(View v) {
    return (int) v.offset();
  }

  private static ConvShape shape(View x, View weight, View y, Conv2dSpec spec) {
    return new ConvShape(
        (int) x.shape().dim(0),
        (int) x.shape().dim(1),
        (int) x.shape().dim(2),
        (int) x.shape().dim(3),
        (int) weight.shape().dim(0),
        (int) weight.shape().dim(2),
        (int) weight.shape().dim(3),
        (int) y.shape().dim(2),
        (int) y.shape().dim(3),
        spec);
  }

  @Override
  public void conv2d(
      View y, View x, View weight, Optional<View> bias, Conv2dSpec spec, Epilogue epilogue) {
    if (!isFloat(y)) {
      super.conv2d(y, x, weight, bias, spec, epilogue);
      return;
    }
    conv.forward(
        shape(x, weight, y, spec),
        floats(x),
        at(x),
        floats(weight),
        at(weight),
        bias.map(Moves::floats).orElse(NO_BIAS),
        bias.map(VectorFusedOps::at).orElse(0),
        epilogue == Epilogue.RELU,
        floats(y),
        at(y));
  }

  @Override
  public void conv2dGradInput(View dx, View dy, View weight, Conv2dSpec spec) {
    if (!isFloat(dx)) {
      super.conv2dGradInput(dx, dy, weight, spec);
      return;
    }
    conv.gradInput(
        shape(dx, weight, dy, spec),
        floats(dy),
        at(dy),
        floats(weight),
        at(weight),
        floats(dx),
        at(dx));
  }

  @Override
  public void conv2dGradWeight(View dweight, View dy, View x, Conv2dSpec spec) {
    if (!isFloat(dweight)) {
      super.conv2dGradWeight(dweight, dy, x, spec);
      return;
    }
    conv.gradWeight(
        shape(x, dweight, dy, spec),
        floats(dy),
        at(dy),
        floats(x),
        at(x),
        floats(dweight),
        at(dweight));
  }

  private static Planes planes(View x, View y) {
    return new Planes(
        (int) (x.shape().dim(0) * x.shape().dim(1)),
        (int) x.shape().dim(2),
        (int) x.shape().dim(3),
        (int) y.shape().dim(2),
        (int) y.shape().dim(3));
  }

  @Override
  public void maxPool2d(View y, View index, View x, Pool2dSpec spec) {
    if (!isFloat(y)) {
      super.maxPool2d(y, index, x, spec);
      return;
    }
    int[] where = CpuStorage.of(index).ints();
    pool.max(planes(x, y), spec, floats(x), at(x), floats(y), at(y), where, at(index));
  }

  @Override
  public void maxPool2dGrad(View dx, View dy, View index, Pool2dSpec spec) {
    if (!isFloat(dx)) {
      super.maxPool2dGrad(dx, dy, index, spec);
      return;
    }
    int[] where = CpuStorage.of(index).ints();
    pool.maxGradient(planes(dx, dy), floats(dy), at(dy), where, at(index), floats(dx), at(dx));
  }

  @Override
  public void avgPool2d(View y, View x, Pool2dSpec spec) {
    if (!isFloat(y)) {
      super.avgPool2d(y, x, spec);
      return;
    }
    pool.average(planes(x, y), spec, floats(x), at(x), floats(y), at(y));
  }

  @Override
  public void avgPool2dGrad(View dx, View dy, Pool2dSpec spec) {
    if (!isFloat(dx)) {
      super.avgPool2dGrad(dx, dy, spec);
      return;
    }
    pool.averageGradient(planes(dx, dy), spec, floats(dy), at(dy), floats(dx), at(dx));
  }

  @Override
  public void adaptiveAvgPool2d(View y, View x) {
    if (!isFloat(y)) {
      super.adaptiveAvgPool2d(y, x);
      return;
    }
    pool.adaptiveAverage(planes(x, y), floats(x), at(x), floats(y), at(y));
  }

  @Override
  public void adaptiveAvgPool2dGrad(View dx, View dy) {
    if (!isFloat(dx)) {
      super.adaptiveAvgPool2dGrad(dx, dy);
      return;
    }
    pool.adaptiveAverageGradient(planes(dx, dy), floats(dy), at(dy), floats(dx), at(dx));
  }

  @Override
  public void optimizerStep(
      OptimizerKind kind, View param, View grad, List<View> state, View hyper) {
    if (!isFloat(param)) {
      super.optimizerStep(kind, param, grad, state, hyper);
      return;
    }
    double[] settings = new double[(int) hyper.numel()];
    System.arraycopy(CpuStorage.of(hyper).doubles(), at(hyper), settings, 0, settings.length);
    Span[] states = state.stream().map(VectorFusedOps::span).toArray(Span[]::new);
    optimizers.step(kind, span(param), span(grad), states, settings);
  }

  private static Span span(View v) {
    return new Span(floats(v), at(v), (int) v.numel());
  }
}
