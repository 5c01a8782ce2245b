package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.fusion.config.Named;
import dev.fusedit.fusion.dit.DetailHeadConfig;
import dev.fusedit.fusion.dit.ImagePositions;
import dev.fusedit.fusion.dit.TimeConditioning;
import dev.fusedit.fusion.vae.KnownAutoencoders;
import dev.fusedit.fusion.vision.KnownClipTexts;
import dev.fusedit.nn.Adapters;
import dev.fusedit.trainer.recipe.binding.Names;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

@Doc("A language model and a diffusion transformer, and how they are fused.")
public record Model(
        LanguageModelRecipe llm,
        Dit dit,
        @Doc("how the image's rows see the text") @Default("joint") Fusion fusion,
        @Doc("layers of the language model that run before the first fused one") @Default("0") int initialLayers,
        @Doc("layers of the language model that are fused, counted from 0; all after the initial ones "
                + "if left out") @Nullable List<Integer> sharedLayers,
        @Doc("layers of the language model that the blocks read, one each: the first ones, the last ones, spread evenly over its depth, or a list. "
                + "For fused models; the others read one hidden state ('fusion.hidden_state')") @Default("first") ReadLayers readLayers,
        @Default("2d") Positions positions,
        @Default("adaln-zero") TimeConditioning time,
        @Default("true") boolean qkNorm,
        @Default("false") boolean sandwichNorm,
        @Doc("what the network's output means, for training and sampling alike") @Default("velocity") Prediction prediction,
        @Doc("public name of the autoencoder whose latents are trained on; pixels if left out") @Nullable String vae,
        @Doc("public name of the CLIP text model whose pooled text joins the time embedding; none if left out") @Nullable String clip,
        @Doc("low-rank changes (LoRA) that stages train in place of weights, at the rates llm-adapter and dit-adapter; none if left out") @Nullable AdaptersRecipe adapters) {
    public Model {
        Bound.LAYERS.checkOrNone("initial_layers", initialLayers);
        checkArgument(fusion.isDeep() || initialLayers == 0 && sharedLayers == null,
                "%s must not be given: no layers are shared with fusion '%s'", initialLayers == 0 ? "shared_layers" : "initial_layers",
                Names.variant(fusion.getClass()));
        int from = initialLayers;
        checkArgument(
                sharedLayers == null
                        || !sharedLayers.isEmpty() && sharedLayers.stream().allMatch(layer -> layer >= from && layer < Bound.LAYERS.most()),
                "shared_layers must name layers from initial_layers (%s) on, but is %s", initialLayers, sharedLayers);
        switch (positions) {
            case Positions.Ape _ -> checkArgument(dit.width == null || dit.width % 4 == 0,
                    "dit.width must be a multiple of 4 with positions 'ape', but is %s", dit.width);
            case Positions.Rope1d() -> {}
            case Positions.Rope2d() -> checkHeadWidth(llm);
            case Positions.MRope() -> checkHeadWidth(llm);
        }
        checkTextWidth(fusion, llm, dit);
        checkArgument(clip == null || fusion.isDeep() && time.isTold(),
                "clip must not be given: its pooled text joins the time embedding of a fused model, and this one has none");
        checkKnown("vae", vae, KnownAutoencoders.names());
        checkKnown("clip", clip, KnownClipTexts.names());
        checkArgument(dit.channels == null || dit.channels == channels(vae),
                "dit.channels must be %s, the channels of what the model is given, but is %s", channels(vae), dit.channels);
        sharedLayers = sharedLayers == null ? null : ImmutableList.copyOf(sharedLayers);
        readLayers.check(fusion, dit.layers(), llm.knownLayers(), initialLayers, sharedLayers);
    }

    /// What its blocks read of the language model.
    ///
    /// @param all its layers
    public ImmutableList<Integer> layersRead(int all) { return readLayers.of(all, dit.layers()); }

    private static void checkHeadWidth(LanguageModelRecipe llm) {
        switch (llm) {
            case LanguageModelRecipe.Custom custom -> checkArgument(custom.headWidth() % 4 == 0,
                    "llm.head_width must be a multiple of 4 with these positions, but is %s", custom.headWidth());
            case LanguageModelRecipe.Pretrained _ -> {}
        }
    }

    private static void checkTextWidth(Fusion fusion, LanguageModelRecipe llm, Dit dit) {
        switch (fusion) {
            case Fusion.ShallowCross _ -> {
                var width = llm.knownWidth();
                checkArgument(dit.width == null || width.isEmpty() || dit.width == width.getAsInt(),
                        "dit.width must be the language model's %s with fusion 'shallow-cross', but is %s", width.orElse(0), dit.width);
            }
            case Fusion.Joint() -> {}
            case Fusion.Cross() -> {}
            case Fusion.GatedJoint() -> {}
            case Fusion.ShallowJoint _ -> {}
            case Fusion.DualStream _ -> {}
        }
    }

    private static void checkKnown(String key, @Nullable String name, Set<String> known) {
        checkArgument(name == null || known.contains(name), "%s must be a name that is known here, but is '%s'.%s", key, name,
                name == null ? "" : Names.suggestion(name, known));
    }

    private static int channels(@Nullable String vae) {
        return vae == null ? 3 : KnownAutoencoders.find(vae).orElseThrow().latentChannels();
    }

    /// Channels of what the image side is given: the autoencoder's latents, or images.
    public int channels() { return channels(vae); }

    /// Pixels along a side of what a patch is counted in: a latent, or a pixel.
    public int pixels() { return vae == null ? 1 : KnownAutoencoders.find(vae).orElseThrow().factor(); }

    /// Which linear layers have adapters.
    public Adapters adapted() { return adapters == null ? Adapters.NONE : adapters.adapters(); }

    /// Pixels along a side of a patch.
    public int patchPixels() { return pixels() * dit.patch(); }

    @Doc("The image side. Heads and their width are the language model's.")
    public record Dit(
            @Doc("the language model's if left out; so is mlpWidth") @Nullable Integer width,
            @Doc("blocks; a block without a shared layer beside it runs alone") int layers,
            @Nullable Integer mlpWidth,
            @Doc("side of a patch in pixels (or latents)") @Default("2") int patch,
            @Doc("of what it is given: the images' 3 or those of the autoencoder's latents if left out") @Nullable Integer channels,
            @Doc("convolutions after the last layer; none if left out") @Nullable DetailHeadConfig detailHead) {
        public Dit {
            Bound.WIDTH.check("width", width);
            Bound.LAYERS.check("layers", layers);
            Bound.WIDTH.check("mlp_width", mlpWidth);
            Bound.SIDE.check("patch", patch);
            Bound.WIDTH.check("patch squared times channels",
                    Math.multiplyExact(Math.multiplyFull(patch, patch), channels == null ? 1L : channels));
            Bound.CHANNELS.check("channels", channels);
        }
    }

    /// How the image's rows see the text. A type of the recipe's own, since the shallow ones are fusions of another model.
    public sealed interface Fusion {
        /// Whether every layer reads the language model's layer beside it (the paper's deep fusion), or all read one hidden state.
        default boolean isDeep() {
            return switch (this) {
                case Joint() -> true;
                case Cross() -> true;
                case GatedJoint() -> true;
                case ShallowJoint _ -> false;
                case ShallowCross _ -> false;
                case DualStream _ -> false;
            };
        }

        @Doc("Keys of both in one attention.")
        record Joint() implements Fusion {}

        @Doc("An attention of its own over the text.")
        record Cross() implements Fusion {}

        @Doc("The image's own attention, plus a learned share of one over the text in each head, which begins at 0.")
        record GatedJoint() implements Fusion {}

        @Doc("The paper's baseline: one attention over the image and one hidden state of the language model.")
        record ShallowJoint(
                @Doc("-1 is the last, after the final norm; -2 the one before the last layer") @Default("-1") int hiddenState)
                implements Fusion {
            public ShallowJoint {
                checkHiddenState(hiddenState);
            }
        }

        @Doc("The paper's baseline: an attention of its own over one hidden state of the language model.")
        record ShallowCross(
                @Doc("as in ShallowJoint") @Default("-1") int hiddenState) implements Fusion {
            public ShallowCross {
                checkHiddenState(hiddenState);
            }
        }

        @Doc("Dual-stream blocks (MMDiT): text rows with weights of their own, which see the image, made of one hidden state of the language model.")
        record DualStream(
                @Doc("as in ShallowJoint") @Default("-1") int hiddenState,
                @Doc("blocks of text alone before the first dual-stream block") @Default("2") int adapterLayers) implements Fusion {
            public DualStream {
                Bound.LAYERS.checkOrNone("adapter_layers", adapterLayers);
                checkHiddenState(hiddenState);
            }
        }
    }

    /// How a patch knows its place: sines and cosines added to it, or rotary positions. A type of the recipe's own, since it may leave sizes
    /// to the images.
    public sealed interface Positions {
        /// The positions of a model of images of `side` pixels (or latents), `patches` along that side.
        default ImagePositions of(int side, int patches) {
            return switch (this) {
                case Ape(var table, var sampleSide) ->
                        new ImagePositions.Absolute(table == null ? patches : table, sampleSide == null ? side : sampleSide);
                case Rope1d() -> new ImagePositions.Rope1d();
                case Rope2d() -> new ImagePositions.Rope2d();
                case MRope() -> new ImagePositions.MRope();
            };
        }

        record Ape(
                @Doc("side of the table in patches; the images' if left out") @Nullable Integer table,
                @Doc("latent side that positions are scaled to; the images' if left out") @Nullable Integer sampleSide)
                implements Positions {
            public Ape {
                Bound.TABLE.check("table", table);
                Bound.SIDE.check("sample_side", sampleSide);
            }
        }

        @Named("1d")
        record Rope1d() implements Positions {}

        @Named("2d")
        record Rope2d() implements Positions {}

        record MRope() implements Positions {}
    }

    /// The flow's velocity `noise - picture`, or the clean image: half of a [dev.fusedit.fusion.flow.Prediction], which is what a network's
    /// output means and, by a stage's choice, in which terms the loss compares.
    public enum Prediction { VELOCITY, CLEAN }

    private static void checkHiddenState(int hiddenState) {
        checkArgument(Math.abs((long) hiddenState) <= Bound.LAYERS.most(),
                "hidden_state must be a layer's, or from -1 down counted from the last, but is %s", hiddenState);
    }
}
