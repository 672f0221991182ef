package dev.kiln.ensemble;

import dev.kiln.DType;
import dev.kiln.KilnException;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.data.augment.Augment;
import dev.kiln.nn.Module;
import dev.kiln.ops.Rearranging;
import dev.kiln.ops.Shaping;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * A model that looks at several views of each input and combines what it sees.
 *
 * <pre>{@code
 * TestTimeAugmentation tta =
 *     TestTimeAugmentation.builder(model).identity().horizontalFlip().shifts(2).build();
 * }</pre>
 *
 * <p>Child: {@code model}. Views are the same for every input, whatever batch it is in, so the same
 * input always gives the same scores. They run on the input's device, one after another, and add no
 * parameters.
 */
public final class TestTimeAugmentation extends Module {
  private final Module model;
  private final Combining combining;
  private final List<UnaryOperator<Tensor>> views;
  private final Tensor weights;

  private TestTimeAugmentation(Builder b) {
    if (b.views.isEmpty()) {
      throw new KilnException("[tta] there are no views; add identity() and others");
    }
    this.model = module("model", b.model);
    this.combining = b.combining;
    this.views = List.copyOf(b.views);
    this.weights =
        buffer(
            "weights",
            Tensor.full(
                Shape.of(views.size()), 1.0 / views.size(), DType.FLOAT32, b.model.device()));
  }

  /**
   * Starts a list of views.
   *
   * @param model gives scores [n, classes, ...]
   * @return a builder without views, averaging probabilities
   */
  public static Builder builder(Module model) {
    return new Builder(model);
  }

  /** Returns the number of views. */
  public int size() {
    return views.size();
  }

  @Override
  public Tensor forward(Tensor x) {
    List<Tensor> scores = new ArrayList<>();
    for (UnaryOperator<Tensor> view : views) {
      scores.add(model.call(view.apply(x)));
    }
    return combining.combine(Combining.stack(scores), weights);
  }

  @Override
  protected String extraRepr() {
    return views.size() + " views, " + combining.name().toLowerCase(Locale.ROOT);
  }

  /** Collects views of images [n, channels, h, w], or of whatever the model takes. */
  public static final class Builder {
    private final Module model;
    private final List<UnaryOperator<Tensor>> views = new ArrayList<>();
    private Combining combining = Combining.PROBABILITIES;

    private Builder(Module model) {
      this.model = model;
    }

    /** Adds the input as it is. */
    public Builder identity() {
      return view(UnaryOperator.identity());
    }

    /** Adds the image with left and right exchanged. */
    public Builder horizontalFlip() {
      return view(x -> Rearranging.flip(x, 3));
    }

    /** Adds the image with top and bottom exchanged. */
    public Builder verticalFlip() {
      return view(x -> Rearranging.flip(x, 2));
    }

    /**
     * Adds the image shifted up and left, up and right, down and left, down and right; what comes
     * in is 0. With {@link #identity} these are the five crops of a padded image.
     *
     * @param pixels how far, 1 or more
     */
    public Builder shifts(int pixels) {
      if (pixels < 1) {
        throw new KilnException("[tta] shifts by " + pixels + " pixels must be 1 or more");
      }
      for (int corner = 0; corner < 4; corner++) {
        long down = corner / 2 * 2L * pixels;
        long right = corner % 2 * 2L * pixels;
        view(
            x -> {
              Tensor padded = Shaping.padConstant(x, 0, pixels, pixels, pixels, pixels);
              return padded.narrow(2, down, x.size(2)).narrow(3, right, x.size(3)).contiguous();
            });
      }
      return this;
    }

    /**
     * Adds views that an augmentation makes, each with draws of its own, the same for every input.
     *
     * @param augment any pipeline without mixing
     * @param draws how many views
     */
    public Builder augment(Augment augment, int draws) {
      if (draws < 1 || augment.mixes()) {
        throw new KilnException(
            "[tta] %d draws of an augmentation%s; give 1 or more, without mixing"
                .formatted(draws, augment.mixes() ? " that mixes samples" : ""));
      }
      for (int d = 0; d < draws; d++) {
        int draw = d;
        // sample 0 for every input, so that a view does not depend on the place in the batch
        view(x -> augment.apply(x, draw, new int[(int) x.size(0)]));
      }
      return this;
    }

    /**
     * Adds a view of one's own.
     *
     * @param view gives the same for the same input
     */
    public Builder view(UnaryOperator<Tensor> view) {
      views.add(view);
      return this;
    }

    /** Sets how the views' scores become one; unless set, probabilities are averaged. */
    public Builder combining(Combining how) {
      combining = how;
      return this;
    }

    /** Makes the model. */
    public TestTimeAugmentation build() {
      return new TestTimeAugmentation(this);
    }
  }
}
