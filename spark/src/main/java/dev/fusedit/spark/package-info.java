/// Parts of a preparation as an Apache Spark job. An optional module (`-Pspark`): no other one needs Spark.
@NullMarked
package dev.fusedit.spark;

import org.jspecify.annotations.NullMarked;
