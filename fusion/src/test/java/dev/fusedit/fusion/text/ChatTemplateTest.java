package dev.fusedit.fusion.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.fusion.text.ChatTemplate.Message;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {
    /// The hash of this one, as the first Gemma models have it, is known; the others' texts are not in the project.
    private static final String PUBLISHED = "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not "
            + "supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ "
            + "raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if (message['role'] == "
            + "'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\\n' "
            + "+ message['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\\n'}}"
            + "{% endif %}";

    @TempDir
    private Path folder;

    /// `chat_templates.py`.
    @Test
    void chatsAreThoseOfThePublishedTemplates() {
        for (var example : TokenizerFuzzTest.resource("chats.json")) {
            var messages = example.path("messages").valueStream()
                    .map(message -> new Message(message.path("role").textValue(), message.path("content").textValue())).toList();
            var template = ChatTemplate.named(example.path("template").textValue());
            assertThat(template.of(messages, example.path("answering").booleanValue())).as(example.toString())
                    .isEqualTo(example.path("text").textValue());
        }
    }

    @Test
    void aChatAlternates() {
        for (var template : ChatTemplate.values()) {
            assertThatThrownBy(() -> template.of(List.of(new Message("assistant", "x")), false)).isInstanceOf(UserError.class)
                    .hasMessageContaining("message 1 is of 'assistant'");
        }
    }

    @Test
    void aFoldersTemplateIsKnownByItsText() throws IOException {
        var config = new JsonMapper().createObjectNode().put("chat_template", PUBLISHED);
        Files.writeString(folder.resolve("tokenizer_config.json"), config.toString());
        assertThat(ChatTemplate.of(folder)).isEqualTo(ChatTemplate.GEMMA);
        config.putArray("chat_template").addObject().put("name", "default").put("template", PUBLISHED + "\n");
        Files.writeString(folder.resolve("tokenizer_config.json"), config.toString());
        assertThat(ChatTemplate.of(folder)).isEqualTo(ChatTemplate.GEMMA);
        Files.writeString(folder.resolve("chat_template.jinja"), PUBLISHED.replace("trim", "upper"));
        assertThatThrownBy(() -> ChatTemplate.of(folder)).isInstanceOf(UserError.class)
                .hasMessageContaining("none of those that are known");
    }

    @Test
    void aFolderWithoutOneIsSaid() {
        assertThatThrownBy(() -> ChatTemplate.of(folder)).isInstanceOf(UserError.class).hasMessageContaining("has no chat template");
        assertThatThrownBy(() -> ChatTemplate.named("llama2")).isInstanceOf(UserError.class).hasMessageContaining("'llama2'");
    }
}
