package dev.kiln.cli.conform;

import dev.kiln.cli.conform.ops.ActivationOps;
import dev.kiln.cli.conform.ops.ArithmeticOps;
import dev.kiln.cli.conform.ops.AttentionOps;
import dev.kiln.cli.conform.ops.AxesOps;
import dev.kiln.cli.conform.ops.ConvolutionOps;
import dev.kiln.cli.conform.ops.CreationOps;
import dev.kiln.cli.conform.ops.ImageOps;
import dev.kiln.cli.conform.ops.IndexingOps;
import dev.kiln.cli.conform.ops.LossOps;
import dev.kiln.cli.conform.ops.MathOps;
import dev.kiln.cli.conform.ops.MatrixOps;
import dev.kiln.cli.conform.ops.NormalizationOps;
import dev.kiln.cli.conform.ops.OptimizerOps;
import dev.kiln.cli.conform.ops.PlacingOps;
import dev.kiln.cli.conform.ops.PoolingOps;
import dev.kiln.cli.conform.ops.ProductOps;
import dev.kiln.cli.conform.ops.RecurrentOps;
import dev.kiln.cli.conform.ops.ReductionOps;
import dev.kiln.cli.conform.ops.ShapingOps;
import dev.kiln.cli.conform.ops.StatisticsOps;
import dev.kiln.cli.conform.ops.WindowOps;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The ops that cases can ask for, by name. */
public final class OpTable {
  private static final OpTable STANDARD = standardOps();

  private final Map<String, OpFunction> functions = new TreeMap<>();

  private OpTable() {}

  /** Returns the table of all ops that Kiln has. */
  public static OpTable standard() {
    return STANDARD;
  }

  private static OpTable standardOps() {
    OpTable table = new OpTable();
    ActivationOps.addTo(table);
    ArithmeticOps.addTo(table);
    MathOps.addTo(table);
    ReductionOps.addTo(table);
    StatisticsOps.addTo(table);
    ShapingOps.addTo(table);
    AxesOps.addTo(table);
    IndexingOps.addTo(table);
    PlacingOps.addTo(table);
    ProductOps.addTo(table);
    MatrixOps.addTo(table);
    CreationOps.addTo(table);
    ConvolutionOps.addTo(table);
    PoolingOps.addTo(table);
    WindowOps.addTo(table);
    NormalizationOps.addTo(table);
    LossOps.addTo(table);
    AttentionOps.addTo(table);
    RecurrentOps.addTo(table);
    ImageOps.addTo(table);
    OptimizerOps.addTo(table);
    return table;
  }

  /** Adds an op with one output, called {@code y}. */
  public void op(String name, OpFunction.Single function) {
    outputs(name, (in, at) -> Map.of("y", function.run(in, at)));
  }

  /** Adds an op that names its outputs. */
  public void outputs(String name, OpFunction function) {
    if (functions.put(name, function) != null) {
      throw new IllegalStateException("op " + name + " is in the table twice");
    }
  }

  /** Returns an op's function, if Kiln has the op. */
  public Optional<OpFunction> find(String name) {
    return Optional.ofNullable(functions.get(name));
  }

  /** Returns the names of all ops, in order. */
  public Set<String> names() {
    return Collections.unmodifiableSet(functions.keySet());
  }
}
