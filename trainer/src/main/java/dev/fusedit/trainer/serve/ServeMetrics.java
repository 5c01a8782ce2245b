package dev.fusedit.trainer.serve;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// What a server did, in Prometheus' text form (0.0.4). Any thread's.
final class ServeMetrics {
    private static final double[] SECONDS = {0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};

    private final Map<String, Long> requests = new TreeMap<>();
    private final long[] within = new long[SECONDS.length];
    private long timed;
    private double seconds;
    private long batches;
    private long images;
    private double making;
    private long gone;
    private long abandoned;

    /// @param path of the request; counted where it is one that images are asked for by
    synchronized void answered(String path, int status, double took) {
        boolean asksForImages = path.equals(ImageServer.OWN) || path.equals(ImageServer.OPEN_AI);
        requests.merge("path=\"%s\",status=\"%d\"".formatted(asksForImages ? path : "other", status), 1L, Long::sum);
        if (!asksForImages || status != 200) return;
        timed++;
        seconds += took;
        for (int i = 0; i < SECONDS.length; i++) if (took <= SECONDS[i]) within[i]++;
    }

    synchronized void batch(int size, double took) {
        batches++;
        images += size;
        making += took;
    }

    /// A client went away before its images were made.
    synchronized void gone() { gone++; }

    /// Images whose making was broken off.
    synchronized void abandoned(int images) { abandoned += images; }

    synchronized String text(ImageQueue queue, Connections connections) {
        var text = new StringBuilder();
        head(text, "fusedit_requests_total", "counter", "Requests that were answered.");
        requests.forEach((labels, count) -> line(text, "fusedit_requests_total{" + labels + "}", count));
        head(text, "fusedit_request_seconds", "histogram", "Time from a request for images to its answer's end.");
        for (int i = 0; i < SECONDS.length; i++) line(text, "fusedit_request_seconds_bucket{le=\"%s\"}".formatted(SECONDS[i]), within[i]);
        line(text, "fusedit_request_seconds_bucket{le=\"+Inf\"}", timed);
        line(text, "fusedit_request_seconds_sum", seconds);
        line(text, "fusedit_request_seconds_count", timed);
        single(text, "fusedit_images_total", "counter", "Images that were made.", images);
        single(text, "fusedit_batches_total", "counter", "Batches that they were made in.", batches);
        single(text, "fusedit_making_seconds_total", "counter", "Time in which batches were made.", making);
        single(text, "fusedit_clients_gone_total", "counter", "Clients that went away before their images were made.", gone);
        single(text, "fusedit_images_abandoned_total", "counter", "Images whose making was broken off, since nobody waited.", abandoned);
        single(text, "fusedit_queue_images", "gauge", "Images that wait.", queue.waiting());
        single(text, "fusedit_making_images", "gauge", "Images that are being made.", queue.making());
        single(text, "fusedit_connections", "gauge", "Open connections.", connections.open());
        return text.toString();
    }

    private static void single(StringBuilder text, String name, String type, String help, double value) {
        head(text, name, type, help);
        line(text, name, value);
    }

    private static void head(StringBuilder text, String name, String type, String help) {
        text.append("# HELP %s %s\n# TYPE %s %s\n".formatted(name, help, name, type));
    }

    private static void line(StringBuilder text, String name, double value) {
        text.append(name).append(' ')
                .append(value == Math.rint(value) ? Long.toString((long) value) : String.format(Locale.ROOT, "%.6f", value))
                .append('\n');
    }
}
