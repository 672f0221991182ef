package dev.kiln.ops;

import dev.kiln.DType;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.autograd.Autograd;
import dev.kiln.autograd.Edge;
import dev.kiln.autograd.NoGrad;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The forward-backward recursion of connectionist temporal classification, in logarithms, for a
 * whole batch at a time. Graves et al. 2006, equations 5 to 16.
 *
 * <p>A state is a place in the labels with blanks between them and around: blank, label, blank, ...
 * blank, 2 labels + 1 in all.
 */
final class Ctc {
  private static final String OP = "ctc_loss";
  private static final double NEVER = Double.NEGATIVE_INFINITY;

  /** So improbable that nothing is left of it, but a number, whose slope is one too. */
  private static final double HARDLY = -1e30;

  private final Tensor given;
  private final Tensor logProbs;
  private final Tensor states;
  private final Tensor skips;
  private final Tensor inputLengths;
  private final Tensor targetLengths;

  /** [steps, batch, classes]. */
  private Ctc(
      Tensor given,
      Tensor logProbs,
      Tensor states,
      Tensor skips,
      Tensor inputLengths,
      Tensor targetLengths) {
    this.given = given;
    this.logProbs = logProbs;
    this.states = states;
    this.skips = skips;
    this.inputLengths = inputLengths;
    this.targetLengths = targetLengths;
  }

  static Ctc of(
      Tensor logProbs, Tensor targets, Tensor inputLengths, Tensor targetLengths, long blank) {
    Check.floating(OP, "log_probs", logProbs);
    Check.backend(OP, logProbs, targets);
    ShapeRules.require(
        logProbs.dim() == 3 || logProbs.dim() == 2,
        () ->
            "["
                + OP
                + "] log_probs "
                + logProbs.describe()
                + " must be [steps, batch, classes] or [steps, classes]");
    ShapeRules.require(
        blank >= 0 && blank < logProbs.size(-1),
        () -> "[" + OP + "] blank " + blank + " is no class of log_probs " + logProbs.describe());
    return NoGrad.run(
        () -> {
          Tensor x = logProbs.detach();
          Tensor steps = x.dim() == 2 ? x.unsqueeze(1) : x;
          long n = steps.size(1);
          long[] ins = lengths("input_lengths", inputLengths, n);
          long[] outs = lengths("target_lengths", targetLengths, n);
          Tensor labels = padded(Check.index(OP, "targets", targets), outs);
          inside("input length", ins, steps.size(0), "steps of log_probs " + x.describe());
          inside("target length", outs, labels.size(1), "labels of targets " + targets.describe());
          Tensor counted =
              Tensor.arange(labels.size(1), x.device())
                  .lt(Tensor.of(outs, x.device()).unsqueeze(1));
          Tensor states = states(labels.where(counted, Elementwise.constant(labels, blank)), blank);
          return new Ctc(
              logProbs,
              steps,
              states,
              skips(states),
              Tensor.of(ins, x.device()).unsqueeze(1),
              Tensor.of(outs, x.device()).unsqueeze(1));
        });
  }

  private static long[] lengths(String role, Tensor lengths, long batch) {
    long[] all = Check.index(OP, role, lengths).toLongArray();
    ShapeRules.require(
        lengths.dim() <= 1 && all.length == batch,
        () ->
            "[" + OP + "] " + role + " " + lengths.describe() + " must hold " + batch + " numbers");
    return all;
  }

  private static void inside(String what, long[] lengths, long most, String of) {
    for (long length : lengths) {
      ShapeRules.require(
          length >= 0 && length <= most,
          () -> "[" + OP + "] " + what + " " + length + " is outside 0 to the " + most + " " + of);
    }
  }

  /** Labels as [batch, longest]; what lies behind an example's last label means nothing. */
  private static Tensor padded(Tensor labels, long[] lengths) {
    if (labels.dim() == 2) {
      ShapeRules.require(
          labels.size(0) == lengths.length,
          () ->
              "["
                  + OP
                  + "] targets "
                  + labels.describe()
                  + " must have a row for each of the "
                  + lengths.length
                  + " examples");
      return labels;
    }
    ShapeRules.rank(OP, "targets", labels, 1, "[batch, longest], or all in one vector,");
    if (lengths.length == 1) {
      return labels.unsqueeze(0);
    }
    long total = Arrays.stream(lengths).sum();
    ShapeRules.require(
        total == labels.numel() && Arrays.stream(lengths).allMatch(length -> length >= 0),
        () ->
            "["
                + OP
                + "] targets "
                + labels.describe()
                + " must hold as many labels as the target lengths "
                + Arrays.toString(lengths)
                + " add up to");
    int longest = Math.toIntExact(Arrays.stream(lengths).max().orElse(0));
    long[] at = new long[lengths.length * longest];
    long start = 0;
    for (int i = 0; i < lengths.length; i++) {
      for (int j = 0; j < lengths[i]; j++) {
        at[i * longest + j] = start + j;
      }
      start += lengths[i];
    }
    return at.length == 0
        ? labels.reshape(lengths.length, 0)
        : labels.gather(0, Tensor.of(at, labels.device())).reshape(lengths.length, longest);
  }

