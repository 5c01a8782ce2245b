package dev.fusedit.trainer.stage;

import java.util.Arrays;
import java.util.stream.Stream;

/// What a step may be made of, as settings of a [TinyStage].
enum Variant {
    JOINT(),
    CROSS("model.fusion=cross"),
    GATED_JOINT("model.fusion=gated-joint"),
    SHALLOW_JOINT("model.fusion=shallow-joint"),
    SHALLOW_CROSS("model.fusion={kind: shallow-cross, hidden_state: -2}"),
    DUAL_STREAM("model.fusion=dual-stream"),
    ABSOLUTE_POSITIONS("model.positions=ape", "model.time=adaln-single"),
    PLAIN_POSITIONS("model.positions=1d", "model.time=addition"),
    M_ROPE("model.positions=m-rope", "model.time=none", "model.sandwich_norm=true"),
    LLAMA("model.llm.family=llama", "model.read_layers=last"),
    QWEN("model.llm.family=qwen3", "model.dit.detail_head={}"),
    ADAPTERS("model.adapters={llm: {rank: 2, dropout: 0.2}, dit: {rank: 2, dropout: 0.2}}",
            "stages.joint.lr={llm-adapter: 1e-2, dit-adapter: 1e-2}"),
    FROZEN_TEXT("stages.joint.lr={dit: 1e-3}", "stages.joint.losses={flow: {weighting: cosmap}}", "model.prediction=velocity"),
    INSULATED("stages.joint.gradient_mask={kind: insulate-llm, factor: 0.1}", "stages.joint.losses.flow.weighting=sigma-sqrt"),
    CHECKPOINTING("stages.joint.checkpointing=true", "stages.joint.accumulation=2", "stages.joint.caption_dropout=0.25"),
    ALIGNED("stages.joint.losses.contrastive={layer: 2, width: 16, masked_share: 0.5, weight: 1, into_llm: true}",
            "stages.joint.losses.repa={teacher: {kind: random}, layer: 1, width: 16, match: interpolate-features}",
            "stages.joint.accumulation=2"),
    SIGLIP("stages.joint.losses.contrastive={layer: 2, width: 16, masked_share: 0.5, weight: 1, comparison: siglip}"),
    /// With rules that look at numbers: a gradient is clipped, shrunk or left out.
    RULES("stages.joint.grad_clip=0.1", "stages.joint.huge_gradient={over: 1.0000001, window: 2}",
            "stages.joint.stop={loss_below: 1e-6, window: 2}"),
    ADAFACTOR("stages.joint.optimizer=adafactor"),
    MUON("stages.joint.optimizer=muon"),
    PURE("stages.joint.optimizer=adafactor", "model.llm.kv_heads=2");

    private final String[] settings;

    Variant(String... settings) { this.settings = settings; }

    /// @param precision PURE has its own
    String[] settings(String precision) {
        var own = this == PURE && precision.equals("bf16") ? "pure-bf16" : precision;
        return Stream.concat(Stream.of("run.precision=" + own), Arrays.stream(settings)).toArray(String[]::new);
    }
}
