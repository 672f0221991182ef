package dev.kiln.data.augment;

/**
 * Where an output image is read in its input: the point (x, y) at {@code (a x + b y + c, d x + e y
 * + f)}, in pixels, the upper left corner of an image being (0, 0).
 */
record Affine(double a, double b, double c, double d, double e, double f) {
  static final Affine IDENTITY = new Affine(1, 0, 0, 0, 1, 0);

  /** Reads at points moved by so many pixels. */
  static Affine shift(double x, double y) {
    return new Affine(1, 0, x, 0, 1, y);
  }

  static Affine scale(double x, double y) {
    return new Affine(x, 0, 0, 0, y, 0);
  }

  /** Mirrors left and right. */
  static Affine mirrorColumns(Size size) {
    return new Affine(-1, 0, size.w(), 0, 1, 0);
  }

  /** Mirrors top and bottom. */
  static Affine mirrorRows(Size size) {
    return new Affine(1, 0, 0, 0, -1, size.h());
  }

  /** Turns the image counter-clockwise, about its upper left corner; quarter turns are exact. */
  static Affine turn(double degrees) {
    double quarter = degrees / 90;
    double rest = Math.toRadians((quarter - Math.rint(quarter)) * 90);
    double cos = Math.cos(rest);
    double sin = Math.sin(rest);
    return switch ((int) Math.floorMod((long) Math.rint(quarter), 4L)) {
      case 0 -> linear(cos, -sin, sin, cos);
      case 1 -> linear(-sin, -cos, cos, -sin);
      case 2 -> linear(-cos, sin, -sin, -cos);
      default -> linear(sin, cos, -cos, sin);
    };
  }

  private static Affine linear(double a, double b, double d, double e) {
    return new Affine(a + 0.0, b + 0.0, 0, d + 0.0, e + 0.0, 0);
  }

  /**
   * Slants, keeping areas: columns are read further down by y of their place, then rows further to
   * the right by x of theirs.
   */
  static Affine shear(double x, double y) {
    return new Affine(1 + x * y, x, 0, y, 1, 0);
  }

  /** The same about the middle of an image. */
  Affine about(Size size) {
    double x = size.w() / 2.0;
    double y = size.h() / 2.0;
    return shift(x, y).after(this).after(shift(-x, -y));
  }

  /** Reads where this map leads to from where the other one does: first the other, then this. */
  Affine after(Affine o) {
    return new Affine(
        a * o.a + b * o.d,
        a * o.b + b * o.e,
        a * o.c + b * o.f + c,
        d * o.a + e * o.d,
        d * o.b + e * o.e,
        d * o.c + e * o.f + f);
  }
}
