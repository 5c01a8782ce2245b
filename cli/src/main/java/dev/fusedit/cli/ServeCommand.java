package dev.fusedit.cli;

import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TextFile;
import dev.fusedit.trainer.run.Interrupts;
import dev.fusedit.trainer.sampling.SamplingModel;
import dev.fusedit.trainer.serve.ImageServer;
import dev.fusedit.trainer.serve.ServeLimits;
import dev.fusedit.trainer.serve.ServeSettings;
import dev.fusedit.trainer.serve.ServedModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "serve", description = {"Serves a trained model over HTTP: a page with a prompt box, an API, and OpenAI's for images.",
    "Ctrl-C, or SIGTERM: takes no more requests, makes what waits, and ends."})
final class ServeCommand implements Callable<Integer> {
    private static final String TOKEN = "FUSEDIT_TOKEN";

    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "DIR",
            description = "A run's folder, one of its checkpoints, or a pipeline: a folder with a model_index.json.")
    private Path model;

    @Option(names = "--runs", paramLabel = "DIR", description = "A folder of runs, which the page lists.")
    private @Nullable Path runs;

    @Option(names = "--host", defaultValue = "127.0.0.1", paramLabel = "ADDRESS",
            description = "Where to listen (default: ${DEFAULT-VALUE}, this machine alone). Elsewhere a token is needed.")
    private String host;

    @Option(names = "--port", defaultValue = "8080", paramLabel = "N", description = "0 for any that is free (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(names = "--token", paramLabel = "FILE",
            description = "A file with the token that requests have to show. Default: $" + TOKEN + ", else none.")
    private @Nullable Path token;

    @Option(names = "--allow-host", paramLabel = "NAME",
            description = "A name by which the server may be asked, beside its own. May be repeated.")
    private @Nullable List<String> hosts;

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private DeviceOption device;

    @Option(names = "--queue", defaultValue = "64", paramLabel = "N",
            description = "Images that wait at most; who comes then is told to come again (default: ${DEFAULT-VALUE}).")
    private int queue;

    @Option(names = "--max-images", defaultValue = "10", paramLabel = "N",
            description = "Images of a request at most (default: ${DEFAULT-VALUE}).")
    private int images;

    @Option(names = "--max-side", defaultValue = "1024", paramLabel = "PIXELS",
            description = "Along a side of an image at most (default: ${DEFAULT-VALUE}).")
    private int side;

    @Option(names = "--max-steps", defaultValue = "200", paramLabel = "N", description = "Steps at most (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--max-text", defaultValue = "4000", paramLabel = "N",
            description = "Characters of a prompt at most (default: ${DEFAULT-VALUE}).")
    private int text;

    @Option(names = "--no-metadata", description = "Write into the images no word of how they were made.")
    private boolean noMetadata;

    @Override
    public Integer call() {
        sampling.check();
        var settings =
                new ServeSettings(host, port, token(), hosts == null ? List.of() : hosts, limits(), Optional.ofNullable(runs), !noMetadata);
        try (var _ = TensorScope.open();
                var opened = SamplingModel.open(model, device.asked());
                var server = ImageServer.start(ServedModel.of(model, opened.sampling(sampling.over(opened.defaults()))), settings);
                var _ = Interrupts.watch(() -> {
                    spec.commandLine().getErr().println("Stopping: what waits is still made. Once more to stop at once.");
                    server.drain();
                })) {
            spec.commandLine().getOut().println(server.address());
            server.run();
            return ExitCode.OK;
        }
    }

    private ServeLimits limits() { return OptionBounds.made("", () -> new ServeLimits(queue, images, side, steps, text)); }

    /// Not an option's value: other users of the machine see those.
    private Optional<String> token() {
        if (token != null) {
            var read = TextFile.read(token, "a token").strip();
            if (read.isEmpty()) throw new UserError("--token %s is empty".formatted(token));
            return Optional.of(read);
        }
        return Optional.ofNullable(System.getenv(TOKEN)).filter(value -> !value.isEmpty());
    }
}
