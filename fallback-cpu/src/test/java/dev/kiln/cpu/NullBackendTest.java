package dev.kiln.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.backend.BinaryOp;
import dev.kiln.backend.Conv2dSpec;
import dev.kiln.backend.Epilogue;
import dev.kiln.backend.OptimizerKind;
import dev.kiln.backend.Storage;
import dev.kiln.backend.UnaryOp;
import dev.kiln.backend.View;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NullBackendTest {
  private final NullBackend backend = new NullBackend();

  private View view(long... dims) {
    Shape shape = Shape.of(dims);
    return View.dense(backend.alloc(DType.FLOAT32, shape.numel()), 0, shape);
  }

  @Test
  void countsLaunchesByName() {
    View x = view(1, 1, 4, 4);
    backend.unary(UnaryOp.LEAKY_RELU, x, x, 0, 0);
    backend.unaryGrad(UnaryOp.LEAKY_RELU, x, x, x, 0, 0);
    backend.binary(BinaryOp.ADD, x, x, x);
    backend.binary(BinaryOp.ADD, x, x, x);
    Conv2dSpec spec = new Conv2dSpec(1, 1, 0, 0, 1, 1, 1);
    backend.fused().conv2d(x, x, x, Optional.empty(), spec, Epilogue.NONE);
    backend.fused().optimizerStep(OptimizerKind.ADAMW, x, x, List.of(x, x, x), x);
    Counts c = backend.counts();
    assertThat(c.launches("leaky_relu")).isEqualTo(1);
    assertThat(c.launches("leaky_relu_grad")).isEqualTo(1);
    assertThat(c.launches("add")).isEqualTo(2);
    assertThat(c.launches("conv2d")).isEqualTo(1);
    assertThat(c.launches("adamw_step")).isEqualTo(1);
    assertThat(c.launches("mul")).isZero();
    assertThat(c.totalLaunches()).isEqualTo(6);
    backend.resetCounts();
    assertThat(backend.counts().totalLaunches()).isZero();
    assertThat(c.totalLaunches()).as("counts are a snapshot").isEqualTo(6);
  }

  @Test
  void countsMemoryAndTransfers() {
    Storage a = backend.alloc(DType.FLOAT64, 1L << 40);
    Storage b = backend.alloc(DType.UINT8, 3);
    backend.free(a);
    assertThatThrownBy(() -> backend.free(a)).hasMessageContaining("freed");
    View v = View.dense(b, 0, Shape.of(3));
    backend.upload(v, ByteBuffer.allocate(3));
    ByteBuffer out = ByteBuffer.wrap(new byte[] {1, 2, 3, 4});
    backend.download(out, v);
    backend.sync();
    assertThat(out.array()).containsExactly(0, 0, 0, 4);
    Counts c = backend.counts();
    assertThat(c.allocs()).isEqualTo(2);
    assertThat(c.frees()).isEqualTo(1);
    assertThat(c.liveBytes()).isEqualTo(3);
    assertThat(c.uploads()).isEqualTo(1);
    assertThat(c.downloads()).isEqualTo(1);
    assertThat(c.syncs()).isEqualTo(1);
    assertThat(c.totalLaunches()).isZero();
  }
}
