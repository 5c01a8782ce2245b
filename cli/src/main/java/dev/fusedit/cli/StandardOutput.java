package dev.fusedit.cli;

import dev.fusedit.torch.host.SystemReason;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/// Where results go, of every command and of what it runs. Java's own stream swallows what the system refuses (a full disk, a reader that has gone, a
/// closed stream); this one remembers the first refusal, and passes nothing on after it. Any thread may write.
final class StandardOutput extends OutputStream {
    private final OutputStream out;
    private @Nullable IOException refused;

    StandardOutput(OutputStream out) { this.out = out; }

    /// Takes the place of `System.out`, in its charset.
    static StandardOutput install() {
        var stdout = new StandardOutput(new FileOutputStream(FileDescriptor.out));
        System.setOut(new PrintStream(stdout, true, System.out.charset()));
        return stdout;
    }

    @Override
    public void write(int letter) { write(new byte[] {(byte) letter}, 0, 1); }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
        if (refused != null) return;
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            refused = e;
        }
    }

    /// What is wrong, for the person who waits for the result; null if all of it was taken.
    synchronized @Nullable String problem() {
        return refused == null ? null : "stdout could not be written to: %s. The result is not whole".formatted(SystemReason.of(refused));
    }
}
