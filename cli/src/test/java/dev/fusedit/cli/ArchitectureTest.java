package dev.fusedit.cli;

import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.base.Preconditions;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.fusedit.fusion.dit.Fusion;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.dit.ImagePositions;
import dev.fusedit.fusion.dit.TextDiTConfig;
import dev.fusedit.torch.io.JsonFile;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// From here every module is in sight.
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("dev.fusedit");

    /// Where configurations and recipes are, whose sealed types are variants to decide upon.
    private static final Set<String> OF_VARIANTS = Set.of("dev.fusedit.fusion.dit", "dev.fusedit.fusion.flow", "dev.fusedit.fusion.llm",
            "dev.fusedit.trainer.recipe", "dev.fusedit.trainer.bench", "dev.fusedit.trainer.run");

    private static final ArchCondition<JavaClass> ASK_FOR_A_VARIANT = new ArchCondition<>("ask by instanceof for a variant") {
        @Override
        public void check(JavaClass asking, ConditionEvents events) {
            asking.getInstanceofChecks().stream().filter(check -> isVariant(check.getRawType()))
                    .forEach(check -> events.add(SimpleConditionEvent.satisfied(asking,
                            "instanceof %s in %s %s".formatted(check.getRawType().getSimpleName(), check.getOwner().getFullName(),
                                    check.getSourceCodeLocation()))));
        }
    };

    private static boolean isVariant(JavaClass type) {
        return OF_VARIANTS.contains(type.getPackageName())
                && Stream.concat(Stream.of(type), type.getAllRawInterfaces().stream())
                        .anyMatch(each -> each.getPackageName().equals(type.getPackageName()) && each.reflect().isSealed());
    }

    /// `Segments` is the public way in and out for memory that Java holds natively; `TurboJpeg` calls a library of its own.
    @Test
    void foreignMemoryStaysInTheBridgesCore() {
        noClasses().that().resideOutsideOfPackages("dev.fusedit.torch.internal.abi..", "dev.fusedit.torch.internal.ops..",
                "dev.fusedit.torch.internal.load..", "dev.fusedit.torch.image..")
                .and().doNotHaveFullyQualifiedName("dev.fusedit.torch.Segments")
                .should().dependOnClassesThat().resideInAPackage("java.lang.foreign..").check(CLASSES);
    }

    @Test
    void javaCppStaysInItsPackages() {
        noClasses().that().resideOutsideOfPackages("dev.fusedit.torch.javacpp..", "dev.fusedit.torch.presets..")
                .should().dependOnClassesThat().resideInAPackage("org.bytedeco..").check(CLASSES);
    }

    @Test
    void theVectorApiStaysInItsPackage() {
        noClasses().that().resideOutsideOfPackage("dev.fusedit.torch.internal.vector..")
                .should().dependOnClassesThat().resideInAPackage("jdk.incubator.vector..").check(CLASSES);
    }

    /// The kernels know tensors; tensors and their graph know no kernels.
    @Test
    void tensorsKnowNoKernels() {
        noClasses().that().resideInAPackage("dev.fusedit.torch")
                .should().dependOnClassesThat().resideInAnyPackage("dev.fusedit.torch.fused..", "dev.fusedit.torch.io..").check(CLASSES);
    }

    @Test
    void internalsOfTheBridgeStayInside() {
        noClasses().that().resideOutsideOfPackage("dev.fusedit.torch..")
                .should().dependOnClassesThat().resideInAPackage("dev.fusedit.torch.internal..").check(CLASSES);
    }

    @Test
    void arrowsPointOneWay() {
        layeredArchitecture().consideringOnlyDependenciesInLayers().withOptionalLayers(true)
                .layer("cli").definedBy("dev.fusedit.cli..")
                .layer("trainer").definedBy("dev.fusedit.trainer..")
                .layer("fusion").definedBy("dev.fusedit.fusion..")
                .layer("nn").definedBy("dev.fusedit.nn..")
                .layer("torch").definedBy("dev.fusedit.torch..")
                .whereLayer("cli").mayNotBeAccessedByAnyLayer()
                .whereLayer("trainer").mayOnlyBeAccessedByLayers("cli")
                .whereLayer("fusion").mayOnlyBeAccessedByLayers("cli", "trainer")
                .whereLayer("nn").mayOnlyBeAccessedByLayers("cli", "trainer", "fusion")
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.fusedit.torch.(*)..").should().beFreeOfCycles().check(CLASSES);
        slices().matching("dev.fusedit.nn.(*)..").should().beFreeOfCycles().check(CLASSES);
        slices().matching("dev.fusedit.fusion.(*)..").should().beFreeOfCycles().allowEmptyShould(true).check(CLASSES);
        slices().matching("dev.fusedit.trainer.(*)..").should().beFreeOfCycles().allowEmptyShould(true).check(CLASSES);
    }

    /// A `switch` without default names each place where a new variant needs a decision; an `instanceof` says nothing.
    @Test
    void variantsAreToldApartBySwitches() { noClasses().should(ASK_FOR_A_VARIANT).check(CLASSES); }

    @Test
    void anInstanceofOfAVariantIsFound() {
        var samples = new ClassFileImporter().importClasses(Asking.class, Switching.class);
        var found = noClasses().should(ASK_FOR_A_VARIANT).evaluate(samples).getFailureReport().getDetails();
        assertThat(found).hasSize(3).allMatch(line -> line.contains("Asking"));
    }

    /// By name, by record pattern, and in a lambda.
    @SuppressWarnings("unused")
    private static final class Asking {
        static boolean isCross(Fusion fusion) { return fusion instanceof Fusion.CrossAttention; }

        static int table(ImagePositions positions) {
            return positions instanceof ImagePositions.Absolute(var side, _) ? side : 0;
        }

        static boolean anyBaseline(List<ImageModelConfig> configs) {
            return configs.stream().anyMatch(config -> config instanceof TextDiTConfig);
        }
    }

    @SuppressWarnings("unused")
    private static final class Switching {
        static int table(ImagePositions positions) {
            return switch (positions) {
                case ImagePositions.Absolute(var side, _) -> side;
                case ImagePositions.Rope1d() -> 0;
                case ImagePositions.Rope2d _ -> 0;
                case ImagePositions.MRope _ -> 0;
            };
        }
    }

    /// [Main] sets the locale of what commands print by `formatted`; names of files, keys and figures choose theirs themselves.
    @Test
    void numbersAndWordsAreTheSameInEveryLocale() {
        noClasses().should().callMethod(String.class, "format", String.class, Object[].class)
                .orShould().callMethod(PrintStream.class, "printf", String.class, Object[].class)
                .orShould().callMethod(PrintWriter.class, "printf", String.class, Object[].class)
                .orShould().callMethod(String.class, "toLowerCase").orShould().callMethod(String.class, "toUpperCase").check(CLASSES);
    }

    /// YAML has a reader of its own, and `bench curves` reads what its processes print.
    @Test
    void jsonFilesHaveOneReader() {
        noClasses().that().doNotBelongToAnyOf(JsonFile.class, CurvesCommand.class)
                .should().callMethodWhere(target(nameMatching("readTree|readValue|readValues|treeToValue"))
                        .and(target(owner(equivalentTo(ObjectMapper.class).or(equivalentTo(JsonMapper.class))))))
                .check(CLASSES);
    }

    /// Strictly in UTF-8, and what is none is called what it is.
    @Test
    void aPersonsTextsHaveOneReader() {
        noClasses().that().resideInAnyPackage("dev.fusedit.cli..", "dev.fusedit.trainer.recipe..")
                .should().callMethod(Files.class, "readString", Path.class).orShould().callMethod(Files.class, "readAllLines", Path.class)
                .orShould().callMethod(Files.class, "lines", Path.class).orShould().callMethod(Files.class, "newBufferedReader", Path.class)
                .check(CLASSES);
    }

    /// All that are broken are told: [dev.fusedit.fusion.config.Rules].
    @Test
    void recipesCheckTheirValuesByRules() {
        noClasses().that().resideInAPackage("dev.fusedit.trainer.recipe..").should().dependOnClassesThat()
                .belongToAnyOf(Preconditions.class)
                .check(CLASSES);
    }

    @Test
    void noRoomForLeftovers() {
        noClasses().should().resideInAnyPackage("..util..", "..common..", "..utils..", "..helpers..").check(CLASSES);
        noClasses().should().haveSimpleNameEndingWith("Manager").check(CLASSES);
    }
}
