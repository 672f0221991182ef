package dev.kiln.data;

import dev.kiln.DType;
import dev.kiln.Device;
import dev.kiln.Shape;
import dev.kiln.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Several examples stacked along a new first axis.
 *
 * <p>A field becomes a tensor when it is first asked for, and belongs to the {@link dev.kiln.Scope}
 * that is open at that moment; where none is, {@link #close} releases it, or the garbage collector.
 * A batch belongs to the thread that took it from the loader.
 */
public final class Batch implements AutoCloseable {
  private final List<Field> fields;
  private final int epoch;
  private final int number;
  private final int[] indices;
  private final Optional<Device> device;
  private final BufferPool pool;
  private final List<Optional<Tensor>> tensors = new ArrayList<>();
  private ByteBuffer[] buffers;
  private boolean pooled = true;
  private int made;
  private boolean closed;

  Batch(List<Field> fields, HostBatch host, Optional<Device> device, BufferPool pool) {
    this.fields = fields;
    this.epoch = host.epoch();
    this.number = host.number();
    this.indices = host.indices();
    this.buffers = host.buffers();
    this.device = device;
    this.pool = pool;
    fields.forEach(f -> tensors.add(Optional.empty()));
  }

  /**
   * Returns the first field.
   *
   * @return its examples, [size, ...shape of the field]
   */
  public Tensor input() {
    return field(0);
  }

  /**
   * Returns the second field.
   *
   * @return its examples, [size, ...shape of the field]
   * @throws DataException if the data set has one field only
   */
  public Tensor target() {
    if (fields.size() < 2) {
      throw new DataException(
          "[batch] no target: examples have the one field %s".formatted(fields.get(0).name()));
    }
    return field(1);
  }

  /**
   * Returns all fields in the order of {@link Dataset#fields}.
   *
   * @return one tensor per field
   */
  public List<Tensor> fields() {
    List<Tensor> all = new ArrayList<>();
    for (int f = 0; f < fields.size(); f++) {
      all.add(field(f));
    }
    return List.copyOf(all);
  }

  /**
   * Returns one field.
   *
   * @param field its place in {@link Dataset#fields}
   * @return its examples, [size, ...shape of the field]
   * @throws DataException if there is no such field, or the batch was closed before
   */
  public Tensor field(int field) {
    Field f = spec(field);
    Optional<Tensor> tensor = tensors.get(field);
    if (tensor.isPresent()) {
      return tensor.get();
    }
    Device home = device.orElseGet(Device::defaultDevice);
    Tensor t = Tensor.fromBuffer(bytes(field), f.dtype(), shape(field), home);
    tensors.set(field, Optional.of(t));
    made++;
    if (made == fields.size()) {
      giveBack();
    }
    return t;
  }

  /**
   * Returns the shape of a field, without making a tensor of it.
   *
   * @param field its place in {@link Dataset#fields}
   * @return [size, ...shape of the field]
   * @throws DataException if there is no such field
   */
  public Shape shape(int field) {
    return spec(field).shape().insert(0, indices.length);
  }

  /**
   * Returns the element type of a field, without making a tensor of it.
   *
   * @param field its place in {@link Dataset#fields}
   * @return the type
   * @throws DataException if there is no such field
   */
  public DType dtype(int field) {
    return spec(field).dtype();
  }

  private Field spec(int field) {
    if (field < 0 || field >= fields.size()) {
      throw new DataException(
          "[batch] field %d does not exist: examples have %s".formatted(field, fields));
    }
    return fields.get(field);
  }

  /**
   * Fills a tensor that exists already with one field, for instance the fixed input of a {@link
   * dev.kiln.StepGraph}.
   *
   * @param field its place in {@link Dataset#fields}
   * @param slot a tensor of the field's type and of shape [size, ...shape of the field]
   * @throws DataException if there is no such field, the slot has another type or shape, or the
   *     batch was closed before
   */
  public void copyTo(int field, Tensor slot) {
    Field f = spec(field);
    Shape shape = shape(field);
    if (slot.dtype() != f.dtype() || !slot.shape().equals(shape)) {
      throw new DataException(
          "[batch] field %s is %s%s but the slot is %s%s; drop a smaller last batch or run it without"
                  .formatted(f.name(), f.dtype(), shape, slot.dtype(), slot.shape())
              + " the slot");
    }
    if (tensors.get(field).isPresent()) {
      slot.copyFrom(tensors.get(field).get());
    } else {
      slot.upload(bytes(field));
    }
  }

  /**
   * Returns the number of examples.
   *
   * @return the loader's batch size, or less in the last batch of an epoch
   */
  public int size() {
    return indices.length;
  }

  /**
   * Returns which examples of the data set these are.
   *
   * @return one index per example; a copy
   */
  public int[] indices() {
    return indices.clone();
  }

  /**
   * Returns the epoch.
   *
   * @return 0 for the first
   */
  public int epoch() {
    return epoch;
  }

  /**
   * Returns the place of this batch in its epoch.
   *
   * @return 0 for the first
   */
  public int number() {
    return number;
  }

  /** Returns the bytes of a field that is not a tensor yet. */
  ByteBuffer bytes(int field) {
    if (closed || tensors.get(field).isPresent()) {
      throw new DataException(
          "[batch] batch %d of epoch %d was closed; read it before that".formatted(number, epoch));
    }
    return buffers[field];
  }

  /** Releases the tensors and the memory of this batch; calling it twice does no harm. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    tensors.forEach(t -> t.ifPresent(Tensor::close));
    giveBack();
  }

  /**
   * Keeps what is not a tensor yet in memory of its own, so that the loader's can be used again.
   */
  void detach() {
    if (!pooled) {
      return;
    }
    ByteBuffer[] own = new ByteBuffer[buffers.length];
    for (int f = 0; f < own.length; f++) {
      own[f] = tensors.get(f).isPresent() ? ByteBuffer.allocate(0) : copy(buffers[f]);
    }
    giveBack();
    buffers = own;
  }

  private static ByteBuffer copy(ByteBuffer from) {
    ByteBuffer to = ByteBuffer.allocate(from.remaining()).order(ByteOrder.LITTLE_ENDIAN);
    return to.put(from.duplicate()).flip();
  }

  private void giveBack() {
    if (pooled) {
      pooled = false;
      pool.give(buffers);
    }
  }

  /** Returns place, size and examples, for logs. */
  @Override
  public String toString() {
    return "batch %d of epoch %d: examples %s".formatted(number, epoch, Arrays.toString(indices));
  }
}
