package dev.fusedit.cli;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.study.CellProcesses;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Commands of a study's cells, a process each, several side by side.
final class CellJobs implements CellProcesses {
    private final Set<OwnProcess> running = ConcurrentHashMap.newKeySet();
    private final PipeOption pipes;
    private final HookOption hook;
    private volatile boolean stopped;

    /// @param pipes of the study, for its trainings; and so `hook`
    CellJobs(PipeOption pipes, HookOption hook) {
        this.pipes = pipes;
        this.hook = hook;
    }

    @Override
    public int run(List<String> words, Map<String, String> environment, Path log) throws InterruptedException {
        var process = new OwnProcess(environment);
        running.add(process);
        if (stopped) process.stop(); // asked before it was among them
        try (var out =
                new PrintWriter(Files.newBufferedWriter(log, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND),
                        true)) {
            return process.run(asHere(words), out, out);
        } catch (IOException e) {
            throw Files.exists(log) ? new UserError("study: a process of its own cannot be started (%s)".formatted(e.getMessage()), e)
                    : WriteFailure.of(log, e);
        } finally {
            running.remove(process);
        }
    }

    /// With what this command was allowed and given.
    List<String> asHere(List<String> words) {
        var all = new ArrayList<>(words);
        if (words.getFirst().equals("train")) {
            all.addAll(pipes.words());
            all.addAll(hook.words());
        }
        all.addAll(OwnProcess.libtorch());
        return all;
    }

    /// Asks all to end after the step that they are in.
    void stop() {
        stopped = true;
        running.forEach(OwnProcess::stop);
    }

    /// Ends all, whatever they do.
    void kill() { running.forEach(OwnProcess::kill); }
}
