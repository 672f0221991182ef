package dev.kiln.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ComparisonTableTest {
  private static final Task TASK =
      Task.of(
          "W1",
          4e9,
          s -> {
            throw new IllegalStateException("nothing runs here");
          });

  private static Score score(Contestant who, String... rounds) {
    Score score = new Score(who, TASK);
    for (String round : rounds) {
      score.add(JsonParser.parseString(round).getAsJsonObject());
    }
    return score;
  }

  private static String round(String samples) {
    return "{version: 'v', samples_ms: "
        + samples
        + ", first_ms: 70, heap_bytes: 2048, peak_bytes: 0, resident_bytes: 104857600}";
  }

  @Test
  void kilnAgainstTheFastestPeer() {
    Score kiln = score(Contestant.kiln("cpu"), round("[10, 20]"), round("[20, 30]"));
    Score slow = score(Contestant.peer("slow", ""), round("[90]"));
    Score fast = score(Contestant.peer("fast", ""), round("[30]"));
    Score none = score(Contestant.peer("none", ""), "{left_out: 'it cannot'}");
    Score peak = score(Contestant.kiln("cpu"), round("[5, 8]"));
    List<String> lines =
        new ComparisonTable(List.of(kiln, slow, fast, none), Map.of("cpu peak.flops", peak))
            .text()
            .lines()
            .filter(l -> l.startsWith("W1"))
            .toList();
    // 4 GFLOP in 20 ms are 200 GFLOP/s, a quarter of the best 800.
    assertThat(lines.get(0).split(" +"))
        .contains("kiln", "20.0000", "1.50", "200.0", "25.0", "100", "70.0", "2.0");
    assertThat(lines.get(1).split(" +")).contains("slow", "0.33");
    assertThat(lines.get(2).split(" +")).contains("fast", "3.00");
    assertThat(lines.get(3)).endsWith("- it cannot");
  }

  @Test
  void theResultsAsJson() {
    JsonObject line = score(Contestant.kiln("cpu"), round("[10, 20, 40]")).json();
    assertThat(line.get("median_ms").getAsDouble()).isEqualTo(20);
    assertThat(line.get("gflops").getAsDouble()).isEqualTo(200);
    assertThat(line.get("memory_bytes").getAsLong()).isEqualTo(104857600);
  }
}
