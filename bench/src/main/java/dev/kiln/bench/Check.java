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
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Checks a few pieces of work for regressions: {@code Check BASELINE.json [--write]}.
 *
 * <p>A time is compared as a ratio to that of loops that keep the multiply-add units and the memory
 * busy, taken right before and after it in the same process, so that a slower machine is not a
 * regression. What is compared is the best ratio of several rounds: other load can make a round
 * slower, never faster. A ratio above the baseline's times the noise that the file states fails.
 * Wide vectors change the ratios, so the file has a baseline for each kind of kernels.
 */
public final class Check {
  private static final List<String> WORKS =
      List.of("W1", "W2", "W5.b1", "W6.matmul512", "W6.softmax");
  private static final int ROUNDS = 3;
  private static final int MOST_ROUNDS = 12;
  private static final double NOISE = 2;

  /** Rounds of the loop of multiply-adds; another number would ask for new baselines. */
  private static final int LOOPS = 200_000;

  private static final Pattern KERNELS = Pattern.compile("(\\S+) kernels");

  private final Device device = Device.cpu();
  private final String kernels;
  private final Runnable flops = CpuPeak.flopsLoop(2, LOOPS);
  private final Runnable bytes = CpuPeak.bytesLoop(2);

  private Check() {
    Device.setDefault(device);
    String description = device.backend().description();
    Matcher found = KERNELS.matcher(description);
    kernels = found.find() ? found.group(1) : description;
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
    JsonObject all =
        Files.exists(file)
            ? JsonParser.parseString(Files.readString(file)).getAsJsonObject()
            : new JsonObject();
    Check check = new Check();
    if (write) {
      check.write(all);
      Files.writeString(file, new GsonBuilder().setPrettyPrinting().create().toJson(all) + "\n");
      System.exit(0); // the loops' threads would keep the process
    }
    if (!all.has(check.kernels)) {
      System.err.printf(
          "bench/check: %s has no baseline for %s kernels; write one on a quiet machine: --write%n",
          file, check.kernels);
      System.exit(2);
    }
    System.exit(check.holds(all.getAsJsonObject(check.kernels)) ? 0 : 1);
  }

  private void write(JsonObject all) {
    JsonObject ratios = new JsonObject();
    for (String name : WORKS) {
      double ratio = best(name, 0, MOST_ROUNDS);
      ratios.addProperty(name, ratio);
      System.out.printf(Locale.ROOT, "%-14s %8.3f  written%n", name, ratio);
    }
    JsonObject baseline = new JsonObject();
    baseline.addProperty("noise", NOISE);
    baseline.add("ratios", ratios);
    all.add(kernels, baseline);
  }

  private boolean holds(JsonObject baseline) {
    JsonObject known = baseline.getAsJsonObject("ratios");
    double noise = baseline.get("noise").getAsDouble();
    boolean good = true;
    for (String name : WORKS) {
      double limit = known.get(name).getAsDouble() * noise;
      double ratio = best(name, limit, ROUNDS);
      boolean fine = ratio <= limit;
      good &= fine;
      System.out.printf(
          Locale.ROOT,
          "%-14s %8.3f  at most %8.3f  %s%n",
          name,
          ratio,
          limit,
          fine ? "ok" : "SLOWER");
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
