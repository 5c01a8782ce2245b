package dev.fusedit.trainer.data.fetch;

import com.google.common.base.Ascii;
import java.net.IDN;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// A URL of http or https as pages write it: with blanks and letters of any script, which are escaped as browsers do.
///
/// @param uri with scheme, host and path, without user, password and fragment
record WebAddress(URI uri) {
    private static final String PLAIN = "-._~:/?#[]@!$&'()*+,;=%";

    /// @throws FetchFailure if it is none
    static WebAddress of(String written) throws FetchFailure { return checked(parse(written)); }

    /// Where a redirect leads.
    WebAddress to(String location) throws FetchFailure { return checked(uri.resolve(parse(location))); }

    private static URI parse(String written) throws FetchFailure {
        try {
            return new URI(withAsciiHost(escaped(written.strip())));
        } catch (URISyntaxException e) {
            throw new FetchFailure(FetchCause.ADDRESS, "is no URL: " + e.getReason());
        }
    }

    private static WebAddress checked(URI uri) throws FetchFailure {
        var scheme = uri.getScheme() == null ? "" : Ascii.toLowerCase(uri.getScheme());
        if (!scheme.equals("http") && !scheme.equals("https"))
            throw new FetchFailure(FetchCause.ADDRESS, "http or https is needed, not " + Ascii.truncate(scheme, 20, "…"));
        if (uri.getHost() == null || uri.getHost().isEmpty()) throw new FetchFailure(FetchCause.ADDRESS, "names no host");
        if (uri.getRawUserInfo() != null) throw new FetchFailure(FetchCause.ADDRESS, "names a user");
        if (uri.getPort() == 0 || uri.getPort() > 65_535) throw new FetchFailure(FetchCause.ADDRESS, "names no port");
        var path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        var query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        return new WebAddress(URI.create(origin(uri, scheme) + path + query));
    }

    private static String origin(URI uri, String scheme) {
        return scheme + "://" + Ascii.toLowerCase(uri.getHost()) + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
    }

    String host() { return uri.getHost(); }

    /// Scheme, host and port.
    String origin() { return origin(uri, uri.getScheme()); }

    @Override
    public String toString() { return uri.toString(); }

    private static String escaped(String written) {
        var escaped = new StringBuilder();
        int hash = written.indexOf('#');
        var text = (hash < 0 ? written : written.substring(0, hash)).replaceAll("[\t\r\n]", "");
        int afterHost = text.indexOf('/', text.indexOf("//") + 2);
        text.codePoints().forEach(new java.util.function.IntConsumer() {
            private int at;

            @Override
            public void accept(int letter) {
                var one = Character.toString(letter);
                boolean inHost = text.contains("//") && (afterHost < 0 || at < afterHost);
                boolean isBracket = one.equals("[") || one.equals("]");
                boolean isEscape = letter != '%' || text.startsWith("%", at) && text.substring(at).matches("(?s)%[0-9a-fA-F]{2}.*");
                boolean isPlain = letter < 128 && (Character.isLetterOrDigit(letter) || PLAIN.indexOf(letter) >= 0);
                if (inHost || isPlain && isEscape && !isBracket) escaped.append(one);
                else for (byte each : one.getBytes(StandardCharsets.UTF_8))
                    escaped.append('%').append(HexFormat.of().withUpperCase().toHexDigits(each));
                at += one.length();
            }
        });
        return escaped.toString();
    }

    /// Hosts of other scripts in punycode.
    private static String withAsciiHost(String url) {
        int begin = url.indexOf("//") + 2;
        if (begin < 2 || url.chars().allMatch(c -> c < 128)) return url;
        int end = url.indexOf('/', begin) < 0 ? url.length() : url.indexOf('/', begin);
        try {
            return url.substring(0, begin) + IDN.toASCII(url.substring(begin, end)) + url.substring(end);
        } catch (IllegalArgumentException e) {
            return url; // no name: said by who parses it
        }
    }
}
