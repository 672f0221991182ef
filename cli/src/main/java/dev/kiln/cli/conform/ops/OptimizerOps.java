package dev.kiln.cli.conform.ops;

import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.cli.conform.Attrs;
import dev.kiln.cli.conform.Inputs;
import dev.kiln.cli.conform.OpTable;
import dev.kiln.optim.Adagrad;
import dev.kiln.optim.Adam;
import dev.kiln.optim.AdamW;
import dev.kiln.optim.GradientClipping;
import dev.kiln.optim.Optimizer;
import dev.kiln.optim.RMSprop;
import dev.kiln.optim.SGD;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Optimizers, fed with given gradients step by step, and the clipping of gradients. */
public final class OptimizerOps {
  private OptimizerOps() {}

  private interface Maker {
    Optimizer make(List<Tensor> parameters, Attrs at);
  }

  /** Adds the family to a table. */
  public static void addTo(OpTable t) {
    optimizer(t, "SGD", OptimizerOps::sgd);
    optimizer(t, "Adagrad", OptimizerOps::adagrad);
    optimizer(t, "Adam", OptimizerOps::adam);
    optimizer(t, "AdamW", OptimizerOps::adamW);
    optimizer(t, "RMSprop", OptimizerOps::rmsProp);
    t.outputs("clip_grad_norm", OptimizerOps::clipNorm);
  }

  private static void optimizer(OpTable t, String name, Maker maker) {
    t.outputs(
        name,
        (in, at) -> {
          Tensor p = in.get("p").requiresGrad(true);
          Optimizer optimizer = maker.make(List.of(p), at);
          Map<String, Tensor> steps = new LinkedHashMap<>();
          for (int k = 1; in.find("grad_" + k).isPresent(); k++) {
            optimizer.zeroGrad();
            give(p, in.get("grad_" + k));
            optimizer.step();
            steps.put("p_" + k, NoGrad.run(() -> p.detach().copy()));
          }
          return steps;
        });
  }

  /** Lets backward put a given gradient into a leaf. */
  private static void give(Tensor leaf, Tensor gradient) {
    leaf.mul(gradient).sum().backward();
  }

  private static Optimizer sgd(List<Tensor> p, Attrs at) {
    return SGD.builder(p)
        .lr(at.number("lr", 1e-3))
        .momentum(at.number("momentum", 0))
        .dampening(at.number("dampening", 0))
        .weightDecay(at.number("weight_decay", 0))
        .nesterov(at.flag("nesterov", false))
        .maximize(at.flag("maximize", false))
        .build();
  }

  private static Optimizer adagrad(List<Tensor> p, Attrs at) {
    return Adagrad.builder(p)
        .lr(at.number("lr", 1e-2))
        .lrDecay(at.number("lr_decay", 0))
        .weightDecay(at.number("weight_decay", 0))
        .initialAccumulatorValue(at.number("initial_accumulator_value", 0))
        .eps(at.number("eps", 1e-10))
        .maximize(at.flag("maximize", false))
        .build();
  }

  private static double[] betas(Attrs at) {
    return at.has("betas") ? at.numbers("betas", 2) : new double[] {0.9, 0.999};
  }

  private static Optimizer adam(List<Tensor> p, Attrs at) {
    double[] betas = betas(at);
    return Adam.builder(p)
        .lr(at.number("lr", 1e-3))
        .betas(betas[0], betas[1])
        .eps(at.number("eps", 1e-8))
        .weightDecay(at.number("weight_decay", 0))
        .amsgrad(at.flag("amsgrad", false))
        .maximize(at.flag("maximize", false))
        .build();
  }

  private static Optimizer adamW(List<Tensor> p, Attrs at) {
    double[] betas = betas(at);
    return AdamW.builder(p)
        .lr(at.number("lr", 1e-3))
        .betas(betas[0], betas[1])
        .eps(at.number("eps", 1e-8))
        .weightDecay(at.number("weight_decay", 1e-2))
        .amsgrad(at.flag("amsgrad", false))
        .maximize(at.flag("maximize", false))
        .build();
  }

  private static Optimizer rmsProp(List<Tensor> p, Attrs at) {
    return RMSprop.builder(p)
        .lr(at.number("lr", 1e-2))
        .alpha(at.number("alpha", 0.99))
        .eps(at.number("eps", 1e-8))
        .weightDecay(at.number("weight_decay", 0))
        .momentum(at.number("momentum", 0))
        .centered(at.flag("centered", false))
        .maximize(at.flag("maximize", false))
        .build();
  }

  private static Map<String, Tensor> clipNorm(Inputs in, Attrs at) {
    List<Tensor> leaves = new ArrayList<>();
    for (int k = 1; in.find("grad_" + k).isPresent(); k++) {
      Tensor gradient = in.get("grad_" + k);
      Tensor leaf = Tensor.zeros(gradient.shape(), gradient.dtype(), gradient.device());
      leaves.add(leaf.requiresGrad(true));
      give(leaf, gradient);
    }
    Tensor total =
        GradientClipping.norm(
            leaves, at.number("max_norm"), at.number("norm_type", 2), at.number("eps", 1e-6));
    Map<String, Tensor> clipped = new LinkedHashMap<>();
    for (int k = 0; k < leaves.size(); k++) {
      clipped.put("clipped_" + (k + 1), leaves.get(k).grad().orElseThrow());
    }
    clipped.put("total_norm", total);
    return clipped;
  }
}
