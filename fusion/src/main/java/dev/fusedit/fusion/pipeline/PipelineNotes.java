package dev.fusedit.fusion.pipeline;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.dit.DualStreamDiTConfig;
import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.Fusion;
import dev.fusedit.fusion.dit.ImagePositions;
import dev.fusedit.fusion.dit.SharedLayers;
import dev.fusedit.fusion.dit.TextDiTConfig;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.fusion.llm.Family;
import dev.fusedit.fusion.text.PretrainedTokenizer;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.fusion.vae.Pixels;
import java.util.stream.Collectors;

/// What of a pipeline's folder Python's libraries cannot use, and why. What is not named here loads there and means the same.
///
/// @param limits sentences, none where the whole folder is the paper's own pipeline
/// @param around of these the one of what stands around a prompt, which whoever calls the paper's pipeline can put there
public record PipelineNotes(ImmutableList<String> limits, ImmutableList<String> around) {
    /// Why the paper's code does not sample the same images; none if it does, given the whole of each prompt.
    public ImmutableList<String> hindrances() {
        return limits.stream().filter(limit -> !around.contains(limit)).collect(ImmutableList.toImmutableList());
    }

    public static PipelineNotes of(LoadedPipeline parts) {
        var pipeline = parts.pipeline();
        var limits = ImmutableList.<String>builder();
        switch (pipeline.space()) {
            case Pixels _ ->
                    limits.add("There is no vae/: this model samples pixels. The paper's pipeline needs one, so that the folder as a "
                            + "whole does not load in diffusers; its parts do.");
            case AutoencoderKL _ -> {}
        }
        transformer(parts, limits);
        if (pipeline.scheduler().spacing() == FlowMatchScheduler.Spacing.EVEN) {
            limits.add("scheduler/ loads in diffusers, but its noise levels differ there: diffusers does not know the field 'spacing'.");
        }
        if (pipeline.scheduler().shift().isDynamic()) {
            limits.add("scheduler/ shifts by the image's size, which the paper's pipeline does not tell it: that one refuses to sample.");
        }
        if (isImage(pipeline.prediction())) {
            limits.add("scheduler/ loads in diffusers, but the model's output is the image ('prediction_type': 'sample'), and diffusers' "
                    + "steps take it for a velocity: x_next = x + (s_next - s) (x - output) / s is the step to write.");
        }
        var sampled = parts.defaults();
        if (sampled.solver() != Solver.EULER || sampled.guidance().isPartial()) {
            limits.add(
                    "model_index.json says under '_fusedit' how the model samples: solver %s, guidance at noise levels %s. Python passes over "
                            .formatted(sampled.solver(), sampled.guidance().at()) + "it: there it is Euler's steps, guided at all levels.");
        }
        var around = around(pipeline);
        return new PipelineNotes(limits.addAll(around).build(), around);
    }

    private static ImmutableList<String> around(TextToImagePipeline pipeline) {
        if (pipeline.tokenizer() instanceof PretrainedTokenizer pretrained
                && (!pretrained.instruction().text().isEmpty() || pretrained.chat() != null)) {
            return ImmutableList.of(
                    "model_index.json says under '_fusedit' what the model reads around a prompt ('%s'%s). Python passes over it: put it there."
                            .formatted(pretrained.instruction().text(), pretrained.chat() == null ? "" : ", in a user's turn of a chat"));
        }
        return ImmutableList.of();
    }

    private static boolean isImage(Prediction prediction) {
        return switch (prediction) {
            case Prediction.Velocity() -> false;
            case Prediction.EdmPreconditioned() -> false;
            case Prediction.X0WithVLoss _ -> true;
            case Prediction.X0() -> true;
        };
    }

    private static void transformer(LoadedPipeline parts, ImmutableList.Builder<String> limits) {
        var image = parts.pipeline().model().dit().config();
        var text = parts.pipeline().model().llm().config();
        if (image.intermediate() != text.intermediate()) {
            limits.add(
                    "transformer/ does not load in the paper's class: its MLPs are %d wide, which the field 'dit_intermediate_size' says; "
                            .formatted(image.intermediate())
                            + "the paper's are as wide as the language model's, %d.".formatted(text.intermediate()));
        }
        if (parts.pipeline().model().config().isDeep() && image.width() != text.hidden() && image.positions().isRotary()) {
            limits.add("transformer/ does not run in the paper's class: it samples with a width (%d) other than the language model's (%d) "
                    .formatted(image.width(), text.hidden()) + "only with the positions 'ape'.");
        }
        if (image.detailHead() != null) {
            limits.add("transformer/ does not load in the paper's class: it has no detail head.");
        }
        switch (parts.pipeline().model().config()) {
            case DualStreamDiTConfig _ -> limits.add("transformer/ does not load in the paper's class: it has no dual-stream blocks.");
            case FuseDiTConfig fused -> {
                gated(fused.fusion(), limits);
                layers(fused.shared(), limits);
            }
            case TextDiTConfig baseline -> gated(baseline.fusion(), limits);
        }
        switch (text.family()) {
            case Family.Gemma _ -> {}
            case Family.Gemma2 _ -> {}
            case Family.Gemma3 _ -> limits.add(otherFamily("gemma3_text"));
            case Family.Llama _ -> limits.add(otherFamily("llama"));
            case Family.Qwen3 _ -> limits.add(otherFamily("qwen3"));
        }
    }

    private static void gated(Fusion fusion, ImmutableList.Builder<String> limits) {
        switch (fusion) {
            case Fusion.JointSelfAttention() -> {}
            case Fusion.CrossAttention() -> {}
            case Fusion.GatedJointAttention() ->
                    limits.add("transformer/ does not load in the paper's class: it has no attention of the kind 'gated-self'.");
        }
    }

    private static void layers(SharedLayers shared, ImmutableList.Builder<String> limits) {
        switch (shared) {
            case SharedLayers.All() -> {}
            case SharedLayers.Some _ -> {}
            case SharedLayers.OneEach(var layers) ->
                    limits.add(("transformer/ does not load in the paper's class: its blocks read the language model's "
                            + "layers %s, which the field 'read_layers' says; the paper's read such as follow one another.")
                            .formatted(layers));
        }
    }

    private static String otherFamily(String name) {
        return "transformer/ does not load in the paper's class: it knows the language models gemma and gemma2 only, not %s."
                .formatted(name);
    }

    /// The folder's `README.md`.
    String page() {
        return """
                # A text-to-image model

                Sample with it: `./fusedit sample --model FOLDER --prompt TEXT --out images.png`

                Each folder is a part in the form of the Python library that `model_index.json` names beside it.
                """ + (limits.isEmpty() ? ""
                : limits.stream().map(limit -> "- " + limit).collect(Collectors.joining("\n",
                        "\nWhat Python cannot use of it:\n\n", "\n")));
    }
}
