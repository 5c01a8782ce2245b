package dev.fusedit.spark;

import dev.fusedit.trainer.data.prepare.PartScheduler.PartJob;
import org.apache.spark.api.java.function.Function;

/// A task: one part of a preparation. A record, since Spark looks into lambdas by means that Java's newer versions do not have.
///
/// @param parts in all
record MakePart(PartJob job, int parts) implements Function<Integer, Integer> {
    private static final long serialVersionUID = 1;

    @Override
    public Integer call(Integer part) throws InterruptedException { return job.make(part + "/" + parts); }
}
