/// Tables in files: Parquet, JSON lines and CSV, row by row or by SQL.
@NullMarked
package dev.fusedit.trainer.data.table;

import org.jspecify.annotations.NullMarked;
