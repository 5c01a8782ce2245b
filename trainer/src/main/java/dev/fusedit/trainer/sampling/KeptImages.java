package dev.fusedit.trainer.sampling;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.Lists;
import dev.fusedit.fusion.pipeline.SamplingSettings;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;

/// A folder that grows image by image, each under its own name, and is never made twice: an image that is there, of the same prompt and
/// seed, is kept. `images.jsonl` has a line for each, written after the image; `made-by.json` says by which model and settings, and any
/// other ones are refused.
///
/// Locked while it is open. One thread's.
public final class KeptImages implements AutoCloseable {
    private static final String IMAGES = "images.jsonl";
    private static final String CALL = "made-by.json";
    private static final String REMEDY = "Delete the file: its images are made again";

    private final Path folder;
    private final FolderCall call;
    private final Map<String, WantedImage> kept;

    private KeptImages(Path folder, FolderCall call, Map<String, WantedImage> kept) {
        this.folder = folder;
        this.call = call;
        this.kept = kept;
    }

    /// Takes the folder, which is made if it is not there.
    ///
    /// @param identity of the model ([SamplingModel#identity])
    /// @param force whether another model's images, or those of other settings, are forgotten instead of refused
    /// @throws UserError if another process writes here, or what is here was made otherwise
    public static KeptImages open(Path folder, String identity, SamplingSettings settings, boolean force) {
        return open(folder, identity, settings, (_, _) -> force);
    }

    /// Takes the folder as [#open], and forgets another model's images, or those of other settings.
    public static KeptImages renewed(Path folder, String identity, SamplingSettings settings) {
        return open(folder, identity, settings, (before, asked) -> !FolderCall.others(before, asked).isEmpty());
    }

    private static KeptImages open(Path folder, String identity, SamplingSettings settings, BiPredicate<JsonNode, ObjectNode> forgotten) {
        try {
            var call = FolderCall.take(folder, CALL, folder.toString());
            try {
                ObjectNode asked = JsonNodeFactory.instance.objectNode().put("model", identity).setAll(SampleNotes.json(settings));
                var before = call.before();
                if (before.isMissingNode() || forgotten.test(before, asked)) {
                    Files.deleteIfExists(folder.resolve(IMAGES));
                    call.write(asked);
                    return new KeptImages(folder, call, new HashMap<>());
                }
                FolderCall.requireSame(before, asked,
                        other -> ("%s holds images that were made otherwise: %s is not the same. Give another "
                                + "--out, or --force to make them again").formatted(folder, other));
                return new KeptImages(folder, call, read(folder.resolve(IMAGES)));
            } catch (IOException | RuntimeException e) {
                call.close();
                throw e;
            }
        } catch (IOException e) {
            throw WriteFailure.of(folder, e);
        }
    }

    /// The whole lines; what was torn off is made again, and cut off so that the next line is whole.
    private static Map<String, WantedImage> read(Path file) throws IOException {
        var kept = new HashMap<String, WantedImage>();
        if (!Files.exists(file)) return kept;
        var text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8); // its end may be half a letter
        var whole = text.substring(0, text.lastIndexOf('\n') + 1);
        int number = 0;
        for (var line : whole.lines().toList()) {
            var json = JsonFile.line(line, file, ++number, REMEDY);
            kept.put(json.path("file").asText(),
                    new WantedImage(json.path("file").asText(), json.path("prompt").asText(), Seed.of(json.path("seed").asLong())));
        }
        if (whole.length() < text.length()) WholeFile.write(file, whole);
        return kept;
    }

    public boolean has(WantedImage wanted) { return wanted.equals(kept.get(wanted.file())) && Files.exists(file(wanted)); }

    public Path file(WantedImage wanted) { return folder.resolve(wanted.file()); }

    /// How many images [#make] would sample, those included that only share a batch with one that is missing.
    public int missing(ImageSampler sampler, List<WantedImage> images) {
        return batches(sampler, images).stream().mapToInt(List::size).sum();
    }

    /// Batches begin where those of a whole set begin, so that what is made later is the same bit for bit.
    private List<List<WantedImage>> batches(ImageSampler sampler, List<WantedImage> images) {
        return Lists.partition(images, sampler.batch()).stream().filter(some -> !some.stream().allMatch(this::has)).toList();
    }

    /// Makes those that are not there; a batch, or as many as are sampled side by side, is on the disk before the next one begins.
    public void make(ImageSampler sampler, List<WantedImage> images) {
        for (var round : Lists.partition(batches(sampler, images), sampler.processes())) {
            var some = round.stream().flatMap(List::stream).toList();
            var made = sampler.sample(some.stream().map(WantedImage::seeded).toList());
            for (int i = 0; i < made.size(); i++) {
                if (!has(some.get(i))) add(some.get(i), new PngImage(sampler.side(), made.get(i).length / 3 / sampler.side(), made.get(i)),
                        sampler);
            }
        }
    }

    private void add(WantedImage wanted, PngImage image, ImageSampler sampler) {
        var line = JsonNodeFactory.instance.objectNode().put("file", wanted.file()).put("prompt", wanted.prompt()).put("seed",
                wanted.seed().value());
        try {
            Files.createDirectories(file(wanted).getParent());
            WholeFile.write(file(wanted), image.png(sampler.notes(wanted.prompt(), wanted.seed())));
            Files.writeString(folder.resolve(IMAGES), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw WriteFailure.of(file(wanted), e);
        }
        kept.put(wanted.file(), wanted);
    }

    /// Gives the folder back; what is there stays.
    @Override
    public void close() {
        try {
            call.close();
        } catch (IOException e) {
            throw WriteFailure.of(folder, e);
        }
    }
}
