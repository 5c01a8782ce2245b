package dev.fusedit.trainer.serve;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.NearFiles;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// How a server listens, and whom it answers.
///
/// @param host that it listens on; one that others reach needs a token
/// @param port 0 for any that is free
/// @param token that a request has to show, as `Authorization: Bearer TOKEN`
/// @param hosts names beside its own by which it may be asked
/// @param runs folder of runs to list
/// @param metadata whether images say how they were made
public record ServeSettings(String host, int port, Optional<String> token, List<String> hosts, ServeLimits limits, Optional<Path> runs,
        boolean metadata) {
    private static final int SHORTEST_TOKEN = 16;
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    public ServeSettings {
        hosts = List.copyOf(hosts);
        if (port < 0 || port > 65_535) throw new UserError("--port must be from 0 to 65535, but is " + port);
        token.ifPresent(ServeSettings::requireToken);
        if (!address(host).isLoopbackAddress() && token.isEmpty()) {
            throw new UserError(("--host %s can be reached by others, so that a token is needed: give a file that holds one by --token, or "
                    + "set FUSEDIT_TOKEN").formatted(host));
        }
        runs.ifPresent(folder -> {
            if (!folder.toFile().isDirectory())
                throw new UserError("--runs %s: there is no such folder%s".formatted(folder, NearFiles.hint(folder)));
        });
    }

    /// On this machine alone, as `serve` without options.
    public static ServeSettings local(int port) {
        return new ServeSettings("127.0.0.1", port, Optional.empty(), List.of(), ServeLimits.USUAL, Optional.empty(), true);
    }

    private static void requireToken(String token) {
        if (token.length() < SHORTEST_TOKEN || !token.chars().allMatch(letter -> letter > ' ' && letter < 127)) {
            throw new UserError("the token must be at least %d letters of ASCII without blanks; `openssl rand -hex 24` makes one"
                    .formatted(SHORTEST_TOKEN));
        }
    }

    private static InetAddress address(String host) {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new UserError("--host %s is no address of this machine. Give 127.0.0.1, 0.0.0.0, or one of its own".formatted(host), e);
        }
    }

    /// Whether a request that was sent to this name is meant for this server. A page of elsewhere whose name was made to mean this machine
    /// (DNS rebinding) is not.
    ///
    /// @param name of the `Host` header, without a port
    boolean answersTo(String name) {
        var lower = name.toLowerCase(Locale.ROOT);
        if (lower.equals(host.toLowerCase(Locale.ROOT)) || hosts.stream().anyMatch(lower::equalsIgnoreCase)) return true;
        var address = address(host);
        return address.isLoopbackAddress() ? LOOPBACK.contains(lower)
                : address.isAnyLocalAddress() && (LOOPBACK.contains(lower) || isNumeric(lower));
    }

    /// No name that a foreign server could give out.
    private static boolean isNumeric(String name) { return name.matches("\\[[0-9a-f:.]+]|\\d{1,3}(\\.\\d{1,3}){3}"); }

    /// Takes as long for a token that is nearly right as for one that is not.
    boolean isAuthorized(Optional<String> authorization) {
        return token.isEmpty() || authorization.isPresent() && MessageDigest.isEqual(
                ("Bearer " + token.get()).getBytes(StandardCharsets.UTF_8), authorization.get().getBytes(StandardCharsets.UTF_8));
    }

    /// Without the token.
    @Override
    public String toString() { return "%s:%d%s".formatted(host, port, token.isPresent() ? ", with a token" : ""); }
}
