package dev.kiln.data.augment;

import dev.kiln.backend.PixelOp;
import dev.kiln.backend.PixelProgram;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What one kernel does: neighbouring transforms of a kind are one pass. */
sealed interface Pass {
  /** A transform and where its random numbers begin. */
  record Placed<T extends Transform>(T transform, int place) {}

  /** Floats that a sample's parameters take. */
  int width();

  /** Reads pixels elsewhere. */
  record Sampled(List<Placed<Geometry>> transforms) implements Pass {
    @Override
    public int width() {
      return 6;
    }

    boolean inside() {
      return transforms.stream().allMatch(t -> t.transform().inside());
    }

    Size size(Size in) {
      Size size = in;
      for (Placed<Geometry> t : transforms) {
        size = t.transform().size().apply(size);
      }
      return size;
    }
  }

  /** Changes pixels. */
  record Changed(List<Placed<PixelChange>> transforms, PixelProgram program, List<Part> parts)
      implements Pass {
    @Override
    public int width() {
      return program.steps().size() * PixelChange.WIDTH;
    }
  }

  /** One step of a program: which of the transforms, which of its steps. */
  record Part(int transform, int step) {}

  /** Groups transforms into as few passes as their order allows. */
  static List<Pass> group(List<Placed<? extends Transform>> all) {
    List<Pass> passes = new ArrayList<>();
    Program program = new Program(0);
    for (Placed<? extends Transform> t : all) {
      if (t.transform() instanceof Geometry) {
        Geometry geometry = (Geometry) t.transform();
        program = program.end(passes);
        List<Placed<Geometry>> together = new ArrayList<>();
        if (!passes.isEmpty() && passes.get(passes.size() - 1) instanceof Sampled) {
          together.addAll(((Sampled) passes.remove(passes.size() - 1)).transforms());
        }
        together.add(new Placed<>(geometry, t.place()));
        passes.add(new Sampled(List.copyOf(together)));
      } else {
        PixelChange change = (PixelChange) t.transform();
        for (int step = 0; step < change.steps().size(); step++) {
          if (!program.steps.isEmpty() && change.startsAnew(program.steps, step)) {
            program = program.end(passes);
          }
          program.add(new Placed<>(change, t.place()), step);
        }
      }
    }
    program.end(passes);
    return List.copyOf(passes);
  }

  /** A pass that is being put together. */
  final class Program {
    private final int first;
    private final List<Set<PixelOp>> steps = new ArrayList<>();
    private final List<Placed<PixelChange>> transforms = new ArrayList<>();
    private final List<Part> parts = new ArrayList<>();
    private int radius;

    private Program(int first) {
      this.first = first;
    }

    private void add(Placed<PixelChange> change, int step) {
      int last = transforms.size() - 1;
      if (last < 0 || transforms.get(last).place() != change.place()) {
        transforms.add(change);
        last++;
      }
      steps.add(change.transform().steps().get(step));
      parts.add(new Part(last, step));
      radius = Math.max(radius, change.transform().radius());
    }

    /** Adds the pass, if there is one, and begins the next. */
    private Program end(List<Pass> passes) {
      if (steps.isEmpty()) {
        return this;
      }
      passes.add(
          new Changed(
              List.copyOf(transforms), new PixelProgram(steps, radius, first), List.copyOf(parts)));
      return new Program(first + steps.size());
    }
  }
}
