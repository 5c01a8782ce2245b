package dev.fusedit.torch.distributed;

import dev.fusedit.torch.UserError;
import java.util.Map;
import java.util.Optional;

/// Which process of a job this one is, and where the job meets: what `torchrun` sets in the environment of each process, and what jobs of
/// Slurm and Kubernetes set for `torch.distributed`'s `env://`.
///
/// | variable | |
/// |---|---|
/// | `RANK`, `WORLD_SIZE` | number of the process, from 0, and how many there are |
/// | `LOCAL_RANK`, `LOCAL_WORLD_SIZE` | the same among those of its machine; if left out, it has the machine to itself |
/// | `MASTER_ADDR`, `MASTER_PORT` | where rank 0 listens |
/// | `TORCHELASTIC_USE_AGENT_STORE` | `True` where torchrun's agent listens there in its place |
/// | `TORCHELASTIC_RUN_ID`, `TORCHELASTIC_RESTART_COUNT` | keep the keys of one start apart from those of another in the agent's table |
///
/// @param start of the job, among those that share a table
public record Rendezvous(int rank, int size, int localRank, int localSize, String host, int port, boolean ofAgent, String start) {
    private static final String SIZE = "WORLD_SIZE";
    private static final int MOST = 65_535;

    /// Empty for a process that is alone: without WORLD_SIZE, or with 1.
    ///
    /// @throws UserError if the variables contradict each other, or one is missing
    public static Optional<Rendezvous> of(Map<String, String> environment) {
        if (environment.getOrDefault(SIZE, "").isBlank()) return Optional.empty();
        int size = number(environment, SIZE, 1, MOST);
        if (size == 1) return Optional.empty();
        int rank = number(environment, "RANK", 0, size - 1);
        int localSize = isSet(environment, "LOCAL_WORLD_SIZE") ? number(environment, "LOCAL_WORLD_SIZE", 1, size) : 1;
        int localRank = isSet(environment, "LOCAL_RANK") ? number(environment, "LOCAL_RANK", 0, MOST) : 0;
        var host = environment.getOrDefault("MASTER_ADDR", "");
        if (host.isBlank()) throw missing("MASTER_ADDR", "the address of rank 0");
        var start = environment.getOrDefault("TORCHELASTIC_RUN_ID", "run") + "/"
                + environment.getOrDefault("TORCHELASTIC_RESTART_COUNT", "0");
        return Optional.of(new Rendezvous(rank, size, localRank, localSize, host, number(environment, "MASTER_PORT", 1, MOST),
                environment.getOrDefault("TORCHELASTIC_USE_AGENT_STORE", "").equalsIgnoreCase("true"), start));
    }

    private static boolean isSet(Map<String, String> environment, String name) { return !environment.getOrDefault(name, "").isBlank(); }

    private static int number(Map<String, String> environment, String name, int least, int most) {
        var text = environment.getOrDefault(name, "").strip();
        if (text.isEmpty()) throw missing(name, "a number from %d to %d".formatted(least, most));
        if (!text.matches("\\d{1,9}") || Integer.parseInt(text) < least || Integer.parseInt(text) > most) {
            throw new UserError("%s is '%s' in the environment, but must be a number from %d to %d%s".formatted(name, text, least, most,
                    name.equals(SIZE) ? "" : " (%s is %s)".formatted(SIZE, environment.get(SIZE))));
        }
        return Integer.parseInt(text);
    }

    private static UserError missing(String name, String what) {
        return new UserError(
                "%s is set in the environment, so this is one process of several, but %s is not. Set it to %s, or start by './fusedit launch'"
                        .formatted(SIZE, name, what));
    }

    /// Whether this process holds the table by which all meet.
    boolean holdsTable() { return rank == 0 && !ofAgent; }

    /// A port near the agent's, for rank 0's own table in its place, with keys of its own.
    Rendezvous beside(int number) {
        return new Rendezvous(rank, size, localRank, localSize, host, port + number <= MOST ? port + number : port - number, false,
                "%s/beside-%d".formatted(start, port));
    }

    String place() { return host + ":" + port; }
}
