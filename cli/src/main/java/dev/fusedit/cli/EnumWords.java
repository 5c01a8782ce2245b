package dev.fusedit.cli;

import dev.fusedit.trainer.recipe.binding.Names;
import java.util.Locale;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.TypeConversionException;

/// Constants of an enum by their words, `euler-stochastic`, in capitals or not, as all commands take them.
record EnumWords(Class<?> type) implements ITypeConverter<Object> {
    /// For every enum that an argument of a command, or of one below it, is of.
    static CommandLine register(CommandLine line) {
        arguments(line.getCommandSpec()).flatMap(argument -> Stream.of(argument.auxiliaryTypes())).filter(Class::isEnum).distinct()
                .forEach(type -> register(line, type));
        return line;
    }

    @SuppressWarnings("unchecked")
    private static void register(CommandLine line, Class<?> type) {
        line.registerConverter((Class<Object>) type, new EnumWords(type));
    }

    private static Stream<ArgSpec> arguments(CommandSpec command) {
        return Stream.concat(command.args().stream(),
                command.subcommands().values().stream().flatMap(below -> arguments(below.getCommandSpec())));
    }

    @Override
    public Object convert(String value) {
        var constants = Stream.of(type.getEnumConstants()).map(constant -> (Enum<?>) constant).toList();
        var asked = value.toLowerCase(Locale.ROOT).replace('_', '-');
        return constants.stream().filter(constant -> Names.constant(constant).equals(asked)).findFirst().orElseThrow(() -> {
            var words = constants.stream().map(Names::constant).toList();
            return new TypeConversionException(
                    "'%s' is none of %s.%s".formatted(value, String.join(", ", words), Names.hint(value, words)));
        });
    }
}
