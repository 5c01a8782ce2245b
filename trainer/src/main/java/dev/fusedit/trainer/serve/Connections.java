package dev.fusedit.trainer.serve;

import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.CloseConnectionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The server's open connections, by their other end. Helidon hands each socket over here when it is accepted.
///
/// Ends those that take too long: to send a request (one that never sends its end, slow headers, a slow body, nothing at all after an
/// answer), or to take an answer. And tells whether a client that waits for its images is still there.
///
/// Any thread's.
final class Connections implements SocketOptions, AutoCloseable {
    /// For a whole request, from the connection's beginning, or from the answer to the last one.
    private static final Duration TO_ASK = Duration.ofSeconds(60);
    /// For a part of an answer.
    private static final Duration TO_TAKE = Duration.ofSeconds(60);
    private static final Duration SWEEP = Duration.ofSeconds(1);

    private final Map<SocketAddress, Client> clients = new ConcurrentHashMap<>();
    private final Duration toAsk;
    private final ScheduledExecutorService sweeper =
            Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("slow-connections").factory());

    /// @param toAsk in which a whole request has to be there
    Connections(Duration toAsk) {
        this.toAsk = toAsk;
        long period = Math.min(SWEEP.toMillis(), toAsk.toMillis());
        sweeper.scheduleWithFixedDelay(this::sweep, period, period, TimeUnit.MILLISECONDS);
    }

    Connections() { this(TO_ASK); }

    private void sweep() {
        long now = System.nanoTime();
        clients.values().removeIf(client -> client.isOver(now));
    }

    /// The other end of a connection. Its connection's thread's, but for the deadline.
    static final class Client {
        private static final long NONE = Long.MAX_VALUE;

        private final SocketChannel channel;
        private final ByteBuffer peeked = ByteBuffer.allocate(1);
        private volatile long deadline;
        private boolean sentMore;

        private Client(SocketChannel channel, Duration first) {
            this.channel = channel;
            within(first);
        }

        private void within(Duration time) { deadline = System.nanoTime() + time.toNanos(); }

        /// It is the server's turn.
        void waits() { deadline = NONE; }

        /// It is to take what is written from now on.
        void takes() { within(TO_TAKE); }

        private boolean isOver(long now) {
            if (!channel.isOpen()) return true;
            long until = deadline;
            if (until == NONE || now - until < 0) return false;
            try {
                channel.close();
            } catch (IOException _) { // closed all the same
            }
            return true;
        }

        /// Whether it closed its end, or is not to be reached. Only while nobody else reads or writes here.
        ///
        /// Nothing is to come before it is answered. If something does, the next request perhaps, its first byte is lost: see [#sentMore].
        boolean isGone() {
            if (sentMore) return !channel.isOpen();
            try {
                channel.configureBlocking(false);
                try {
                    int read = channel.read(peeked.clear());
                    sentMore = read > 0;
                    return read < 0;
                } finally {
                    channel.configureBlocking(true);
                }
            } catch (IOException _) {
                return true;
            }
        }

        /// Whether its connection has to be closed after the answer.
        boolean sentMore() { return sentMore; }
    }

    /// The one that sent a request.
    ///
    /// @param address null once it is gone
    Client client(@Nullable SocketAddress address) {
        var client = address == null ? null : clients.get(address);
        if (client == null) throw new CloseConnectionException("the client went away");
        return client;
    }

    /// A request has begun, or is answered so that the next one may come.
    void listens(Client client) { client.within(toAsk); }

    int open() { return clients.size(); }

    @Override
    public void configureSocket(SocketChannel channel) {
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true); // events are small
            clients.put(channel.getRemoteAddress(), new Client(channel, toAsk));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() { sweeper.shutdownNow(); }

    // ---- what Helidon asks besides

    @Override
    public Map<SocketOption<?>, Object> socketOptions() { return Map.of(); }

    @Override
    public Duration connectTimeout() { return toAsk; }

    @Override
    public Duration readTimeout() { return toAsk; }

    @Override
    public Optional<Integer> socketReceiveBufferSize() { return Optional.empty(); }

    @Override
    public Optional<Integer> socketSendBufferSize() { return Optional.empty(); }

    @Override
    public boolean socketReuseAddress() { return true; }

    @Override
    public boolean socketKeepAlive() { return false; }

    @Override
    public boolean tcpNoDelay() { return true; }
}
