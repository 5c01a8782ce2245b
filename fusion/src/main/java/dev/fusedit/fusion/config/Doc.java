package dev.fusedit.fusion.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// What a block of a recipe's keys or one of its keys means: for those who read the code and, through the JSON schema of recipes, for those
/// who write them.
/// Plain text, with the addresses of the web written out.
@Documented
@Target({ElementType.TYPE, ElementType.RECORD_COMPONENT})
@Retention(RetentionPolicy.RUNTIME)
public @interface Doc {
    String value();
}
