package dev.kiln.bench.peers;

import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The networks of W1, W2, W3 and W5. */
final class Graphs {
  private final GraphBuilder builder;
  private String last = "in";
  private int count;

  private Graphs(IUpdater updater, double decay) {
    builder =
        new NeuralNetConfiguration.Builder()
            .seed(1)
            .updater(updater)
            .l2(decay)
            .convolutionMode(ConvolutionMode.Same)
            .graphBuilder()
            .addInputs("in");
  }

  static ComputationGraphConfiguration mlp(IUpdater updater) {
    Graphs g = new Graphs(updater, 0);
    g.add(new DenseLayer.Builder().nOut(512).activation(Activation.RELU).build());
    g.add(new DenseLayer.Builder().nOut(512).activation(Activation.RELU).build());
    return g.end(InputType.feedForward(784));
  }

  static ComputationGraphConfiguration lenet(IUpdater updater) {
    Graphs g = new Graphs(updater, 0);
    g.add(convolution(32, 5, 1, true, Activation.RELU));
    g.add(maxPool());
    g.add(convolution(64, 5, 1, true, Activation.RELU));
    g.add(maxPool());
    g.add(new DenseLayer.Builder().nOut(1024).activation(Activation.RELU).build());
    // DL4J's dropout acts on the input of its layer, and its number is what is kept.
    return g.end(InputType.convolutional(28, 28, 1), 0.6);
  }

  static ComputationGraphConfiguration resnet(IUpdater updater, double decay) {
    Graphs g = new Graphs(updater, decay);
    g.add(convolution(64, 3, 1, false, Activation.IDENTITY));
    g.normAndRelu();
    int channels = 64;
    for (int out : new int[] {64, 128, 256, 512}) {
      g.block(channels, out);
      g.block(out, out);
      channels = out;
    }
    g.add(new GlobalPoolingLayer.Builder(PoolingType.AVG).build());
    return g.end(InputType.convolutional(32, 32, 3));
  }

  private void block(int in, int out) {
    int stride = in == out ? 1 : 2;
    String start = last;
    add(convolution(out, 3, stride, false, Activation.IDENTITY));
    normAndRelu();
    add(convolution(out, 3, 1, false, Activation.IDENTITY));
    String path = add(new BatchNormalization.Builder().build());
    String shortcut = start;
    if (stride > 1) {
      last = start;
      add(convolution(out, 1, stride, false, Activation.IDENTITY));
      shortcut = add(new BatchNormalization.Builder().build());
    }
    last = "sum" + count++;
    builder.addVertex(last, new ElementWiseVertex(ElementWiseVertex.Op.Add), path, shortcut);
    add(new ActivationLayer(Activation.RELU));
  }

  /** A layer of its own for ReLU: BatchNormalization ignores the activation that it is given. */
  private void normAndRelu() {
    add(new BatchNormalization.Builder().build());
    add(new ActivationLayer(Activation.RELU));
  }

  private static Layer convolution(
      int out, int kernel, int stride, boolean bias, Activation activation) {
    return new ConvolutionLayer.Builder(kernel, kernel)
        .nOut(out)
        .stride(stride, stride)
        .hasBias(bias)
        .activation(activation)
        .build();
  }

  private static Layer maxPool() {
    return new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
        .kernelSize(2, 2)
        .stride(2, 2)
        .build();
  }

  private String add(Layer layer) {
    String name = "layer" + count++;
    builder.addLayer(name, layer, last);
    last = name;
    return name;
  }

  private ComputationGraphConfiguration end(InputType input) {
    return end(input, 1);
  }

  private ComputationGraphConfiguration end(InputType input, double keep) {
    OutputLayer.Builder output =
        new OutputLayer.Builder(LossFunction.MCXENT).nOut(10).activation(Activation.SOFTMAX);
    if (keep < 1) {
      output.dropOut(keep);
    }
    add(output.build());
    return builder.setOutputs(last).setInputTypes(input).build();
  }
}
