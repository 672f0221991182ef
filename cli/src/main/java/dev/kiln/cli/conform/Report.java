package dev.kiln.cli.conform;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;

/**
 * The results of a run.
 *
 * @param device where it ran
 * @param results one for each case, in order
 */
public record Report(String device, List<Result> results) {
  /** Copies the list. */
  public Report {
    results = List.copyOf(results);
  }

  /** Returns how many cases passed. */
  public long passed() {
    return results.stream().filter(Result.Pass.class::isInstance).count();
  }

  /** Returns how many cases ask for ops that Kiln does not have. */
  public long unsupported() {
    return results.stream().filter(Result.Unsupported.class::isInstance).count();
  }

  /** Returns how many cases failed. */
  public long failed() {
    return results.size() - passed() - unsupported();
  }

  /** Tells whether there are cases and every one passed. */
  public boolean allPassed() {
    return !results.isEmpty() && passed() == results.size();
  }

  /** Returns the last line. */
  public String summary() {
    return passed() + " passed, " + failed() + " failed, " + unsupported() + " unsupported";
  }

  /** Returns the report as JSON. */
  public String toJson() {
    JsonObject root = new JsonObject();
    root.addProperty("device", device);
    root.addProperty("passed", passed());
    root.addProperty("failed", failed());
    root.addProperty("unsupported", unsupported());
    JsonArray cases = new JsonArray();
    results.forEach(r -> cases.add(toJson(r)));
    root.add("cases", cases);
    return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(root) + "\n";
  }

  private static JsonObject toJson(Result result) {
    JsonObject object = new JsonObject();
    object.addProperty("name", result.name());
    object.addProperty("file", result.file());
    if (result instanceof Result.Pass p) {
      object.addProperty("op", p.op());
      object.addProperty("result", "pass");
    } else if (result instanceof Result.Unsupported u) {
      object.addProperty("op", u.op());
      object.addProperty("result", "unsupported");
    } else if (result instanceof Result.Wrong w) {
      object.addProperty("op", w.op());
      object.addProperty("result", "fail");
      object.addProperty("value", w.difference().value());
      object.addProperty("index", w.difference().index());
      object.addProperty("got", w.difference().got());
      object.addProperty("want", w.difference().want());
      object.addProperty("tolerance", w.difference().tolerance());
    } else if (result instanceof Result.Broken b) {
      object.addProperty("op", b.op());
      object.addProperty("result", "fail");
      object.addProperty("message", b.reason());
    }
    return object;
  }
}
