package dev.kiln.cli.experiment;

import dev.kiln.ensemble.Combining;
import dev.kiln.ensemble.Ensemble;
import dev.kiln.nn.Module;
import dev.kiln.train.ReliabilityDiagram;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Ensembles of small networks on Fashion-MNIST, each beside the mean of its members. */
final class EnsembleExperiment implements Experiment {
  private static final String MEMBERS = "mean member";
  private static final String PROBABILITIES = "mean of probabilities (soft voting)";
  private static final String LOGITS = "mean of scores";
  private static final String STACKING = "stacking on out-of-fold predictions";
  private static final String LAST = "constant rate, last weights";
  private static final String SWA = "stochastic weight averaging";
  private static final String TEST_TIME = "mean member, test-time augmentation";
  private static final String SNAPSHOTS = "snapshot ensemble";
  private static final String EMA = "exponential moving average";
  private static final String COOLED = "mean member, temperature";
  private static final String COOLED_MEAN = "mean of probabilities, temperature";

  /** What was measured of one seed. */
  private record Measured(Map<String, Quality> methods, List<Quality> members) {}

  @Override
  public String name() {
    return "ensemble";
  }

  @Override
  public String summary() {
    return "accuracy and calibration of every kind of ensemble, beside its mean member";
  }

  @Override
  public int seeds() {
    return 1;
  }

  @Override
  public Report run(Setup setup) {
    EnsembleMethods.Sizes sizes = EnsembleMethods.Sizes.of(setup.quick());
    List<Measured> all = new ArrayList<>();
    for (long seed : setup.seeds()) {
      all.add(measured(setup, sizes, seed));
    }
    return report(setup, sizes, all);
  }

  private static Measured measured(Setup setup, EnsembleMethods.Sizes sizes, long seed) {
    EnsembleMethods work = new EnsembleMethods(sizes, setup, seed);
    Map<String, Quality> methods = new LinkedHashMap<>();
    Log log = new Log(setup, seed, methods);
    List<Module> members = work.members();
    List<Quality> single = members.stream().map(work::quality).toList();
    log.add(MEMBERS, Quality.mean(single));
    Ensemble mean = Ensemble.of(Combining.PROBABILITIES, members);
    log.add(PROBABILITIES, work.quality(mean));
    log.add(LOGITS, work.quality(mean.with(Combining.LOGITS)));
    log.add("weighted mean of probabilities", work.quality(work.weighted(members)));
    log.add("hard voting", work.quality(mean.with(Combining.VOTES)));
    log.add(COOLED, work.calibrated(members));
    log.add(COOLED_MEAN, work.quality(work.calibrated(mean)));
    log.add(TEST_TIME, work.testTime(members));
    log.add(STACKING, work.quality(work.stacking(members)));
    log.add("bagging", work.quality(work.bagging()));
    log.add(SNAPSHOTS, work.quality(work.snapshots()));
    EnsembleMethods.Averages averages = work.averages();
    log.add(LAST, work.quality(averages.last()));
    log.add(SWA, work.quality(averages.stochastic()));
    log.add(EMA, work.quality(averages.exponential()));
    return new Measured(methods, single);
  }

  /** Keeps what is measured and says so. */
  private record Log(Setup setup, long seed, Map<String, Quality> methods) {
    void add(String method, Quality q) {
      methods.put(method, q);
      setup
          .log()
          .accept(
              String.format(
                  Locale.ROOT,
                  "seed %d, %s: accuracy %.4f, ece %.4f, nll %.4f, brier %.4f",
                  seed,
                  method,
                  q.accuracy(),
                  q.calibration(),
                  q.nll(),
                  q.brier()));
    }
  }

  /** How many times a member is trained, for each method. */
  private static double trainings(String method, EnsembleMethods.Sizes sizes) {
    int n = sizes.members();
    double half = Math.max(1, sizes.epochs() / 2) / (double) sizes.epochs();
    return switch (method) {
      case MEMBERS, COOLED, TEST_TIME, LAST, SWA, EMA -> 1;
      case STACKING -> n + n * (sizes.folds() - 1);
      case SNAPSHOTS -> n * half;
      default -> n;
    };
  }

