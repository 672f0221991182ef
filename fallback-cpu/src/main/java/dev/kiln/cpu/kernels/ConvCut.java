package dev.kiln.cpu.kernels;

import static dev.kiln.cpu.kernels.TiledProduct.divideUp;

/** How a batch is cut into patches: several small images, one image, or bands of one. */
record ConvCut(ConvShape shape, int imagesPerPatch, int bands) {
  private static final int PATCH_PIXELS = 768;
  private static final long PATCH_FLOATS = 160_000;

  private static final int SUMS = 16;
  private static final long SUM_FLOATS = 4_000_000;

  static ConvCut of(ConvShape s, int channels, int threads) {
    long perImage = Patch.size(s, channels, s.outHeight());
    int pixels = s.outPixels();
    int together =
        (int) Math.max(1, Math.min(PATCH_PIXELS / pixels, PATCH_FLOATS / Math.max(1, perImage)));
    if (threads > 1) { // as many patches as make even rounds
      int rounds = divideUp(divideUp(s.images(), together), threads);
      together = Math.max(1, divideUp(s.images(), rounds * threads));
    }
    int bands = 1;
    if (together == 1) {
      long tooLarge = (perImage + PATCH_FLOATS - 1) / PATCH_FLOATS;
      long tooFew = s.images() < threads ? divideUp(2 * threads, s.images()) : 1;
      long wanted = Math.max(tooLarge, Math.min(tooFew, Math.max(1, pixels / 128)));
      int rows = Math.max(Math.min(4, s.outHeight()), (int) (s.outHeight() / wanted));
      bands = divideUp(s.outHeight(), rows);
    }
    return new ConvCut(s, together, bands);
  }

  int patches() {
    return divideUp(shape.images(), imagesPerPatch) * bands;
  }

  /** Parts of the filters, in panels, that are pieces of their own where patches are few. */
  int filterParts(int panels, int threads) {
    if (shape.work() < Pieces.SERIAL_WORK) {
      return 1;
    }
    return Math.min(panels, Math.max(1, divideUp(threads, patches() * shape.groups())));
  }

  /** Sums of {@code size} elements that are kept apart, each over a part of the patches. */
  int sums(int size) {
    return (int) Math.max(1, Math.min(Math.min(patches(), SUMS), SUM_FLOATS / size));
  }

  int image(int patch) {
    return patch / bands * imagesPerPatch;
  }

  int images(int patch) {
    return Math.min(imagesPerPatch, shape.images() - image(patch));
  }

  int row(int patch) {
    return TiledProduct.cut(shape.outHeight(), bands, patch % bands);
  }

  int rows(int patch) {
    return TiledProduct.cut(shape.outHeight(), bands, patch % bands + 1) - row(patch);
  }
}
