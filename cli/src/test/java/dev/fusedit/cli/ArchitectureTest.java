package dev.fusedit.cli;

import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.fusedit.torch.io.JsonFile;
import java.io.PrintStream;
import java.io.PrintWriter;
import org.junit.jupiter.api.Test;

/// From here every module is in sight.
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("dev.fusedit");

    /// `Segments` is the public way in and out for memory that Java holds natively.
    @Test
    void foreignMemoryStaysInTheBridgesCore() {
        noClasses().that().resideOutsideOfPackages("dev.fusedit.torch.internal.abi..", "dev.fusedit.torch.internal.ops..",
                "dev.fusedit.torch.internal.load..")
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

    @Test
    void noRoomForLeftovers() {
        noClasses().should().resideInAnyPackage("..util..", "..common..", "..utils..", "..helpers..").check(CLASSES);
        noClasses().should().haveSimpleNameEndingWith("Manager").check(CLASSES);
    }
}
