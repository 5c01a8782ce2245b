package dev.fusedit.trainer.recipe;

import dev.fusedit.torch.UserError;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A commented recipe for a folder of images, tar files or Parquet files that was looked at: a small model that a machine without a GPU trains, to begin
/// with.
///
/// @param name of the runs
/// @param place of the images, as the recipe is to spell it
/// @param kind of the data: folder, webdataset or parquet
/// @param picture field or column of the images in tar files or tables; empty for a folder
/// @param found what was found there, for the comment at the top
/// @param samples that can be trained on
/// @param imageSize side in pixels
/// @param longest tokens of the longest caption
/// @param llm a published language model; null for a small one that learns from scratch
public record NewRecipe(String name, String place, String kind, String picture, String found, int samples, int imageSize, int longest,
        @Nullable Llm llm) {
    /// Patches along a side that a small model sees well.
    private static final int PATCHES = 8;
    private static final int MOST_TOKENS = 256;
    private static final int TOKENS_STEP = 8;
    /// Epochs of the image stage at most, and steps at least and at most.
    private static final int EPOCHS = 400;
    private static final int LEAST_STEPS = 500;
    private static final int MOST_STEPS = 20_000;
    private static final int BATCH = 32;

    /// @param name that its sizes are known by; null for a model whose files alone say them
    /// @param layers that it has
    /// @param place of its weights
    /// @param tokenizer place of its tokenizer; null where it lies beside the weights
    public record Llm(@Nullable String name, int layers, String place, @Nullable String tokenizer) {}

    public NewRecipe {
        if (samples < 1)
            throw new UserError("%s: has no sample that can be trained on".formatted(place));
    }

    /// The recipe, as YAML.
    public String text() {
        int patch = Math.max(4, imageSize / PATCHES);
        int batch = Math.min(BATCH, Integer.highestOneBit(samples));
        int steps = Math.clamp((long) samples * EPOCHS / batch, LEAST_STEPS, MOST_STEPS);
        return """
                # %s
                # Written by 'fusedit recipe new'. All keys: 'fusedit recipe schema', docs/recipes.md.

                run:
                  name: %s
                  seed: 42
                  precision: auto     # bf16 where this machine multiplies it faster than f32, else f32
                                      # 'train --minutes N' scales all steps to N minutes of the machine at hand

                model:
                %s
                  dit: {%s, layers: 6, patch: %d, channels: 3}   # %d x %d patches of an image
                  fusion: joint
                  positions: 2d
                  time: adaln-zero
                  qk_norm: true
                  prediction: clean   # crisp edges sooner than predicting the velocity
                %s
                data:
                  kind: %s
                  %s
                  image_size: %d      # the short side is resized to it, the middle is cut out
                  # aspect_buckets: {max_ratio: 2}   # in place of that: sizes of this area, each image at the one nearest to its shape
                  flip: 0             # share of images that are mirrored: 0.5 where left and right do not matter
                  samples: %d
                  errors: {stop_above: 0.05}   # of samples that cannot be read; they are listed in data-errors.jsonl

                stages:
                %s
                  # The transformer learns to generate images from what the frozen language model says.
                  - name: fuse
                    steps: %d
                    batch: %d
                    lr: {dit: 1e-3}
                    optimizer: {kind: adamw, betas: [0.9, 0.98], weight_decay: 0.01}
                    schedule: {kind: linear, final_fraction: 0.1}
                    warm_up: 40
                    grad_clip: 1
                    caption_dropout: 0.1
                    ema: {decay: 0.99}
                    losses: {flow: {time: {kind: logit-normal, mean: 0.8, std: 1}}}

                sampling: {steps: 16, guidance: 3}
                logging: {metrics_every: 5, preview_every: 400}   # prompts: FILE, for previews of your own prompts
                checkpoints: {every: 500, keep: 2}
                """.formatted(found, name, languageModel(), llm == null ? "width: 256, mlp_width: 768" : "mlp_width: 1280", patch,
                imageSize / patch,
                imageSize / patch, weights(), kind, images(),
                imageSize, samples, llm == null ? languageStage(batch) : "", steps, batch).replaceAll("(?m)^\\n(?=\\n)", "");
    }

    private String images() {
        if (picture.isEmpty()) return "path: " + quoted(place);
        return (kind.equals("parquet") ? "files" : "shards") + ": [" + quoted(place) + "]\n  picture: " + quoted(picture);
    }

    private String languageModel() {
        int tokens = Math.min(MOST_TOKENS, Math.max(1, Math.ceilDiv(longest, TOKENS_STEP)) * TOKENS_STEP);
        if (llm != null) {
            return """
                      llm: {kind: pretrained, %smax_tokens: %d}%s
                      read_layers: first  # of its %d layers the first ones, one for each of the image side's; or last, spread, [0, 4, 9, ...]"""
                    .formatted(llm.name() == null ? "" : "name: " + llm.name() + ", ", tokens,
                            llm.name() == null ? "   # all sizes are those of its files" : "", llm.layers())
                    .indent(2).stripTrailing();
        }
        return """
                  # A small language model that learns from scratch, over bytes: any script, but it knows nothing of the world.
                  # 'recipe new --llm FOLDER' takes a published one.
                  llm: {family: gemma, width: 128, layers: 6, heads: 4, kv_heads: 1, head_width: 64, mlp_width: 384, tokenizer: bytes,
                    max_tokens: %d, init_range: 0.09}""".formatted(tokens).indent(2).stripTrailing();
    }

    private String weights() {
        if (llm == null) return "";
        return "\nweights: {llm: %s%s}\n".formatted(quoted(llm.place()),
                llm.tokenizer() == null ? "" : ", tokenizer: " + quoted(llm.tokenizer()));
    }

    private static String languageStage(int batch) {
        return """
                  # The language model learns what captions are like.
                  - name: text
                    steps: 150
                    batch: %d
                    lr: {llm: 3e-3}
                    schedule: cosine
                    warm_up: 20
                    grad_clip: 1
                    losses: {language: {corpus: captions}}
                """.formatted(batch);
    }

    private static String quoted(String text) { return "'" + text.replace("'", "''") + "'"; }

    /// A name for runs out of a place's: letters, digits and dashes.
    public static String nameOf(String place) {
        var last = place.replaceAll("[/\\\\]+$", "").replaceAll("^.*[/\\\\]", "").toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-")
                .replaceAll("^-+|-+$", "");
        return last.isEmpty() || !Character.isLetter(last.charAt(0)) ? ("my-" + last).replaceAll("-$", "") : last;
    }
}
