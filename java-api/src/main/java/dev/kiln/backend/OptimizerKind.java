package dev.kiln.backend;

/**
 * The update rules of the optimizers, with PyTorch's formulas.
 *
 * <p>{@code hyper} is a FLOAT64 vector on the device. Its first entries are the learning rate, the
 * number of this step (from 1) and the scale, by which gradients are multiplied before anything
 * else; a scale of 0 skips the step: parameters and state stay as they are, whatever the gradients
 * hold. The rest stand in the order given with each rule. {@code state} lists the state views in
 * the order given; each is as long as the parameters.
 */
public enum OptimizerKind {
  /** lr, step, scale, momentum, dampening, weightDecay, nesterov (0 or 1); state: velocity. */
  SGD(1),
  /** lr, step, scale, lrDecay, weightDecay, eps; state: sum of squares. */
  ADAGRAD(1),
  /**
   * lr, step, scale, beta1, beta2, eps, weightDecay, amsgrad (0 or 1); state: mean, square, max
   * square.
   */
  ADAM(3),
  /** As {@link #ADAM}, with the weight decay applied to the parameters, not the gradient. */
  ADAMW(3),
  /**
   * lr, step, scale, alpha, eps, weightDecay, momentum, centered (0 or 1); state: square, buffer,
   * mean.
   */
  RMSPROP(3);

  /** Index of the learning rate in {@code hyper}. */
  public static final int LR = 0;

  /** Index of the step number in {@code hyper}. */
  public static final int STEP = 1;

  /** Index of what gradients are multiplied by in {@code hyper}; 0 skips the step. */
  public static final int GRAD_SCALE = 2;

  /** Index of the first entry that only one rule knows. */
  public static final int FIRST_SETTING = 3;

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
