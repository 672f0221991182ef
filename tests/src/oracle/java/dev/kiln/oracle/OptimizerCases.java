package dev.kiln.oracle;

import static dev.kiln.oracle.Draw.floats;
import static dev.kiln.oracle.Draw.normal;
import static dev.kiln.oracle.Draw.scalar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.pytorch.Adagrad;
import org.bytedeco.pytorch.AdagradOptions;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.RMSprop;
import org.bytedeco.pytorch.RMSpropOptions;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Optimizers, fed with given gradients, and the clipping of gradients. */
final class OptimizerCases {
  private static final double INF = Double.POSITIVE_INFINITY;

  private OptimizerCases() {}

  private interface Maker {
    Optimizer make(TensorVector parameters, Attrs at);
  }

  /** Five steps of libtorch's optimizer; to maximise is to go against the gradient turned. */
  private static Program steps(Maker maker) {
    return (in, at) -> {
      Tensor p = in.get("p").clone().detach().set_requires_grad(true);
      Optimizer optimizer = maker.make(new TensorVector(p), at);
      Map<String, Tensor> named = new LinkedHashMap<>();
      for (int k = 1; in.containsKey("grad_" + k); k++) {
        Tensor g = in.get("grad_" + k).clone();
        p.mutable_grad().put(at.flag("maximize", false) ? g.neg() : g);
        optimizer.step();
        named.put("p_" + k, p.detach().clone());
      }
      return named;
    };
  }

  private static Optimizer sgd(TensorVector p, Attrs at) {
    SGDOptions o = new SGDOptions(at.number("lr", 1e-3));
    o.momentum().put(at.number("momentum", 0));
    o.dampening().put(at.number("dampening", 0));
    o.weight_decay().put(at.number("weight_decay", 0));
    o.nesterov().put(at.flag("nesterov", false));
    return new SGD(p, o);
  }

  private static Optimizer adagrad(TensorVector p, Attrs at) {
    AdagradOptions o = new AdagradOptions(at.number("lr", 1e-2));
    o.lr_decay().put(at.number("lr_decay", 0));
    o.weight_decay().put(at.number("weight_decay", 0));
    o.initial_accumulator_value().put(at.number("initial_accumulator_value", 0));
    o.eps().put(at.number("eps", 1e-10));
    return new Adagrad(p, o);
  }

  private static double beta(Attrs at, int i, double byDefault) {
    return at.has("betas") ? (Double) ((List<?>) at.get("betas", List.of())).get(i) : byDefault;
  }

  /** The pair lies in memory with its second number first; that is checked by its defaults. */
  private static void setBetas(DoublePointer pair, Attrs at) {
    if (pair.get(0) != 0.999 || pair.get(1) != 0.9) {
      throw new IllegalStateException("betas do not lie in memory as expected");
    }
    pair.put(0, beta(at, 1, 0.999)).put(1, beta(at, 0, 0.9));
  }

  private static Optimizer adam(TensorVector p, Attrs at) {
    AdamOptions o = new AdamOptions(at.number("lr", 1e-3));
    setBetas(o.betas(), at);
    o.eps().put(at.number("eps", 1e-8));
    o.weight_decay().put(at.number("weight_decay", 0));
    o.amsgrad().put(at.flag("amsgrad", false));
    return new Adam(p, o);
  }

  private static Optimizer adamW(TensorVector p, Attrs at) {
    AdamWOptions o = new AdamWOptions(at.number("lr", 1e-3));
    setBetas(o.betas(), at);
    o.eps().put(at.number("eps", 1e-8));
    o.weight_decay().put(at.number("weight_decay", 1e-2));
    o.amsgrad().put(at.flag("amsgrad", false));
    return new AdamW(p, o);
  }

  private static Optimizer rmsProp(TensorVector p, Attrs at) {
    RMSpropOptions o = new RMSpropOptions(at.number("lr", 1e-2));
    o.alpha().put(at.number("alpha", 0.99));
    o.eps().put(at.number("eps", 1e-8));
    o.weight_decay().put(at.number("weight_decay", 0));
    o.momentum().put(at.number("momentum", 0));
    o.centered().put(at.flag("centered", false));
    return new RMSprop(p, o);
  }

