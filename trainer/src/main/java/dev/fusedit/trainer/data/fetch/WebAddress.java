package dev.fusedit.trainer.data.fetch;

import com.google.common.base.Ascii;
import java.net.IDN;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// A URL of http or https as pages write it: with blanks and letters of any script, which are escaped as browsers do.
///
/// @param uri with scheme, host and path, without user, password and fragment
record WebAddress(URI uri) {
    private static final String PLAIN = "-._~:/?@!$&'()*+,;=";
    private static final Pattern ESCAPE = Pattern.compile("%[0-9a-fA-F]{2}");

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

    /// Without the fragment; the host as it is, behind it percent escapes for what a URL may not have.
    private static String escaped(String written) {
        int hash = written.indexOf('#');
        var text = (hash < 0 ? written : written.substring(0, hash)).replaceAll("[\t\r\n]", "");
        int begin = text.indexOf("//") + 2;
        int path = begin < 2 ? 0 : text.indexOf('/', begin) < 0 ? text.length() : text.indexOf('/', begin);
        var escaped = new StringBuilder(text.substring(0, path));
        for (int at = path; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
            int letter = text.codePointAt(at);
            if (isPlain(letter) || letter == '%' && ESCAPE.matcher(text).region(at, text.length()).lookingAt()) {
                escaped.appendCodePoint(letter);
            } else {
                for (byte each : Character.toString(letter).getBytes(StandardCharsets.UTF_8)) {
                    escaped.append('%').append(HexFormat.of().withUpperCase().toHexDigits(each));
                }
            }
        }
        return escaped.toString();
    }

    private static boolean isPlain(int letter) {
        return letter < 128 && (Character.isLetterOrDigit(letter) || PLAIN.indexOf(letter) >= 0);
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
