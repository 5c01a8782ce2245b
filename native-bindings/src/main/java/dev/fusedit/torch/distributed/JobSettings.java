package dev.fusedit.torch.distributed;

import dev.fusedit.torch.UserError;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// What the environment says of how the processes of a job work together.
///
/// | variable | |
/// |---|---|
/// | `FUSEDIT_JOIN_SECONDS` | how long others are waited for at the start: the first `./fusedit` of a machine builds |
/// | `FUSEDIT_ANSWER_SECONDS` | how long they are waited for in a collective |
/// | `FUSEDIT_BUCKET_MIB` | gradients that are summed together |
///
/// @param joining at the start
/// @param answering in a collective
/// @param bucketBytes of gradients that go together; rank 0's counts
record JobSettings(Duration joining, Duration answering, long bucketBytes) {
    private static final String JOINING = "FUSEDIT_JOIN_SECONDS", ANSWERING = "FUSEDIT_ANSWER_SECONDS", BUCKET = "FUSEDIT_BUCKET_MIB";

    static JobSettings of(Map<String, String> environment) {
        return new JobSettings(seconds(environment, JOINING, 300), seconds(environment, ANSWERING, 1800), bucketBytes(environment));
    }

    private static Duration seconds(Map<String, String> environment, String name, int usual) {
        var text = given(environment, name).orElse(Integer.toString(usual));
        if (!text.matches("[1-9]\\d{0,6}")) throw wrong(name, text, "a number of seconds from 1 to 9999999");
        return Duration.ofSeconds(Long.parseLong(text));
    }

    /// As PyTorch's `bucket_cap_mb`.
    private static long bucketBytes(Map<String, String> environment) {
        var text = given(environment, BUCKET).orElse("25");
        if (!text.matches("\\d{1,5}(\\.\\d{1,6})?") || Double.parseDouble(text) == 0) throw wrong(BUCKET, text, "a number above 0, of MiB");
        return (long) (Double.parseDouble(text) * (1 << 20));
    }

    private static Optional<String> given(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).map(String::strip).filter(text -> !text.isEmpty());
    }

    private static UserError wrong(String name, String text, String wanted) {
        return new UserError("%s is '%s' in the environment, but must be %s".formatted(name, text, wanted));
    }
}
