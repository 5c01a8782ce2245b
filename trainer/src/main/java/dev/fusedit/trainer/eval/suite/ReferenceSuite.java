package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.eval.features.ClipEncoder;
import dev.fusedit.trainer.eval.features.DinoEncoder;
import dev.fusedit.trainer.eval.features.ImageEncoder;
import dev.fusedit.trainer.eval.features.InceptionEncoder;
import dev.fusedit.trainer.eval.features.JpegCopy;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.eval.metrics.HalfSamples;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.sampling.WantedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Distances from a folder of images: the FID, and the Fréchet distance, precision, recall, density and coverage on DINOv2's features, and
/// CMMD, each where its encoder is given. Where images lie in folders of the same categories on both sides (MJHQ-30K), Fréchet distances
/// of each category too.
///
/// @param samples of each side, drawn by the seed; all unless given
/// @param jpeg whether generated images are compared as JPEG files of quality 75, by the FID
record ReferenceSuite(ImageSet set, Seed seed, GivenImages reference, Encoders encoders, OptionalInt samples, boolean jpeg)
        implements Suite.OfImages {
    private static final int CMMD_SIDE = 336;

    /// Files of encoders, at least one, and where they compute.
    record Encoders(Optional<Path> inception, Optional<Path> dino, Optional<Path> clip, Device device) {
        Encoders {
            if (inception.isEmpty() && dino.isEmpty() && clip.isEmpty()) {
                throw new UserError("suite reference needs an encoder: --inception FILE for the FID, --dino DIR for DINOv2's distances, "
                        + "--clip DIR for CMMD");
            }
        }
    }

    @Override
    public SuiteName name() { return SuiteName.REFERENCE; }

    @Override
    public ImmutableList<ImageSet> wanted() { return ImmutableList.of(set); }

    @Override
    public SuiteReport judge(SuiteImages images) {
        var run = new Run(chosen(set.images().stream().filter(images::has).toList(), "generated"),
                chosen(reference.all().images(), "reference"), images, new ArrayList<>(Missing.notes(this, images)),
                JsonNodeFactory.instance.objectNode().put("seed", seed.value()).put("images", jpeg ? "jpeg75" : "png"));
        run.rows.add(List.of("reference", "value", "n", "n reference"));
        encoders.inception.ifPresent(file -> run.measure(InceptionEncoder.open(file, encoders.device), jpeg, distances -> {
            distances.frechet("FID");
            run.categories(distances, "FID");
        }));
        encoders.dino.ifPresent(folder -> run.measure(DinoEncoder.open(folder, encoders.device), false, distances -> {
            distances.frechet("FD-DINOv2");
            run.categories(distances, "FD-DINOv2");
            distances.neighbours();
        }));
        encoders.clip.ifPresent(folder -> {
            var encoder = ClipEncoder.open(folder, encoders.device);
            if (encoder.clip().vision().config().imageSide() != CMMD_SIDE)
                run.notes.add("CMMD is published with ViT-L/14 at 336 px; this encoder's images have %d"
                        .formatted(encoder.clip().vision().config().imageSide()));
            run.measure(encoder, false, SetDistances::discrepancy);
        });
        if (jpeg) run.notes.add("FID: generated images as JPEG files of quality 75; others as they are");
        return SuiteReport.of(name(), List.of(run.rows), run.notes, run.json)
                .showing(run.generated.stream().map(image -> new SuiteReport.Shown(image, "")).toList()).headed(run.headline);
    }

    private List<WantedImage> chosen(List<WantedImage> all, String side) {
        if (all.isEmpty()) throw new UserError("suite reference: there is no %s image".formatted(side));
        return samples.isEmpty() || samples.getAsInt() >= all.size() ? all
                : LongStream.of(HalfSamples.some(seed.derive(side), all.size(), samples.getAsInt())).mapToObj(i -> all.get((int) i))
                        .toList();
    }

    /// What is being found.
    private final class Run {
        private final List<WantedImage> generated;
        private final List<WantedImage> real;
        private final SuiteImages images;
        private final List<String> notes;
        private final ObjectNode json;
        private final List<List<String>> rows = new ArrayList<>();
        private final Map<String, Estimate> headline = new LinkedHashMap<>();

        Run(List<WantedImage> generated, List<WantedImage> real, SuiteImages images, List<String> notes, ObjectNode json) {
            this.generated = generated;
            this.real = real;
            this.images = images;
            this.notes = notes;
            this.json = json;
            for (var side : List.of(generated, real))
                if (samples.isPresent() && side.size() < samples.getAsInt())
                    notes.add("--samples %d: there are %d".formatted(samples.getAsInt(), side.size()));
        }

        void measure(ImageEncoder open, boolean asJpeg, Consumer<SetDistances> metrics) {
            try (var encoder = open; var _ = TensorScope.open()) {
                var theirs = encoder.features(real.size(), i -> reference.of(real.get(i)).orElseThrow());
                var ours = encoder.features(generated.size(), i -> image(i, asJpeg));
                var distances = new SetDistances(encoder.name(), theirs, ours, seed, json);
                metrics.accept(distances);
                rows.addAll(distances.rows());
                headline.putAll(distances.found());
                notes.add("encoder: " + encoder.name());
                notes.addAll(distances.notes());
            }
        }

        private PngImage image(int place, boolean asJpeg) {
            var image = images.of(generated.get(place)).orElseThrow();
            return asJpeg ? JpegCopy.of(image) : image;
        }

        void categories(SetDistances distances, String metric) {
            var theirs = ImmutableSet.copyOf(real.stream().map(ReferenceSuite::category).toList());
            if (theirs.size() < 2 || !theirs.equals(ImmutableSet.copyOf(generated.stream().map(ReferenceSuite::category).toList()))) return;
            for (var category : theirs) distances.frechetOf(metric + " " + category, places(real, category), places(generated, category));
        }

        private static long[] places(List<WantedImage> images, String category) {
            return IntStream.range(0, images.size()).filter(i -> category(images.get(i)).equals(category)).asLongStream().toArray();
        }
    }

    /// The folder that an image lies in.
    private static String category(WantedImage image) {
        @Nullable Path folder = Path.of(image.file()).getParent();
        return folder == null ? "" : folder.getFileName().toString();
    }
}
