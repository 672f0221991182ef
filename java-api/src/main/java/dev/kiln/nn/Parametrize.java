package dev.kiln.nn;

import dev.kiln.DType;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.backend.Dist;
import dev.kiln.ops.Norms;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Makes a layer's weight of other parameters, anew for each forward pass: PyTorch's {@code
 * torch.nn.utils.weight_norm} and {@code spectral_norm}.
 *
 * <p>They work on {@link Linear} and on all layers of convolution. Apply them before making the
 * optimizer, since they replace the parameter.
 */
public final class Parametrize {
  private static final String WEIGHT = "weight";
  private static final double EPS = 1e-12;

  private Parametrize() {}

  /** As {@link #weightNorm(Module, int)}, with a length for each output of axis 0. */
  public static <M extends Module> M weightNorm(M layer) {
    return weightNorm(layer, 0);
  }

  /**
   * Separates the weight's length from its direction: {@code weight = weight_g weight_v /
   * |weight_v|}. The parameter {@code weight} gives way to {@code weight_g} and {@code weight_v}.
   * Salimans and Kingma 2016.
   *
   * @param <M> the layer's type
   * @param layer a layer with a weight
   * @param dim the axis whose every index has a length of its own; -1 for one length in all
   * @return the layer
   * @throws KilnException if it has no parameter {@code weight}, or no such axis
   */
  public static <M extends Module> M weightNorm(M layer, int dim) {
    Tensor weight = required(layer);
    if (dim < -1 || dim >= weight.dim()) {
      throw new ShapeException(
          "[weight_norm] axis " + dim + " must be one of weight " + weight.describe() + ", or -1");
    }
    int[] within = IntStream.range(0, weight.dim()).filter(i -> i != dim).toArray();
    Tensor direction = NoGrad.run(weight::copy);
    Tensor length = NoGrad.run(() -> length(weight, within, dim));
    Module m = layer;
    Tensor g = m.parameter("weight_g", length);
    Tensor v = m.parameter("weight_v", direction);
    m.compute(WEIGHT, List.of("weight_g", "weight_v"), () -> v.mul(g.div(length(v, within, dim))));
    return layer;
  }

  private static Tensor length(Tensor v, int[] within, int dim) {
    Tensor length = Norms.norm(v, 2, within, true);
    return dim == -1 ? length.reshape() : length;
  }

  /** As {@link #spectralNorm(Module, int)}, with one step of power iteration. */
  public static <M extends Module> M spectralNorm(M layer) {
    return spectralNorm(layer, 1);
  }

  /**
   * Divides the weight, as a matrix of its outputs, by its largest singular value, estimated by
   * power iteration in training mode: {@code weight = weight_orig / (u^T weight_orig v)}. The
   * parameter {@code weight} gives way to {@code weight_orig}; {@code weight_u} and {@code
   * weight_v} are buffers. Miyato et al. 2018.
   *
   * @param <M> the layer's type
   * @param layer a layer with a weight
   * @param iterations steps for each forward pass in training mode; 1 or more
   * @return the layer
   * @throws KilnException if it has no parameter {@code weight}, or there are no iterations
   */
  public static <M extends Module> M spectralNorm(M layer, int iterations) {
    Tensor weight = required(layer);
    if (iterations < 1) {
      throw new KilnException("[spectral_norm] iterations " + iterations + " must be 1 or more");
    }
    int outputs = layer instanceof TransposedConv ? 1 : 0;
    Tensor matrix = NoGrad.run(() -> matrix(weight, outputs));
    Module m = layer;
    Tensor original = m.parameter("weight_orig", NoGrad.run(weight::copy));
    Tensor u = m.buffer("weight_u", direction(matrix.size(0), weight));
    Tensor v = m.buffer("weight_v", direction(matrix.size(1), weight));
    m.compute(
        WEIGHT,
        List.of("weight_orig", "weight_u", "weight_v"),
        () -> {
          Tensor w = matrix(original, outputs);
          if (m.isTraining()) {
            iterate(w, u, v, iterations);
          }
          // The graph keeps copies, since the next pass changes the buffers.
          Tensor sigma = u.copy().unsqueeze(0).matmul(w).matmul(v.copy().unsqueeze(1)).reshape();
          return original.div(sigma);
        });
    return layer;
  }

  private static Tensor matrix(Tensor weight, int outputs) {
    Tensor w = outputs == 0 ? weight : weight.transpose(0, outputs);
    return w.reshape(w.size(0), w.numel() / Math.max(1, w.size(0)));
  }

  private static Tensor direction(long n, Tensor weight) {
    Tensor t = Tensor.empty(Shape.of(n), DType.FLOAT32, weight.device());
    weight.device().generator().fill(t, Dist.NORMAL, 0, 1);
    return Norms.normalize(t, 2, 0, EPS).to(weight.dtype());
  }

  private static void iterate(Tensor w, Tensor u, Tensor v, int iterations) {
    try (NoGrad off = NoGrad.open();
        Scope scope = Scope.open("spectral_norm")) {
      for (int i = 0; i < iterations; i++) {
        v.copyFrom(Norms.normalize(u.unsqueeze(0).matmul(w).reshape(-1), 2, 0, EPS));
        u.copyFrom(Norms.normalize(w.matmul(v.unsqueeze(1)).reshape(-1), 2, 0, EPS));
      }
    }
  }

  /**
   * Puts the weight as it is now back as the parameter {@code weight}, and takes away what made it:
   * PyTorch's {@code remove_weight_norm} and {@code remove_spectral_norm}.
   *
   * @param <M> the layer's type
   * @param layer a layer with a weight that is made of others
   * @return the layer
   * @throws KilnException if its weight is a parameter
   */
  public static <M extends Module> M remove(M layer) {
    Module m = layer;
    m.restore(WEIGHT);
    return layer;
  }

  private static Tensor required(Module layer) {
    return layer
        .ownParameter(WEIGHT)
        .orElseThrow(
            () ->
                new KilnException(
                    "[parametrize] "
                        + layer.typeName()
                        + " has no parameter \"weight\" of its own"));
  }
}
