package dev.fusedit.trainer.stage.cache;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Iterables;
import com.google.common.collect.Maps;
import com.google.common.hash.Hashing;
import com.google.common.io.Files;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.dit.ShallowModelConfig;
import dev.fusedit.fusion.text.PretrainedTokenizer;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FileInfo;
import dev.fusedit.trainer.data.TextIds;
import dev.fusedit.trainer.model.FrozenFiles;
import dev.fusedit.trainer.model.Latents;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.recipe.CacheRecipe.Stored;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// By what the rows of each kind are known: all of the recipe and its files that they depend on.
final class CacheSets {
    private CacheSets() {}

    static CacheSet latents(Stored stored, Latents.Encoded latents) {
        return new CacheSet(CacheKind.LATENTS, dtype(stored, DType.F32), ImmutableMap.of("encoder", latents.sha256(), "computed", "f32"));
    }

    static CacheSet tokens(TextIds texts) {
        var facts = ImmutableMap.<String, String>builder().put("tokenizer", sha256(RecipeTokenizers.json(texts.tokenizer())))
                .put("max_tokens", Integer.toString(texts.maxTokens()));
        if (texts.tokenizer() instanceof PretrainedTokenizer published) {
            facts.put("instruction", published.instruction().text()).put("chat", String.valueOf(published.chat()));
        }
        return new CacheSet(CacheKind.TOKENS, DType.I32, facts.buildOrThrow());
    }

    static CacheSet text(Stored stored, ModelBundle bundle) {
        var compute = bundle.weights().policy().compute();
        if (compute == DType.F64) throw new UserError("cache.text must be none: numbers of run.precision f64 are not kept");
        var llm = Maps.filterKeys(bundle.weights().state(), name -> name.startsWith("llm."));
        return new CacheSet(CacheKind.TEXT, dtype(stored, compute), ImmutableMap.of("language_model", FileInfo.sha256(llm), "computed",
                compute.toString(), "sizes", bundle.model().config().text().toString(), "read", read(bundle.model().config())));
    }

    private static String read(ImageModelConfig config) {
        return switch (config) {
            case FuseDiTConfig fused -> "layers %s, positions %s, %s".formatted(fused.readLayers(),
                    fused.fusion().sharesPositions() ? "rotated" : "plain", fused.attention());
            case ShallowModelConfig shallow -> "hidden state " + shallow.hiddenState();
        };
    }

    /// @param patchPixels along a side of the image side's patches
    static CacheSet features(Stored stored, Losses.Repa repa, int patchPixels) {
        return new CacheSet(CacheKind.FEATURES, dtype(stored, DType.F32), ImmutableMap.of("teacher", teacher(repa.teacher()), "match",
                repa.match().toString(), "pixels", Integer.toString(patchPixels), "computed", "f32"));
    }

    /// The one teacher whose features are kept.
    ///
    /// @throws UserError if stages have several
    static Losses.Repa repa(Recipe recipe) {
        var all = recipe.stages().stream().map(stage -> stage.losses().repa()).filter(repa -> repa != null).toList();
        if (all.stream().map(repa -> List.of(repa.teacher(), repa.match())).distinct().count() > 1)
            throw new UserError("cache.features must be none: stages have repa losses of several teachers, or match them in several ways");
        return Iterables.get(all, 0);
    }

    private static String teacher(Losses.Teacher teacher) {
        var files = FrozenFiles.of(teacher);
        if (files.isEmpty()) return "%s of %s".formatted(teacher, sha256(TeacherRecipe.find("blocks-teacher", List.of()).canonical()));
        var hasher = Hashing.sha256().newHasher();
        for (var file : files) {
            try {
                hasher.putString(file.getFileName() + "\0", StandardCharsets.UTF_8)
                        .putBytes(Files.asByteSource(file.toFile()).hash(Hashing.sha256()).asBytes());
            } catch (IOException e) {
                throw new UserError("%s cannot be read (%s)".formatted(file, e.getMessage()), e);
            }
        }
        return hasher.hash().toString();
    }

    private static DType dtype(Stored stored, DType computed) {
        return switch (stored) {
            case NONE -> throw new IllegalArgumentException("nothing is kept");
            case RUN -> computed;
            case F16 -> DType.F16;
            case BF16 -> DType.BF16;
        };
    }

    private static String sha256(String text) { return Hashing.sha256().hashString(text, StandardCharsets.UTF_8).toString(); }
}
