package dev.fusedit.trainer.eval.blocks.selfcheck;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import dev.fusedit.trainer.data.blocks.BlocksSample;
import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.blocks.Drawing;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.eval.blocks.BlocksChecker;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/// Whether the checker can be trusted: it must accept true captions, also of slightly harmed images, reject captions and images
/// that are false by one change, and never accept what shows nothing.
public final class SelfCheck {
    private static final long SEED = 2;
    private static final long PURPOSE = 32;
    /// Every so many images are harmed too.
    private static final int HARMED = 10;
    private static final double NOISE = 8;
    private static final double BLUR = 1;
    private static final double BLOB = 3;
    private static final int AVERAGED = 8;

    private enum Harm {
        NOISY, BLURRED, BLANK, NOISE, AVERAGE, BLOBS, HALF_ERASED;

        boolean isSlight() { return this == NOISY || this == BLURRED; }
    }

    private final Map<Kind, Ratio> accepted = new EnumMap<>(Kind.class);
    private final Map<Kind, Map<Change, Ratio>> claims = new EnumMap<>(Kind.class);
    private final Map<Kind, Map<Change, Ratio>> images = new EnumMap<>(Kind.class);
    private final Map<Kind, Map<Harm, Ratio>> harms = new EnumMap<>(Kind.class);

    private SelfCheck() {
        for (var kind : Kind.values()) {
            accepted.put(kind, new Ratio());
            claims.put(kind, ratios(Change.class));
            images.put(kind, ratios(Change.class));
            harms.put(kind, ratios(Harm.class));
        }
    }

    private static <E extends Enum<E>> Map<E, Ratio> ratios(Class<E> type) {
        var ratios = new EnumMap<E, Ratio>(type);
        for (var constant : type.getEnumConstants()) ratios.put(constant, new Ratio());
        return ratios;
    }

    /// On so many drawn images of each kind, on all cores. The same number gives the same result.
    public static SelfCheck run(int perKind) { return run(perKind, () -> {}); }

    /// @param afterEach run after each image, by any thread
    public static SelfCheck run(int perKind, Runnable afterEach) {
        checkArgument(perKind > 0, "perKind %s", perKind);
        var check = new SelfCheck();
        for (var kind : Kind.values())
            IntStream.range(0, perKind).parallel().forEach(i -> {
                check.one(kind, i);
                afterEach.run();
            });
        return check;
    }

    private void one(Kind kind, int index) {
        var dice = new Dice(SEED, PURPOSE + kind.ordinal(), index);
        var sample = sample(kind, index);
        var claim = sample.caption().claim();
        var sight = BlocksChecker.look(sample.rgb());
        accepted.get(kind).add(BlocksChecker.judge(claim, sight).accepted());
        for (var change : Change.values())
            for (var falseClaim : FalseClaims.of(claim, change, dice))
                claims.get(kind).get(change).add(!BlocksChecker.judge(falseClaim, sight).accepted());
        changeImage(sample, Change.values()[index % Change.values().length], dice);
        if (index % HARMED == 0) harm(sample, index, dice);
    }

    private static BlocksSample sample(Kind kind, int index) { return Blocks.sample(SEED, index, Split.TRAIN, BlocksMix.only(kind)); }

    private void changeImage(BlocksSample sample, Change change, Dice dice) {
        var claim = sample.caption().claim();
        var scene = FalseImages.of(claim, sample.scene(), change, dice);
        if (scene == null) return;
        images.get(claim.kind()).get(change).add(!BlocksChecker.judge(claim, Drawing.draw(scene)).accepted());
    }

    private void harm(BlocksSample sample, int index, Dice dice) {
        var claim = sample.caption().claim();
        for (var harm : Harm.values()) {
            if (harm == Harm.BLOBS && claim.kind() == Kind.COLORS && claim.things().getFirst().shape() == null) continue;
            var image = switch (harm) {
                case NOISY -> Spoiled.noisy(sample.rgb(), NOISE, dice);
                case BLURRED -> Spoiled.blurred(sample.rgb(), BLUR);
                case BLANK -> Spoiled.blank(sample);
                case NOISE -> Spoiled.noise(dice);
                case AVERAGE ->
                        Spoiled.average(IntStream.range(index, index + AVERAGED).mapToObj(i -> sample(claim.kind(), i).rgb()).toList());
                case BLOBS -> Spoiled.blurred(sample.rgb(), BLOB);
                case HALF_ERASED -> Spoiled.halfErased(sample, dice);
            };
            harms.get(claim.kind()).get(harm).add(BlocksChecker.judge(claim, image).accepted() == harm.isSlight());
        }
    }

