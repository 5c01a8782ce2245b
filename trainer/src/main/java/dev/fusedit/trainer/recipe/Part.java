package dev.fusedit.trainer.recipe;

/// Parts of the model that may train apart from each other.
public enum Part { DIT, LLM }