  private static Map<String, Value> gradients(long seed, long... shape) {
    Map<String, Value> named = new LinkedHashMap<>();
    named.put("p", normal(seed, shape).fixed());
    for (int k = 1; k <= 5; k++) {
      named.put("grad_" + k, normal(seed + k, shape).fixed());
    }
    return named;
  }

  private static Map<String, Value> wide(Map<String, Value> narrow) {
    Map<String, Value> named = new LinkedHashMap<>();
    narrow.forEach((n, v) -> named.put(n, v.wide()));
    return named;
  }

  /** The cases that every optimizer has. */
  private static Suite.Op usual(Suite s, String name, Maker maker) {
    Map<String, Value> still = gradients(40, 3);
    for (int k = 1; k <= 5; k++) {
      still.put("grad_" + k, floats(0, k % 2, 0).fixed());
    }
    return s.op(name, steps(maker))
        .add("default", Attrs.of(), gradients(10, 3, 4))
        .add("fast", Attrs.of("lr", 0.5), gradients(20, 5))
        .add("rank0", Attrs.of("lr", 0.1), gradients(30))
        .add("zero_gradients", Attrs.of("lr", 0.1), still)
        .add("empty", Attrs.of("lr", 0.1), gradients(50, 0, 3))
        .add("long", Attrs.of("lr", 0.1), gradients(60, 67))
        .add("maximize", Attrs.of("lr", 0.1, "maximize", true), gradients(70, 4))
        .add("decay", Attrs.of("lr", 0.1, "weight_decay", 0.3), gradients(80, 2, 3))
        .add("float64", Attrs.of("lr", 0.1), wide(gradients(90, 3)));
  }

  static void addTo(Suite s) {
    usual(s, "SGD", OptimizerCases::sgd)
        .add("momentum", Attrs.of("lr", 0.1, "momentum", 0.9), gradients(100, 4))
        .add("dampening", Attrs.of("lr", 0.1, "momentum", 0.8, "dampening", 0.4), gradients(110, 4))
        .add("nesterov", Attrs.of("lr", 0.1, "momentum", 0.9, "nesterov", true), gradients(120, 4))
        .add(
            "nesterov_decay",
            Attrs.of("lr", 0.1, "momentum", 0.7, "nesterov", true, "weight_decay", 0.1),
            gradients(130, 4))
        .add(
            "everything",
            Attrs.of("lr", 0.2, "momentum", 0.6, "dampening", 0.2, "weight_decay", 0.05),
            gradients(140, 3, 3));
    usual(s, "Adagrad", OptimizerCases::adagrad)
        .add("lr_decay", Attrs.of("lr", 0.3, "lr_decay", 0.2), gradients(100, 4))
        .add("start", Attrs.of("lr", 0.3, "initial_accumulator_value", 0.5), gradients(110, 4))
        .add("eps", Attrs.of("lr", 0.3, "eps", 0.1), gradients(120, 4))
        .add(
            "everything",
            Attrs.of(
                "lr",
                0.3,
                "lr_decay",
                0.1,
                "weight_decay",
                0.2,
                "initial_accumulator_value",
                0.1,
                "eps",
                1e-4),
            gradients(130, 3, 3));
    adaptive(usual(s, "Adam", OptimizerCases::adam));
    adaptive(usual(s, "AdamW", OptimizerCases::adamW))
        .add("no_decay", Attrs.of("lr", 0.1, "weight_decay", 0.0), gradients(150, 4));
    usual(s, "RMSprop", OptimizerCases::rmsProp)
        .add("alpha", Attrs.of("lr", 0.1, "alpha", 0.5), gradients(100, 4))
        .add("eps", Attrs.of("lr", 0.1, "eps", 0.1), gradients(110, 4))
        .add("momentum", Attrs.of("lr", 0.1, "momentum", 0.8), gradients(120, 4))
        .add("centered", Attrs.of("lr", 0.1, "centered", true, "alpha", 0.6), gradients(130, 4))
        .add(
            "everything",
            Attrs.of(
                "lr",
                0.05,
                "centered",
                true,
                "momentum",
                0.5,
                "weight_decay",
                0.1,
                "alpha",
                0.8,
                "eps",
                1e-3),
            gradients(140, 3, 3));
    clip(s);
  }

