package dev.kiln.cli.experiment;

import dev.kiln.Device;
import dev.kiln.data.TrainTest;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Something that is claimed of Kiln, in a form that can be measured again. */
public interface Experiment {
  /** Returns the name on the command line. */
  String name();

  /** Returns one sentence: what is measured. */
  String summary();

  /** Returns how many seeds a whole run takes, unless the user says otherwise. */
  int seeds();

  /**
   * Measures.
   *
   * @param setup with what
   * @return what came out
   */
  Report run(Setup setup);

  /**
   * What an experiment works with.
   *
   * @param device where to compute; also the default device while the experiment runs
   * @param data Fashion-MNIST, or in a quick run perhaps its sample
   * @param quick true for tiny sizes, which only show that everything works
   * @param seeds one per repetition
   * @param log takes a line whenever a part is done
   */
  record Setup(
      Device device, TrainTest data, boolean quick, List<Long> seeds, Consumer<String> log) {}

  /**
   * What came out.
   *
   * @param table rows of cells to print, the header first
   * @param csv rows of cells for the file, the header first: each measurement on its own
   * @param plots pictures by name, without ending
   * @param claims what should hold
   */
  record Report(
      List<String[]> table,
      List<String[]> csv,
      Map<String, BufferedImage> plots,
      List<Claim> claims) {}

  /**
   * A sentence that the numbers bear out, or do not.
   *
   * @param sentence such as {@code transfer beats training from scratch at 10 images per class}
   * @param holds whether they do
   */
  record Claim(String sentence, boolean holds) {}
}
