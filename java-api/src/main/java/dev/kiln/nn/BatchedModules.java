package dev.kiln.nn;

import dev.kiln.Autocast;
import dev.kiln.KilnException;
import dev.kiln.StepGraph;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Modules of one structure that answer together, with one op for each layer of all of them: what
 * {@code stack_module_state} and {@code vmap} are in PyTorch.
 *
 * <pre>{@code
 * BatchedModules batched = BatchedModules.of(members);
 * Optional<Tensor> all = NoGrad.run(() -> batched.call(x)); // [members, n, classes]
 * }</pre>
 *
 * <p>It is for eval mode without gradients. The modules' parameters and buffers are copied into
 * stacked ones, which take as much memory again; those that changed since the last call are copied
 * anew. Dense layers become batches of products. Convolutions become groups of one, on devices
 * where launches count; on a processor modules with convolutions run one by one, which is quicker
 * there.
 *
 * <p>Known are {@link Linear}, convolutions, batch and layer norm, pooling, activations without
 * parameters, {@link Flatten}, dropout, and what is {@link Chained} or {@link Branched} of these.
 * Modules with other layers, with hooks, with parameters that are computed or layers that were
 * replaced are not run together.
 */
public final class BatchedModules {
  private final Iterable<? extends Module> modules;
  private final boolean everywhere;
  private Optional<BatchPlan> plan = Optional.empty();
  private long structure;

  private BatchedModules(Iterable<? extends Module> modules, boolean everywhere) {
    this.modules = modules;
    this.everywhere = everywhere;
  }

  /**
   * Takes modules; they stay what they are.
   *
   * @param modules of any kind and number; they are iterated over at each call
   * @return runs them together where that is possible
   */
  public static BatchedModules of(Iterable<? extends Module> modules) {
    return new BatchedModules(modules, false);
  }

  /** As {@link #of}, with convolutions on devices too where they take longer together. */
  static BatchedModules everywhere(Iterable<? extends Module> modules) {
    return new BatchedModules(modules, true);
  }

  /**
   * Runs all modules on one input, where they can run together: inside {@link NoGrad}, in eval
   * mode, with the same layers, settings and shapes on one device, outside a 16-bit {@link
   * Autocast} and outside a step that is being recorded.
   *
   * @param x the input of each
   * @return the outputs [modules, ...], equal to those of the modules one by one up to rounding;
   *     nothing if they have to run one by one, such as to say what is wrong with the input
   */
  public Optional<Tensor> call(Tensor x) {
    // A recording would keep the copies of the parameters as they are now.
    if (NoGrad.isRecording()
        || StepGraph.isRecording()
        || Autocast.current().storage().isPresent()) {
      return Optional.empty();
    }
    try {
      return current().map(p -> p.run(x));
    } catch (KilnException e) {
      return Optional.empty();
    }
  }

  private synchronized Optional<BatchPlan> current() {
    long now = 1;
    List<Module> all = new ArrayList<>();
    for (Module m : modules) {
      all.add(m);
      now = now * 31 + m.structure();
    }
    if (now != structure) {
      plan.ifPresent(BatchPlan::close);
      plan = BatchPlan.of(all, everywhere || launchesCount(all));
      structure = now;
    }
    plan.ifPresent(BatchPlan::refresh);
    return plan;
  }

  /**
   * Tells whether fewer, larger ops are worth their price. A processor takes up to half as long
   * again for groups of convolutions as for the convolutions; what a device that records saves is
   * the time between launches.
   */
  private static boolean launchesCount(List<Module> modules) {
    return !modules.isEmpty() && modules.get(0).device().backend().records();
  }
}
