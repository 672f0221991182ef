package dev.kiln.cli.conform;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads JSON and says what is wrong where. */
final class Json {
  private Json() {}

  /** Reads a file that holds one JSON object. */
  static JsonObject read(Path file) {
    String text;
    try {
      text = Files.readString(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw new CaseFormatException("there is no file " + file, e);
    } catch (MalformedInputException e) {
      throw new CaseFormatException("not UTF-8 text", e);
    } catch (IOException e) {
      throw new CaseFormatException("cannot be read: " + e, e);
    }
    try {
      return object("the file", JsonParser.parseString(text));
    } catch (JsonParseException e) {
      throw new CaseFormatException("not JSON: " + e.getMessage(), e);
    }
  }

  static JsonElement member(String name, JsonObject object, String key) {
    JsonElement element = object.get(key);
    if (element == null || element.isJsonNull()) {
      throw new CaseFormatException(name + " has no \"" + key + "\"");
    }
    return element;
  }

  static JsonObject object(String name, JsonElement element) {
    if (!element.isJsonObject()) {
      throw new CaseFormatException(name + " is not an object");
    }
    return element.getAsJsonObject();
  }

  static JsonArray array(String name, JsonElement element) {
    if (!element.isJsonArray()) {
      throw new CaseFormatException(name + " is not a list");
    }
    return element.getAsJsonArray();
  }

  static String text(String name, JsonElement element) {
    if (!element.isJsonPrimitive() || !element.getAsJsonPrimitive().isString()) {
      throw new CaseFormatException(name + " is not a text but " + element);
    }
    return element.getAsString();
  }

  static boolean flag(String name, JsonElement element) {
    if (!element.isJsonPrimitive() || !element.getAsJsonPrimitive().isBoolean()) {
      throw new CaseFormatException(name + " is not true or false but " + element);
    }
    return element.getAsBoolean();
  }

  static long integer(String name, JsonElement element) {
    double value = number(name, element);
    if (value != Math.rint(value) || Math.abs(value) > 1L << 53) {
      throw new CaseFormatException(name + " is not an integer but " + element);
    }
    return (long) value;
  }

  /** A number; also true, false, and the texts NaN, Infinity and -Infinity. */
  static double number(String name, JsonElement element) {
    if (element.isJsonPrimitive()) {
      JsonPrimitive p = element.getAsJsonPrimitive();
      if (p.isBoolean()) {
        return p.getAsBoolean() ? 1 : 0;
      }
      if (p.isNumber()) {
        return p.getAsDouble();
      }
      switch (p.getAsString()) {
        case "NaN":
          return Double.NaN;
        case "Infinity", "inf":
          return Double.POSITIVE_INFINITY;
        case "-Infinity", "-inf":
          return Double.NEGATIVE_INFINITY;
        default:
          break;
      }
    }
    throw new CaseFormatException(name + " is not a number but " + element);
  }
}
