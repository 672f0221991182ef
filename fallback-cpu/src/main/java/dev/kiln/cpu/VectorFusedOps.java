package dev.kiln.cpu;

import static dev.kiln.cpu.Moves.floats;
import static dev.kiln.cpu.Moves.isFloat;

import dev.kiln.backend.CompositeOps;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.View;
import dev.kiln.cpu.kernels.Conv2d;
import dev.kiln.cpu.kernels.ConvShape;
import dev.kiln.cpu.kernels.Kernels;
import dev.kiln.cpu.threads.WorkerPool;
import java.util.Optional;

/** The fused ops on FLOAT32 vectors; other types are composed from the core. */
final class VectorFusedOps extends CompositeOps {
  private static final float[] NO_BIAS = {};

  private final Conv2d conv;

  VectorFusedOps(VectorBackend core, Kernels kernels, WorkerPool workers) {
    super(core);
    conv = new Conv2d(kernels.tiles(), workers);
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
}
