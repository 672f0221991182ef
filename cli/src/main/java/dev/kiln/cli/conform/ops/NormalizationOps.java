package dev.kiln.cli.conform.ops;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.ops.InstanceNormalization;
import dev.kiln.ops.LocalResponse;
import dev.kiln.ops.Normalization;
import dev.kiln.ops.Norms;
import java.util.LinkedHashMap;
import java.util.Map;

/** Normalisation. */
public final class NormalizationOps {
  private NormalizationOps() {}

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    t.outputs("batch_norm", NormalizationOps::batchNorm);
    t.op(
        "layer_norm",
        (in, at) ->
            Normalization.layerNorm(
                in.x(),
                Shape.of(at.longs("normalized_shape")),
                in.find("weight"),
                in.find("bias"),
                at.number("eps", 1e-5)));
    t.op(
        "group_norm",
        (in, at) ->
            Normalization.groupNorm(
                in.x(),
                at.integer("groups"),
                in.find("weight"),
                in.find("bias"),
                at.number("eps", 1e-5)));
    t.outputs("instance_norm", NormalizationOps::instanceNorm);
    t.op(
        "local_response_norm",
        (in, at) ->
            LocalResponse.localResponseNorm(
                in.x(),
                at.integer("size"),
                at.number("alpha", 1e-4),
                at.number("beta", 0.75),
                at.number("k", 1)));
    t.op(
        "rms_norm",
        (in, at) ->
            Normalization.rmsNorm(
                in.x(),
                Shape.of(at.longs("normalized_shape")),
                in.find("weight"),
                at.number("eps", in.x().dtype() == DType.FLOAT64 ? 0x1p-52 : 0x1p-23)));
    t.op(
        "normalize",
        (in, at) ->
            Norms.normalize(
                in.x(), at.number("p", 2), at.integer("dim", 1), at.number("eps", 1e-12)));
    t.op(
        "cosine_similarity",
        (in, at) ->
            Norms.cosineSimilarity(
                in.get("x1"), in.get("x2"), at.integer("dim", 1), at.number("eps", 1e-8)));
  }

  /** The running statistics are updated in place, so the inputs are also outputs. */
  private static Map<String, Tensor> batchNorm(Inputs in, Attrs at) {
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put(
        "y",
        Normalization.batchNorm(
            in.x(),
            in.find("running_mean"),
            in.find("running_var"),
            in.find("weight"),
            in.find("bias"),
            at.flag("training", false),
            at.number("momentum", 0.1),
            at.number("eps", 1e-5)));
    in.find("running_mean").ifPresent(m -> outputs.put("running_mean_after", m));
    in.find("running_var").ifPresent(v -> outputs.put("running_var_after", v));
    return outputs;
  }

  /** Without running statistics there is one output. */
  private static Map<String, Tensor> instanceNorm(Inputs in, Attrs at) {
    double eps = at.number("eps", 1e-5);
    if (in.find("running_mean").isEmpty()) {
      return Map.of(
          "y", Normalization.instanceNorm(in.x(), in.find("weight"), in.find("bias"), eps));
    }
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put(
        "y",
        InstanceNormalization.instanceNorm(
            in.x(),
            in.find("running_mean"),
            in.find("running_var"),
            in.find("weight"),
            in.find("bias"),
            at.flag("use_input_stats", true),
            at.number("momentum", 0.1),
            eps));
    outputs.put("running_mean_after", in.get("running_mean"));
    outputs.put("running_var_after", in.get("running_var"));
    return outputs;
  }
}
