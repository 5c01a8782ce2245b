package dev.fusedit.trainer.data.fetch;

import dev.fusedit.trainer.data.image.JpegEncoder;
import dev.fusedit.trainer.data.image.RgbImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;

/// A server on loopback with all that the web has: `/KIND/N.jpg` answers as its kind does, with image N where there is one.
public final class HostileSite implements AutoCloseable {
    private static final String PAGE = "<!doctype html><title>gone</title>";

    private final ServerSocket server;
    private final String robots;
    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
    private final List<String> agents = Collections.synchronizedList(new ArrayList<>());
    private final Map<Integer, byte[]> images = new ConcurrentHashMap<>();
    private final Map<String, Integer> times = new ConcurrentHashMap<>();

    /// @param robots the answer to `/robots.txt`, its status line first
    public HostileSite(String robots) throws IOException {
        this.robots = robots;
        server = new ServerSocket(0, 200, InetAddress.getByName("0.0.0.0"));
        Thread.ofVirtual().start(this::serve);
    }

    public static HostileSite open() throws IOException {
        return new HostileSite("200 OK\n\nUser-agent: other\nDisallow: /\n\nUser-agent: *\nDisallow: /forbidden/\n");
    }

    public int port() { return server.getLocalPort(); }

    public String url(String path) { return "http://127.0.0.1:" + port() + path; }

    /// Paths, in the order in which they were asked for.
    public List<String> asked() { return asked; }

    public List<String> agents() { return agents; }

    /// As if it had been opened just now.
    public void reset() {
        asked.clear();
        agents.clear();
        times.clear();
    }

