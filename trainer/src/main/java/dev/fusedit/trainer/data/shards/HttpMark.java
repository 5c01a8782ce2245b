package dev.fusedit.trainer.data.shards;

import java.net.http.HttpResponse;
import java.util.regex.Pattern;

/// What a server says of a file, by which a change of it is noticed.
///
/// @param length in bytes; -1 where it is not said
/// @param etag empty where there is none
/// @param modified the date as the server writes it; empty where there is none
record HttpMark(long length, String etag, String modified) {
    static final HttpMark NONE = new HttpMark(-1, "", "");
    private static final Pattern RANGE = Pattern.compile("bytes (?:(\\d+)-\\d+|\\*)/(\\d+|\\*)");

    static HttpMark of(HttpResponse<?> answer) {
        var headers = answer.headers();
        long length = headers.firstValue("content-range").map(HttpMark::total)
                .orElseGet(() -> headers.firstValue("content-length").filter(text -> text.matches("\\d{1,18}")).map(Long::parseLong)
                        .orElse(-1L));
        return new HttpMark(length, headers.firstValue("etag").orElse(""), headers.firstValue("last-modified").orElse(""));
    }

    private static long total(String range) {
        var parts = RANGE.matcher(range);
        return parts.matches() && !parts.group(2).equals("*") ? Long.parseLong(parts.group(2)) : -1;
    }

    /// The first byte that a part begins with; -1 where it is not said.
    static long begin(HttpResponse<?> answer) {
        var parts = RANGE.matcher(answer.headers().firstValue("content-range").orElse(""));
        return parts.matches() && parts.group(1) != null ? Long.parseLong(parts.group(1)) : -1;
    }

    /// Whether both may be of the same bytes, as far as both say something.
    boolean agrees(HttpMark other) {
        return (length < 0 || other.length < 0 || length == other.length) && agree(etag, other.etag) && agree(modified, other.modified);
    }

    private static boolean agree(String a, String b) { return a.isEmpty() || b.isEmpty() || a.equals(b); }

    /// Whether a change would be seen by it.
    boolean tells() { return !etag.isEmpty() || !modified.isEmpty(); }

    /// What `If-Range` takes: a strong ETag, else the date; empty where there is neither.
    String condition() { return etag.isEmpty() || etag.startsWith("W/") ? modified : etag; }
}
