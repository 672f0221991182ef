package dev.kiln.cuda.sim;

import dev.kiln.Device;
import dev.kiln.Scope;
import dev.kiln.Shape;
import dev.kiln.StepGraph;
import dev.kiln.Tensor;
import dev.kiln.nn.BatchNorm2d;
import dev.kiln.nn.Conv2d;
import dev.kiln.nn.CrossEntropyLoss;
import dev.kiln.nn.Dropout;
import dev.kiln.nn.Flatten;
import dev.kiln.nn.Linear;
import dev.kiln.nn.MaxPool2d;
import dev.kiln.nn.Module;
import dev.kiln.nn.ReLU;
import dev.kiln.nn.Sequential;
import dev.kiln.optim.AdamW;
import dev.kiln.optim.GradientClipping;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A small CNN's training from its weights to its last step: convolutions in all three directions,
 * batch norm, pooling, dropout, a dense layer, clipping, AdamW. The same numbers every time.
 */
final class FaultyTraining implements AutoCloseable {
  static final int STEPS = 5;

  private static final int BATCH = 4;
  private static final int SIDE = 10;
  private static final int CLASSES = 3;

  /** So many that they travel on the copy stream. */
  private static final int BATCHES = 48;

  private final boolean recorded;
  private final Module model;
  private final AdamW optimizer;
  private final Tensor images;
  private final Tensor labels;
  private final StepGraph graph;
  private final List<Double> losses = new ArrayList<>();

  FaultyTraining(Device device, boolean recorded) {
    this.recorded = recorded;
    Device before = Device.defaultDevice();
    Device.setDefault(device);
    try {
      device.generator().seed(11);
      model =
          new Sequential(
              new Conv2d(1, 4, 3),
              new BatchNorm2d(4),
              new ReLU(),
              new MaxPool2d(2),
              new Dropout(0.2),
              new Conv2d(4, 5, 3),
              new Flatten(),
              new Linear(5 * 2 * 2, CLASSES));
    } finally {
      Device.setDefault(before);
    }
    optimizer = AdamW.of(model.parameters(), 0.02);
    float[] pixels = new float[BATCHES * BATCH * SIDE * SIDE];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) Math.sin(i * 0.37 + i / (SIDE * SIDE) % CLASSES);
    }
    long[] classes = new long[BATCHES * BATCH];
    for (int i = 0; i < classes.length; i++) {
      classes[i] = i % CLASSES;
    }
    images = Tensor.of(pixels, Shape.of(BATCHES, BATCH, 1, SIDE, SIDE), device);
    labels = Tensor.of(classes, Shape.of(BATCHES, BATCH), device);
    graph = StepGraph.of(device, in -> step(in.get(0), in.get(1)));
  }

  private Tensor step(Tensor x, Tensor y) {
    optimizer.zeroGrad();
    Tensor loss = new CrossEntropyLoss().of(model.call(x), y);
    loss.backward();
    GradientClipping.norm(model.parameters(), 1);
    optimizer.step();
    return loss;
  }

  /** Takes the next step and notes its loss. */
  void step() {
    int next = losses.size();
    try (Scope scope = Scope.open("step " + next)) {
      Tensor x = images.select(0, next);
      Tensor y = labels.select(0, next);
      Tensor loss = recorded ? graph.run(x, y) : step(x, y);
      losses.add(loss.item());
    }
  }

  /** Takes all steps that are left. */
  void finish() {
    while (losses.size() < STEPS) {
      step();
    }
  }

  /** The losses of the steps so far. */
  List<Double> losses() {
    return losses;
  }

  /** What an update of the weights changes. */
  Map<String, List<Float>> learned() {
    Map<String, List<Float>> all = new TreeMap<>();
    model.namedParameters().forEach((name, t) -> all.put(name, numbers(t)));
    optimizer.state().forEach((name, t) -> all.put(name, numbers(t)));
    return all;
  }

  /** What a forward pass changes: the running statistics. */
  Map<String, List<Float>> seen() {
    Map<String, List<Float>> all = new TreeMap<>();
    model.namedBuffers().forEach((name, t) -> all.put(name, numbers(t)));
    return all;
  }

  private static List<Float> numbers(Tensor t) {
    List<Float> list = new ArrayList<>();
    for (double x : t.toDoubleArray()) {
      list.add((float) x);
    }
    return list;
  }

  @Override
  public void close() {
    graph.close();
  }
}