  private static Suite.Op adaptive(Suite.Op op) {
    return op.add("betas", Attrs.of("lr", 0.1, "betas", new double[] {0.5, 0.7}), gradients(100, 4))
        .add("eps", Attrs.of("lr", 0.1, "eps", 0.1), gradients(110, 4))
        .add(
            "amsgrad",
            Attrs.of("lr", 0.1, "amsgrad", true, "betas", new double[] {0.8, 0.6}),
            gradients(120, 5))
        .add(
            "amsgrad_decay",
            Attrs.of("lr", 0.1, "amsgrad", true, "weight_decay", 0.2),
            gradients(130, 4))
        .add(
            "everything",
            Attrs.of(
                "lr",
                0.2,
                "betas",
                new double[] {0.7, 0.9},
                "eps",
                1e-3,
                "weight_decay",
                0.1,
                "amsgrad",
                true),
            gradients(140, 3, 3));
  }

  private static Map<String, Tensor> clipped(Map<String, Tensor> in, Attrs at) {
    TensorVector leaves = new TensorVector();
    List<Tensor> kept = new ArrayList<>();
    in.forEach(
        (name, g) -> {
          Tensor leaf = torch.zeros_like(g).set_requires_grad(true);
          leaf.mutable_grad().put(g.clone());
          leaves.push_back(leaf);
          kept.add(leaf);
        });
    double total =
        torch.clip_grad_norm_(leaves, at.number("max_norm", 1), at.number("norm_type", 2), false);
    Map<String, Tensor> named = new LinkedHashMap<>();
    for (int i = 0; i < kept.size(); i++) {
      named.put("clipped_" + (i + 1), kept.get(i).grad());
    }
    Tensor norm = Tensor.create(total).reshape(new long[0]).to(kept.get(0).scalar_type());
    named.put("total_norm", norm);
    return named;
  }

  private static void clip(Suite s) {
    Value a = normal(1, 3, 4).fixed();
    Value b = normal(2, 5).fixed();
    s.op("clip_grad_norm", OptimizerCases::clipped)
        .add("long", Attrs.of("max_norm", 0.5), "grad_1", a, "grad_2", b)
        .add("short", Attrs.of("max_norm", 100.0), "grad_1", a, "grad_2", b)
        .add("one", Attrs.of("max_norm", 1.0, "eps", 1e-6), "grad_1", a)
        .add(
            "three",
            Attrs.of("max_norm", 2.0),
            "grad_1",
            a,
            "grad_2",
            b,
            "grad_3",
            normal(3, 2, 2, 2).fixed())
        .add("norm_1", Attrs.of("max_norm", 1.0, "norm_type", 1.0), "grad_1", a, "grad_2", b)
        .add("norm_3", Attrs.of("max_norm", 1.0, "norm_type", 3.0), "grad_1", a, "grad_2", b)
        .add("norm_inf", Attrs.of("max_norm", 1.0, "norm_type", INF), "grad_1", a, "grad_2", b)
        .add("norm_half", Attrs.of("max_norm", 1.0, "norm_type", 0.5), "grad_1", a, "grad_2", b)
        .add(
            "zeros",
            Attrs.of("max_norm", 1.0),
            "grad_1",
            floats(0, 0).fixed(),
            "grad_2",
            floats(0).fixed())
        .add(
            "rank0",
            Attrs.of("max_norm", 1.0),
            "grad_1",
            scalar(-3).fixed(),
            "grad_2",
            floats(4).fixed())
        .add("none_left", Attrs.of("max_norm", 0.0), "grad_1", a, "grad_2", b)
        .add("float64", Attrs.of("max_norm", 0.5), "grad_1", a.wide(), "grad_2", b.wide());
  }
}
