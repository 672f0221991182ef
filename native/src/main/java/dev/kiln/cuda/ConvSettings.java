package dev.kiln.cuda;

import java.util.Locale;
import java.util.Optional;

/**
 * How convolutions choose their algorithms. Each setting is an environment variable, or the system
 * property in brackets, which comes first; {@code 1} or {@code true} is yes.
 *
 * @param deterministic whether only algorithms are taken that give the same bits every time: {@code
 *     KILN_DETERMINISTIC} ({@code kiln.deterministic}), yes unless it says no
 * @param benchmark whether the algorithms are timed when a shape is first met, as with PyTorch's
 *     {@code torch.backends.cudnn.benchmark}, instead of taken as cuDNN guesses: {@code
 *     KILN_BENCHMARK} ({@code kiln.benchmark}), no unless it says yes
 * @param channelsLast whether 16-bit convolutions are computed with channels last (NHWC), their
 *     operands being transposed before and after: {@code KILN_CHANNELS_LAST} ({@code
 *     kiln.channelsLast}), no unless it says yes
 */
record ConvSettings(boolean deterministic, boolean benchmark, boolean channelsLast) {
  /** Reads the settings of this process. */
  static ConvSettings read() {
    return new ConvSettings(
        flag("kiln.deterministic", "KILN_DETERMINISTIC", true),
        flag("kiln.benchmark", "KILN_BENCHMARK", false),
        flag("kiln.channelsLast", "KILN_CHANNELS_LAST", false));
  }

  private static boolean flag(String property, String variable, boolean otherwise) {
    return Optional.ofNullable(System.getProperty(property))
        .or(() -> Optional.ofNullable(System.getenv(variable)))
        .map(text -> text.trim().toLowerCase(Locale.ROOT))
        .filter(text -> !text.isEmpty())
        .map(text -> text.equals("1") || text.equals("true"))
        .orElse(otherwise);
  }
}