    private void serve() {
        while (!server.isClosed()) {
            try {
                var socket = server.accept();
                Thread.ofVirtual().start(() -> answer(socket));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void answer(Socket open) {
        try (var socket = open;
                var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
                var out = socket.getOutputStream()) {
            for (String line; (line = in.readLine()) != null;) {
                var path = line.split(" ")[1];
                for (String header; !(header = String.valueOf(in.readLine())).isEmpty();) {
                    if (header.startsWith("User-Agent: ")) agents.add(header.substring("User-Agent: ".length()));
                }
                asked.add(path);
                if (!answer(path, out)) return;
                out.flush();
            }
        } catch (IOException | InterruptedException e) {
            // the other side has had enough
        }
    }

    /// @return whether the connection stays
    private boolean answer(String path, OutputStream out) throws IOException, InterruptedException {
        if (path.equals("/robots.txt")) {
            var parts = robots.split("\n\n", 2);
            return send(out, parts[0].strip(), "Content-Type: text/plain", parts.length < 2 ? "".getBytes() : parts[1].getBytes());
        }
        var kind = path.substring(1, path.indexOf('/', 1));
        int number = Integer.parseInt(path.replaceAll("\\D", ""));
        int time = times.merge(path, 1, Integer::sum);
        var jpeg = "Content-Type: image/jpeg";
        var image = images.computeIfAbsent(number, HostileSite::image);
        return switch (kind) {
            case "ok", "forbidden" -> send(out, "200 OK", jpeg, image);
            case "untyped" -> send(out, "200 OK", "Date: never", image);
            case "late" -> {
                Thread.sleep(150);
                yield send(out, "200 OK", jpeg, image);
            }
            case "small" -> send(out, "200 OK", jpeg, image(number, 20, 30));
            case "wide" -> send(out, "200 OK", jpeg, image(number, 200, 40));
            case "changed" -> send(out, "200 OK", jpeg, image(number + 100_000));
            case "broken" -> send(out, "200 OK", jpeg, Arrays.copyOf(image, image.length * 2 / 3));
            case "html" -> send(out, "200 OK", jpeg, PAGE.getBytes(StandardCharsets.UTF_8));
            case "page" -> send(out, "200 OK", "Content-Type: text/html; charset=utf-8", PAGE.getBytes(StandardCharsets.UTF_8));
            case "empty" -> send(out, "200 OK", jpeg, new byte[0]);
            case "redirect" -> send(out, "302 Found", "Location: /ok/" + number + ".jpg", new byte[0]);
            case "loop" -> send(out, "301 Moved Permanently", "Location: " + path, new byte[0]);
            case "inside" -> send(out, "302 Found", "Location: http://127.0.0.2:" + port() + "/ok/" + number + ".jpg", new byte[0]);
            case "local" -> send(out, "302 Found", "Location: file:///etc/passwd", new byte[0]);
            case "around" -> send(out, "302 Found", "Location: /forbidden/" + number + ".jpg", new byte[0]);
            case "missing" -> send(out, "404 Not Found", jpeg, new byte[0]);
            case "busy" -> time < 3 ? send(out, "429 Too Many Requests", "Retry-After: 0", new byte[0]) : send(out, "200 OK", jpeg, image);
            case "crowded" -> send(out, "429 Too Many Requests", "Retry-After: 86400", new byte[0]);
            case "shaky" -> time < 2 ? send(out, "503 Service Unavailable", "X: y", new byte[0]) : send(out, "200 OK", jpeg, image);
            case "down" -> send(out, "500 Internal Server Error", "X: y", new byte[0]);
            case "noai" -> send(out, "200 OK", jpeg + "\r\nX-Robots-Tag: noai, noimageai", image);
            case "reserved" -> send(out, "200 OK", jpeg + "\r\nTDM-Reservation: 1", image);
            case "huge" -> head(out, "200 OK", jpeg, 1L << 40);
            case "endless" -> endless(out);
            case "dribble" -> dribble(out);
            case "cut" -> {
                head(out, "200 OK", jpeg, image.length + 100);
                out.write(image);
                yield false;
            }
            case "short" -> {
                head(out, "200 OK", jpeg, image.length - 300);
                out.write(image);
                yield true; // what is left over looks like the next answer
            }
            case "garbage" -> {
                out.write("I am no server\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                yield false;
            }
            default -> throw new IOException("no such kind");
        };
    }

    private static boolean head(OutputStream out, String status, String headers, long length) throws IOException {
        out.write("HTTP/1.1 %s\r\n%s\r\nContent-Length: %d\r\n\r\n".formatted(status, headers, length).getBytes(StandardCharsets.UTF_8));
        return true;
    }

    private static boolean send(OutputStream out, String status, String headers, byte[] body) throws IOException {
        head(out, status, headers, body.length);
        out.write(body);
        return true;
    }

    private static boolean endless(OutputStream out) throws IOException {
        out.write("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        var chunk = ("1000\r\n" + "x".repeat(0x1000) + "\r\n").getBytes(StandardCharsets.UTF_8);
        while (true) out.write(chunk);
    }

    /// A byte now and then, for ever.
    private static boolean dribble(OutputStream out) throws IOException, InterruptedException {
        head(out, "200 OK", "Content-Type: image/jpeg", 100_000);
        while (true) {
            out.write(0);
            out.flush();
            Thread.sleep(20);
        }
    }

    public static byte[] image(int number) { return image(number, 64 + number % 7, 64 + number % 11); }

    private static byte[] image(int number, int width, int height) { return JpegEncoder.encode(picture(number, width, height), 90); }

    /// Waves, other ones for each number.
    private static RgbImage picture(int number, int width, int height) {
        var random = new Random(number);
        double[] wave = random.doubles(12, -0.25, 0.25).toArray();
        var rgb = new byte[3 * width * height];
        for (int y = 0, i = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < 3; c++, i++) {
                    rgb[i] = (byte) (127 + 60 * Math.sin(x * wave[0] + y * wave[1] + c)
                            + 60 * Math.sin(x * wave[2] + y * wave[3] + 9 * wave[4]));
                }
            }
        }
        return new RgbImage(width, height, rgb);
    }

    @Override
    public void close() throws IOException { server.close(); }
}
