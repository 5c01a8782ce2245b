package dev.fusedit.fusion.pipeline;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.text.PretrainedTokenizer;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.ShardedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Pipelines in diffusers' form: `model_index.json`, and a folder a part. The parts bear the names that the paper's scripts save them
/// under, and each loads in the Python library that its class is of:
///
/// | part | holds | read by |
/// |---|---|---|
/// | `transformer/` | the fused model, or the baseline | the paper's `FuseDiT`, `DiT` |
/// | `vae/` | the autoencoder; none for a model of pixels | diffusers' `AutoencoderKL` |
/// | `scheduler/` | `scheduler_config.json` | diffusers' `FlowMatchEulerDiscreteScheduler` |
/// | `tokenizer/` | `tokenizer.json`, or as a slow class saves it | transformers' `AutoTokenizer` |
/// | `llm/` | a baseline's language model | transformers' `AutoModel` |
/// | `clip/`, `clip_tokenizer/` | CLIP's text side | transformers' `CLIPTextModelWithProjection` |
///
/// `text_encoder/`, diffusers' own name, is read as either of the last two. `model_index.json` has one field that only we read, `_fusedit`:
/// how images are sampled unless told otherwise, what is multiplied in, and what stands around each prompt.
/// `README.md` says what of the folder Python can use.
public final class PipelineFolder {
    static final String INDEX = FolderTensors.PIPELINE;
    static final String CONFIG = FolderTensors.CONFIG;
    static final String TRANSFORMER = "transformer";
    static final String VAE = "vae";
    static final String LLM = "llm";
    static final String CLIP = "clip";
    static final String SCHEDULER = "scheduler";
    static final String SCHEDULER_CONFIG = "scheduler_config.json";
    static final String TOKENIZER = "tokenizer";
    static final String CLIP_TOKENIZER = "clip_tokenizer";
    /// The field that only we read.
    public static final String OURS = "_fusedit";
    static final String COMPUTE = "compute";
    static final String INSTRUCTION = "instruction";
    static final String CHAT = "chat_template";
    static final String README = "README.md";

    private PipelineFolder() {}

    public static boolean is(Path folder) { return Files.isRegularFile(folder.resolve(INDEX)); }

    /// Reads a folder as it says itself: weights in bf16 stay so, matrices are multiplied in what the model was trained with, or else what
    /// its weights are in.
    ///
    /// @throws UserError as [#read(Path, DTypePolicy)]
    public static LoadedPipeline read(Path folder) { return read(folder, own -> own); }

    /// Reads a folder with another placement than it says itself.
    ///
    /// @param adjusted from the folder's own to the one that is taken
    /// @throws UserError as [#read(Path, DTypePolicy)]
    public static LoadedPipeline read(Path folder, UnaryOperator<DTypePolicy> adjusted) {
        return new PipelineReader(folder, adjusted).read(null, null);
    }

    /// Reads a folder, the tokenizers too.
    ///
    /// @param policy of the transformer and its language model; the autoencoder and CLIP compute in f32 beside them
    /// @throws UserError if it is no such folder, something of it is not there, broken, or does not fit
    public static LoadedPipeline read(Path folder, DTypePolicy policy) { return read(folder, policy, null, null); }

    /// Reads a folder, with tokenizers from elsewhere.
    ///
    /// @param text null for the folder's
    /// @param clip null for the folder's, if the model needs one
    public static LoadedPipeline read(Path folder, DTypePolicy policy, @Nullable Tokenizer text, @Nullable Tokenizer clip) {
        return new PipelineReader(folder, _ -> policy).read(text, clip);
    }

    /// Reads parts that may each lie elsewhere.
    ///
    /// @param adjusted from their own placement to the one that is taken
    /// @param text null for the tokenizer among the parts
    /// @throws UserError as [#read(Path, DTypePolicy)]
    public static LoadedPipeline read(PipelineParts parts, UnaryOperator<DTypePolicy> adjusted, @Nullable Tokenizer text) {
        return new PipelineReader(parts, adjusted).read(text, null);
    }

    /// Writes a pipeline into a folder, which is made if it is not there. Tokenizers are copied from where they were read; one of whole
    /// words, or of a published model, is written for Hugging Face's library; another that was given is left out, and the index says so.
    public static void write(Path folder, LoadedPipeline pipeline) throws IOException { write(folder, pipeline, ShardedWriter.LIMIT); }

    /// @param limit bytes of one file of weights
    public static void write(Path folder, LoadedPipeline pipeline, long limit) throws IOException {
        new PipelineWriter(folder, limit, null).write(pipeline);
    }

    /// Writes a pipeline into a folder that is new or empty. It is there whole or not at all: what is unfinished lies beside it under
    /// another name, and goes if something fails.
    ///
    /// @param dtype what weights are stored in; null as they are
    /// @throws UserError as [#requireFree]
    public static void writeNew(Path folder, LoadedPipeline pipeline, @Nullable DType dtype) throws IOException {
        NewFolder.write(folder, INDEX, unfinished -> new PipelineWriter(unfinished, ShardedWriter.LIMIT, dtype).write(pipeline));
    }

    /// Writes the model alone, with its language model, into a folder that is new or empty: `config.json`, `model.safetensors` (or shards of it)
    /// under the paper's names (a baseline's image side under `dit.`, its language model under `llm.`), `scheduler_config.json` and the
    /// tokenizer. The autoencoder and CLIP are others' and are left out.
    ///
    /// @param dtype what weights are stored in; null as they are
    /// @throws UserError as [#requireFree]
    public static void writeModel(Path folder, LoadedPipeline pipeline, @Nullable DType dtype) throws IOException {
        NewFolder.write(folder, CONFIG, unfinished -> new PipelineWriter(unfinished, ShardedWriter.LIMIT, dtype).writeModel(pipeline));
    }

    /// What [#OURS] says: how images are sampled unless told otherwise, and what stands around each prompt.
    ///
    /// @param compute what is multiplied in
    public static ObjectNode ours(SamplingSettings settings, Tokenizer tokenizer, DType compute) {
        var ours = settings.json().put(COMPUTE, compute.toString());
        if (tokenizer instanceof PretrainedTokenizer pretrained) {
            if (!pretrained.instruction().text().isEmpty()) ours.put(INSTRUCTION, pretrained.instruction().text());
            if (pretrained.chat() != null) ours.put(CHAT, true);
        }
        return ours;
    }

    /// Whether [#writeNew] could write there, asked before the work is done.
    ///
    /// @throws UserError if something is there already
    public static void requireFree(Path folder) { NewFolder.requireFree(folder); }
}