  private static Report report(Setup setup, EnsembleMethods.Sizes sizes, List<Measured> all) {
    Map<String, Quality> mean = new LinkedHashMap<>();
    for (String method : all.get(0).methods.keySet()) {
      mean.put(method, Quality.mean(all.stream().map(m -> m.methods.get(method)).toList()));
    }
    List<String[]> table = new ArrayList<>();
    table.add(new String[] {"method", "trainings", "accuracy", "gain", "ECE", "NLL", "Brier"});
    Quality member = mean.get(MEMBERS);
    mean.forEach((method, q) -> table.add(row(method, trainings(method, sizes), q, member)));
    List<String[]> csv = new ArrayList<>();
    csv.add(new String[] {"seed", "method", "accuracy", "ece", "nll", "brier"});
    for (int s = 0; s < all.size(); s++) {
      Measured one = all.get(s);
      String seed = Long.toString(setup.seeds().get(s));
      one.methods.forEach((method, q) -> csv.add(cells(seed, method, q)));
      for (int m = 0; m < one.members.size(); m++) {
        csv.add(cells(seed, "member " + (m + 1), one.members.get(m)));
      }
    }
    return new Report(table, csv, plots(all, mean), claims(mean));
  }

  private static String[] row(String method, double trainings, Quality q, Quality member) {
    return new String[] {
      method,
      String.format(Locale.ROOT, "%.1f", trainings),
      String.format(Locale.ROOT, "%.2f %%", 100 * q.accuracy()),
      String.format(Locale.ROOT, "%+.2f", 100 * (q.accuracy() - member.accuracy())),
      String.format(Locale.ROOT, "%.4f", q.calibration()),
      String.format(Locale.ROOT, "%.4f", q.nll()),
      String.format(Locale.ROOT, "%.4f", q.brier())
    };
  }

  private static String[] cells(String seed, String method, Quality q) {
    return new String[] {
      seed,
      method.replace(",", ""),
      String.format(Locale.ROOT, "%.4f", q.accuracy()),
      String.format(Locale.ROOT, "%.5f", q.calibration()),
      String.format(Locale.ROOT, "%.5f", q.nll()),
      String.format(Locale.ROOT, "%.5f", q.brier())
    };
  }

  private static Map<String, BufferedImage> plots(List<Measured> all, Map<String, Quality> mean) {
    BarChart bars =
        new BarChart("Ensembles on Fashion-MNIST", "test accuracy; dots: the members alone");
    mean.forEach(
        (method, q) -> {
          double[] single =
              method.equals(MEMBERS)
                  ? all.stream()
                      .flatMap(m -> m.members.stream())
                      .mapToDouble(Quality::accuracy)
                      .toArray()
                  : new double[0];
          bars.bar(method, q.accuracy(), single);
        });
    Measured first = all.get(0);
    List<ReliabilityDiagram> diagrams = new ArrayList<>();
    diagrams.add(first.members.get(0).diagram());
    for (String method : List.of(PROBABILITIES, COOLED_MEAN, STACKING)) {
      diagrams.add(first.methods.get(method).diagram());
    }
    List<String> titles =
        List.of("member 1", "mean of probabilities", "the same, temperature", "stacking");
    Map<String, BufferedImage> plots = new LinkedHashMap<>();
    plots.put("ensemble", bars.draw());
    plots.put("ensemble-reliability", ReliabilityDiagram.draw(titles, diagrams));
    return plots;
  }

  private static List<Claim> claims(Map<String, Quality> mean) {
    Quality member = mean.get(MEMBERS);
    List<Claim> claims = new ArrayList<>();
    for (String method : List.of(PROBABILITIES, LOGITS, STACKING)) {
      Quality q = mean.get(method);
      claims.add(
          new Claim(
              method + " is more accurate than the mean member", q.accuracy() > member.accuracy()));
    }
    claims.add(
        new Claim(
            PROBABILITIES + " has a lower NLL than the mean member",
            mean.get(PROBABILITIES).nll() < member.nll()));
    claims.add(
        new Claim(
            "a temperature lowers the mean member's NLL", mean.get(COOLED).nll() < member.nll()));
    claims.add(
        new Claim(
            SWA + " is more accurate than the last weights of the same training",
            mean.get(SWA).accuracy() > mean.get(LAST).accuracy()));
    return claims;
  }
}
