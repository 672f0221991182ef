package dev.kiln.ops.catalog;

import static dev.kiln.ops.catalog.Row.maybe;
import static dev.kiln.testing.GradCheck.input;

import dev.kiln.Tensor;
import dev.kiln.ops.Recurrent;
import dev.kiln.ops.Recurrent.Kind;
import dev.kiln.testing.GradCheck.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The rows of recurrent networks. */
final class RecurrentRows {
  private RecurrentRows() {}

  static List<Row> rows() {

    List<Row> rows = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      int gates = kind == Kind.LSTM ? 4 : kind == Kind.GRU ? 3 : 1;
      Input wx = input(151, gates * 2L, 3);
      Input wh = input(152, gates * 2L, 2);
      Input bx = input(153, gates * 2L);
      Input bh = input(154, gates * 2L);
      rows.add(
          new Row(
              "Recurrent.cell " + kind,
              t -> {
                Recurrent.State s =
                    Recurrent.cell(
                        kind, t.get(0), new Recurrent.State(t.get(1), t.get(2)), weights(t, 3));
                return s.h().add(s.c().mul(0.5));
              },
              input(155, 2, 3),
              input(156, 2, 2),
              input(157, 2, 2),
              wx,
              wh,
              bx,
              bh));
      rows.add(
          new Row(
              "Recurrent.layers " + kind,
              t -> {
                List<List<Recurrent.Weights>> both = List.of(List.of(weights(t, 2), weights(t, 2)));
                Recurrent.Result r = Recurrent.layers(kind, t.get(0), t.get(1), t.get(1), both);
                return r.y().sum(0).sum(0).sum().add(r.h().add(r.c().mul(0.5)));
              },
              input(158, 3, 2, 3),
              input(159, 2, 2, 2),
              wx,
              wh,
              bx,
              bh));
    }
    Input wx = input(181, 12, 3);
    Input second = input(182, 12, 2);
    Input wh = input(183, 12, 2);
    rows.add(
        new Row(
            "Recurrent.layers projected, with dropout",
            t -> {
              List<List<Recurrent.Weights>> two =
                  List.of(
                      List.of(projecting(t.get(3), t.get(5), t.get(6))),
                      List.of(projecting(t.get(4), t.get(5), t.get(6))));
              Recurrent.Result r =
                  Recurrent.layers(
                      Kind.LSTM,
                      t.get(0),
                      t.get(1),
                      t.get(2),
                      two,
                      0.4,
                      t.get(0).device().generator());
              return r.y().sum(0).sum().add(r.h().sum()).add(r.c().mul(0.5));
            },
            input(184, 3, 2, 3),
            input(185, 2, 2, 2),
            input(186, 2, 2, 3),
            wx,
            second,
            wh,
            input(187, 2, 3)));
    return rows;
  }

  private static Recurrent.Weights projecting(Tensor wx, Tensor wh, Tensor down) {
    return new Recurrent.Weights(wx, wh, Optional.empty(), Optional.empty(), Optional.of(down));
  }

  private static Recurrent.Weights weights(List<Tensor> t, int first) {
    return new Recurrent.Weights(
        t.get(first), t.get(first + 1), maybe(t, first + 2), maybe(t, first + 3));
  }
}
