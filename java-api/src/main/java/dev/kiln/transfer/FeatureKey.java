package dev.kiln.transfer;

import dev.kiln.Tensor;
import dev.kiln.data.Dataset;
import dev.kiln.data.Field;
import dev.kiln.nn.Module;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** The SHA-256 of all that features depend on. */
final class FeatureKey {
  private final MessageDigest sha;

  private FeatureKey() {
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has SHA-256
    }
  }

  static String of(Module model, List<String> layers, String transform, Dataset data) {
    FeatureKey key = new FeatureKey();
    key.text("model " + model);
    for (Map.Entry<String, Tensor> e : model.stateDict().entrySet()) {
      key.text(e.getKey() + " " + e.getValue().describe());
      key.sha.update(e.getValue().toBuffer());
    }
    key.text("layers " + layers);
    key.text("transform " + transform);
    key.data(data);
    return HexFormat.of().formatHex(key.sha.digest());
  }

  /** Texts carry their length, so that no two lists of them give the same bytes. */
  private void text(String s) {
    byte[] bytes = s.getBytes(StandardCharsets.UTF_8);
    sha.update(ByteBuffer.allocate(4).putInt(bytes.length).flip());
    sha.update(bytes);
  }

  private void data(Dataset data) {
    List<Field> fields = data.fields();
    text("data " + data.size() + " " + fields);
    ByteBuffer[] buffers = new ByteBuffer[fields.size()];
    for (int f = 0; f < buffers.length; f++) {
      buffers[f] = ByteBuffer.allocate(fields.get(f).bytes()).order(ByteOrder.LITTLE_ENDIAN);
    }
    for (int i = 0; i < data.size(); i++) {
      for (ByteBuffer b : buffers) {
        b.clear();
      }
      data.read(i, buffers);
      for (ByteBuffer b : buffers) {
        sha.update(b.flip());
      }
    }
  }
}
