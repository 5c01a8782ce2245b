package dev.fusedit.trainer.recipe;

/// Parts of the model that may train apart from each other, the widest first. A parameter belongs to the narrowest that has a learning
/// rate: the text's embeddings to `embeddings` if that has one, else to `llm`.
public enum Part {
    /// The image side: patches, blocks, time, last layer.
    DIT,
    /// The language model, its embeddings too.
    LLM,
    /// The projections by which the image reads the text: the image side's own of the text, in models that have them, and the queries of
    /// its cross-attention.
    PROJECTIONS,
    /// The language model's table of token embeddings.
    EMBEDDINGS,
    /// What alignment losses learn beside the model: the heads that project features. They train at the DiT's rate if this has none.
    ALIGNMENT,
    /// The adapters (LoRA) of the language model's layers. They never train at the rate of `llm`.
    LLM_ADAPTER,
    /// The adapters of the image side's layers.
    DIT_ADAPTER
}