  private static Tensor states(Tensor labels, long blank) {
    Tensor blanks = Tensor.full(labels.shape(), blank, DType.INT64, labels.device());
    Tensor pairs =
        Shaping.stack(List.of(blanks, labels), 2).reshape(labels.size(0), 2 * labels.size(1));
    Tensor last = Tensor.full(Shape.of(labels.size(0), 1), blank, DType.INT64, labels.device());
    return Shaping.cat(List.of(pairs, last), 1);
  }

  private Tensor nobody() {
    return Tensor.full(Shape.of(states.size(0)), 0, DType.BOOL, states.device());
  }

  /** Where a state may follow the one two before it: labels that differ. */
  private static Tensor skips(Tensor states) {
    long n = states.size(1);
    if (n < 3) {
      return Tensor.full(states.shape(), 0, DType.BOOL, states.device());
    }
    // A blank equals the blank before it, so only labels remain.
    Tensor differ = states.narrow(1, 2, n - 2).ne(states.narrow(1, 0, n - 2));
    return Shaping.padConstant(differ, 0, 2, 0);
  }

  /** The number of labels of each example, and 1 where there is none; [batch]. */
  Tensor atLeastOneLabel() {
    return targetLengths.squeeze(1).to(logProbs.dtype()).clamp(1, Double.POSITIVE_INFINITY);
  }

  /** The losses of the examples, [batch]. */
  Tensor loss(boolean zeroInfinity) {
    boolean recorded = Autograd.records(given);
    Tensor emitted = emitted();
    List<Tensor> forward = NoGrad.run(() -> forward(emitted, recorded));
    Tensor likelihood =
        NoGrad.run(
            () -> {
              Tensor last = forward.get(forward.size() - 1);
              return Reductions.logsumexp(
                  last.where(isFinal(), Elementwise.constant(last, NEVER)), new int[] {1}, true);
            });
    Tensor impossible = likelihood.detach().eq(NEVER);
    Tensor loss = NoGrad.run(() -> likelihood.squeeze(1).neg());
    Tensor y =
        zeroInfinity
            ? NoGrad.run(
                () -> Elementwise.where(impossible.squeeze(1), Elementwise.constant(loss, 0), loss))
            : loss;
    return Autograd.record(
        OP,
        y,
        Edge.of(
            given,
            dy -> {
              return NoGrad.isRecording()
                  ? differentiableGradient(dy, zeroInfinity ? impossible.squeeze(1) : nobody())
                  : gradient(dy, forward, emitted, likelihood, impossible, zeroInfinity);
            }));
  }

  /** The log-probability of each state's class at each step, [steps, batch, states]. */
  private Tensor emitted() {
    long steps = logProbs.size(0);
    Shape shape = Shape.of(steps, states.size(0), states.size(1));
    return NoGrad.run(() -> logProbs.gather(2, Shaping.expand(states.unsqueeze(0), shape)));
  }

  private Tensor stateNumbers() {
    return Tensor.arange(states.size(1), states.device());
  }

  /** Marks the last label of each example and the blank after it. */
  private Tensor isFinal() {
    Tensor end = targetLengths.mul(2);
    Tensor at = stateNumbers();
    return Elementwise.logicalAnd(at.le(end), at.ge(end.sub(1)));
  }

  private Tensor runs(int step) {
    return inputLengths.gt(step);
  }

  /**
   * Sums over all beginnings: element t is the logarithm of the probability of the first t steps
   * that end in each state. Element 0 stands before the first step; only the last is kept unless
   * all are asked for.
   */
  private List<Tensor> forward(Tensor emitted, boolean all) {
    Tensor state = start(NEVER);
    List<Tensor> kept = new ArrayList<>();
    for (int t = 0; t < emitted.size(0); t++) {
      Tensor before = state;
      int step = t;
      state =
          scoped(
              () -> {
                Tensor next = follow(before, NEVER).add(emitted.select(0, step));
                return next.where(runs(step), before);
              });
      if (all) {
        kept.add(state);
      } else if (t > 0) {
        before.close();
      }
    }
    if (!all || kept.isEmpty()) {
      kept.add(state);
    }
    return kept;
  }

  /** Before the first step, as if in state 0: from there states 0 and 1 can be entered. */
  private Tensor start(double never) {
    Tensor zero = Tensor.zeros(states.shape(), logProbs.dtype(), logProbs.device());
    return zero.where(stateNumbers().eq(0), Elementwise.constant(zero, never));
  }

