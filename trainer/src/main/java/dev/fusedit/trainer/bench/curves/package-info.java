/// How a training step's time and memory grow with its work.
///
/// | | |
/// |---|---|
/// | [Quantity] | what is varied, and the workloads that come of it |
/// | [GrowingModel] | sizes of models that grow in width and depth together |
/// | [Task], [Point] | what is to be measured; what came of it, measured or planned |
/// | [Curve] | all points of a quantity, and the [PowerLaw]s that they follow |
/// | [CurvePlots], [CurveText], [CurveFiles] | for people and programs |
@NullMarked
package dev.fusedit.trainer.bench.curves;

import org.jspecify.annotations.NullMarked;
