package dev.fusedit.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.torch.image.TurboJpeg;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "doctor", description = "Shows the JDK, libtorch, the CPU, cores, memory and devices, what is wrong and how to mend it.")
final class DoctorCommand implements Callable<Integer> {
    private static final String SLOWER =
            "by the JDK (libturbojpeg, of the package libturbojpeg0, turbojpeg or jpeg-turbo, takes a third of the time, with the same bits)";

    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "The same for programs.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        var checkup = Checkup.now();
        spec.commandLine().getOut().println(json ? new ObjectMapper().writeValueAsString(checkup) : text(checkup));
        return checkup.ok() ? ExitCode.OK : ExitCode.ENVIRONMENT;
    }

    private static String text(Checkup checkup) {
        var torch = checkup.libtorch();
        return """
            JDK       %s
            libtorch  %s
            CPU       %s
            cores     %d allowed of %d
            memory    %s
            threads   %d
            precision %s
            lanes     %s
            JPEGs     %s
            devices   %s
            %s""".formatted(
                checkup.jdk(),
                torch == null ? "none" : "%s (%s) in %s".formatted(torch.version(), torch.source(), torch.path()),
                checkup.cpu(), checkup.cores().allowed(), checkup.cores().all(), checkup.memory(),
                checkup.threads(), checkup.precision() == null ? "unknown" : checkup.precision(),
                checkup.precision() == null ? "unknown" : checkup.lanes(),
                TurboJpeg.ofSystem().map(TurboJpeg::name).orElse(SLOWER),
                checkup.devices().stream().map(Object::toString).collect(Collectors.joining("\n          ")),
                checkup.ok() ? "All is well." : "What is wrong:\n- " + String.join("\n- ", checkup.problems()));
    }
}
