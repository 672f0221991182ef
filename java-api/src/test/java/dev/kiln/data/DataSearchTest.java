package dev.kiln.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DataSearchTest {
  private static DataSearch linux(Map<String, String> env) {
    return DataSearch.of(env, "Linux", "/home/ada");
  }

  @Test
  void takesTheUsersCache() {
    assertThat(linux(Map.of()).cache()).isEqualTo(Path.of("/home/ada/.cache/kiln"));
    assertThat(linux(Map.of("XDG_CACHE_HOME", "/var/c")).cache()).isEqualTo(Path.of("/var/c/kiln"));
    assertThat(linux(Map.of("XDG_CACHE_HOME", "relative")).cache())
        .isEqualTo(Path.of("/home/ada/.cache/kiln"));
    assertThat(DataSearch.of(Map.of(), "Mac OS X", "/Users/ada").cache())
        .isEqualTo(Path.of("/Users/ada/Library/Caches/kiln"));
    assertThat(DataSearch.of(Map.of("LOCALAPPDATA", "/local"), "Windows 11", "/u").cache())
        .isEqualTo(Path.of("/local/kiln/cache"));
  }

  @Test
  void readsTheEnvironment() {
    assertThat(linux(Map.of()).offline()).isFalse();
    assertThat(linux(Map.of("KILN_OFFLINE", "1")).offline()).isTrue();
    assertThat(linux(Map.of("KILN_OFFLINE", "true")).offline()).isTrue();
    assertThat(linux(Map.of("KILN_OFFLINE", "0")).offline()).isFalse();
    assertThat(linux(Map.of("KILN_OFFLINE", "")).offline()).isFalse();
    assertThat(linux(Map.of("KILN_DATA", "/data")).dataHome()).contains(Path.of("/data"));
    assertThat(linux(Map.of("KILN_DATA", " ")).dataHome()).isEmpty();
    assertThat(linux(Map.of()).folder()).isEmpty();
    assertThat(linux(Map.of()).sample()).isTrue();
  }
}
