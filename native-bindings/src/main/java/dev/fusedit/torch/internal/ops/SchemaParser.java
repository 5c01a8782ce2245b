package dev.fusedit.torch.internal.ops;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.internal.ops.Schema.Argument;
import dev.fusedit.torch.internal.ops.Schema.Type;
import java.util.ArrayList;
import java.util.List;

/// Reads `aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor`. Alias marks such as `(a!)` are skipped.
final class SchemaParser {
    private final String text;
    private int at;

    private SchemaParser(String text) { this.text = text; }

    static Schema parse(String text) { return new SchemaParser(text).schema(); }

    private Schema schema() {
        var full = word();
        var dot = full.indexOf('.');
        var arguments = arguments();
        expect(" -> ");
        var returns = text.charAt(at) == '(' ? results() : List.of(result());
        checkArgument(at == text.length(), "schema goes on after its end: %s", text);
        return new Schema(dot < 0 ? full : full.substring(0, dot), dot < 0 ? "" : full.substring(dot + 1), arguments, List.copyOf(returns));
    }

    private List<Argument> arguments() {
        var arguments = new ArrayList<Argument>();
        var keywordOnly = false;
        expect("(");
        while (!accept(")")) {
            if (accept("*")) {
                keywordOnly = true;
            } else {
                var type = type();
                expect(" ");
                var name = word();
                arguments.add(new Argument(name, type, keywordOnly, accept("=") ? defaultText() : null));
            }
            accept(", ");
        }
        return List.copyOf(arguments);
    }

    private List<Type> results() {
        var types = new ArrayList<Type>();
        expect("(");
        while (!accept(")")) {
            types.add(result());
            accept(", ");
        }
        return types;
    }

    private Type result() {
        var type = type();
        if (accept(" ")) {
            word(); // its name
        }
        return type;
    }

    private Type type() {
        Type type = new Schema.Plain(Schema.Kind.named(word()));
        while (at < text.length()) {
            if (accept("?")) {
                type = new Schema.Maybe(type);
            } else if (accept("[")) {
                var length = word();
                expect("]");
                type = new Schema.ListOf(type, length.isEmpty() ? 0 : Integer.parseInt(length));
            } else if (text.charAt(at) == '(') {
                at = text.indexOf(')', at) + 1; // alias marks
            } else {
                break;
            }
        }
        return type;
    }

    /// Up to the comma or parenthesis that ends the argument, outside brackets and quotes.
    private String defaultText() {
        var start = at;
        var quoted = false;
        for (var depth = 0; depth > 0 || quoted || ",)".indexOf(text.charAt(at)) < 0; at++) {
            switch (text.charAt(at)) {
                case '\\' -> at++;
                case '"' -> quoted = !quoted;
                case '[' -> depth++;
                case ']' -> depth--;
                default -> {}
            }
        }
        return text.substring(start, at);
    }

    private String word() {
        var start = at;
        while (at < text.length()
                && (Character.isJavaIdentifierPart(text.charAt(at)) || text.charAt(at) == ':' || text.charAt(at) == '.')) {
            at++;
        }
        return text.substring(start, at);
    }

    private boolean accept(String token) {
        if (!text.startsWith(token, at)) {
            return false;
        }
        at += token.length();
        return true;
    }

    private void expect(String token) { checkArgument(accept(token), "'%s' expected at column %s of the schema %s", token, at, text); }
}
