package dev.fusedit.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FileInfo;
import dev.fusedit.torch.io.FolderContents;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.TensorFiles;
import dev.fusedit.torch.io.TensorInfo;
import dev.fusedit.torch.io.TensorSource;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.run.CheckpointHash;
import dev.fusedit.trainer.stage.cache.CacheFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(name = "info",
        description = {"Shows what a file or folder of weights holds.",
            "Files: safetensors (or the index of shards), PyTorch .pt and .pt.zst, GGUF.",
            "Folders: a model with its config.json, a pipeline with its model_index.json, an adapter (LoRA) with its",
            "adapter_config.json, a run or a checkpoint, a recipe's cache (what of it is stale tells 'data cache RECIPE --dry-run')."})
final class InfoCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Fusedit fusedit;

    @Parameters(paramLabel = "PATH", description = "The file or folder.")
    private Path path;

    @Option(names = "--hash",
            description = "Read everything and add a SHA-256 over names, dtypes, shapes and bytes. Of a run or a checkpoint it covers "
                    + "all that training goes on from: weights, averages, optimizer state, loss scale, position in the data, counters of "
                    + "steps; no times, no paths.")
    private boolean hash;

    @Option(names = "--tensors", description = "List every tensor.")
    private boolean tensors;

    @Option(names = "--json", description = "The same for programs.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        if (CacheFolder.is(path)) {
            spec.commandLine().getOut().println(CacheInfo.of(new CacheFolder(path), json));
            return ExitCode.OK;
        }
        path = Checkpoints.meant(path);
        try (var source = open()) {
            var info = FileInfo.of(source);
            var checkpoint = hash && isRun() ? checkpointHash() : null;
            var sha256 = !hash ? null : checkpoint != null ? checkpoint.whole() : sha256(source);
            spec.commandLine().getOut().println(json ? new ObjectMapper().writeValueAsString(json(info, source, sha256, checkpoint))
                    : text(info, source, sha256, checkpoint));
        }
        return ExitCode.OK;
    }

    private TensorSource open() {
        if (!Files.isDirectory(path)) {
            return TensorFiles.open(path);
        }
        if (FolderTensors.isAdapter(path)) {
            return FolderTensors.adapter(path);
        }
        if (isRun() && !Checkpoints.isIn(path)) {
            throw new UserError(
                    "%s holds no checkpoint, no %s and no %s; it holds %s".formatted(path, FolderTensors.CONFIG, FolderTensors.PIPELINE,
                            FolderContents.of(path)));
        }
        return isRun() ? SavedModel.tensors(path) : FolderTensors.open(path);
    }

    private boolean isRun() { return Files.isDirectory(path) && !FolderTensors.is(path) && !FolderTensors.isAdapter(path); }

    private CheckpointHash checkpointHash() {
        fusedit.chooseLibtorch();
        return CheckpointHash.of(path);
    }

    private String sha256(TensorSource source) {
        fusedit.chooseLibtorch();
        return FileInfo.sha256(source);
    }

    private Map<String, Object> json(FileInfo info, TensorSource source, @Nullable String sha256,
            @Nullable CheckpointHash checkpoint) {
        var result = new LinkedHashMap<String, Object>();
        result.put("kind", info.kind());
        if (source instanceof FolderTensors folder) {
            result.put("architecture", folder.architecture());
        }
        result.put("parameters", info.parameters());
        result.put("parts", info.parts());
        result.put("tensors", info.tensors());
        result.put("dtypes", info.dtypes());
        source.incomplete().ifPresent(why -> result.put("incomplete", why));
        if (isRun()) {
            var files = SavedModel.referred(path).stored();
            if (!files.isEmpty()) {
                result.put("references", files);
            }
        }
        if (sha256 != null) {
            result.put("sha256", sha256);
        }
        if (checkpoint != null) {
            result.put("step", checkpoint.step());
            result.put("stage", checkpoint.stage());
            result.put("sha256_of", checkpoint.parts());
        }
        if (tensors) {
            result.put("list", source.tensors().values().stream()
                    .map(tensor -> Map.of("name", tensor.name(), "dtype", tensor.stored(), "shape", tensor.shape())).toList());
        }
        return result;
    }

    private String text(FileInfo info, TensorSource source, @Nullable String sha256,
            @Nullable CheckpointHash checkpoint) {
        var text = new StringBuilder(
                "%s: %s, %s parameters in %d tensors%n".formatted(path, info.kind(), number(info.parameters()), info.tensors()));
        if (source instanceof FolderTensors folder) {
            text.append(folder.architecture()).append('\n');
        }
        source.incomplete().ifPresent(why -> text.append("It ").append(why).append('\n'));
        if (isRun()) {
            SavedModel.referred(path).stored().forEach(file -> text.append("and refers to %s in %s (%s bytes)%n".formatted(file.key(),
                    file.place(), number(file.bytes()))));
        }
        info.parts().forEach((part, count) -> text.append("%16s  %s%n".formatted(number(count), part)));
        text.append("stored as ").append(info.dtypes().entrySet().stream().map(entry -> entry.getKey() + " (" + entry.getValue() + ")")
                .collect(Collectors.joining(", ")));
        if (sha256 != null) {
            text.append("%nsha256 %s".formatted(sha256));
        }
        if (checkpoint != null) {
            text.append(" after step %d, in stage '%s'".formatted(checkpoint.step(), checkpoint.stage()));
            checkpoint.parts().forEach((part, hashOfPart) -> text.append("%n       %s %s".formatted(hashOfPart, part)));
        }
        if (tensors) {
            text.append(source.tensors().values().stream().map(TensorInfo::toString).collect(Collectors.joining("\n", "\n", "")));
        }
        return text.toString();
    }

    private static String number(long count) { return String.format(Locale.ROOT, "%,d", count); }
}
