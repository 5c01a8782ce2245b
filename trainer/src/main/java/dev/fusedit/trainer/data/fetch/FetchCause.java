package dev.fusedit.trainer.data.fetch;

/// Why a file was not fetched.
public enum FetchCause {
    /// No address of http(s), with a password in it, or malformed.
    ADDRESS(false),
    /// The name leads, or a redirect led, to an address that is not of the public network.
    PRIVATE_ADDRESS(false),
    /// The host is on the block list.
    BLOCKED_DOMAIN(false),
    /// Its `robots.txt` forbids it, or could not be had.
    ROBOTS(false),
    /// The header `X-Robots-Tag` says noai, noimageai, noindex, noimageindex or none.
    NOAI(false),
    /// The header `tdm-reservation: 1` (W3C's TDM Reservation Protocol).
    TDM(false),
    /// The name is not known.
    DNS(true),
    /// No connection, or no secure one.
    CONNECT(true),
    TIMEOUT(true),
    /// Fewer bytes came than were announced, or what came is no HTTP.
    CUT(true),
    /// 429: too many requests.
    TOO_MANY_REQUESTS(true),
    /// 5xx, and 408.
    SERVER_ERROR(true),
    /// Any other status than 200.
    HTTP_STATUS(false),
    REDIRECTS(false),
    /// More bytes than are read.
    TOO_LARGE(false),
    /// No image by its content type.
    CONTENT_TYPE(false);

    private final boolean passing;

    FetchCause(boolean passing) { this.passing = passing; }

    /// Whether it may be another time: it is tried again.
    boolean isPassing() { return passing; }
}
