package dev.kiln.cuda.find;

import java.nio.file.Path;

/**
 * A place that was looked at in vain.
 *
 * @param place the folder or file
 * @param source why it was looked at, such as {@code CUDA_HOME}
 * @param refusal what was wrong with it, as in "is cut short"
 * @param exists whether a file of that name was there
 */
public record Attempt(Path place, String source, String refusal, boolean exists) {
  /** One line of text. */
  @Override
  public String toString() {
    return place + " (" + source + ") " + refusal;
  }
}
