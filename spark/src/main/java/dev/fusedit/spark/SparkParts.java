package dev.fusedit.spark;

import com.google.common.base.Splitter;
import com.google.common.base.Throwables;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.prepare.PartScheduler;
import java.io.File;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/// Each part is a Spark task, which does what a process with `--part` does. What Spark adds is that it starts a part again, on another machine,
/// when the one that was at it is gone; shards that the first one finished are not made again, by the ledger in the folder.
///
/// Settings of Spark's are taken from Java's system properties, as always (`spark.…`).
public final class SparkParts implements PartScheduler {
    /// Shards of a part, where there are many: what is lost with a machine's is at most the shards in work, and a part's start costs little.
    private static final int SHARDS_OF_PART = 8;
    /// Parts for each task that runs at once, at least: so that none waits long for the slowest.
    private static final int PARTS_OF_CORE = 3;
    /// Jars that no preparation needs, 100 MB and more.
    private static final String LIBTORCH = ".*[/\\\\](pytorch|openblas|cuda|javacpp)-[^/\\\\]*";

    @Override
    public int run(String master, int shards, PartJob job) {
        var conf = new SparkConf().setIfMissing("spark.app.name", "fusedit data prepare");
        if (!master.isEmpty()) conf.setMaster(master);
        if (!conf.contains("spark.master"))
            throw new UserError("--spark needs a master, local[2] or spark://HOST:7077 say, unless spark-submit names it");
        if (!conf.contains("spark.submit.deployMode") && !conf.get("spark.master").startsWith("local"))
            conf.setIfMissing("spark.jars", jars());
        try (var spark = new JavaSparkContext(conf)) {
            int parts = parts(shards, spark.defaultParallelism());
            var numbers = IntStream.rangeClosed(1, parts).boxed().toList();
            return spark.parallelize(numbers, parts).map(new MakePart(job, parts)).collect().stream().mapToInt(Integer::intValue).sum();
        } catch (Exception e) { // Scala's are not declared
            throw told(e);
        }
    }

    static int parts(int shards, int atOnce) {
        return Math.clamp(Math.max((shards + SHARDS_OF_PART - 1) / SHARDS_OF_PART, PARTS_OF_CORE * atOnce), 1, shards);
    }

    /// What a person can mend is said as a part said it.
    private static UserError told(Exception e) {
        for (var cause : Throwables.getCausalChain(e)) {
            switch (cause) {
                case UserError known -> {
                    return new UserError(String.valueOf(known.getMessage()), e);
                }
                default -> {}
            }
        }
        return new UserError("Spark: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString()), e);
    }

    /// This process's own classes, for machines that know Spark alone.
    private static String jars() {
        return Splitter.on(File.pathSeparatorChar).splitToStream(System.getProperty("java.class.path"))
                .filter(jar -> jar.endsWith(".jar") && !jar.matches(LIBTORCH)).map(jar -> new File(jar).toURI().toString())
                .collect(Collectors.joining(","));
    }
}
