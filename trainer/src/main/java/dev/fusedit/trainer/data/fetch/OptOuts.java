package dev.fusedit.trainer.data.fetch;

import com.google.common.base.Ascii;
import com.google.common.base.Splitter;
import java.util.Set;
import org.apache.hc.core5.http.Header;

/// What the headers of an answer forbid.
final class OptOuts {
    /// As img2dataset honours them; `none` stands for noindex, nofollow.
    private static final Set<String> FORBIDDING = Set.of("noai", "noimageai", "noindex", "noimageindex", "none");
    private static final Splitter COMMAS = Splitter.on(',').trimResults().omitEmptyStrings();

    private OptOuts() {}

    /// @throws FetchFailure if the site reserves the file
    static void check(Iterable<Header> headers) throws FetchFailure {
        for (var header : headers) {
            var name = Ascii.toLowerCase(header.getName());
            var value = header.getValue() == null ? "" : Ascii.toLowerCase(header.getValue().strip());
            if (name.equals("x-robots-tag") && forbids(value)) throw new FetchFailure(FetchCause.NOAI, "X-Robots-Tag: " + value);
            if (name.equals("tdm-reservation") && value.equals("1")) throw new FetchFailure(FetchCause.TDM, "tdm-reservation: 1");
        }
    }

    /// `noai, noimageai`, or `agent: noindex`, which is for that agent alone.
    private static boolean forbids(String value) {
        int colon = value.indexOf(':');
        boolean isForAgent = colon > 0 && value.substring(0, colon).matches("[\\w.-]+(?<!unavailable_after)(?<!max-[a-z-]{1,20})");
        if (isForAgent && !value.substring(0, colon).equals(FetchRules.TOKEN)) return false;
        return COMMAS.splitToStream(isForAgent ? value.substring(colon + 1) : value).anyMatch(FORBIDDING::contains);
    }
}
