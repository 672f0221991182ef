package dev.kiln.ensemble;

import dev.kiln.Device;
import dev.kiln.KilnException;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.NoGrad;
import dev.kiln.data.DataLoader;
import dev.kiln.data.Dataset;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Loss;
import dev.kiln.nn.Module;
import dev.kiln.nn.ModuleList;
import dev.kiln.ops.Shaping;
import dev.kiln.optim.Adam;
import dev.kiln.optim.CosineAnnealingLR;
import dev.kiln.train.Predictions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Models whose predictions are the input of another model, which has learnt whom to trust on what.
 * Wolpert 1992.
 *
 * <pre>{@code
 * Stacking stacking = Stacking.builder().folds(5).seed(42).fit(trainData, learners);
 * }</pre>
 *
 * <p>Children: {@code members.0}, {@code members.1}, ..., and {@code meta}, a linear layer from all
 * members' log-probabilities, [n, members x classes], to scores [n, classes]. What it learns from
 * are out-of-fold predictions: those of members trained without the example they predict.
 */
public final class Stacking extends Module {
  private final ModuleList members;
  private final Linear meta;

  /**
   * Stacks models; the meta-model starts as the mean of their log-probabilities.
   *
   * @param members one or more, on one device
   * @param classes how many scores each gives
   */
  public Stacking(List<? extends Module> members, int classes) {
    if (members.isEmpty() || classes < 1) {
      throw new KilnException(
          "[stacking] %d members and %d classes; give one or more of each"
              .formatted(members.size(), classes));
    }
    int n = members.size();
    this.members = module("members", new ModuleList());
    members.forEach(this.members::add);
    this.meta = module("meta", new Linear((long) n * classes, classes));
    float[] mean = new float[classes * n * classes];
    for (int c = 0; c < classes; c++) {
      for (int m = 0; m < n; m++) {
        mean[c * n * classes + m * classes + c] = 1f / n;
      }
    }
    try (Scope scope = Scope.open("stacking");
        NoGrad off = NoGrad.open()) {
      meta.to(members.get(0).device());
      List<Tensor> parameters = meta.parameters();
      Shape shape = parameters.get(0).shape();
      parameters.get(0).copyFrom(Tensor.of(mean, shape, meta.device()));
      parameters.get(1).fill(0);
    }
  }

  @Override
  public Tensor forward(Tensor x) {
    List<Tensor> scores = new ArrayList<>();
    for (Module m : members) {
      scores.add(m.call(x).logSoftmax(1));
    }
    return meta.call(Shaping.cat(scores, 1));
  }

  /** Returns the number of members. */
  public int size() {
    return members.size();
  }

  /** Returns a member by its position, from 0. */
  public Module member(int index) {
    return members.get(index);
  }

  /** Returns the model of the members' log-probabilities. */
  public Module meta() {
    return meta;
  }

  /** Starts a description of how to fit: 5 folds, seed 0, batches of 256, 300 steps at 0.02. */
  public static Builder builder() {
    return new Builder();
  }

  /** Describes how members and meta-model are trained. */
  public static final class Builder {
    private int folds = 5;
    private long seed;
    private int batchSize = 256;
    private int steps = 300;
    private double lr = 0.02;
    private UnaryOperator<Tensor> input = UnaryOperator.identity();

    private Builder() {}

    /** Sets how many parts the data are cut into; 2 or more. */
    public Builder folds(int value) {
      folds = value;
      return this;
    }

    /** Sets the key of the folds. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /** Sets how many examples are predicted at once. */
    public Builder batchSize(int value) {
      batchSize = value;
      return this;
    }

    /**
     * Sets how the meta-model is trained: by Adam on all examples at once.
     *
     * @param number of steps, 1 or more
     * @param rate the first learning rate; it falls along half a cosine
     */
    public Builder meta(int number, double rate) {
      steps = number;
      lr = rate;
      return this;
    }

    /** Sets what is done to inputs on the device, as the trainer's input transform. */
    public Builder inputTransform(UnaryOperator<Tensor> transform) {
      input = transform;
      return this;
    }

    /**
     * Trains members and meta-model: each learner once without each fold, for the predictions of
     * that fold, and once on all data, for the member.
     *
     * @param data what to learn from: inputs and class labels
     * @param learners one for each member
     * @return the stacked model, its members as they were learnt and the meta-model fitted
     */
    public Stacking fit(Dataset data, List<? extends Learner> learners) {
      if (learners.isEmpty()) {
        throw new KilnException("[stacking] there are no learners; give one or more");
      }
      try (Scope scope = Scope.open("stacking")) {
        Predictions out = outOfFold(data, learners);
        int classes = (int) out.scores().size(1) / learners.size();
        List<Module> members = new ArrayList<>();
        learners.forEach(l -> members.add(l.learn(data)));
        Stacking stacking = new Stacking(members, classes);
        train(stacking.meta, out);
        return stacking;
      }
    }

    /**
     * Predicts every example by members that have not seen it.
     *
     * @param data what to learn from
     * @param learners one for each member
     * @return log-probabilities [n, members x classes] and targets, both in the order of the folds
     */
    public Predictions outOfFold(Dataset data, List<? extends Learner> learners) {
      List<Tensor> rows = new ArrayList<>();
      List<Tensor> targets = new ArrayList<>();
      for (KFold.Fold fold : KFold.of(data.size(), folds, seed)) {
        List<Tensor> columns = new ArrayList<>();
        for (Learner learner : learners) {
          Module m = learner.learn(fold.train(data));
          Predictions p = Predictions.of(m, loader(fold.held(data), m.device()), input);
          columns.add(NoGrad.run(() -> p.scores().logSoftmax(1)));
          if (columns.size() == 1) {
            targets.add(p.targets());
          }
        }
        rows.add(Shaping.cat(columns, 1));
      }
      return new Predictions(Shaping.cat(rows, 0), Shaping.cat(targets, 0));
    }

    private DataLoader loader(Dataset held, Device device) {
      return DataLoader.builder(held).batchSize(batchSize).device(device).build();
    }

    private void train(Linear meta, Predictions out) {
      Loss loss = new CrossEntropyLoss();
      Adam optimizer = Adam.of(meta.parameters(), lr);
      CosineAnnealingLR schedule = CosineAnnealingLR.of(optimizer, steps);
      for (int i = 0; i < steps; i++) {
        try (Scope step = Scope.open("stacking")) {
          optimizer.zeroGrad();
          loss.of(meta.call(out.scores()), out.targets()).backward();
          optimizer.step();
          schedule.step();
        }
      }
      optimizer.zeroGrad();
    }
  }
}
