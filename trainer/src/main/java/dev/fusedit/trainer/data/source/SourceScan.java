package dev.fusedit.trainer.data.source;

import com.google.common.base.Throwables;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.image.ImageDecoder;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.PerceptualHash;
import dev.fusedit.trainer.data.image.RgbImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A source, looked through whole: each image decoded, each caption read.
///
/// @param good samples that can be trained on, in the source's order
/// @param problems the others, in that order, and what the source itself found before
/// @param captionCounts of captions, by the names that are read
public record SourceScan(ImageSource source, ImmutableList<SampleFacts> good, ImmutableList<Problem> problems,
        ImmutableMap<String, CaptionCount> captionCounts) {
    private static final int COMMONEST = 3;
    /// Samples that are looked at while those behind them are fetched.
    private static final int AHEAD = 4096;

    /// What a look at one sample found: one of both.
    ///
    /// @param counts of its captions; none if they were not read
    private record Look(@Nullable SampleFacts facts, @Nullable Problem problem, Map<String, CaptionCount> counts) {}

    /// @param threads that decode, each another sample
    /// @param looked told how many samples have been looked at
    public static SourceScan of(ImageSource source, CaptionRule captions, ImageDecoding decoding, int threads, IntConsumer looked) {
        var good = ImmutableList.<SampleFacts>builder();
        var problems = ImmutableList.<Problem>builder().addAll(source.problems());
        var counts = new LinkedHashMap<String, CaptionCount>();
        captions.shares().keySet().forEach(name -> counts.put(name, CaptionCount.NONE));
        var pool = Executors.newFixedThreadPool(threads, Thread.ofPlatform().daemon().name("scan-", 0).factory());
        try {
            var looks = new ArrayList<Future<Look>>();
            for (int i = 0; i < source.size(); i++) {
                int index = i;
                looks.add(pool.submit(() -> {
                    source.expect(Math.min(index + AHEAD, source.size() - 1), AHEAD);
                    return look(source, index, captions, decoding);
                }));
            }
            for (int i = 0; i < looks.size(); i++) {
                var look = looks.set(i, null).get();
                if (look.facts() != null) good.add(look.facts());
                if (look.problem() != null) problems.add(look.problem());
                look.counts().forEach((name, count) -> counts.merge(name, count, CaptionCount::and));
                looked.accept(i + 1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("interrupted while the images were looked at", e);
        } catch (ExecutionException e) {
            Throwables.throwIfUnchecked(e.getCause());
            throw new IllegalStateException(e.getCause());
        } finally {
            pool.shutdownNow();
        }
        return new SourceScan(source, good.build(), problems.build(), ImmutableMap.copyOf(counts));
    }

    private static Look look(ImageSource source, int index, CaptionRule captions, ImageDecoding decoding) {
        var counts = new LinkedHashMap<String, CaptionCount>();
        try {
            var image = decoded(source, index, decoding);
            var texts = source.texts(index);
            captions.shares().keySet().forEach(name -> counts.put(name, CaptionCount.of(texts, name)));
            var caption = captions.of(texts, 0, index);
            return new Look(new SampleFacts(index, image.width(), image.height(), caption, PerceptualHash.of(image)), null, counts);
        } catch (BadSample e) {
            return new Look(null, e.of(source.key(index)), counts);
        }
    }

    /// @throws BadSample if it is no whole image
    public static RgbImage decoded(ImageSource source, int index, ImageDecoding decoding) throws BadSample {
        var bytes = source.image(index);
        try {
            return ImageDecoder.decode(bytes, source.key(index), decoding);
        } catch (UserError e) {
            throw new BadSample(Cause.BROKEN_IMAGE, detail(e, source.key(index)));
        } catch (OutOfMemoryError _) {
            throw new BadSample(Cause.BROKEN_IMAGE, "is too large to be decoded in Java's heap");
        }
    }

    private static String detail(UserError e, String key) {
        var message = String.valueOf(e.getMessage());
        return message.startsWith(key + ": ") ? message.substring(key.length() + 2) : message;
    }

    /// Problems of each cause; those that there are none of are left out.
    public Map<Cause, Integer> counts() {
        var counts = new EnumMap<Cause, Integer>(Cause.class);
        problems.forEach(problem -> counts.merge(problem.cause(), 1, Integer::sum));
        return counts;
    }

    /// Bad samples among all.
    public double badShare() { return (double) problems.size() / Math.max(1, good.size() + problems.size()); }

    /// `3 of 40 samples cannot be used: 2 broken-image (a.png: is empty), 1 missing-caption (b.png: …)`, the commonest causes with an example
    /// each.
    public String summary() {
        var causes =
                counts().entrySet().stream().sorted(Map.Entry.<Cause, Integer>comparingByValue(Comparator.reverseOrder())).limit(COMMONEST)
                        .map(each -> "%d %s (%s)".formatted(each.getValue(), each.getKey().word(), example(each.getKey())))
                        .collect(Collectors.joining(", "));
        return "%d of %d samples cannot be used: %s".formatted(problems.size(), good.size() + problems.size(), causes);
    }

    private String example(Cause cause) {
        var first = problems.stream().filter(problem -> problem.cause() == cause).findFirst().orElseThrow();
        return first.sample() + ": " + first.detail();
    }

    /// @param most share of bad samples that is borne
    /// @throws UserError if there are more, or nothing is left
    public void requireGood(double most) { requireGood(most, "data"); }

    /// @param key of the source in the recipe
    /// @throws UserError as [#requireGood(double)]
    public void requireGood(double most, String key) {
        if (badShare() > most) {
            throw new UserError(
                    "%s: %s. That is more than %s.errors.stop_above allows (%s). Mend them ('fusedit data audit' lists all), or allow more"
                            .formatted(source.place(), summary(), key, most));
        }
        if (good.isEmpty())
            throw new UserError("%s: no sample can be used: %s".formatted(source.place(), problems.isEmpty() ? "it has none" : summary()));
    }

    /// Captions of the good samples.
    public List<String> captions() { return good.stream().map(SampleFacts::caption).toList(); }
}
