package dev.fusedit.trainer.recipe;

import static dev.fusedit.trainer.recipe.SuiteName.CLIP;
import static dev.fusedit.trainer.recipe.SuiteName.CONSISTENCY;
import static dev.fusedit.trainer.recipe.SuiteName.DIVERSITY;
import static dev.fusedit.trainer.recipe.SuiteName.DPG;
import static dev.fusedit.trainer.recipe.SuiteName.GENEVAL;
import static dev.fusedit.trainer.recipe.SuiteName.LOSS;
import static dev.fusedit.trainer.recipe.SuiteName.REFERENCE;

import com.google.common.collect.ImmutableSet;

/// Files and folders that a person gives to suites, by their options; in a recipe those that are read while a model is trained
/// ([Evaluation.Progress]).
public enum SuiteFile {
    PROMPTS("--prompt-file", "a file with a prompt a line, or MJHQ's meta_data.json", CLIP, REFERENCE, DIVERSITY),
    GENEVAL_PROMPTS("--geneval-prompts", "GenEval's evaluation_metadata.jsonl", GENEVAL, DIVERSITY),
    REWRITTEN("--rewritten-prompts", "a file with a rewritten prompt a line, in the order of the official ones", GENEVAL, DPG, DIVERSITY),
    DETECTIONS("--detections", "what geneval_detections.py wrote", GENEVAL, DIVERSITY),
    DPG_PROMPTS("--dpg-prompts", "DPG-Bench's ids and prompts as JSON, or a folder of its .txt files", DPG),
    DPG_QUESTIONS("--dpg-questions", "DPG-Bench's dpg_bench.csv", DPG),
    DPG_ANSWERS("--dpg-answers", "answers to its questions", DPG),
    CLIP_MODEL("--clip", "a CLIP model's folder in Hugging Face's form", CLIP, REFERENCE, DIVERSITY),
    DINO_MODEL("--dino", "a DINOv2's folder in Hugging Face's form", REFERENCE, DIVERSITY),
    INCEPTION("--inception", "the FID's Inception v3", REFERENCE),
    REFERENCE_IMAGES("--reference", "a folder of images", REFERENCE),
    CAPTIONED("--captioned", "a folder of captioned images, or tar files", CONSISTENCY, LOSS);

    private final String option;
    private final String what;
    private final ImmutableSet<SuiteName> suites;

    SuiteFile(String option, String what, SuiteName... suites) {
        this.option = option;
        this.what = what;
        this.suites = ImmutableSet.copyOf(suites);
    }

    public String option() { return option; }

    /// The key in a recipe's `evaluation.progress`, which only those have that are read there.
    public String key() { return option.substring(2).replace('-', '_'); }

    public String what() { return what; }

    /// That read it.
    public ImmutableSet<SuiteName> suites() { return suites; }
}
