/* SPDX-License-Identifier: Apache-2.0 */
/* test_show: nothing that furui show names is without a name. */
#include "models/show/show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void each_oddity_has_a_sentence(void **state)
{
    (void)state;
    for (int bit = 0; bit < ODD_COUNT; bit++) {
        const char *word = odd_word((enum odd_bit)bit), *sentence = odd_sentence((enum odd_bit)bit);
        if (strcmp(word, sentence) == 0) fail_msg("worker/text/odd.c has no sentence for %s", word);
        assert_true(strlen(sentence) > 10 && sentence[strlen(sentence) - 1] != '.');
    }
    assert_string_equal(odd_sentence(ODD_COUNT), "?");
}

static void each_value_has_a_word(void **state)
{
    (void)state;
    for (int i = 0; i < NUMBER_COUNT; i++) assert_string_not_equal(show_number_word((enum feature_number)i), "?");
    for (int i = 0; i < URL_PLACE_COUNT; i++) assert_string_not_equal(show_place_word((enum url_place)i), "elsewhere");
    for (int i = 0; i < VIEW_COUNT; i++) assert_string_not_equal(view_word((enum feature_view)i), "?");
    for (int i = 0; i < MAIL_ENCODING_UNKNOWN; i++)
        assert_string_not_equal(show_encoding_word((enum mail_encoding)i), "unknown");
    assert_string_equal(show_encoding_word(MAIL_ENCODING_UNKNOWN), "unknown");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(each_oddity_has_a_sentence),
                                              cmocka_unit_test(each_value_has_a_word)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
