package dev.fusedit.trainer.eval.suite;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.sampling.PromptFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What a model is asked by for a benchmark's prompts: as they are, or rewritten. Figures of the two forms do not compare, so a report names
/// the form.
///
/// @param name `original`, or `rewritten` and the file
record PromptForm(String name, ImmutableList<String> texts) {
    /// @param file with a rewritten prompt a line, in the order of the originals
    /// @throws UserError if it has another number of prompts
    static PromptForm of(List<String> originals, Optional<Path> file) {
        if (file.isEmpty()) return new PromptForm("original", ImmutableList.copyOf(originals));
        var texts = PromptFile.read(file.get());
        if (texts.size() != originals.size()) {
            throw new UserError("%s has %d prompts, and there are %d to rewrite: write one a line, in their order".formatted(file.get(),
                    texts.size(), originals.size()));
        }
        return new PromptForm("rewritten (" + file.get().getFileName() + ")", ImmutableList.copyOf(texts));
    }
}
