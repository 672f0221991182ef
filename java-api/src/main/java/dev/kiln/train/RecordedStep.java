package dev.kiln.train;

import dev.kiln.RecordingException;
import dev.kiln.Scope;
import dev.kiln.StepGraph;
import dev.kiln.Tensor;
import dev.kiln.data.Batch;
import dev.kiln.data.augment.AugmentPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The training step as a device records it: batches are copied to fixed places, and the step is
 * replayed on them, as long as batches have the same shapes and the model stays what it was.
 */
final class RecordedStep implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

  private final Settings s;
  private final Consumer<List<Example>> step;
  private final List<Example> examples = new ArrayList<>();
  private Optional<StepGraph> graph = Optional.empty();
  private boolean possible;
  private long structure;

  /** Input and target of one batch, its size, and what is drawn for it. */
  record Example(Tensor input, Tensor target, long size, Optional<AugmentPlan> plan) {}

  /**
   * Prepares for recording.
   *
   * @param step one update of the weights, from batches on the device
   */
  RecordedStep(Settings settings, Consumer<List<Example>> step) {
    this.s = settings;
    this.step = step;
    this.possible = settings.recordSteps() && settings.device().backend().records();
  }

  /**
   * Runs the step on batches, and closes them, if that can be done by the recording or on the way
   * to one.
   *
   * @return whether it was done; if not, nothing was
   */
  boolean run(List<Batch> batches) {
    if (!possible || batches.size() != s.accumulate()) {
      return false;
    }
    long now = current();
    if (graph.isPresent() && now != structure) {
      close();
    }
    structure = now;
    if (graph.isEmpty()) {
      start(batches);
    }
    if (!fit(batches)) {
      return false;
    }
    for (int i = 0; i < batches.size(); i++) {
      Batch batch = batches.get(i);
      examples.get(i).plan().ifPresent(p -> p.draw(batch.epoch(), batch.indices()));
      batch.copyTo(0, examples.get(i).input());
      batch.copyTo(1, examples.get(i).target());
    }
    try {
      graph.get().run();
    } catch (RecordingException e) {
      LOG.info("training steps are not recorded, which makes them slower: {}", e.getMessage());
      possible = false;
      close();
      return false;
    }
    batches.forEach(Batch::close);
    // the first run packs parameters and makes state: that is no change to what was recorded
    structure = graph.get().isRecorded() ? structure : current();
    return true;
  }

  private long current() {
    return s.model().structure() * 31 + s.optimizer().structure();
  }

  private void start(List<Batch> batches) {
    for (Batch b : batches) {
      Optional<AugmentPlan> plan =
          s.augment().map(a -> Scope.outside(() -> a.plan(b.shape(0), s.device())));
      examples.add(new Example(slot(b, 0), slot(b, 1), b.size(), plan));
    }
    graph = Optional.of(StepGraph.of(s.device(), () -> step.accept(examples)));
  }

  private Tensor slot(Batch batch, int field) {
    return Scope.outside(() -> Tensor.empty(batch.shape(field), batch.dtype(field), s.device()));
  }

  private boolean fit(List<Batch> batches) {
    for (int i = 0; i < batches.size(); i++) {
      Example e = examples.get(i);
      if (!batches.get(i).shape(0).equals(e.input().shape())
          || !batches.get(i).shape(1).equals(e.target().shape())) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() {
    graph.ifPresent(StepGraph::close);
    graph = Optional.empty();
    examples.forEach(
        e -> {
          e.input().close();
          e.target().close();
          e.plan().ifPresent(AugmentPlan::close);
        });
    examples.clear();
  }
}
