package dev.fusedit.trainer.eval.suite;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.Evaluation;
import dev.fusedit.trainer.recipe.SuiteFile;
import dev.fusedit.trainer.recipe.SuiteName;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/// What a person wants measured.
///
/// @param suites in the order of the report
/// @param files that they read
/// @param blocks sets, and prompts of each kind, of the built-in data
/// @param each images a prompt; each suite's own number unless given
/// @param samples a fixed number of images or captions that a metric is computed on; each suite's own unless given
/// @param seed of the noise; the recipe's, else 0, unless given
/// @param official whether known quirks of the published scorers are repeated
/// @param device that the model, and the encoders of images, compute on
public record SuiteRequest(ImmutableList<SuiteName> suites, ImmutableMap<SuiteFile, Path> files, Evaluation blocks, OptionalInt each,
        OptionalInt samples, OptionalLong seed, boolean official, Device device) {
    /// @throws UserError for a suite that is named twice, or a file that no suite reads
    public SuiteRequest {
        for (var suite : suites)
            if (suites.indexOf(suite) != suites.lastIndexOf(suite)) throw new UserError("--suite names %s twice".formatted(suite.key()));
        for (var file : files.keySet())
            if (file.suites().stream().noneMatch(suites::contains)) throw unread(file);
    }

    private static UserError unread(SuiteFile file) {
        return new UserError("%s is read by %s alone, and --suite names other ones".formatted(file.option(),
                file.suites().stream().map(SuiteName::key).collect(Collectors.joining(", "))));
    }

    Optional<Path> file(SuiteFile file) { return Optional.ofNullable(files.get(file)); }

    /// @throws UserError if it was not given
    Path require(SuiteName suite, SuiteFile file) {
        return file(file).orElseThrow(() -> new UserError("suite %s needs %s: %s".formatted(suite.key(), file.option(), file.what())));
    }
}
