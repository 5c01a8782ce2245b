package dev.fusedit.benchmarks;

import org.openjdk.jmh.annotations.Fork;

/// [JavaCppBenchmark] with JavaCPP's memory guard and its collection off, as fusedit sets it where it uses JavaCPP.
@Fork(value = 2, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g", "-Dorg.bytedeco.javacpp.maxBytes=0",
    "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0", "-Dorg.bytedeco.javacpp.noPointerGC=true"})
public class JavaCppUncollectedBenchmark extends JavaCppBenchmark {}
