package dev.kiln.cuda;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Plans by what they are for; when it is full, the one that was not used for longest goes. */
final class PlanCache implements AutoCloseable {
  private final int most;
  private final Map<ConvKey, ConvPlan> plans = new LinkedHashMap<>(16, 0.75f, true);

  PlanCache(int most) {
    this.most = most;
  }

  /** The plan of a convolution, made if there is none yet. */
  ConvPlan get(ConvKey key, Function<ConvKey, ConvPlan> make) {
    ConvPlan plan = plans.get(key);
    if (plan == null) {
      plan = make.apply(key);
      plans.put(key, plan);
      if (plans.size() > most) {
        Iterator<ConvPlan> all = plans.values().iterator();
        ConvPlan oldest = all.next();
        all.remove();
        oldest.close();
      }
    }
    return plan;
  }

  @Override
  public void close() {
    List<ConvPlan> all = List.copyOf(plans.values());
    plans.clear();
    Closing.each(all, ConvPlan::close);
  }
}
