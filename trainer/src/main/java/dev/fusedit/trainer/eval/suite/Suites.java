package dev.fusedit.trainer.eval.suite;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.blocks.BlocksPrompts;
import dev.fusedit.trainer.data.blocks.Caption;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.eval.dpg.DpgAnswers;
import dev.fusedit.trainer.eval.dpg.DpgPrompts;
import dev.fusedit.trainer.eval.dpg.DpgQuestions;
import dev.fusedit.trainer.eval.geneval.Detections;
import dev.fusedit.trainer.eval.geneval.GenEvalPrompt;
import dev.fusedit.trainer.recipe.Evaluation;
import dev.fusedit.trainer.recipe.SuiteFile;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.sampling.WantedImage;
import java.nio.file.Path;
import java.util.Optional;

/// From what a person wants to suites.
final class Suites {
    private Suites() {}

    /// @param given images of another program; empty where a model samples them
    /// @throws dev.fusedit.torch.UserError if a suite lacks a file, or one cannot be read
    static ImmutableList<Suite> of(SuiteRequest request, Optional<ImageSet> given) {
        return request.suites().stream().map(name -> of(name, request, given)).collect(ImmutableList.toImmutableList());
    }

    private static Suite of(SuiteName name, SuiteRequest request, Optional<ImageSet> given) {
        return switch (name) {
            case BLOCKS -> new BlocksSuite(blocks(request));
            case GENEVAL -> genEval(request);
            case DPG -> dpg(request, given.isPresent());
            case CLIP -> new ClipSuite(images(name, request, given), seed(request), request.require(name, SuiteFile.CLIP_MODEL),
                    request.device());
            case REFERENCE -> reference(request, given);
            case PAIRS -> PairsSuite.of(request.each().orElse(PairsSuite.USUAL_EACH), seed(request));
            case DIVERSITY -> diversity(request, given);
            case CONSISTENCY -> new ConsistencySuite(request.file(SuiteFile.CAPTIONED), samples(request, ConsistencySuite.USUAL_SAMPLES),
                    seed(request));
            case LOSS -> new LossSuite(request.file(SuiteFile.CAPTIONED), samples(request, LossSuite.USUAL_SAMPLES), seed(request));
        };
    }

    private static Evaluation blocks(SuiteRequest request) {
        var usual = request.blocks();
        return new Evaluation(usual.scored(), usual.promptsPerKind(), request.seed().orElse(usual.seed()));
    }

    private static int samples(SuiteRequest request, int usual) { return request.samples().orElse(usual); }

    private static Seed seed(SuiteRequest request) { return Seed.of(request.seed().orElse(0)); }

    /// Images of prompts that a person gives; or all that are there.
    private static ImageSet images(SuiteName name, SuiteRequest request, Optional<ImageSet> given) {
        return given
                .orElseGet(() -> PromptList.read(request.require(name, SuiteFile.PROMPTS)).images(seed(request), request.each().orElse(1)));
    }

    private static ReferenceSuite reference(SuiteRequest request, Optional<ImageSet> given) {
        var encoders = new ReferenceSuite.Encoders(request.file(SuiteFile.INCEPTION), request.file(SuiteFile.DINO_MODEL),
                request.file(SuiteFile.CLIP_MODEL), request.device());
        var reference = GivenImages.in(request.require(SuiteName.REFERENCE, SuiteFile.REFERENCE_IMAGES));
        var images = given.isPresent() || request.file(SuiteFile.PROMPTS).isPresent() ? images(SuiteName.REFERENCE, request, given)
                : captions(reference).images(seed(request), request.each().orElse(1));
        return new ReferenceSuite(images, seed(request), reference, encoders, request.samples(), request.official());
    }

    /// The reference's own, where a person gives no prompts.
    private static PromptList captions(GivenImages reference) {
        PromptList.requirePrompts(SuiteName.REFERENCE, reference.all());
        return new PromptList(PromptList.of(reference.all().images().stream().map(WantedImage::prompt).toList()));
    }

    /// Of prompts of a person's own; of GenEval's, judged by its rules; else of Blocks.
    private static Suite diversity(SuiteRequest request, Optional<ImageSet> given) {
        var encoders = new FeatureDiversity.Encoders(request.file(SuiteFile.DINO_MODEL), request.file(SuiteFile.CLIP_MODEL),
                request.device());
        boolean ofGenEval = request.file(SuiteFile.GENEVAL_PROMPTS).isPresent();
        if (request.file(SuiteFile.PROMPTS).isEmpty() && !ofGenEval && (given.isEmpty() || encoders.isEmpty() || isOfBlocks(given.get())))
            return DiversitySuite.of(request.each().orElse(DiversitySuite.USUAL_EACH), seed(request), encoders);
        if (encoders.isEmpty()) {
            throw new UserError("suite diversity compares images of these prompts by features: give %s or %s".formatted(
                    SuiteFile.DINO_MODEL.option(), SuiteFile.CLIP_MODEL.option()));
        }
        if (ofGenEval) {
            var suite = genEval(request);
            return new PromptDiversitySuite(suite.wanted().getFirst(), suite.judge(), encoders, seed(request));
        }
        var images = given.orElseGet(() -> PromptList.read(request.require(SuiteName.DIVERSITY, SuiteFile.PROMPTS)).images(seed(request),
                request.each().orElse(PromptDiversitySuite.USUAL_EACH)));
        return new PromptDiversitySuite(images, Optional.empty(), encoders, seed(request));
    }

    /// Whether images of a folder are those that the suite asks for on Blocks, by their places or prompts.
    private static boolean isOfBlocks(ImageSet given) {
        var prompts = BlocksPrompts.of(Split.SEEN).stream().map(Caption::text).collect(ImmutableSet.toImmutableSet());
        return given.images().stream().anyMatch(image -> image.file().startsWith("diversity/") || prompts.contains(image.prompt()));
    }

    private static GenEvalSuite genEval(SuiteRequest request) {
        var prompts = GenEvalPrompt.read(request.require(SuiteName.GENEVAL, SuiteFile.GENEVAL_PROMPTS));
        var form = PromptForm.of(prompts.stream().map(GenEvalPrompt::prompt).toList(), request.file(SuiteFile.REWRITTEN));
        return new GenEvalSuite(prompts, form, request.each().orElse(GenEvalSuite.OFFICIAL_EACH), seed(request),
                request.file(SuiteFile.DETECTIONS).map(Detections::read));
    }

    private static DpgSuite dpg(SuiteRequest request, boolean isGiven) {
        var prompts = DpgPrompts.read(request.require(SuiteName.DPG, SuiteFile.DPG_PROMPTS));
        int each = request.each().orElse(DpgSuite.OFFICIAL_EACH);
        if (each != 1 && each != DpgSuite.OFFICIAL_EACH) throw new UserError("-n: DPG-Bench takes 1 or 4 images a prompt, not " + each);
        var form = PromptForm.of(prompts.values().asList(), request.file(SuiteFile.REWRITTEN));
        return new DpgSuite(prompts.keySet().asList(), form, each, seed(request), isGiven,
                request.file(SuiteFile.DPG_ANSWERS).map(answers -> answered(request, answers)));
    }

    private static DpgSuite.Answered answered(SuiteRequest request, Path answers) {
        var questions = request.require(SuiteName.DPG, SuiteFile.DPG_QUESTIONS);
        return new DpgSuite.Answered(DpgQuestions.read(questions, false),
                request.official() ? Optional.of(DpgQuestions.read(questions, true)) : Optional.empty(), DpgAnswers.read(answers));
    }
}
