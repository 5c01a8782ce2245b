package dev.fusedit.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/// From here every module is in sight.
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
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

    @Test
    void noRoomForLeftovers() {
        noClasses().should().resideInAnyPackage("..util..", "..common..", "..utils..", "..helpers..").check(CLASSES);
        noClasses().should().haveSimpleNameEndingWith("Manager").check(CLASSES);
    }
}
