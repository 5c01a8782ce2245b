package dev.fusedit.torch.host;

import com.google.common.base.Splitter;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// CPU cores (hardware threads) of the machine, and how many of them this process may keep busy.
///
/// @param allowed the smallest of the machine's, the affinity's, and the quotas of the process's control group and its parents (rounded
///        up); at least 1
/// @param all that are switched on
public record Cores(int allowed, int all) {
    static Cores of(Path root, ControlGroups groups) {
        int known = Runtime.getRuntime().availableProcessors();
        int affinity = count(new SystemFile(root.resolve("proc/self/status")).value("Cpus_allowed_list").orElse("")).orElse(known);
        int all = count(new SystemFile(root.resolve("sys/devices/system/cpu/online")).text().orElse("")).orElse(affinity);
        double quota = groups.cpu().stream().map(Cores::quota).flatMapToDouble(OptionalDouble::stream).min()
                .orElse(Double.POSITIVE_INFINITY);
        return new Cores((int) Math.max(1, Math.min(Math.min(affinity, all), Math.ceil(quota))), all);
    }

    /// Of `0-3,8,10-11`.
    static OptionalInt count(String list) {
        if (!list.matches("\\d{1,6}(-\\d{1,6})?(,\\d{1,6}(-\\d{1,6})?)*")) {
            return OptionalInt.empty();
        }
        int count = 0;
        for (var range : Splitter.on(',').split(list)) {
            var ends = Splitter.on('-').splitToList(range);
            count += Integer.parseInt(ends.getLast()) - Integer.parseInt(ends.getFirst()) + 1;
        }
        return OptionalInt.of(count);
    }

    /// Cores' worth of time that a group gets.
    private static OptionalDouble quota(ControlGroups.Group group) {
        if (group.version() == 2) {
            var parts = Splitter.on(' ').splitToList(group.file("cpu.max").text().orElse("")); // "150000 100000", "max 100000"
            return parts.size() == 2 ? ratio(SystemFile.number(parts.get(0)), SystemFile.number(parts.get(1))) : OptionalDouble.empty();
        }
        return ratio(group.file("cpu.cfs_quota_us").number(), group.file("cpu.cfs_period_us").number());
    }

    private static OptionalDouble ratio(OptionalLong quota, OptionalLong period) {
        return quota.isPresent() && period.orElse(0) > 0 ? OptionalDouble.of((double) quota.getAsLong() / period.getAsLong())
                : OptionalDouble.empty();
    }
}
