package dev.kiln.cli;

import dev.kiln.KilnException;
import dev.kiln.nn.Module;
import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A model of the user's own, by the name of its class. */
final class UserModel {
  private UserModel() {}

  /**
   * Makes the model with fresh weights on the default device.
   *
   * @param name the full name of a class that extends Module
   * @param classPath where it is, besides what the command itself has
   * @throws KilnException if there is no such class, or it cannot be made
   */
  static Module make(String name, Optional<String> classPath) {
    try {
      Class<?> type = Class.forName(name, true, loader(classPath));
      if (!Module.class.isAssignableFrom(type)) {
        throw new KilnException("[parity] " + name + " does not extend dev.kiln.nn.Module");
      }
      var constructor = type.getDeclaredConstructor();
      constructor.setAccessible(true);
      return (Module) constructor.newInstance();
    } catch (ClassNotFoundException e) {
      throw new KilnException(
          "[parity] there is no class "
              + name
              + "; write the name of a model of kiln train, or a class's full name with"
              + " --class-path",
          e);
    } catch (NoSuchMethodException e) {
      throw new KilnException(
          "[parity] " + name + " has no constructor without parameters; add one for this", e);
    } catch (InvocationTargetException e) {
      throw new KilnException(
          "[parity] the constructor of " + name + " failed: " + e.getCause(), e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new KilnException("[parity] " + name + " cannot be made: " + e.getMessage(), e);
    }
  }

  private static ClassLoader loader(Optional<String> classPath) {
    ClassLoader own = UserModel.class.getClassLoader();
    if (classPath.isEmpty()) {
      return own;
    }
    List<URL> places = new ArrayList<>();
    for (String part : classPath.get().split(File.pathSeparator)) {
      Path place = Path.of(part);
      if (!Files.exists(place)) {
        throw new KilnException("[parity] --class-path names " + part + ", which does not exist");
      }
      try {
        places.add(place.toUri().toURL());
      } catch (MalformedURLException e) {
        throw new KilnException("[parity] --class-path: " + e.getMessage(), e);
      }
    }
    return new URLClassLoader(places.toArray(URL[]::new), own);
  }
}
