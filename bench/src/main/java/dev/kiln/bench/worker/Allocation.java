package dev.kiln.bench.worker;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;

/**
 * How much Java heap each live thread has allocated since it began.
 *
 * @param bytes by thread
 */
record Allocation(Map<Long, Long> bytes) {
  static Allocation now() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long[] ids = threads.getAllThreadIds();
    long[] allocated = threads.getThreadAllocatedBytes(ids);
    Map<Long, Long> bytes = new HashMap<>();
    for (int i = 0; i < ids.length; i++) {
      bytes.put(ids[i], Math.max(0, allocated[i])); // -1 for a thread that has just ended
    }
    return new Allocation(bytes);
  }

  /** Returns the bytes allocated since; what a thread that ended meanwhile allocated is lost. */
  long since(Allocation before) {
    long sum = 0;
    for (Map.Entry<Long, Long> e : bytes.entrySet()) {
      sum += Math.max(0, e.getValue() - before.bytes().getOrDefault(e.getKey(), 0L));
    }
    return sum;
  }
}
