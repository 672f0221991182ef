package dev.kiln.cpu.kernels;

import dev.kiln.random.Draws;
import java.lang.reflect.InvocationTargetException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One complete set of inner loops: either the Vector API's or the plain ones.
 *
 * @param name what the set is called in logs and reports, for example {@code vector-512}
 * @param tiles the inner loops of matrix products and convolutions
 * @param unary elementwise functions and their gradients
 * @param rows sums and extremes of rows
 * @param spans loops over several arrays
 * @param winograd the transforms of convolutions with few multiplications
 * @param random random numbers
 */
public record Kernels(
    String name,
    TileKernels tiles,
    UnaryKernels unary,
    RowKernels rows,
    SpanKernels spans,
    WinogradKernels winograd,
    RandomKernels random) {
  private static final Logger LOG = LoggerFactory.getLogger(Kernels.class);
  private static final String VECTOR_SET = "dev.kiln.cpu.simd.VectorKernels";

  /** Returns the fastest set this launch allows; the choice is made once. */
  public static Kernels best() {
    return Best.CHOICE;
  }

  /** Returns the plain-loop set, which needs no module beyond those of every JDK. */
  public static Kernels loops() {
    return new Kernels(
        "loops",
        new LoopTiles(),
        new LoopUnary(),
        new LoopRows(),
        new LoopSpans(),
        new LoopWinograd(),
        Draws::fill);
  }

  private static final class Best {
    static final Kernels CHOICE = choose();

    private Best() {}

    private static Kernels choose() {
      try {
        return (Kernels) Class.forName(VECTOR_SET).getMethod("create").invoke(null);
      } catch (ReflectiveOperationException | LinkageError e) {
        Throwable cause = e instanceof InvocationTargetException ? e.getCause() : e;
        LOG.info(
            "CPU kernels run as plain loops, several times slower than they could: start Java with"
                + " --add-modules jdk.incubator.vector ({})",
            cause.toString());
        return loops();
      }
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
