package dev.kiln.bench;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.kiln.bench.worker.Samples;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a contestant's rounds of one piece of work came to. */
final class Score {
  private final Contestant contestant;
  private final Task task;
  private final List<Double> samples = new ArrayList<>();
  private final List<Double> firsts = new ArrayList<>();
  private final List<Double> roundMedians = new ArrayList<>();
  private double heap = Double.NaN;
  private long memory;
  private String version = "";
  private String failure = "";

  Score(Contestant contestant, Task task) {
    this.contestant = contestant;
    this.task = task;
  }

  Contestant contestant() {
    return contestant;
  }

  Task task() {
    return task;
  }

  String version() {
    return version;
  }

  /** Adds a round, as a worker tells it. */
  void add(JsonObject round) {
    if (round.has("version")) {
      version = round.get("version").getAsString();
    }
    for (String why : List.of("left_out", "error")) {
      if (round.has(why)) {
        failure = (why.equals("error") ? "failed: " : "") + round.get(why).getAsString();
        return;
      }
    }
    List<Double> times = new ArrayList<>();
    for (JsonElement ms : round.getAsJsonArray("samples_ms")) {
      times.add(ms.getAsDouble());
    }
    samples.addAll(times);
    roundMedians.add(new Samples(times).median());
    firsts.add(round.get("first_ms").getAsDouble());
    heap = round.get("heap_bytes").getAsDouble();
    long device = round.get("peak_bytes").getAsLong();
    memory = Math.max(memory, device > 0 ? device : round.get("resident_bytes").getAsLong());
  }

  /** Returns whether it was tried and has no time. */
  boolean failed() {
    return samples.isEmpty() && !failure.isEmpty();
  }

  /** Returns why there is no time, if there is none. */
  Optional<String> failure() {
    return samples.isEmpty() ? Optional.of(failure) : Optional.empty();
  }

  /** Returns the samples of all rounds, in milliseconds. */
  Samples samples() {
    return new Samples(samples);
  }

  double firstMs() {
    return new Samples(firsts).median();
  }

  double heapBytes() {
    return heap;
  }

  /** Returns the most device memory on a GPU, else the most resident memory of the process. */
  long memoryBytes() {
    return memory;
  }

  /** Returns GFLOP/s, or GB/s where the memory's speed is what matters. */
  double rate() {
    return work() / samples().median() / 1e6;
  }

  /** Returns the rate of the fastest sample. */
  double bestRate() {
    return work() / samples().best() / 1e6;
  }

  private double work() {
    return task.flops() > 0 ? task.flops() : task.bytes();
  }

  JsonObject json() {
    JsonObject line = new JsonObject();
    line.addProperty("work", task.name());
    line.addProperty("framework", contestant.name());
    line.addProperty("device", contestant.device());
    if (failure().isPresent()) {
      line.addProperty("error", failure().get());
      return line;
    }
    line.addProperty("median_ms", samples().median());
    line.addProperty("best_ms", samples().best());
    line.addProperty("spread", samples().spread());
    line.addProperty("samples", samples.size());
    line.addProperty("round_medians_ms", roundMedians.toString());
    line.addProperty("first_ms", firstMs());
    line.addProperty(task.flops() > 0 ? "gflops" : "gbytes_per_s", rate());
    line.addProperty("memory_bytes", memory);
    line.addProperty("heap_bytes", heap);
    return line;
  }
}