    /// True captions accepted.
    public double accept(Kind kind) { return accepted.get(kind).rate(); }

    /// Captions and images that are false by one change rejected.
    public double reject(Kind kind) { return rejected(kind).rate(); }

    private Ratio rejected(Kind kind) {
        var sum = new Ratio();
        claims.get(kind).values().forEach(sum::add);
        images.get(kind).values().forEach(sum::add);
        return sum;
    }

    private double harmed(Kind kind, Harm harm) { return harms.get(kind).get(harm).rate(); }

    private double overall(Harm harm) {
        var sum = new Ratio();
        for (var kind : Kind.values()) sum.add(harms.get(kind).get(harm));
        return sum.rate();
    }

    /// Whether every kind keeps every promise: 99.5 % of true captions accepted and of false ones rejected, one change at a time;
    /// 97 % accepted after slight harm; 99 % of what shows nothing rejected.
    public boolean passed() {
        for (var kind : Kind.values()) {
            if (accept(kind) < 0.995) return false;
            for (var change : Change.values())
                if (claims.get(kind).get(change).rate() < 0.995 || images.get(kind).get(change).rate() < 0.995) return false;
            for (var harm : Harm.values()) if (harmed(kind, harm) < (harm.isSlight() ? 0.97 : 0.99)) return false;
        }
        return true;
    }

    /// `{"accept", "reject", "n", "per_kind": {kind: {"accept", "reject", "n", ...}}, "degenerate_rejected", ...}`
    public ObjectNode toJson() {
        var json = JsonNodeFactory.instance.objectNode();
        var accept = new Ratio();
        var reject = new Ratio();
        var degenerate = new Ratio();
        for (var kind : Kind.values()) {
            accept.add(accepted.get(kind));
            reject.add(rejected(kind));
            for (var harm : Harm.values()) if (!harm.isSlight()) degenerate.add(harms.get(kind).get(harm));
        }
        json.put("passed", passed()).put("accept", accept.rate()).put("reject", reject.rate()).put("n", accept.n());
        var kinds = json.putObject("per_kind");
        for (var kind : Kind.values()) kinds.set(kind.key(), toJson(kind));
        json.put("degenerate_rejected", degenerate.rate());
        var overall = json.putObject("degenerate");
        for (var harm : Harm.values()) if (!harm.isSlight()) overall.put(key(harm), overall(harm));
        json.put("noisy_accepted", overall(Harm.NOISY)).put("blurred_accepted", overall(Harm.BLURRED));
        return json;
    }

    private ObjectNode toJson(Kind kind) {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("accept", accept(kind)).put("reject", reject(kind)).put("n", accepted.get(kind).n());
        putAll(json.putObject("caption_changes"), claims.get(kind));
        putAll(json.putObject("picture_changes"), images.get(kind));
        putAll(json.putObject("harms"), harms.get(kind));
        return json;
    }

    private static <E extends Enum<E>> void putAll(ObjectNode json, Map<E, Ratio> ratios) {
        ratios.forEach((change, ratio) -> {
            if (ratio.n() > 0) json.put(key(change), ratio.rate());
        });
    }

    private static String key(Enum<?> constant) { return constant.name().toLowerCase(Locale.ROOT); }

    /// As a table.
    @Override
    public String toString() {
        var text = new StringBuilder("%-12s %8s %8s %8s %8s %8s %11s %7s%n".formatted(
                "kind", "accept", "reject", "noisy", "blurred", "blobs", "half-erased", "n"));
        for (var kind : Kind.values())
            text.append("%-12s %8.4f %8.4f %8.4f %8.4f %8.4f %11.4f %7d%n".formatted(kind.key(), accept(kind), reject(kind),
                    harmed(kind, Harm.NOISY), harmed(kind, Harm.BLURRED), harmed(kind, Harm.BLOBS), harmed(kind, Harm.HALF_ERASED),
                    accepted.get(kind).n()));
        return text.append("rejected: blank %.4f, noise %.4f, average of eight %.4f%n".formatted(
                overall(Harm.BLANK), overall(Harm.NOISE), overall(Harm.AVERAGE))).toString();
    }
}
