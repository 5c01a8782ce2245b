package dev.fusedit.trainer.data.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.message.BasicHeader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FetcherTest {
    private HostileSite site;

    @BeforeEach
    void open() throws IOException { site = HostileSite.open(); }

    @AfterEach
    void close() throws IOException { site.close(); }

    private static FetchRules rules(boolean allowPrivate) {
        return new FetchRules("me@example.org", 8, 4, 3, Duration.ofMillis(5), Duration.ofSeconds(2), 100_000, allowPrivate,
                host -> host.equals("blocked.test"));
    }

    private byte[] fetch(String path) throws FetchFailure, IOException, InterruptedException {
        try (var fetcher = new Fetcher(rules(true))) {
            return fetch(fetcher, path.startsWith("/") ? site.url(path) : path);
        }
    }

    private static byte[] fetch(Fetcher fetcher, String url) throws FetchFailure, IOException, InterruptedException {
        return fetcher.fetch(url, file -> file);
    }

    private FetchCause whyNot(String path) throws IOException, InterruptedException {
        try {
            fetch(path);
        } catch (FetchFailure e) {
            return e.why();
        }
        throw new AssertionError(path + " was fetched");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ok", "untyped", "late", "redirect", "busy", "shaky"})
    void whatIsThereIsFetchedWhole(String kind) throws FetchFailure, IOException, InterruptedException {
        assertThat(fetch("/" + kind + "/7.jpg")).isEqualTo(HostileSite.image(7));
        assertThat(site.agents()).allMatch("fusedit/0.1 (+mailto:me@example.org)"::equals);
        assertThat(site.asked().getFirst()).isEqualTo("/robots.txt");
    }

    @ParameterizedTest
    @CsvSource({"page,CONTENT_TYPE,1", "loop,REDIRECTS,6", "local,ADDRESS,1", "missing,HTTP_STATUS,1", "crowded,TOO_MANY_REQUESTS,1",
        "down,SERVER_ERROR,4", "noai,NOAI,1", "reserved,TDM,1", "huge,TOO_LARGE,1", "endless,TOO_LARGE,1", "cut,CUT,4", "garbage,CUT,4",
        "forbidden,ROBOTS,0", "around,ROBOTS,1"})
    void whatIsNotIsToldByItsCause(String kind, FetchCause cause, int requests) throws IOException, InterruptedException {
        assertThat(whyNot("/" + kind + "/7.jpg")).isEqualTo(cause);
        assertThat(site.asked()).hasSize(1 + requests); // robots.txt too
    }

    @Test
    void aServerThatNeverEndsIsLeft() throws InterruptedException {
        try (var fetcher = new Fetcher(new FetchRules("", 1, 1, 0, Duration.ZERO, Duration.ofMillis(300), 1000, true, _ -> false))) {
            assertThatThrownBy(() -> fetch(fetcher, site.url("/dribble/1.jpg"))).isInstanceOfSatisfying(FetchFailure.class,
                    e -> assertThat(e.why()).isIn(FetchCause.TIMEOUT, FetchCause.TOO_LARGE));
        }
        try (var fetcher = new Fetcher(new FetchRules("", 1, 1, 0, Duration.ZERO, Duration.ofMillis(300), 1_000_000, true, _ -> false))) {
            assertThatThrownBy(() -> fetch(fetcher, site.url("/dribble/1.jpg"))).isInstanceOfSatisfying(FetchFailure.class,
                    e -> assertThat(e.why()).isEqualTo(FetchCause.TIMEOUT));
        }
    }

    /// It says that it sends less than it does: what is left over is no answer to what is asked next.
    @Test
    void anAnswerThatIsTooLongSpoilsNoOther() throws FetchFailure, IOException, InterruptedException {
        try (var fetcher = new Fetcher(rules(true))) {
            for (int i = 0; i < 5; i++) {
                assertThat(fetch(fetcher, site.url("/short/7.jpg"))).hasSize(HostileSite.image(7).length - 300);
                assertThat(fetch(fetcher, site.url("/ok/7.jpg"))).isEqualTo(HostileSite.image(7));
            }
        }
        assertThat(site.asked()).hasSize(11);
    }

    @Test
    void nothingPrivateIsConnectedTo() throws InterruptedException {
        try (var fetcher = new Fetcher(rules(false))) {
            for (var host : List.of("127.0.0.1", "localhost", "[::1]", "2130706433", "0.0.0.0", "[::ffff:127.0.0.1]")) {
                assertThatThrownBy(() -> fetch(fetcher, "http://" + host + ":" + site.port() + "/ok/1.jpg")).as(host)
                        .isInstanceOfSatisfying(FetchFailure.class,
                                e -> assertThat(e.why()).as(host).isIn(FetchCause.PRIVATE_ADDRESS, FetchCause.ADDRESS));
            }
        }
        assertThat(site.asked()).isEmpty();
    }

    /// 127.0.0.1 stands for the public network, 127.0.0.2 for what is behind a fence.
    private Fetcher fenced(DnsResolver names) {
        return new Fetcher(rules(false), new PublicAddresses(address -> address.getHostAddress().equals("127.0.0.1"), names));
    }

    @Test
    void aRedirectDoesNotLeadInside() throws FetchFailure, IOException, InterruptedException {
        try (var fetcher = fenced(SystemDefaultDnsResolver.INSTANCE)) {
            assertThat(fetch(fetcher, site.url("/ok/1.jpg"))).isNotEmpty();
            assertThatThrownBy(() -> fetch(fetcher, site.url("/inside/1.jpg"))).isInstanceOfSatisfying(FetchFailure.class,
                    e -> assertThat(e.why()).isEqualTo(FetchCause.PRIVATE_ADDRESS));
        }
        assertThat(site.asked()).containsExactly("/robots.txt", "/ok/1.jpg", "/inside/1.jpg");
    }

    /// Each time the name is asked for it leads elsewhere; and a name with two addresses is as bad as its worst.
    @Test
    void aNameThatChangesDoesNotLeadInside() throws IOException, InterruptedException {
        var times = new AtomicInteger();
        DnsResolver rebinding = new DnsResolver() {
            @Override
            public InetAddress[] resolve(String host) throws java.net.UnknownHostException {
                var outside = InetAddress.getByName("127.0.0.1");
                var inside = InetAddress.getByName("127.0.0.2");
                if (host.equals("both.test")) return new InetAddress[] {outside, inside};
                return new InetAddress[] {times.getAndIncrement() == 0 ? outside : inside};
            }

            @Override
            public String resolveCanonicalHostname(String host) { return host; }
        };
        try (var fetcher = fenced(rebinding)) {
            for (var host : List.of("both.test", "turns.test")) {
                try {
                    fetch(fetcher, "http://" + host + ":" + site.port() + "/ok/1.jpg");
                } catch (FetchFailure e) {
                    assertThat(e.why()).isEqualTo(FetchCause.PRIVATE_ADDRESS);
                }
            }
        }
        assertThat(times.get()).isPositive();
        assertThat(site.asked()).doesNotContain("/ok/2.jpg").hasSizeLessThanOrEqualTo(2); // over the one connection that was checked
    }

    @ParameterizedTest
    @CsvSource({"8.8.8.8,true", "10.1.2.3,false", "100.64.0.1,false", "100.128.0.1,true", "169.254.169.254,false", "172.31.0.1,false",
        "172.32.0.1,true", "192.168.1.1,false", "192.0.0.8,false", "198.19.0.1,false", "224.0.0.1,false", "255.255.255.255,false",
        "0.1.2.3,false", "127.9.9.9,false", "2606:4700::1111,true", "::1,false", "::,false", "fe80::1,false", "fc00::1,false",
        "ff02::1,false", "2001:db8::1,false", "2002:7f00:1::,false", "2001::1,false", "64:ff9b::7f00:1,false", "64:ff9b::808:808,true",
        "::ffff:10.0.0.1,false", "3fff::1,false"})
    void publicAddressesAreTold(String address, boolean isPublic) throws IOException {
        assertThat(PublicAddresses.isPublic(InetAddress.getByName(address))).isEqualTo(isPublic);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"ftp://a.test/b.jpg|", "http:///b.jpg|", "http://me:secret@a.test/b.jpg|", "javascript:alert(1)|",
        "no url|", "HTTP://A.Test/a b.jpg|http://a.test/a%20b.jpg", "https://a.test|https://a.test/",
        "http://a.test/x.jpg?u=[1]|http://a.test/x.jpg?u=%5B1%5D", "http://a.test/50%.jpg#top|http://a.test/50%25.jpg",
        "http://a.test/caf\u00e9.jpg|http://a.test/caf%C3%A9.jpg", "http://b\u00fccher.test/%C3%A9|http://xn--bcher-kva.test/%C3%A9",
        "http://a.test/a|b.jpg|"})
    void addressesAreReadAsBrowsersDo(String written, String expected) {
        String read;
        try {
            read = WebAddress.of(written).toString();
        } catch (FetchFailure e) {
            assertThat(e.why()).isEqualTo(FetchCause.ADDRESS);
            read = null;
        }
        if (!written.endsWith("a")) assertThat(read).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"noai|true", "NoImageAI|true", "noarchive, noindex|true", "none|true", "all|false",
        "noarchive|false", "otherbot: noindex|false", "fusedit: noai|true", "unavailable_after: 25 Jun 2010 15:00:00 PST|false",
        "max-image-preview: large, noindex|true"})
    void headersReserve(String value, boolean reserved) throws FetchFailure {
        List<Header> headers = List.of(new BasicHeader("x-robots-tag", value));
        if (reserved) assertThatThrownBy(() -> OptOuts.check(headers)).isInstanceOf(FetchFailure.class);
        else OptOuts.check(headers);
    }

    @Test
    void aSiteWhoseRobotsFileCannotBeHadIsLeftAlone() throws IOException, FetchFailure, InterruptedException {
        try (var down = new HostileSite("503 Service Unavailable\n\n");
                var open = new HostileSite("404 Not Found\n\n");
                var own = new HostileSite("200 OK\n\nUser-agent: fusedit\nDisallow: /ok/1\nUser-agent: *\nDisallow:\n")) {
            assertThat(whyNot(down.url("/ok/1.jpg"))).isEqualTo(FetchCause.ROBOTS);
            assertThat(fetch(open.url("/ok/1.jpg"))).isNotEmpty();
            assertThat(whyNot(own.url("/ok/1.jpg"))).isEqualTo(FetchCause.ROBOTS);
            assertThat(fetch(own.url("/ok/2.jpg"))).isNotEmpty();
        }
    }

    @Test
    void blockedHostsAreNotAsked() throws IOException, InterruptedException {
        assertThat(whyNot("http://blocked.test/a.jpg")).isEqualTo(FetchCause.BLOCKED_DOMAIN);
    }

    @Test
    void settingsAreChecked() {
        assertThatThrownBy(() -> new FetchRules("a b", 1, 1, 0, Duration.ZERO, Duration.ofSeconds(1), 1, false, _ -> false))
                .isInstanceOf(UserError.class);
        assertThatThrownBy(() -> new FetchRules("", 0, 1, 0, Duration.ZERO, Duration.ofSeconds(1), 1, false, _ -> false))
                .isInstanceOf(UserError.class);
    }
}
