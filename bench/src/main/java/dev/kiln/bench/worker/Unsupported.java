package dev.kiln.bench.worker;

/** Says why a framework cannot do some work. */
public final class Unsupported extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says why, in a few words. */
  public Unsupported(String reason) {
    super(reason);
  }
}
