package dev.fusedit.trainer.data.prepare;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Maps;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.trainer.data.shards.Unpacking;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarFile;

/// Tar archives on this machine's disks, plain or packed with gzip or zstd.
///
/// @param files in the order in which they were named
record ImageArchives(ImmutableList<Path> files) {
    /// What is told of a member.
    @FunctionalInterface
    interface MemberTaker {
        /// @param begin of its bytes in the unpacked archive
        void member(String name, long begin, long bytes) throws IOException;
    }

    /// What reads a member, as far as it likes.
    @FunctionalInterface
    interface ContentTaker {
        void member(String name, InputStream content) throws IOException;
    }

    /// @throws UserError if two have the same name, by which rows tell them apart
    ImageArchives {
        var seen = new HashMap<Path, Path>();
        for (var file : files) {
            var other = seen.put(file.getFileName(), file);
            if (other != null)
                throw new UserError(
                        "--images: %s and %s have the same name, by which rows tell archives apart. Rename one".formatted(other, file));
        }
    }

    boolean isEmpty() { return files.isEmpty(); }

    /// By their names.
    Map<String, Path> byName() { return Maps.uniqueIndex(files, file -> String.valueOf(file.getFileName())); }

    /// Names and places of a whole archive's files, in its order. Of a plain one only the heads are read.
    ///
    /// @throws UserError if it is no archive, or damaged
    static void members(Path archive, MemberTaker taker) {
        try (var unpacked = Unpacking.of(Files.newInputStream(archive), archive.toString())) {
            if (unpacked.packed()) {
                var tar = new TarArchiveInputStream(unpacked.tar());
                for (TarArchiveEntry entry; (entry = tar.getNextEntry()) != null;) {
                    if (entry.isFile()) taker.member(entry.getName(), tar.getBytesRead(), entry.getSize());
                }
                return;
            }
        } catch (IOException | IllegalArgumentException e) {
            throw damaged(archive, e);
        }
        try (var tar = new TarFile(archive)) {
            long end = Files.size(archive);
            for (var entry : tar.getEntries()) {
                if (entry.getDataOffset() + entry.getSize() > end) throw new IOException("it ends within " + entry.getName());
                if (entry.isFile()) taker.member(entry.getName(), entry.getDataOffset(), entry.getSize());
            }
        } catch (IOException | IllegalArgumentException e) {
            throw damaged(archive, e);
        }
    }

    /// All files of an archive.
    ///
    /// @throws UserError if it is no archive, or damaged
    static void contents(Path archive, ContentTaker taker) {
        try (var unpacked = Unpacking.of(Files.newInputStream(archive), archive.toString());
                var tar = new TarArchiveInputStream(unpacked.tar())) {
            for (TarArchiveEntry entry; (entry = tar.getNextEntry()) != null;) {
                if (entry.isFile()) taker.member(entry.getName(), tar);
            }
        } catch (IOException | IllegalArgumentException e) {
            throw damaged(archive, e);
        }
    }

    private static UserError damaged(Path archive, Exception e) {
        var reason = switch (e) {
            case IOException failure -> SystemReason.of(failure);
            default -> e.getMessage();
        };
        return new UserError("%s: cannot be read as a whole archive: %s. Fetch it anew".formatted(archive, reason), e);
    }
}