  /** Sums the probabilities of the states that each may follow. */
  private Tensor follow(Tensor before, double never) {
    long n = states.size(1);
    Tensor padded = Shaping.padConstant(before, never, 2, 0);
    Tensor two = padded.narrow(1, 0, n);
    Tensor skipped = two.where(skips, Elementwise.constant(two, never));
    return logAdd(before, padded.narrow(1, 1, n), skipped);
  }

  private static Tensor logAdd(Tensor... terms) {
    return Reductions.logsumexp(Shaping.stack(List.of(terms), 0), new int[] {0}, false);
  }

  private interface Work {
    Tensor run();
  }

  /** Frees a step's temporaries at once, as a long sequence has many. */
  private static Tensor scoped(Work work) {
    try (Scope scope = Scope.open(OP)) {
      return scope.keep(work.run());
    }
  }

  private Tensor gradient(
      Tensor dy,
      List<Tensor> forward,
      Tensor emitted,
      Tensor likelihood,
      Tensor impossible,
      boolean zeroInfinity) {
    Tensor dx = Tensor.zeros(logProbs.shape(), logProbs.dtype(), logProbs.device());
    Tensor scale = dy.unsqueeze(1);
    Tensor never = Elementwise.constant(likelihood, NEVER);
    Tensor zero = Elementwise.constant(likelihood, 0);
    Tensor ends = Elementwise.where(isFinal(), zero, never);
    Tensor rest = ends;
    for (int t = Math.toIntExact(emitted.size(0)) - 1; t >= 0; t--) {
      Tensor after = rest;
      int step = t;
      // Sums over all endings: the probability of the steps after t, from each state at t.
      rest =
          step + 1 == emitted.size(0)
              ? ends
              : scoped(
                  () ->
                      precede(after.add(emitted.select(0, step + 1))).where(runs(step + 1), ends));
      Tensor from = rest;
      try (Scope scope = Scope.open(OP)) {
        Tensor posterior = forward.get(step).add(from).sub(likelihood).exp();
        Tensor none = Tensor.zeros(logProbs.select(0, 0).shape(), dx.dtype(), dx.device());
        Tensor byClass = Indexing.scatterAdd(none, 1, states, posterior);
        Tensor slope = logProbs.select(0, step).exp().sub(byClass).mul(scale);
        Tensor counts = runs(step);
        Tensor kept =
            zeroInfinity
                ? Elementwise.where(impossible, Elementwise.constant(slope, 0), slope)
                : slope;
        dx.select(0, step).copyFrom(kept.where(counts, Elementwise.constant(slope, 0)));
      }
    }
    return Shaping.reshape(dx, given.shape().dims());
  }

  /** Sums the probabilities of the states that may follow each. */
  private Tensor precede(Tensor after) {
    long n = states.size(1);
    Tensor never = Elementwise.constant(after, NEVER);
    Tensor skipped = after.where(skips, never);
    Tensor one = Shaping.padConstant(after, NEVER, 0, 2).narrow(1, 1, n);
    Tensor two = Shaping.padConstant(skipped, NEVER, 0, 2).narrow(1, 2, n);
    return logAdd(after, one, two);
  }

  /**
   * The same gradient as part of a graph: that of the recursion composed of differentiable ops, and
   * the share of {@link #gradient} that assumes that probabilities add up to 1.
   */
  private Tensor differentiableGradient(Tensor dy, Tensor leftOut) {
    Tensor steps = given.dim() == 2 ? given.unsqueeze(1) : given;
    Shape shape = Shape.of(steps.size(0), states.size(0), states.size(1));
    Tensor emitted = steps.gather(2, Shaping.expand(states.unsqueeze(0), shape));
    Tensor state = start(HARDLY);
    for (int t = 0; t < steps.size(0); t++) {
      Tensor next = follow(state, HARDLY).add(emitted.select(0, t));
      state = next.where(runs(t), state);
    }
    Tensor last = state.where(isFinal(), Elementwise.constant(state, HARDLY));
    Tensor loss = Reductions.logsumexp(last, new int[] {1}, false).neg();
    Tensor weight = Elementwise.where(leftOut, Elementwise.constant(dy, 0), dy);
    // As the weight of the result, not a factor: dy may itself depend on the input.
    Tensor slope = Autograd.grad(List.of(loss), List.of(weight), List.of(given), true, true).get(0);
    Tensor counts = Tensor.arange(steps.size(0), states.device()).unsqueeze(1);
    Tensor shares =
        steps
            .exp()
            .mul(weight.unsqueeze(1))
            .mul(counts.lt(inputLengths.squeeze(1)).unsqueeze(2).to(dy.dtype()));
    return slope.add(shares.reshape(given.shape().dims()));
  }
}
