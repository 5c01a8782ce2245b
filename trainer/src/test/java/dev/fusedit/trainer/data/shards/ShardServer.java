package dev.fusedit.trainer.data.shards;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// A server on this machine that answers as it is told: well, slowly, not to the end, with lies.
public final class ShardServer implements AutoCloseable {
    private final ServerSocket socket;
    private final Map<String, Answer> usual = new ConcurrentHashMap<>();
    private final Map<String, Deque<Answer>> first = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();

    /// @param headers by their names in lower case
    public record Request(String path, Map<String, String> headers) {
        public String header(String name) { return headers.getOrDefault(name, ""); }
    }

    @FunctionalInterface
    public interface Answer {
        void to(Request request, OutputStream out) throws IOException;
    }

    public ShardServer() throws IOException {
        socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::serve);
    }

    public String url(String path) { return "http://localhost:" + socket.getLocalPort() + path; }

    /// What a path answers, after the answers that it gives first.
    public ShardServer with(String path, Answer answer, Answer... before) {
        usual.put(path, answer);
        first.put(path, new ArrayDeque<>(List.of(before)));
        return this;
    }

    public List<Request> requests(String path) { return requests.stream().filter(request -> request.path().equals(path)).toList(); }

    /// Requests for all of a file, not for a part or for a change.
    public long downloads() { return requests.stream().filter(request -> request.header("range").isEmpty()).count(); }

    // ---- answers

    /// As a good server: with parts, an ETag, conditions.
    public static Answer file(byte[] bytes, String etag) {
        return (request, out) -> {
            if (!etag.isEmpty() && request.header("if-none-match").equals(etag)) {
                head(out, "304 Not Modified", Map.of("ETag", etag));
                return;
            }
            var headers = new TreeMap<>(Map.of("Accept-Ranges", "bytes"));
            if (!etag.isEmpty()) headers.put("ETag", etag);
            boolean same = request.header("if-range").isEmpty() || request.header("if-range").equals(etag);
            var range = request.header("range");
            if (range.isEmpty() || !same) {
                headers.put("Content-Length", Integer.toString(bytes.length));
                head(out, "200 OK", headers);
                out.write(bytes);
                return;
            }
            var ends = range.replace("bytes=", "").split("-");
            int from = Integer.parseInt(ends[0]),
                    to = Math.min(bytes.length, ends.length > 1 ? Integer.parseInt(ends[1]) + 1 : bytes.length);
            if (from >= bytes.length) {
                head(out, "416 Range Not Satisfiable", Map.of("Content-Range", "bytes */" + bytes.length));
                return;
            }
            headers.put("Content-Range", "bytes %d-%d/%d".formatted(from, to - 1, bytes.length));
            headers.put("Content-Length", Integer.toString(to - from));
            head(out, "206 Partial Content", headers);
            out.write(bytes, from, to - from);
        };
    }

    /// Of a server that knows nothing of parts and changes.
    public static Answer plain(byte[] bytes) { return said(bytes, bytes.length, ""); }

    /// Says that there are so many bytes, and sends these.
    public static Answer said(byte[] bytes, long length, String etag) {
        return (_, out) -> {
            head(out, "200 OK", etag.isEmpty() ? Map.of("Content-Length", Long.toString(length))
                    : Map.of("Content-Length", Long.toString(length), "ETag", etag));
            out.write(bytes);
        };
    }

    /// Sends the beginning, then nothing, and leaves the connection open.
    public static Answer stalling(byte[] bytes, int sent, String etag) {
        return (_, out) -> {
            head(out, "200 OK", Map.of("Content-Length", Integer.toString(bytes.length), "ETag", etag));
            out.write(bytes, 0, sent);
            out.flush();
            try {
                Thread.sleep(60_000);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        };
    }

    public static Answer status(String status, Map<String, String> headers) {
        return (_, out) -> head(out, status, headers);
    }

    private static void head(OutputStream out, String status, Map<String, String> headers) throws IOException {
        var text = new StringBuilder("HTTP/1.1 " + status + "\r\nConnection: close\r\n");
        if (!headers.containsKey("Content-Length")) text.append("Content-Length: 0\r\n");
        headers.forEach((name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
        out.write(text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    // ---- the server

    private void serve() {
        while (!socket.isClosed()) {
            try {
                var connection = socket.accept();
                Thread.ofVirtual().start(() -> answer(connection));
            } catch (IOException _) {
                // closed
            }
        }
    }

    private void answer(Socket connection) {
        try (connection; var in = new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1))) {
            var line = in.readLine();
            if (line == null) return;
            var headers = new TreeMap<String, String>();
            for (String header; !(header = in.readLine()).isEmpty();) {
                int colon = header.indexOf(':');
                headers.put(header.substring(0, colon).toLowerCase(Locale.ROOT), header.substring(colon + 1).strip());
            }
            var request = new Request(line.split(" ")[1].replaceFirst("\\?.*", ""), headers);
            requests.add(request);
            var out = connection.getOutputStream();
            next(request.path()).to(request, out);
            out.flush();
        } catch (IOException _) {
            // the other side has gone
        }
    }

    private Answer next(String path) {
        var before = first.getOrDefault(path, new ArrayDeque<>());
        synchronized (before) {
            if (!before.isEmpty()) return before.removeFirst();
        }
        return usual.getOrDefault(path, status("404 Not Found", Map.of()));
    }

    @Override
    public void close() throws IOException { socket.close(); }
}
