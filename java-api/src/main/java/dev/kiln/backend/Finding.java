package dev.kiln.backend;

import java.util.Objects;
import java.util.Optional;

/**
 * One thing that a type of device depends on, as it was found on this machine.
 *
 * @param what its name, in a few words
 * @param state how it is
 * @param needed whether the device cannot be used without it
 * @param detail what was found and where, in one line
 * @param mend what to do about it: commands, one a line; nothing where all is well or nothing can
 *     be done
 */
public record Finding(
    String what, State state, boolean needed, String detail, Optional<String> mend) {
  /** How a thing is. */
  public enum State {
    /** It is there and good. */
    OK,
    /** It is not there. */
    MISSING,
    /** It is there, and older than what is needed. */
    TOO_OLD,
    /** It is there and does not work. */
    BROKEN,
    /** It is not used here, or was not looked at because of what stands before it. */
    UNUSED
  }

  /** Makes a finding of complete parts. */
  public Finding {
    Objects.requireNonNull(what);
    Objects.requireNonNull(state);
    Objects.requireNonNull(detail);
    Objects.requireNonNull(mend);
  }

  /**
   * Makes a finding that is well.
   *
   * @param what its name
   * @param detail what was found
   * @return the finding
   */
  public static Finding ok(String what, String detail) {
    return new Finding(what, State.OK, true, detail, Optional.empty());
  }

  /**
   * Makes a finding of something that is not used.
   *
   * @param what its name
   * @param detail why not
   * @return the finding
   */
  public static Finding unused(String what, String detail) {
    return new Finding(what, State.UNUSED, false, detail, Optional.empty());
  }

  /**
   * Makes a finding without which the device cannot be used.
   *
   * @param what its name
   * @param state how it is
   * @param detail what was found
   * @param mend what to do; may be empty
   * @return the finding
   */
  public static Finding obstacle(String what, State state, String detail, String mend) {
    return new Finding(what, state, true, detail, Optional.of(mend).filter(m -> !m.isEmpty()));
  }

  /**
   * Makes a finding without which the device can be used, with less speed or fewer messages.
   *
   * @param what its name
   * @param state how it is
   * @param detail what was found
   * @param mend what to do; may be empty
   * @return the finding
   */
  public static Finding flaw(String what, State state, String detail, String mend) {
    return new Finding(what, state, false, detail, Optional.of(mend).filter(m -> !m.isEmpty()));
  }

  /**
   * Says whether the device cannot be used because of it.
   *
   * @return true if it is needed and not well
   */
  public boolean isObstacle() {
    return needed && state != State.OK && state != State.UNUSED;
  }
}
