package dev.kiln.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.IndexException;
import dev.kiln.Shape;
import dev.kiln.backend.CompositeOps;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.CrossEntropySpec;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.FusedOps;
import dev.kiln.backend.LossScaleSpec;
import dev.kiln.backend.OptimizerKind;
import dev.kiln.backend.Pool2dSpec;
import dev.kiln.backend.RankSpec;
import dev.kiln.backend.View;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Composed ops can be recorded (nothing is read back) and give all their scratch memory back. */
class ComposedLaunchesTest {
  private final NullBackend device = new NullBackend();
  private final FusedOps ops = new CompositeOps(device);

  private View view(DType dtype, long... dims) {
    Shape shape = Shape.of(dims);
    return View.dense(device.alloc(dtype, shape.numel()), 0, shape);
  }

  private void check(Runnable op) {
    device.resetCounts();
    long live = device.counts().liveBytes();
    op.run();
    Counts c = device.counts();
    assertThat(c.totalLaunches()).isPositive();
    assertThat(c.uploads() + c.downloads() + c.syncs()).isZero();
    assertThat(c.liveBytes()).isEqualTo(live);
    assertThat(c.frees()).isEqualTo(c.allocs());
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64", "BFLOAT16", "FLOAT16"})
  void everyOp(DType t) {
    View x = view(t, 2, 4, 6, 6);
    View y = view(t, 2, 6, 3, 3);
    View w = view(t, 6, 2, 3, 3);
    Conv2dSpec conv = new Conv2dSpec(2, 2, 1, 1, 1, 1, 2);
    Optional<View> bias = Optional.of(view(t, 6));
    check(() -> ops.conv2d(y, x, w, bias, conv, Epilogue.RELU));
    check(() -> ops.conv2dGradInput(x, y, w, conv));
    check(() -> ops.conv2dGradWeight(w, y, x, conv));

    View small = view(t, 2, 4, 3, 3);
    View index = view(DType.INT32, 2, 4, 3, 3);
    Pool2dSpec pool = new Pool2dSpec(2, 2, 2, 2, 0, 0, 1, 1, false);
    check(() -> ops.maxPool2d(small, index, x, pool));
    check(() -> ops.maxPool2dGrad(x, small, index, pool));
    check(() -> ops.avgPool2d(small, x, pool));
    check(() -> ops.avgPool2dGrad(x, small, pool));
    check(() -> ops.adaptiveAvgPool2d(small, x));
    check(() -> ops.adaptiveAvgPool2dGrad(x, small));

    View flat = view(t, 2, 4, 36);
    View c = view(t, 4);
    Optional<View> some = Optional.of(c);
    check(() -> ops.batchNormTrain(flat, c, c, some, some, flat, some, some, 0.1, 1e-5));
    check(() -> ops.batchNormTrainGrad(flat, c, c, flat, flat, some, c, c));
    View rows = view(t, 5, 4);
    View perRow = view(t, 5);
    check(() -> ops.layerNorm(rows, perRow, perRow, rows, some, some, 1e-5));
    check(() -> ops.layerNormGrad(rows, c, c, rows, rows, some, perRow, perRow));

    check(() -> ops.softmax(rows, rows, true));
    check(() -> ops.softmaxGrad(rows, rows, rows, false));
    View labels = view(DType.INT64, 5);
    CrossEntropySpec spec = new CrossEntropySpec(0.1, -100);
    check(() -> ops.crossEntropy(perRow, rows, rows, labels, some, spec));
    check(() -> ops.crossEntropyGrad(rows, perRow, rows, labels, some, spec));

    View hyper = view(DType.FLOAT64, 8);
    for (OptimizerKind kind : OptimizerKind.values()) {
      List<View> state = java.util.Collections.nCopies(kind.states(), c);
      check(() -> ops.optimizerStep(kind, c, c, state, hyper));
    }
    View number = view(DType.FLOAT64, 1);
    check(() -> ops.optimizerClock(hyper, Optional.of(number)));
    View norm = view(DType.FLOAT64, 2);
    check(() -> ops.gradientNorm(norm, List.of(x, c), 1, 1e-6));
    check(() -> ops.scaleAll(List.of(x, c), number));
    check(() -> ops.nonFinite(number, List.of(x, c)));
    check(() -> ops.lossScaleFactor(number, number, Optional.of(number)));
    check(() -> ops.lossScaleUpdate(number, number, number, new LossScaleSpec(2, 0.5, 9, 1e9)));
    View count = view(DType.INT64, 1);
    View cube = view(t, 5, 4, 1);
    View wanted = view(DType.INT64, 5, 1);
    check(() -> ops.countCorrect(count, count, cube, wanted, new RankSpec(1, -100, true)));
    check(() -> ops.countCorrect(count, count, cube, wanted, new RankSpec(2, -100, false)));
  }

  @Test
  void scratchIsFreedWhenAnOpFails() {
    ScalarBackend scalar = new ScalarBackend();
    Views on = new Views(scalar);
    View x = on.empty(DType.FLOAT32, 3, 5);
    View loss = on.empty(DType.FLOAT32, 3);
    View bad = on.longs(0, 1, 5);
    CrossEntropySpec spec = new CrossEntropySpec(0, -100);
    FusedOps composed = new CompositeOps(scalar);
    long[] cached = new long[2];
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> composed.crossEntropy(loss, x, x, bad, Optional.empty(), spec))
          .isInstanceOf(IndexException.class);
      cached[i] = scalar.cachedBytes();
    }
    assertThat(cached[0]).isPositive();
    assertThat(cached[1])
        .as("the second failure reuses the first one's memory")
        .isEqualTo(cached[0]);
  }
}
