package dev.kiln.cpu;

import dev.kiln.backend.View;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Copies between dense views and little-endian bytes; the buffers' positions stay. */
final class HostCopy {
  private HostCopy() {}

  static void upload(View out, ByteBuffer source) {
    CpuStorage s = CpuStorage.of(out);
    int at = (int) out.offset();
    int n = (int) out.numel();
    ByteBuffer from = source.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    switch (out.dtype()) {
      case FLOAT32 -> from.asFloatBuffer().get(s.floats(), at, n);
      case FLOAT64 -> from.asDoubleBuffer().get(s.doubles(), at, n);
      case INT32 -> from.asIntBuffer().get(s.ints(), at, n);
      case INT64 -> from.asLongBuffer().get(s.longs(), at, n);
      case UINT8 -> from.get(s.bytes8(), at, n);
      case BOOL -> {
        for (int i = 0; i < n; i++) {
          s.bytes8()[at + i] = (byte) (from.get() != 0 ? 1 : 0);
        }
      }
      case BFLOAT16, FLOAT16 -> from.asShortBuffer().get(s.shorts(), at, n);
    }
  }

  static void download(ByteBuffer target, View x) {
    CpuStorage s = CpuStorage.of(x);
    int at = (int) x.offset();
    int n = (int) x.numel();
    ByteBuffer to = target.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    switch (x.dtype()) {
      case FLOAT32 -> to.asFloatBuffer().put(s.floats(), at, n);
      case FLOAT64 -> to.asDoubleBuffer().put(s.doubles(), at, n);
      case INT32 -> to.asIntBuffer().put(s.ints(), at, n);
      case INT64 -> to.asLongBuffer().put(s.longs(), at, n);
      case UINT8, BOOL -> to.put(s.bytes8(), at, n);
      case BFLOAT16, FLOAT16 -> to.asShortBuffer().put(s.shorts(), at, n);
    }
  }

  /** Writes as many zeros as the view has bytes. */
  static void zeros(ByteBuffer target, View x) {
    byte[] zeros = new byte[8192];
    ByteBuffer to = target.duplicate();
    for (long left = x.numel() * x.dtype().bytes(); left > 0; left -= zeros.length) {
      to.put(zeros, 0, (int) Math.min(left, zeros.length));
    }
  }
}
