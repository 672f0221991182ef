package dev.kiln.cli;

import dev.kiln.Tensor;
import dev.kiln.optim.Adagrad;
import dev.kiln.optim.Adam;
import dev.kiln.optim.AdamW;
import dev.kiln.optim.Optimizer;
import dev.kiln.optim.RMSprop;
import dev.kiln.optim.SGD;
import java.util.List;

/** The optimizers that the commands know, each with a learning rate that suits most nets. */
enum OptimizerChoice {
  /** Adam with decoupled weight decay. */
  ADAMW("adamw", 2e-3, 0.01),
  /** Adam. */
  ADAM("adam", 2e-3, 0),
  /** Stochastic gradient descent with Nesterov's momentum of 0.9. */
  SGD_NESTEROV("sgd", 0.05, 5e-4),
  /** RMSprop. */
  RMSPROP("rmsprop", 5e-4, 0),
  /** Adagrad. */
  ADAGRAD("adagrad", 1e-2, 0);

  private final String label;
  private final double lr;
  private final double weightDecay;

  OptimizerChoice(String label, double lr, double weightDecay) {
    this.label = label;
    this.lr = lr;
    this.weightDecay = weightDecay;
  }

  /** Returns the name as the command line has it. */
  @Override
  public String toString() {
    return label;
  }

  double lr() {
    return lr;
  }

  double weightDecay() {
    return weightDecay;
  }

  Optimizer make(List<Tensor> parameters, double rate, double decay) {
    return switch (this) {
      case ADAMW -> AdamW.builder(parameters).lr(rate).weightDecay(decay).build();
      case ADAM -> Adam.builder(parameters).lr(rate).weightDecay(decay).build();
      case SGD_NESTEROV ->
          SGD.builder(parameters).lr(rate).weightDecay(decay).momentum(0.9).nesterov(true).build();
      case RMSPROP -> RMSprop.builder(parameters).lr(rate).weightDecay(decay).build();
      case ADAGRAD -> Adagrad.builder(parameters).lr(rate).weightDecay(decay).build();
    };
  }
}
