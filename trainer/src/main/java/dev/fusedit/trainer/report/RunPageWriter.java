package dev.fusedit.trainer.report;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.trainer.stage.ProcessFigures;
import dev.fusedit.trainer.checkpoint.RunFolder;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps `report.html` up to date on a thread of its own, of the least priority: soon after something has changed, but no more often than
/// every [#LEAST_WAIT], and so seldom that it takes no more than a hundredth of one core. Whatever goes wrong in it never stops a run.
public final class RunPageWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RunPageWriter.class);
    private static final Duration LEAST_WAIT = Duration.ofSeconds(15);
    private static final int SHARE = 100;
    private static final Duration LAST_PAGE = Duration.ofSeconds(30);

    private final RunFolder folder;
    private final Device device;
    private final RunRows rows;
    private final RunImages images;
    private final Thread thread;
    private final AtomicReference<String> problem = new AtomicReference<>();
    private boolean changed = true;
    private boolean ended;
    private boolean told;

    private RunPageWriter(RunFolder folder, Device device) {
        this.folder = folder;
        this.device = device;
        rows = new RunRows(folder.metrics());
        images = new RunImages(folder);
        thread = Thread.ofPlatform().name("report.html").daemon().priority(Thread.MIN_PRIORITY).unstarted(this::work);
    }

    /// Writes `run.json`, then the first page.
    ///
    /// @param device whose memory the page tells
    /// @throws IOException if `run.json` cannot be written or is something else
    public static RunPageWriter begin(RunFolder folder, Optional<RunAbout.Base> base, Optional<PlannedUse> plan, RunAbout.Start start,
            Device device) throws IOException {
        WholeFile.write(folder.about(), RunAbout.begun(folder.about(), base, plan, start).bytes());
        var writer = new RunPageWriter(folder, device);
        writer.thread.start();
        return writer;
    }

    /// There is more to show. Takes no time.
    ///
    /// @return what went wrong with the page, once
    public synchronized Optional<String> changed() {
        changed = true;
        notifyAll();
        return Optional.ofNullable(problem.getAndSet(null));
    }

    private void work() {
        try {
            while (true) {
                var state = awaitChange();
                long began = System.nanoTime();
                write(state);
                if (state == RunPage.State.ENDED) return;
                pause(Math.max(LEAST_WAIT.toNanos(), SHARE * (System.nanoTime() - began)));
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized RunPage.State awaitChange() throws InterruptedException {
        while (!changed && !ended) wait();
        changed = false;
        return ended ? RunPage.State.ENDED : RunPage.State.GOES_ON;
    }

    private synchronized void pause(long nanos) throws InterruptedException {
        long until = System.nanoTime() + nanos;
        for (long left; !ended && (left = until - System.nanoTime()) > 0;) wait(left / 1_000_000 + 1);
    }

    private void write(RunPage.State state) {
        try {
            long began = System.nanoTime();
            var html = RunPage.of(folder, rows, images, state, ProcessFigures.peakMiB(device));
            WholeFile.write(folder.page(), html);
            LOG.debug("{}: {} characters in {} ms", folder.page(), html.length(), (System.nanoTime() - began) / 1_000_000);
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            LOG.debug("no report.html", e);
            if (!told) problem.set("%s cannot be written (%s); the run goes on".formatted(folder.page(), e.getMessage()));
            told = true;
        }
    }

    /// Writes the last page.
    @Override
    public void close() {
        synchronized (this) {
            ended = true;
            notifyAll();
        }
        try {
            thread.join(LAST_PAGE);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
