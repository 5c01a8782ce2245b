package dev.fusedit.trainer.eval.suite;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.LinkedListMultimap;
import com.google.common.collect.ListMultimap;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.TextFile;
import dev.fusedit.trainer.data.image.ImageDecoder;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.ImageFolder;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.sampling.WantedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Images that another program made, in a folder. An image that a suite asks for is found by its file's name, as this program or the
/// suite's official scripts have it, else by its prompt: that of a line in `prompts.jsonl` (`{"file": …, "prompt": …}`), or of a caption as
/// [ImageFolder] reads them. Where a prompt is asked for several times, its images are taken in the order of their names.
public final class GivenImages implements SuiteImages {
    private static final String PROMPTS = "prompts.jsonl";
    private static final Seed UNKNOWN = Seed.of(0);

    private final Path folder;
    private final ImmutableMap<String, String> prompts;
    private final ListMultimap<String, String> byPrompt = LinkedListMultimap.create();
    private final Map<WantedImage, String> found = new HashMap<>();

    private GivenImages(Path folder, ImmutableMap<String, String> prompts) {
        this.folder = folder;
        this.prompts = prompts;
        prompts.forEach((file, prompt) -> byPrompt.put(prompt, file));
    }

    /// Looks for names and prompts; no image is read.
    ///
    /// @throws UserError if the folder cannot be looked through, or holds no image
    public static GivenImages in(Path folder) {
        try (var source = ImageFolder.open(folder)) {
            source.requireSamples();
            var written = folder.resolve(PROMPTS);
            var prompts = ImmutableMap.<String, String>builder();
            var lines = Files.exists(written) ? lines(written) : Map.<String, String>of();
            var rule = CaptionRule.usual(source);
            for (int i = 0; i < source.size(); i++) prompts.put(source.key(i), lines.getOrDefault(source.key(i), caption(source, rule, i)));
            return new GivenImages(folder, prompts.buildOrThrow());
        }
    }

    private static String caption(ImageFolder source, CaptionRule rule, int index) {
        try {
            return rule.of(source.texts(index), 0, index);
        } catch (BadSample _) {
            return "";
        }
    }

    private static Map<String, String> lines(Path file) {
        var prompts = new HashMap<String, String>();
        int number = 0;
        for (var line : TextFile.lines(file, "a list of images and prompts")) {
            var json = JsonFile.line(line, file, ++number, "Write one object a line: {\"file\": \"00000.png\", \"prompt\": \"a cat\"}");
            prompts.put(json.path("file").asText(), json.path("prompt").asText());
        }
        return prompts;
    }

    /// All of them, in the order of their names, with what is known of their prompts.
    public ImageSet all() {
        return new ImageSet(folder.toString(), prompts.entrySet().stream()
                .map(image -> new WantedImage(image.getKey(), image.getValue(), UNKNOWN)).collect(ImmutableList.toImmutableList()));
    }

    @Override
    public Optional<PngImage> of(WantedImage wanted) { return file(wanted).map(this::read); }

    @Override
    public boolean has(WantedImage wanted) { return file(wanted).isPresent(); }

    /// Where it lies.
    Optional<Path> file(WantedImage wanted) {
        return Optional.ofNullable(found.computeIfAbsent(wanted, this::find)).map(folder::resolve);
    }

    private @Nullable String find(WantedImage wanted) {
        for (var name : List.of(wanted.file(), wanted.file().substring(wanted.file().indexOf('/') + 1)))
            if (prompts.containsKey(name)) return name;
        var candidates = byPrompt.get(wanted.prompt());
        return wanted.prompt().isEmpty() || candidates.isEmpty() ? null : candidates.removeFirst();
    }

    private PngImage read(Path file) {
        try {
            var image = ImageDecoder.decode(Files.readAllBytes(file), file.toString(), ImageDecoding.STRICT);
            return new PngImage(image.width(), image.height(), image.rgb());
        } catch (IOException e) {
            throw new UserError("%s cannot be read: %s".formatted(file, e.getMessage()), e);
        }
    }
}
