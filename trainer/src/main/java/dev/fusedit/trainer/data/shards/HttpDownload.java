package dev.fusedit.trainer.data.shards;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The bytes of a file on a server from end to end, over as many connections as it takes: after a cut it goes on at the byte behind the last
/// one. Where the server hands out no parts, or the file has changed, [Restarted] is thrown, and the next byte is the first one.
///
/// One thread reads; another one ends connections that deliver nothing.
final class HttpDownload extends InputStream {
    private final HttpFile file;
    private final Thread watch;
    private volatile @Nullable InputStream body;
    private volatile long waitingSince;
    private volatile boolean closed;
    private HttpMark mark = HttpMark.NONE;
    private long received;
    private long furthest;

    /// The bytes begin anew; what came before is to be forgotten.
    static final class Restarted extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    HttpDownload(HttpFile file) {
        this.file = file;
        watch = Thread.ofVirtual().name("stalled downloads").start(this::watch);
    }

    /// What the server says of the file; known when the first byte is.
    HttpMark mark() { return mark; }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
        while (true) {
            if (body == null) connect();
            int count;
            try {
                waitingSince = System.nanoTime() | 1;
                count = requireNonNull(body).read(buffer, offset, length);
            } catch (IOException e) {
                cut(file.reason(e));
                continue;
            } finally {
                waitingSince = 0;
            }
            if (count >= 0) {
                received += count;
                if (received > furthest) file.tries().succeeded();
                furthest = Math.max(furthest, received);
                return count;
            }
            if (mark.length() < 0 || received >= mark.length()) return -1;
            cut("the connection ended after %,d of %,d bytes".formatted(received, mark.length()));
        }
    }

    private void connect() {
        var answer = file.get(received == 0 ? Map.of() : rest());
        body = answer.body();
        var now = HttpMark.of(answer);
        if (received == 0) {
            mark = now;
        } else if (HttpFile.isWhole(answer.statusCode())) {
            mark = now;
            restart();
        } else if (!HttpFile.isPart(answer.statusCode()) || HttpMark.begin(answer) != received || !now.agrees(mark)) {
            drop();
            file.tries().failed("the server has no byte %,d of %,d".formatted(received, mark.length()), Duration.ZERO);
            restart();
        }
    }

    private Map<String, String> rest() {
        var headers = ImmutableMap.<String, String>builder().put("Range", "bytes=" + received + "-");
        if (!mark.condition().isEmpty()) headers.put("If-Range", mark.condition());
        return headers.buildOrThrow();
    }

    private void restart() {
        received = 0;
        throw new Restarted();
    }

    private void cut(String why) {
        drop();
        file.tries().failed(why, Duration.ZERO);
    }

    private void drop() {
        var open = body;
        body = null;
        try {
            if (open != null) open.close();
        } catch (IOException _) {
            // it is of no use any more
        }
    }

    private void watch() {
        long timeout = file.patience().timeout().toNanos();
        while (!closed) {
            try {
                Thread.sleep(Duration.ofNanos(Math.max(1_000_000, timeout / 4)));
            } catch (InterruptedException _) {
                return;
            }
            long since = waitingSince;
            var open = body;
            if (since == 0 || open == null || System.nanoTime() - since < timeout) continue;
            try {
                open.close(); // who waits for it is woken
            } catch (IOException _) {
                // it is of no use any more
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        watch.interrupt();
        drop();
    }
}
