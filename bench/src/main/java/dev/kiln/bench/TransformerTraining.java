package dev.kiln.bench;

import dev.kiln.Tensor;
import dev.kiln.nn.Linear;
import dev.kiln.nn.Module;
import dev.kiln.nn.TransformerEncoder;
import dev.kiln.nn.TransformerEncoderLayer;
import dev.kiln.ops.Elementwise;
import dev.kiln.optim.AdamW;

/**
 * W4: transformer encoder of 2 layers, width 256, 4 heads, feed-forward 1024, sequence 128, batch
 * 16, LayerNorm after each part, GELU, no dropout, AdamW; the mean over the sequence goes to a
 * dense layer of 10 and cross-entropy.
 */
final class TransformerTraining {
  private static final int BATCH = 16;
  private static final int LENGTH = 128;
  private static final int WIDTH = 256;
  private static final int INNER = 1024;
  private static final int LAYERS = 2;

  private TransformerTraining() {}

  static Task task() {
    double dense = 4.0 * WIDTH * WIDTH + 2.0 * WIDTH * INNER;
    double attention = 2.0 * LENGTH * WIDTH;
    return Task.of(
        "W4", 2.0 * 3 * BATCH * LENGTH * LAYERS * (dense + attention), TransformerTraining::make);
  }

  private static Runnable make(Setting s) {
    Module model = new Classifier();
    return s.training(
        model, AdamW.of(model.parameters(), 1e-3), s.random(BATCH, LENGTH, WIDTH), s.labels(BATCH));
  }

  private static final class Classifier extends Module {
    private final TransformerEncoder encoder;
    private final Linear head;

    private Classifier() {
      TransformerEncoderLayer.Builder layer =
          TransformerEncoderLayer.builder(WIDTH, 4)
              .dimFeedforward(INNER)
              .dropout(0)
              .activation(Elementwise::gelu)
              .batchFirst(true);
      encoder = module("encoder", new TransformerEncoder(layer, LAYERS));
      head = module("head", new Linear(WIDTH, 10));
    }

    @Override
    public Tensor forward(Tensor x) {
      return head.call(encoder.call(x).mean(1));
    }
  }
}
