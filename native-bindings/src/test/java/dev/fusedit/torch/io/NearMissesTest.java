package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearMissesTest {
    private static final List<String> KNOWN =
            List.of("joint", "cross", "gated-joint", "shallow-joint", "shallow-cross", "dual-stream", "m-rope",
                    "2d", "1d", "ape", "adaln-zero", "adaln-single", "addition", "insulate-llm", "text-only", "logit-normal", "batch",
                    "steps", "warm_up",
                    "schedule", "caption_dropout", "lr", "learning_rate", "weight_decay", "cosine");

    @ParameterizedTest
    @CsvSource({"cross-attention,cross", "rope,m-rope", "mrope,m-rope", "insulate,insulate-llm", "2d-rope,2d", "DualStream,dual-stream",
        "dual_stream,dual-stream", "dualstream,dual-stream", "dual,dual-stream", "logit_normal,logit-normal", "logit,logit-normal",
        "batch_size,batch", "num_steps,steps", "warmup,warm_up", "warmup-steps,steps", "lr_schedule,schedule", "sched,schedule",
        "learnig_rate,learning_rate", "cosinee,cosine", "dropout,caption_dropout", "insulat,insulate-llm", "gated,gated-joint",
        "adaln-zro,adaln-zero", "capton_dropuot,caption_dropout", "decay,weight_decay", "adaln,adaln-zero", "AdaLN-Zero,adaln-zero"})
    void theNearestComesFirst(String word, String meant) { assertThat(NearMisses.of(word, KNOWN)).first().isEqualTo(meant); }

    @ParameterizedTest
    @CsvSource({"colour", "x", "--", "normal-distribution-of-noise", "''"})
    void whatIsFarIsNotGuessed(String word) { assertThat(NearMisses.of(word, List.of("joint", "cross", "m-rope", "lr"))).isEmpty(); }

    @Test
    void severalAreToldTheNearestFirst() {
        assertThat(NearMisses.of("adaln", KNOWN)).containsExactly("adaln-zero", "adaln-single");
        assertThat(NearMisses.of("tarin", List.of("parity", "data", "train"))).as("of slips of the finger the nearest alone")
                .containsExactly("train");
    }

    @Test
    void distanceCountsASwapOnce() {
        assertThat(NearMisses.distance("stesp", "steps")).isEqualTo(1);
        assertThat(NearMisses.distance("", "abc")).isEqualTo(3);
    }
}
