package dev.kiln.io;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import dev.kiln.DType;
import dev.kiln.Shape;
import dev.kiln.ShapeException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file: what tensors there are and where their bytes lie.
 *
 * @param entries by tensor name, in the file's order
 * @param metadata free text by key
 */
record SafetensorsHeader(Map<String, Entry> entries, Map<String, String> metadata) {
  static final String METADATA = "__metadata__";

  /**
   * One tensor.
   *
   * @param dtype its element type
   * @param shape its sizes
   * @param start its first byte, counted from the end of the header
   * @param end the byte after its last
   */
  record Entry(DType dtype, Shape shape, long start, long end) {}

  private static final Map<String, DType> TYPES =
      Map.of(
          "F64", DType.FLOAT64,
          "F32", DType.FLOAT32,
          "F16", DType.FLOAT16,
          "BF16", DType.BFLOAT16,
          "I64", DType.INT64,
          "I32", DType.INT32,
          "U8", DType.UINT8,
          "BOOL", DType.BOOL);

  private static String code(DType dtype) {
    return TYPES.entrySet().stream()
        .filter(e -> e.getValue() == dtype)
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  /** Writes the header as JSON. */
  String toJson() {
    StringWriter text = new StringWriter();
    try (JsonWriter w = new JsonWriter(text)) {
      w.beginObject();
      if (!metadata.isEmpty()) {
        w.name(METADATA).beginObject();
        for (Map.Entry<String, String> m : metadata.entrySet()) {
          w.name(m.getKey()).value(m.getValue());
        }
        w.endObject();
      }
      for (Map.Entry<String, Entry> e : entries.entrySet()) {
        Entry t = e.getValue();
        w.name(e.getKey()).beginObject().name("dtype").value(code(t.dtype()));
        w.name("shape").beginArray();
        for (long d : t.shape().dims()) {
          w.value(d);
        }
        w.endArray().name("data_offsets").beginArray().value(t.start()).value(t.end()).endArray();
        w.endObject();
      }
      w.endObject();
    } catch (IOException e) {
      throw new IllegalStateException(e); // a StringWriter does not fail
    }
    return text.toString();
  }

  /**
   * Reads and checks a header.
   *
   * @param file for messages
   * @param json the header's text
   * @param dataBytes how many bytes follow the header
   */
  static SafetensorsHeader parse(String file, String json, long dataBytes) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    try (JsonReader r = new JsonReader(new StringReader(json))) {
      r.setStrictness(Strictness.STRICT);
      r.beginObject();
      while (r.hasNext()) {
        String name = r.nextName();
        if (name.equals(METADATA)) {
          readMetadata(r, metadata);
        } else if (entries.put(name, readEntry(file, name, r)) != null) {
          throw bad(file, "tensor \"" + name + "\" is listed twice");
        }
      }
      r.endObject();
      if (r.peek() != JsonToken.END_DOCUMENT) {
        throw bad(file, "text follows the header's JSON");
      }
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      throw new ModelFileException(message(file, "its header is no valid JSON of that kind"), e);
    }
    checkLayout(file, entries, dataBytes);
    return new SafetensorsHeader(entries, metadata);
  }

  private static void readMetadata(JsonReader r, Map<String, String> into) throws IOException {
    r.beginObject();
    while (r.hasNext()) {
      into.put(r.nextName(), r.nextString());
    }
    r.endObject();
  }

  private static Entry readEntry(String file, String name, JsonReader r) throws IOException {
    String type = "";
    List<Long> shape = null;
    List<Long> offsets = List.of();
    r.beginObject();
    while (r.hasNext()) {
      switch (r.nextName()) {
        case "dtype" -> type = r.nextString();
        case "shape" -> shape = longs(r);
        case "data_offsets" -> offsets = longs(r);
        default -> r.skipValue();
      }
    }
    r.endObject();
    if (shape == null || offsets.size() != 2) {
      throw bad(file, "tensor \"" + name + "\" lacks its shape or its two data_offsets");
    }
    DType dtype = TYPES.get(type);
    if (dtype == null) {
      throw bad(
          file,
          "tensor \""
              + name
              + "\" has element type \""
              + type
              + "\"; Kiln reads "
              + TYPES.keySet().stream().sorted().toList()
              + ": convert it where it was saved");
    }
    return entry(file, name, dtype, shape, offsets.get(0), offsets.get(1));
  }

  private static List<Long> longs(JsonReader r) throws IOException {
    List<Long> values = new ArrayList<>();
    r.beginArray();
    while (r.hasNext()) {
      values.add(r.nextLong());
    }
    r.endArray();
    return values;
  }

  private static Entry entry(
      String file, String name, DType dtype, List<Long> dims, long start, long end) {
    Shape shape;
    try {
      shape = Shape.of(dims.stream().mapToLong(Long::longValue).toArray());
    } catch (ShapeException e) {
      throw new ModelFileException(
          message(file, "tensor \"" + name + "\" has shape " + dims + ": " + e.getMessage()), e);
    }
    if (start < 0 || end < start || shape.numel() != (end - start) / (double) dtype.bytes()) {
      throw bad(
          file,
          "tensor \""
              + name
              + "\" "
              + dtype
              + shape
              + " cannot lie in bytes "
              + start
              + " to "
              + end);
    }
    return new Entry(dtype, shape, start, end);
  }

  /** Tensors must cover the data without gaps and without sharing bytes. */
  private static void checkLayout(String file, Map<String, Entry> entries, long dataBytes) {
    List<Map.Entry<String, Entry>> sorted = new ArrayList<>(entries.entrySet());
    sorted.sort(
        Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().start())
            .thenComparingLong(e -> e.getValue().end()));
    long at = 0;
    for (Map.Entry<String, Entry> e : sorted) {
      if (e.getValue().start() != at) {
        throw bad(
            file,
            "tensor \""
                + e.getKey()
                + "\" starts at byte "
                + e.getValue().start()
                + " of the data, but the one before ends at "
                + at);
      }
      at = e.getValue().end();
    }
    if (at != dataBytes) {
      throw bad(
          file,
          "its header describes "
              + at
              + " bytes of data but "
              + dataBytes
              + " follow it"
              + (at > dataBytes ? " (the file is cut off)" : ""));
    }
  }

  static ModelFileException bad(String file, String what) {
    return new ModelFileException(message(file, what));
  }

  private static String message(String file, String what) {
    return "[load] "
        + file
        + " is damaged or no safetensors file: "
        + what
        + "; save it again or fetch it anew";
  }
}
