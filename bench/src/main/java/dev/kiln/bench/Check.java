package dev.kiln.bench;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.kiln.Device;
import dev.kiln.Generator;
import dev.kiln.Precision;
import dev.kiln.Scope;
import dev.kiln.bench.worker.Samples;
import dev.kiln.bench.worker.Timing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Checks a few pieces of work for regressions: {@code Check BASELINE.json [--write]}.
 *
 * <p>A time is compared as a ratio to that of loops that keep the multiply-add units and the memory
 * busy, taken right before and after it in the same process, so that a slower machine is not a
 * regression. What is compared is the best ratio of several rounds: other load can make a round
 * slower, never faster. A ratio above the baseline's times the noise that the file states fails.
 */
public final class Check {
  private static final List<String> WORKS =
      List.of("W1", "W2", "W5.b1", "W6.matmul512", "W6.softmax");
  private static final int ROUNDS = 3;
  private static final int MOST_ROUNDS = 12;
  private static final double NOISE = 2;

  private final Device device = Device.cpu();
  private final Runnable flops = CpuPeak.flopsLoop(2);
  private final Runnable bytes = CpuPeak.bytesLoop(2);

  private Check() {
    Device.setDefault(device);
  }

  /**
   * Runs the check and exits with 1 if there is a regression.
   *
   * @param args the file of the baseline, and whether to write it
   * @throws IOException if it cannot be read or written
   */
  public static void main(String[] args) throws IOException {
    Path file = Path.of(args[0]);
    boolean write = args.length > 1 && args[1].equals("--write");
    if (!write && !Files.exists(file)) {
      System.err.println(
          "bench/check: there is no baseline " + file + "; write one on a quiet machine: --write");
      System.exit(2);
    }
    System.exit(new Check().run(file, write) ? 0 : 1);
  }

  private boolean run(Path file, boolean write) throws IOException {
    JsonObject baseline = new JsonObject();
    JsonObject known = new JsonObject();
    double noise = NOISE;
    if (!write) {
      JsonObject read = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      known = read.getAsJsonObject("ratios");
      noise = read.get("noise").getAsDouble();
    }
    boolean good = true;
    for (String name : WORKS) {
      double limit = write ? 0 : known.get(name).getAsDouble() * noise;
      double ratio = best(name, limit, write ? MOST_ROUNDS : ROUNDS);
      baseline.addProperty(name, ratio);
      boolean fine = write || ratio <= limit;
      good &= fine;
      System.out.printf(
          Locale.ROOT,
          "%-14s %8.3f  at most %8.3f  %s%n",
          name,
          ratio,
          limit,
          write ? "written" : fine ? "ok" : "SLOWER");
    }
    if (write) {
      JsonObject all = new JsonObject();
      all.addProperty("noise", NOISE);
      all.add("ratios", baseline);
      Files.writeString(file, new GsonBuilder().setPrettyPrinting().create().toJson(all) + "\n");
    }
    return good;
  }

  /** The best ratio of some rounds, or of more while it is above the limit. */
  private double best(String name, double limit, int rounds) {
    Task task = Bench.all().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
    Generator.manualSeed(1);
    List<Double> ratios = new ArrayList<>();
    try (Scope all = Scope.open("check")) {
      Runnable run = task.make().apply(new Setting(device, Precision.FP32));
      Timing.of(device::sync, run, 3, 0);
      calibration();
      while (ratios.size() < rounds
          || (new Samples(ratios).best() > limit && ratios.size() < MOST_ROUNDS)) {
        double before = calibration();
        double time = Timing.of(device::sync, run, 0, 0.4).samples().best();
        double after = calibration();
        ratios.add(time / Math.max(before, after));
      }
    }
    return new Samples(ratios).best();
  }

  /** The time of one loop of each kind. */
  private double calibration() {
    return Timing.of(() -> {}, flops, 0, 0.1).samples().best()
        + Timing.of(() -> {}, bytes, 0, 0.1).samples().best();
  }
}
