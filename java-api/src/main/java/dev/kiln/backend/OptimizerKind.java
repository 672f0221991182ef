package dev.kiln.backend;

/**
 * The update rules of the optimizers, with PyTorch's formulas.
 *
 * <p>{@code hyper} is a FLOAT64 vector on the device. Its first two entries are the learning rate
 * and the number of this step (from 1); the rest stand in the order given with each rule. {@code
 * state} lists the state views in the order given; each is as long as the parameters.
 */
public enum OptimizerKind {
  /** lr, step, momentum, dampening, weightDecay, nesterov (0 or 1); state: velocity. */
  SGD(1),
  /** lr, step, lrDecay, weightDecay, eps; state: sum of squares. */
  ADAGRAD(1),
  /**
   * lr, step, beta1, beta2, eps, weightDecay, amsgrad (0 or 1); state: mean, square, max square.
   */
  ADAM(3),
  /** As {@link #ADAM}, with the weight decay applied to the parameters, not the gradient. */
  ADAMW(3),
  /**
   * lr, step, alpha, eps, weightDecay, momentum, centered (0 or 1); state: square, buffer, mean.
   */
  RMSPROP(3);

  /** Index of the learning rate in {@code hyper}. */
  public static final int LR = 0;

  /** Index of the step number in {@code hyper}. */
  public static final int STEP = 1;

  private final int states;

  OptimizerKind(int states) {
    this.states = states;
  }

  /**
   * Returns how many state views the rule takes; those that the settings do not use are empty.
   *
   * @return the number of state views
   */
  public int states() {
    return states;
  }
}
