package dev.fusedit.fusion.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// On one of a sealed interface's records: the variant that a block of keys without `kind` is.
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface Usual {}
