package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DevicesCommandTest {
  @Test
  void listsTheDevicesAndMarksTheBest() {
    Cli cli = Cli.run("devices");
    assertThat(cli.code()).isZero();
    assertThat(cli.out()).contains("DEVICE", "DESCRIPTION", "scalar");
    assertThat(cli.out().lines().filter(l -> l.startsWith("*"))).hasSize(1);
  }
}
