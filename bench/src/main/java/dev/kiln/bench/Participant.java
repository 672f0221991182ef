package dev.kiln.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.kiln.bench.worker.Worker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A contestant at one piece of work: a process that has warmed up and takes samples when it is its
 * turn. It never fails; what went wrong is a result too.
 */
final class Participant implements AutoCloseable {
  private static final long MINUTES = 5;

  private final Process process;
  private final BufferedReader output;
  private final Writer input;
  private JsonObject result = error("nothing was measured");
  private boolean ready;

  /** Starts the process and waits until it is ready for its first turn. */
  Participant(ProcessBuilder command) throws IOException {
    process = command.redirectErrorStream(true).start();
    output = process.inputReader(UTF_8);
    input = process.outputWriter(UTF_8);
    await();
  }

  /** Returns whether it can take turns. */
  boolean ready() {
    return ready;
  }

  /** Has it take samples for so many seconds. */
  void turn(double seconds) throws IOException {
    if (ready) {
      input.write(seconds + "\n");
      input.flush();
      await();
    }
  }

  /** Ends it and returns what it says of all its turns. */
  JsonObject finish() throws IOException {
    if (ready) {
      input.close();
      await();
    }
    return result;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** Reads until it is ready again or has said its last. */
  private void await() throws IOException {
    ready = false;
    CompletableFuture<Void> watchdog =
        CompletableFuture.runAsync(
            process::destroyForcibly, CompletableFuture.delayedExecutor(MINUTES, TimeUnit.MINUTES));
    String last = "";
    try {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.equals(Worker.READY)) {
          ready = true;
          return;
        }
        if (line.startsWith(Worker.MARK)) {
          result = JsonParser.parseString(line.substring(Worker.MARK.length())).getAsJsonObject();
          return;
        }
        last = line.isBlank() ? last : line;
      }
    } finally {
      watchdog.cancel(false);
    }
    result = error("ended by itself or after " + MINUTES + " minutes: " + last);
  }

  private static JsonObject error(String message) {
    JsonObject line = new JsonObject();
    line.addProperty("error", message);
    return line;
  }
}
