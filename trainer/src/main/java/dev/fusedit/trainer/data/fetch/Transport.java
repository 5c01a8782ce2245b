package dev.fusedit.trainer.data.fetch;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.routing.RoutingSupport;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One request and its answer: no redirects, no retries, no cookies. Size and time are watched while it is read.
///
/// Any number of threads. Whoever makes it closes it.
final class Transport implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Transport.class);
    private static final int MOST_HEADERS = 200;
    private static final int MOST_LINE = 1 << 16;

    private final CloseableHttpClient client;
    private final FetchRules rules;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().factory());

    /// An answer, read to its end; the body is empty of those that are not 200.
    record Answer(int status, String reason, List<Header> headers, byte[] body) {
        Optional<String> header(String name) {
            return headers.stream().filter(header -> header.getName().equalsIgnoreCase(name)).map(Header::getValue).findFirst();
        }
    }

    /// Looks at an answer before its body is read.
    @FunctionalInterface
    interface Look {
        void at(Answer head) throws FetchFailure;
    }

    Transport(FetchRules rules, PublicAddresses addresses) {
        this.rules = rules;
        var timeout = Timeout.of(rules.timeout());
        var plain = Http1Config.custom().setMaxHeaderCount(MOST_HEADERS).setMaxLineLength(MOST_LINE).build();
        var connections = PoolingHttpClientConnectionManagerBuilder.create()
                .setDnsResolver(addresses)
                .setConnectionFactory(ManagedHttpClientConnectionFactory.builder().http1Config(plain).build())
                .setDefaultConnectionConfig(ConnectionConfig.custom().setConnectTimeout(timeout).setSocketTimeout(timeout).build())
                .setMaxConnTotal(2 * rules.connections()).setMaxConnPerRoute(2 * rules.perHost()).build();
        client = HttpClients.custom().setConnectionManager(connections).setRequestExecutor(new InStep()).setUserAgent(rules.agent())
                .disableRedirectHandling()
                .disableAutomaticRetries().disableCookieManagement().disableAuthCaching().disableContentCompression()
                .setDefaultRequestConfig(RequestConfig.custom().setResponseTimeout(timeout).setConnectionRequestTimeout(timeout).build())
                .build();
    }

    /// @param accept the header of this name
    /// @param look may refuse an answer by its head
    Answer get(WebAddress address, String accept, int mostBytes, Look look) throws FetchFailure {
        while (true) {
            try {
                return once(address, accept, mostBytes, look);
            } catch (InStep.LeftOver e) {
                LOG.trace("{}: another connection", address, e); // each is closed, so that there is an end
            }
        }
    }

    private Answer once(WebAddress address, String accept, int mostBytes, Look look) throws FetchFailure, InStep.LeftOver {
        var request = new HttpGet(address.uri());
        request.setHeader("Accept", accept);
        var late = new AtomicBoolean();
        var alarm = clock.schedule(() -> {
            late.set(true);
            request.cancel();
        }, rules.timeout().toNanos(), TimeUnit.NANOSECONDS);
        try {
            return answer(request, mostBytes, look);
        } catch (InStep.LeftOver e) {
            throw e;
        } catch (IOException | HttpException | RuntimeException e) { // what a server makes of the library
            throw late.get() ? new FetchFailure(FetchCause.TIMEOUT, "took longer than " + seconds(rules.timeout())) : failure(e);
        } finally {
            alarm.cancel(false);
        }
    }

    private Answer answer(HttpGet request, int mostBytes, Look look) throws IOException, HttpException, FetchFailure {
        var response = client.executeOpen(RoutingSupport.determineHost(request), request, null);
        try {
            var head = new Answer(response.getCode(), String.valueOf(response.getReasonPhrase()), List.of(response.getHeaders()),
                    new byte[0]);
            look.at(head);
            if (head.status() != 200) {
                drop(request, response);
                return head;
            }
            var whole = new Answer(head.status(), head.reason(), head.headers(), read(response, mostBytes));
            response.close();
            return whole;
        } catch (IOException | FetchFailure | RuntimeException e) {
            drop(request, response);
            throw e;
        }
    }

    /// Ends the connection, else closing would read what is left; closed so, it complains.
    private static void drop(HttpGet request, ClassicHttpResponse response) {
        request.cancel();
        try {
            response.close();
        } catch (IOException e) {
            LOG.trace("dropped", e);
        }
    }

    private static byte[] read(ClassicHttpResponse response, int most) throws IOException, FetchFailure {
        var entity = response.getEntity();
        if (entity == null) return new byte[0];
        if (entity.getContentLength() > most) throw tooLarge(most);
        var in = entity.getContent();
        byte[] body;
        if (entity.getContentLength() >= 0) {
            body = new byte[(int) entity.getContentLength()]; // in one piece, of which nothing is copied
            int count = in.readNBytes(body, 0, body.length);
            if (count < body.length) body = Arrays.copyOf(body, count);
        } else {
            body = in.readNBytes(most);
            if (body.length == most && in.read() >= 0) throw tooLarge(most);
        }
        in.close(); // not of an answer that is refused: closing reads what is left
        return body;
    }

    private static FetchFailure tooLarge(int most) {
        return new FetchFailure(FetchCause.TOO_LARGE, "has more than %d bytes".formatted(most));
    }

    private static FetchFailure failure(Exception e) {
        return switch (e) {
            case PublicAddresses.PrivateAddress found -> new FetchFailure(FetchCause.PRIVATE_ADDRESS, found.getMessage());
            case UnknownHostException _ -> new FetchFailure(FetchCause.DNS, "the name of the host is not known");
            case ConnectTimeoutException _ -> new FetchFailure(FetchCause.CONNECT, "no answer to connecting");
            case SocketTimeoutException _ -> new FetchFailure(FetchCause.TIMEOUT, "nothing came for too long");
            case ConnectException _ -> new FetchFailure(FetchCause.CONNECT, "the connection is refused");
            case NoRouteToHostException _ -> new FetchFailure(FetchCause.CONNECT, "no way to the host");
            case SSLException _ -> new FetchFailure(FetchCause.CONNECT, "no secure connection: " + e.getMessage());
            case ConnectionClosedException _ -> new FetchFailure(FetchCause.CUT, "the answer ends early");
            default -> new FetchFailure(FetchCause.CUT, "the answer breaks off: " + e.getClass().getSimpleName());
        };
    }

    private static String seconds(Duration time) { return time.toMillis() / 1000.0 + " s"; }

    @Override
    public void close() {
        clock.shutdownNow();
        client.close(CloseMode.IMMEDIATE);
    }
}
