package dev.fusedit.trainer.data.prepare;

import com.google.common.base.Ascii;
import dev.fusedit.trainer.data.fetch.FetchCause;
import dev.fusedit.trainer.data.fetch.FetchFailure;

/// What became of a row.
sealed interface Decision {
    /// img2dataset's word for it: readers of its tables look for `success`.
    String status();

    /// A sample.
    ///
    /// @param jpeg where its bytes are
    /// @param original width and height of the image as fetched, as a person sees it
    /// @param sha256 of the file as fetched
    /// @param phash of the image as fetched
    record Kept(ShardSpool.Place jpeg, Size size, Size original, String sha256, String phash) implements Decision {
        @Override
        public String status() { return "success"; }
    }

    record Size(int width, int height) {}

    /// None.
    ///
    /// @param cause a word
    record LeftOut(String status, String cause, String detail) implements Decision {}

    /// By a rule.
    static LeftOut leftOut(RowCause cause, String detail) { return leftOut(cause.word(), detail); }

    static LeftOut leftOut(String cause, String detail) { return new LeftOut("left_out", cause, detail); }

    static LeftOut unfit(RowCause cause, String detail) {
        return new LeftOut("failed_to_resize", cause.word(), Ascii.truncate(detail, 300, "…"));
    }

    static LeftOut tooLarge(long bytes) {
        return new LeftOut("failed_to_download", RowCause.word(FetchCause.TOO_LARGE), "has %d bytes".formatted(bytes));
    }

    static LeftOut notFetched(FetchFailure failure) {
        var status = switch (failure.why()) {
            case ADDRESS, PRIVATE_ADDRESS, BLOCKED_DOMAIN, ROBOTS, NOAI, TDM -> "left_out";
            case DNS, CONNECT, TIMEOUT, CUT, TOO_MANY_REQUESTS, SERVER_ERROR, HTTP_STATUS, REDIRECTS, TOO_LARGE, CONTENT_TYPE ->
                    "failed_to_download";
        };
        return new LeftOut(status, RowCause.word(failure.why()), String.valueOf(failure.getMessage()));
    }
}
