package dev.fusedit.trainer.bench.feed;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.util.Locale;

/// What came of it.
///
/// @param name of the recipe
/// @param size of the first batch's images, `256 x 256`
/// @param workers threads that made batches
/// @param jpeg what decodes JPEGs
/// @param openSeconds until the data was looked through, as before a run's first step
/// @param firstBatchSeconds from then on until the first batch was there
/// @param images that count
/// @param seconds that they took
/// @param cpuSeconds of all cores meanwhile
/// @param residentMib of the process at the end of each tenth
/// @param peakMib of the process
public record FeedResult(String name, String size, int batch, int workers, String jpeg, double openSeconds, double firstBatchSeconds,
        long images, double seconds, double cpuSeconds, ImmutableList<Long> residentMib, long peakMib) {
    public double imagesPerSecond() { return images / seconds; }

    public ObjectNode json() {
        var json = new JsonMapper().createObjectNode().put("recipe", name).put("size", size).put("batch", batch).put("workers", workers)
                .put("jpeg", jpeg).put("open_seconds", rounded(openSeconds)).put("first_batch_seconds", rounded(firstBatchSeconds))
                .put("images", images).put("seconds", rounded(seconds)).put("images_per_second", rounded(imagesPerSecond()))
                .put("cpu_ms_per_image", rounded(1000 * cpuSeconds / images)).put("peak_mib", peakMib);
        residentMib.forEach(json.putArray("resident_mib")::add);
        return json;
    }

    private static double rounded(double value) { return Math.round(1000 * value) / 1000.0; }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, """
            %s: images of %s, batches of %d, made by %d threads; JPEGs by %s
            %.0f images a second (%,d in %.1f s), %.2f ms of a core each
            first batch %.2f s after the data was looked through, which took %.2f s
            memory at the end of each tenth: %s MiB; peak %d""",
                name, size, batch, workers, jpeg, imagesPerSecond(), images, seconds, 1000 * cpuSeconds / images, firstBatchSeconds,
                openSeconds, residentMib, peakMib);
    }
}
