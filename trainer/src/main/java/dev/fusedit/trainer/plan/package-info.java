/// What a recipe will take before it is run: parameters, memory, work, time. Computed from shapes; no weights are allocated.
///
/// | | |
/// |---|---|
/// | [Plan] | of a whole recipe: its stages, whether it fits, what helps if not |
/// | [ModelShapes] | every parameter's shape |
/// | [StageMemory] | of a stage, by what it is for |
/// | [StageCounts] | what layers take, counted over their equations |
/// | [StageWork] | floating-point operations of a step |
/// | [Calibration] | how fast this machine is |
@NullMarked
package dev.fusedit.trainer.plan;

import org.jspecify.annotations.NullMarked;
