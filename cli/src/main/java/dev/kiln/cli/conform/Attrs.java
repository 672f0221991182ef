package dev.kiln.cli.conform;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Arrays;

/**
 * An op's attributes, by PyTorch's names; each getter takes the default for one that is left out.
 * Where PyTorch takes a number or a list, so do these.
 */
public final class Attrs {
  private final JsonObject object;

  Attrs(JsonObject object) {
    this.object = object;
  }

  private boolean given(String key) {
    return object.has(key) && !object.get(key).isJsonNull();
  }

  /** Tells whether an attribute is given. */
  public boolean has(String key) {
    return given(key);
  }

  /** Tells whether an attribute is given as a text rather than a number. */
  public boolean isText(String key) {
    return given(key)
        && object.get(key).isJsonPrimitive()
        && object.get(key).getAsJsonPrimitive().isString();
  }

  /** Returns a number. */
  public double number(String key, double byDefault) {
    return given(key) ? Json.number("attrs." + key, object.get(key)) : byDefault;
  }

  /** Returns a number that must be given. */
  public double number(String key) {
    return Json.number("attrs." + key, Json.member("attrs", object, key));
  }

  /** Returns an integer; a list of one counts as its element. */
  public int integer(String key, int byDefault) {
    return given(key) ? integer(key) : byDefault;
  }

  /** Returns an integer that must be given; a list of one counts as its element. */
  public int integer(String key) {
    long[] values = longs(key);
    if (values.length != 1) {
      throw new CaseFormatException("attrs." + key + " must be one integer");
    }
    return Math.toIntExact(values[0]);
  }

  /** Returns true or false. */
  public boolean flag(String key, boolean byDefault) {
    if (!given(key)) {
      return byDefault;
    }
    JsonElement e = object.get(key);
    boolean number = e.isJsonPrimitive() && e.getAsJsonPrimitive().isNumber();
    return number ? Json.number("attrs." + key, e) != 0 : Json.flag("attrs." + key, e);
  }

  /** Returns a text. */
  public String text(String key, String byDefault) {
    return given(key) ? Json.text("attrs." + key, object.get(key)) : byDefault;
  }

  /** Returns a list of integers that must be given; one integer counts as a list of one. */
  public long[] longs(String key) {
    JsonElement e = Json.member("attrs", object, key);
    if (!e.isJsonArray()) {
      return new long[] {Json.integer("attrs." + key, e)};
    }
    JsonArray list = e.getAsJsonArray();
    long[] values = new long[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Json.integer("attrs." + key, list.get(i));
    }
    return values;
  }

  /** Returns a list of integers that must be given; one integer counts as a list of one. */
  public int[] ints(String key) {
    return Arrays.stream(longs(key)).mapToInt(Math::toIntExact).toArray();
  }

  /**
   * Returns a list of integers of a fixed length; one integer stands for all of them, null for the
   * default.
   */
  public int[] ints(String key, int length, int byDefault) {
    int[] all = new int[length];
    if (!given(key)) {
      Arrays.fill(all, byDefault);
      return all;
    }
    JsonElement e = object.get(key);
    JsonArray list = e.isJsonArray() ? e.getAsJsonArray() : new JsonArray();
    int[] values = e.isJsonArray() ? new int[list.size()] : ints(key);
    for (int i = 0; i < list.size(); i++) {
      JsonElement one = list.get(i);
      values[i] = one.isJsonNull() ? byDefault : Math.toIntExact(Json.integer("attrs." + key, one));
    }
    if (values.length == 1) {
      Arrays.fill(all, values[0]);
      return all;
    }
    if (values.length != length) {
      throw new CaseFormatException(
          "attrs." + key + " has " + values.length + " numbers; 1 or " + length + " are expected");
    }
    return values;
  }

  /** Returns the axes under {@code dim} (an integer, a list, or left out for all). */
  public int[] dims() {
    return given("dim") ? ints("dim") : new int[0];
  }

  /** Returns a list of numbers of a fixed length; one number stands for all of them. */
  public double[] numbers(String key, int length) {
    JsonElement e = Json.member("attrs", object, key);
    double[] values = new double[length];
    if (!e.isJsonArray()) {
      Arrays.fill(values, Json.number("attrs." + key, e));
      return values;
    }
    JsonArray list = e.getAsJsonArray();
    if (list.size() != length && list.size() != 1) {
      throw new CaseFormatException(
          "attrs." + key + " has " + list.size() + " numbers; 1 or " + length + " are expected");
    }
    for (int i = 0; i < length; i++) {
      values[i] = Json.number("attrs." + key, list.get(list.size() == 1 ? 0 : i));
    }
    return values;
  }
}
