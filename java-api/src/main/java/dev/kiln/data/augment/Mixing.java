package dev.kiln.data.augment;

import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import dev.kiln.ops.Elementwise;

/**
 * Mixing each sample with the next one of its batch: mixup (Zhang et al. 2018) and cutmix (Yun et
 * al. 2019).
 *
 * @param mixup the parameter of mixup's beta distribution; 0: no mixup
 * @param cutmix the parameter of cutmix's; 0: no cutmix
 * @param probability of a sample being mixed at all
 * @param classes how many there are
 */
record Mixing(double mixup, double cutmix, double probability, int classes) {
  /** The columns of a sample: the box that is mixed (its ends), the own share there and in all. */
  static final int WIDTH = 6;

  void draw(SampleDraws r, Size size, float[] out, int at) {
    double own = 1;
    int top = 0;
    int left = 0;
    int bottom = size.h();
    int right = size.w();
    double inBox = 1;
    if (r.chance(probability)) {
      boolean cuts = cutmix > 0 && (mixup == 0 || r.chance(0.5));
      own = r.beta(cuts ? cutmix : mixup);
      inBox = own;
      if (cuts) {
        int y = r.below(size.h());
        int x = r.below(size.w());
        int halfH = (int) (0.5 * Math.sqrt(1 - own) * size.h());
        int halfW = (int) (0.5 * Math.sqrt(1 - own) * size.w());
        top = Math.max(0, y - halfH);
        left = Math.max(0, x - halfW);
        bottom = Math.min(size.h(), y + halfH);
        right = Math.min(size.w(), x + halfW);
        inBox = 0;
        own = 1 - (double) (bottom - top) * (right - left) / ((double) size.h() * size.w());
      }
    }
    float[] row = {top, left, bottom, right, (float) inBox, (float) own};
    System.arraycopy(row, 0, out, at, WIDTH);
  }

  /** Mixes images. */
  static Tensor inputs(Tensor x, Tensor boxes, Tensor partner) {
    Tensor row = Tensor.arange(x.size(2), x.device()).to(DType.FLOAT32).reshape(1, 1, x.size(2), 1);
    Tensor column =
        Tensor.arange(x.size(3), x.device()).to(DType.FLOAT32).reshape(1, 1, 1, x.size(3));
    Tensor inside =
        both(
            both(row.ge(column(boxes, 0)), row.lt(column(boxes, 2))),
            both(column.ge(column(boxes, 1)), column.lt(column(boxes, 3))));
    Tensor box = column(boxes, 4);
    Tensor own = box.expand(inside.shape().dims()).where(inside, one(box));
    if (own.dtype() != x.dtype()) {
      own = own.to(x.dtype());
    }
    return blend(x, x.indexSelect(0, partner), own);
  }

  /**
   * Mixes targets.
   *
   * @param y class numbers [n], or probabilities [n, classes]
   * @return probabilities [n, classes]
   */
  Tensor targets(Tensor y, Tensor boxes, Tensor partner) {
    Tensor shares = y;
    if (y.dim() == 1) {
      Tensor numbers = Tensor.arange(classes, y.device()).reshape(1, classes);
      shares = y.to(DType.INT64).unsqueeze(1).eq(numbers).to(DType.FLOAT32);
    } else if (y.dim() != 2 || y.size(1) != classes) {
      throw Augment.wrong(
          "target %s must be class numbers [n] or probabilities [n,%d]", y.describe(), classes);
    }
    Tensor own = boxes.narrow(1, 5, 1).contiguous().to(shares.dtype());
    return blend(shares, shares.indexSelect(0, partner), own);
  }

  private static Tensor blend(Tensor x, Tensor other, Tensor own) {
    return x.mul(own).add(other.mul(own.neg().add(1)));
  }

  private static Tensor column(Tensor boxes, int k) {
    return boxes.narrow(1, k, 1).contiguous().reshape(boxes.size(0), 1, 1, 1);
  }

  private static Tensor one(Tensor like) {
    return Tensor.ones(Shape.of(1, 1, 1, 1), like.dtype(), like.device());
  }

  private static Tensor both(Tensor a, Tensor b) {
    return Elementwise.logicalAnd(a, b);
  }
}
