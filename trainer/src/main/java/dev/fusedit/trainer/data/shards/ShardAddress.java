package dev.fusedit.trainer.data.shards;

import dev.fusedit.torch.UserError;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/// Where one tar file is, plain or packed.
public sealed interface ShardAddress {
    Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://.*", Pattern.DOTALL);
    Pattern TAR_NAME = Pattern.compile("[^\\s/'\"=|<>;&?#]+\\.(?:tar|tgz|tzst)\\b");
    String PIPE = "pipe:";

    /// A file of this machine.
    record Local(Path file) implements ShardAddress {}

    /// A file that a server hands out.
    record Http(URI uri) implements ShardAddress {}

    /// What a command of the shell writes to its standard output.
    record Piped(String command) implements ShardAddress {}

    /// @param text of one shard: a path, `http(s)://…`, `file://…` or `pipe:COMMAND`
    /// @throws UserError if it is another kind of address, or none
    static ShardAddress of(String text) {
        if (text.startsWith(PIPE)) {
            var command = text.substring(PIPE.length()).strip();
            if (command.isEmpty()) throw new UserError("pipe: names no command. Write pipe:COMMAND, which writes a tar archive");
            return new Piped(command);
        }
        var scheme = SCHEME.matcher(text);
        if (!scheme.matches()) return new Local(Path.of(text.startsWith("file:/") ? text.substring("file:".length()) : text));
        return switch (scheme.group(1).toLowerCase(Locale.ROOT)) {
            case "http", "https" -> http(text);
            case "file" -> new Local(Path.of(text.substring(scheme.end(1) + "://".length())));
            default -> throw new UserError(("%s: addresses of %s:// are not read. Name a command that writes the archive, such as "
                    + "'pipe:aws s3 cp %s -', and give --allow-pipe").formatted(text, scheme.group(1), text));
        };
    }

    private static ShardAddress http(String text) {
        try {
            var uri = new URI(text);
            if (uri.getHost() == null) throw new UserError(text + ": names no server");
            if (uri.getRawUserInfo() != null) {
                throw new UserError("%s: a name and a password within an address are not sent. Name a command that logs in: pipe:curl …"
                        .formatted(shown(uri)));
            }
            return new Http(uri);
        } catch (URISyntaxException e) {
            throw new UserError("%s: is no address of the web: %s".formatted(text, e.getReason()), e);
        }
    }

    /// Whether a text is an address of something else than a file or folder of this machine.
    static boolean isElsewhere(String text) { return text.startsWith(PIPE) || SCHEME.matcher(text).matches(); }

    /// For messages; keys and signatures of the web stay out.
    default String shown() {
        return switch (this) {
            case Local(var file) -> file.toString();
            case Http(var uri) -> shown(uri);
            case Piped(var command) -> PIPE + command;
        };
    }

    private static String shown(URI uri) {
        var port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        return uri.getScheme() + "://" + uri.getHost() + port + uri.getPath() + (uri.getRawQuery() == null ? "" : "?…");
    }

    /// `shard-000.tar.gz`
    default String fileName() {
        return switch (this) {
            case Local(var file) -> String.valueOf(file.getFileName());
            case Http(var uri) -> uri.getPath().substring(uri.getPath().lastIndexOf('/') + 1);
            case Piped(var command) -> {
                var names = TAR_NAME.matcher(command).results().toList();
                yield names.isEmpty() ? shown() : names.getLast().group();
            }
        };
    }

    /// The file's name as it would be without packing: `shard-000.tar`, so that the names of samples do not depend on it.
    default String tarName() { return fileName().replaceFirst("\\.tar\\.(gz|zst|zstd)$|\\.(tgz|tzst)$", ".tar"); }
}
