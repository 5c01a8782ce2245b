package dev.fusedit.torch.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Made-up machines of 8 cores and 16 GiB.
class HostTest {
    private static final long GIB = 1 << 30;
    private static final String SECOND = "30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
    private static final String FIRST = """
        31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755
        32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
        35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        36 31 0:33 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
        """;

    @TempDir
    private Path root;

    private void write(String file, String text) throws IOException {
        var path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    private Host host() { return Host.of(root); }

    @BeforeEach
    void machine() throws IOException {
        write("proc/meminfo",
                "MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:   12582912 kB\nCached: 2097152 kB\n");
        write("proc/self/status", "Name:\tjava\nCpus_allowed:\tff\nCpus_allowed_list:\t0-7\n");
        write("sys/devices/system/cpu/online", "0-7\n");
        write("proc/cpuinfo", """
            processor\t: 0
            model name\t: AMD EPYC 7B12
            flags\t\t: fpu sse sse2 avx avx2 fma
            bugs\t\t: sysret_ss_attrs
            """);
    }

    @Test
    void noLimits() {
        assertThat(host().cores()).isEqualTo(new Cores(8, 8));
        assertThat(host().memory()).isEqualTo(new Memory(16 * GIB, 16 * GIB, 12 * GIB, null));
        assertThat(host().memory().source()).isEqualTo("this machine's memory");
    }

    @Test
    void aParentsLimitCounts() throws IOException {
        write("proc/self/cgroup", "0::/batch.slice/job 7/step\n");
        write("proc/self/mountinfo", SECOND);
        write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
        write("sys/fs/cgroup/batch.slice/memory.max", "4294967296\n");
        write("sys/fs/cgroup/batch.slice/memory.current", "3221225472\n");
        write("sys/fs/cgroup/batch.slice/memory.stat", "anon 12\nfile 4\nactive_file 77\ninactive_file 536870912\n");
        write("sys/fs/cgroup/batch.slice/cpu.max", "max 100000\n");
        write("sys/fs/cgroup/batch.slice/job 7/memory.max", "max\n");
        write("sys/fs/cgroup/batch.slice/job 7/cpu.max", "150000 100000\n");
        write("sys/fs/cgroup/batch.slice/job 7/step/memory.max", "8589934592\n");
        write("sys/fs/cgroup/batch.slice/job 7/step/memory.current", "1048576\n");
        write("sys/fs/cgroup/batch.slice/job 7/step/cpu.max", "max 100000\n");
        assertThat(host().memory()).isEqualTo(new Memory(16 * GIB, 4 * GIB, 3 * GIB / 2, "/batch.slice"));
        assertThat(host().memory().source()).isEqualTo("the control group's limit (/batch.slice)");
        assertThat(host().cores()).as("1.5 cores of time").isEqualTo(new Cores(2, 8));
    }

    @Test
    void theOwnLimitCounts() throws IOException {
        write("proc/self/cgroup", "0::/a/b\n");
        write("proc/self/mountinfo", SECOND);
        write("sys/fs/cgroup/a/memory.max", "4294967296\n");
        write("sys/fs/cgroup/a/b/memory.max", "1073741824\n");
        write("sys/fs/cgroup/a/b/memory.current", "2147483648\n");
        assertThat(host().memory()).as("more used than allowed").isEqualTo(new Memory(16 * GIB, GIB, 0, "/a/b"));
    }

    @Test
    void versionOne() throws IOException {
        write("proc/self/cgroup", "9:name=systemd:/x\n4:memory:/docker/abc\n1:cpu,cpuacct:/docker/abc\n");
        write("proc/self/mountinfo", FIRST);
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        write("sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "2147483648\n");
        write("sys/fs/cgroup/memory/docker/memory.usage_in_bytes", "1073741824\n");
        write("sys/fs/cgroup/memory/docker/memory.stat", "inactive_file 0\ntotal_inactive_file 268435456\n");
        write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n");
        write("sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "-1\n");
        write("sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "100000\n");
        write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "250000\n");
        write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
        assertThat(host().memory()).isEqualTo(new Memory(16 * GIB, 2 * GIB, GIB + GIB / 4, "/docker"));
        assertThat(host().cores().allowed()).isEqualTo(3);
        write("sys/fs/cgroup/memory/docker/memory.use_hierarchy", "0\n");
        assertThat(host().memory().limitedBy()).as("a parent that does not count its children").isNull();
    }

    @Test
    void hybridTakesEachControllerWhereItIs() throws IOException {
        write("proc/self/cgroup", "4:memory:/job\n0::/user.slice\n");
        write("proc/self/mountinfo", FIRST + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
        write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "1073741824\n");
        write("sys/fs/cgroup/unified/user.slice/memory.max", "1\n"); // not where memory is counted
        write("sys/fs/cgroup/unified/user.slice/cpu.max", "400000 100000\n");
        write("sys/fs/cgroup/cpu,cpuacct/user.slice/cpu.cfs_quota_us", "100000\n");
        write("sys/fs/cgroup/cpu,cpuacct/user.slice/cpu.cfs_period_us", "100000\n");
        assertThat(host().memory()).isEqualTo(new Memory(16 * GIB, GIB, GIB, "/job"));
        assertThat(host().cores().allowed()).isEqualTo(4);
    }

    @Test
    void insideAContainerTheMountedGroupIsWhatThereIs() throws IOException {
        write("proc/self/cgroup", "0::/../../kubepods/pod1/abc\n");
        write("proc/self/mountinfo", "30 23 0:26 /kubepods/pod1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
        write("sys/fs/cgroup/memory.max", "2147483648\n");
        write("sys/fs/cgroup/cpu.max", "50000 100000\n");
        assertThat(host().memory()).isEqualTo(new Memory(16 * GIB, 2 * GIB, 2 * GIB, "/kubepods/pod1"));
        assertThat(host().cores().allowed()).as("half a core").isEqualTo(1);
        write("proc/self/cgroup", "0::/kubepods/pod1/abc\n");
        write("sys/fs/cgroup/abc/memory.max", "1073741824\n");
        assertThat(host().memory()).isEqualTo(new Memory(16 * GIB, GIB, GIB, "/kubepods/pod1/abc"));
    }

    @ParameterizedTest
    @CsvSource({"sys/fs/cgroup/memory.max,sys/fs/cgroup/cpu.max,150000 100000",
        "sys/fs/cgroup/memory/memory.limit_in_bytes,sys/fs/cgroup/cpu/cpu.cfs_quota_us,150000"})
    void withoutProcTheUsualFolders(String memory, String cpu, String quota) throws IOException {
        write(memory, "1073741824\n");
        write(cpu, quota);
        write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
        if (memory.endsWith("max")) {
            Files.delete(root.resolve("sys/fs/cgroup/cpu/cpu.cfs_period_us"));
            Files.delete(root.resolve("sys/fs/cgroup/cpu"));
        }
        assertThat(host().memory().allowed()).isEqualTo(GIB);
        assertThat(host().cores().allowed()).isEqualTo(2);
    }

    @Test
    void limitsLargerThanTheMachineAreNone() throws IOException {
        write("proc/self/cgroup", "0::/a\n");
        write("proc/self/mountinfo", SECOND);
        write("sys/fs/cgroup/a/memory.max", "1099511627776\n");
        write("sys/fs/cgroup/a/memory.current", "1099511627776\n");
        write("sys/fs/cgroup/a/cpu.max", "6400000 100000\n");
        assertThat(host().memory()).isEqualTo(new Memory(16 * GIB, 16 * GIB, 12 * GIB, null));
        assertThat(host().cores().allowed()).isEqualTo(8);
    }

    @Test
    void aLimitAboveWhatIsFreeIsNotTheReason() throws IOException {
        write("proc/self/cgroup", "0::/a\n");
        write("proc/self/mountinfo", SECOND);
        write("sys/fs/cgroup/a/memory.max", "15032385536\n");
        assertThat(host().memory()).isEqualTo(new Memory(16 * GIB, 14 * GIB, 12 * GIB, null));
    }

    @Test
    void affinity() throws IOException {
        write("proc/self/status", "Cpus_allowed_list:\t1,4-6\n");
        assertThat(host().cores()).isEqualTo(new Cores(4, 8));
        write("proc/self/cgroup", "0::/\n");
        write("proc/self/mountinfo", SECOND);
        write("sys/fs/cgroup/cpu.max", "9999999 0\n");
        assertThat(host().cores()).as("a period of nothing is no quota").isEqualTo(new Cores(4, 8));
    }

    @Test
    void withoutMemAvailable() throws IOException {
        write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:         1048576 kB\nCached:          2097152 kB\nSwapCached: 5 kB\n");
        assertThat(host().memory().available()).isEqualTo(3 * GIB);
        Files.delete(root.resolve("proc/meminfo"));
        var memory = host().memory();
        assertThat(memory.total()).as("from the JVM").isBetween(1L << 28, 1L << 46);
        assertThat(memory.available()).isBetween(1L, memory.total());
    }

    /// As macOS 14 writes it, shortened.
    @Test
    void whatVmStatSays() {
        var text = """
                Mach Virtual Memory Statistics: (page size of 16384 bytes)
                Pages free:                                6010.
                Pages active:                            336543.
                Pages inactive:                          331000.
                Pages speculative:                         4990.
                Pages throttled:                              0.
                Pages wired down:                        130018.
                Pages purgeable:                           8000.
                "Translation faults":                 982347293.
                """;
        assertThat(VmStat.available(text)).hasValue(350_000L * 16384);
        assertThat(VmStat.available("vm_stat: no such thing")).isEmpty();
        assertThat(VmStat.available("")).isEmpty();
    }

    @Test
    void anEmptyMachine(@TempDir Path empty) {
        var host = Host.of(empty);
        assertThat(host.cores().allowed()).isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(host.cpu().name()).isEqualTo(System.getProperty("os.arch"));
        assertThat(host.cpu().flags()).isEmpty();
        assertThat(host.memory().limitedBy()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"fpu avx avx2,true,false,false,false", "avx2 avx512f avx512bw avx512vl avx512dq avx512_vnni,true,true,false,false",
        "avx2 avx512f,true,false,false,false", "avx2 avx512f avx512bw avx512vl avx512dq avx512_bf16,true,true,true,false",
        "avx2 avx_vnni avx_ne_convert,true,false,true,false",
        "avx2 avx512f avx512bw avx512vl avx512dq amx_bf16 amx_tile amx_int8,true,true,true,true", "sse,false,false,false,false"})
    void instructionSets(String flags, boolean avx2, boolean avx512, boolean bf16, boolean amx) throws IOException {
        write("proc/cpuinfo", "model name\t: X\nflags\t\t: " + flags + "\nmodel name\t: Y\nflags\t\t: other\n");
        assertThat(host().cpu()).isEqualTo(new Cpu("X", java.util.Set.of(flags.split(" "))))
                .returns(avx2, Cpu::avx2).returns(avx512, Cpu::avx512).returns(bf16, Cpu::bf16).returns(amx, Cpu::amx);
    }

    @Test
    void arm() throws IOException {
        write("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd sve bf16 i8mm\nCPU part\t: 0xd40\n");
        assertThat(host().cpu()).isEqualTo(new Cpu(System.getProperty("os.arch"), java.util.Set.of("fp", "asimd", "sve", "bf16", "i8mm")))
                .returns(true, Cpu::bf16);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void thisMachine() {
        var host = Host.here();
        assertThat(host.cores().allowed()).isBetween(1, host.cores().all());
        assertThat(host.memory().available()).isBetween(1L, host.memory().allowed());
        assertThat(host.memory().allowed()).isLessThanOrEqualTo(host.memory().total());
        assertThat(host.cpu().name()).isNotBlank();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"0 | 1", "0-1 | 2", "0-3,8 | 5", "0-63,128-191 | 128"})
    void coresAreCountedFromRanges(String ranges, int cores) { assertThat(Cores.count(ranges)).hasValue(cores); }
}
