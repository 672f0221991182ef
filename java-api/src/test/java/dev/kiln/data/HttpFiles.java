package dev.kiln.data;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A file server on the loopback address that can be told to misbehave. */
final class HttpFiles implements AutoCloseable {
  final Map<String, byte[]> files = new ConcurrentHashMap<>();

  /** Each request as "path" or "path from n". */
  final List<String> requests = new CopyOnWriteArrayList<>();

  volatile boolean ranges = true;

  /** Drops the connection after so many bytes of a body. */
  volatile int breakAfter = Integer.MAX_VALUE;

  /** Goes silent after so many bytes of a body. */
  volatile int stallAfter = Integer.MAX_VALUE;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  HttpFiles() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  URI base() {
    return URI.create(
        "http://%s:%d/"
            .formatted(
                InetAddress.getLoopbackAddress().getHostAddress(), server.getAddress().getPort()));
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath().substring(1);
    String range = exchange.getRequestHeaders().getFirst("Range");
    int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
    requests.add(range == null ? path : path + " from " + from);
    byte[] body = files.get(path);
    if (body == null) {
      exchange.sendResponseHeaders(404, -1);
      exchange.close();
      return;
    }
    if (range != null && from >= body.length) {
      exchange.sendResponseHeaders(416, -1);
      exchange.close();
      return;
    }
    boolean partial = range != null && ranges;
    int start = partial ? from : 0;
    if (partial) {
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes %d-%d/%d".formatted(start, body.length - 1, body.length));
    }
    exchange.sendResponseHeaders(partial ? 206 : 200, body.length - start);
    int end = Math.min(body.length, (int) Math.min((long) start + breakAfter, stallAfter));
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body, start, Math.max(0, end - start));
      out.flush();
      if (end == stallAfter) {
        Thread.sleep(60_000);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      exchange.close();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
