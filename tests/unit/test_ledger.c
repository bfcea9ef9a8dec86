/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger: the history of models: what is kept, what a rollback returns to, and that damage is seen. */
#define _GNU_SOURCE
#include "engine/admin.h"
#include "engine/depot.h"
#include "tests/unit/own_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct ledger_row *push(struct ledger *l, enum ledger_state s)
{
    struct ledger_row *r = ledger_add(l);
    snprintf(r->id, sizeof r->id, "%016x", (unsigned)r->number);
    snprintf(r->name, sizeof r->name, "n\xC3\xA9w \"%d\"\n.bundle", (int)r->number);
    snprintf(r->manifest, sizeof r->manifest, "a=1\nb=\\x5c\n");
    r->kept = true;
    ledger_set(r, s, 1000 + r->number, "why = not");
    return r;
}

static void replace(struct ledger *l)
{
    struct ledger_row *old = ledger_newest(l, LEDGER_SERVING);
    if (old) ledger_set(old, LEDGER_PREVIOUS, 1, "replaced");
    push(l, LEDGER_SERVING);
}

static void same(const struct ledger *a, const struct ledger *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->last, b->last);
    for (size_t i = 0; i < a->n; i++) assert_memory_equal(&a->row[i], &b->row[i], sizeof a->row[i]);
}

static struct ledger l, again; /* large */

static void there_and_back_and_damaged(void **state)
{
    (void)state;
    struct pairs text = {0};
    l = (struct ledger){0};
    ledger_write(&l, &text);
    assert_int_equal(ledger_read(span_of(text.p, text.n), &again), ERR_OK);
    same(&l, &again);
    push(&l, LEDGER_REFUSED);
    replace(&l);
    replace(&l);
    push(&l, LEDGER_SHADOW);
    ledger_write(&l, &text);
    assert_int_equal(ledger_read(span_of(text.p, text.n), &again), ERR_OK);
    same(&l, &again);
    for (size_t i = 0; i < text.n; i++) { /* each bit that flips, each cut */
        text.p[i] ^= 1;
        assert_int_equal(ledger_read(span_of(text.p, text.n), &again), ERR_SYNTAX);
        assert_int_equal(again.n, 0);
        text.p[i] ^= 1;
        assert_int_equal(ledger_read(span_of(text.p, i), &again), ERR_SYNTAX);
    }
    push(&l, LEDGER_CANDIDATE); /* never on disk */
    ledger_write(&l, &text);
    assert_int_equal(ledger_read(span_of(text.p, text.n), &again), ERR_OK);
    assert_int_equal(again.n, l.n - 1);
    pairs_close(&text);
}

static void what_is_kept(void **state)
{
    (void)state;
    l = (struct ledger){0};
    for (int i = 0; i < 6; i++) replace(&l); /* 6 serves */
    push(&l, LEDGER_REFUSED);
    push(&l, LEDGER_SHADOW);
    assert_int_equal(ledger_back(&l, UINT64_MAX)->number, 5);
    assert_int_equal(ledger_back(&l, 5)->number, 4);
    assert_int_equal(ledger_retire(&l, 2), 4);
    for (uint64_t k = 1; k <= 8; k++) assert_int_equal(ledger_find(&l, k)->kept, k > 3 && k != 7);
    assert_null(ledger_back(&l, 4));
    assert_true(ledger_find(&l, 6)->kept && ledger_find(&l, 8)->kept && ledger_find(&l, 5)->kept);
    assert_int_equal(ledger_retire(&l, 2), 0);
    /* A rollback from 6 to 5, and from there to 4. */
    ledger_set(ledger_find(&l, 6), LEDGER_REFUSED, 1, "rolled back");
    ledger_set(ledger_find(&l, 5), LEDGER_SERVING, 1, "rolled back");
    assert_int_equal(ledger_back(&l, UINT64_MAX)->number, 4);
    /* However many come, there is room, and what serves stays. */
    for (int i = 0; i < 3 * LEDGER_ROWS_MAX; i++) {
        push(&l, LEDGER_REFUSED);
        ledger_retire(&l, CONFIG_KEEP_MAX);
        assert_true(l.n <= LEDGER_ROWS_MAX && ledger_find(&l, 5) && ledger_find(&l, 5)->state == LEDGER_SERVING);
    }
    assert_int_equal(l.last, 8 + 3 * LEDGER_ROWS_MAX);
    ledger_drop(&l, 5);
    assert_null(ledger_find(&l, 5));
}

/* --- on disk ------------------------------------------------------------------------------------------------------ */

static int save(struct depot *d)
{
    int status = 0;
    pid_t pid = depot_save(d, &l);
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    return depot_saved(status);
}

static void touch(struct depot *d, const char *name)
{
    int fd = openat(d->fd, name, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static bool there(struct depot *d, const char *name)
{
    return faccessat(d->fd, name, F_OK, 0) == 0;
}

static void a_directory_of_it(void **state)
{
    (void)state;
    struct depot d, second;
    struct state s = {.lock_fd = -1};
    char fault[CONFIG_FAULT_MAX];
    snprintf(s.dir, sizeof s.dir, "%s", root);
    assert_int_equal(depot_open(&d, "", &s, &l, fault), ERR_OK);
    assert_int_equal(l.n, 0);
    assert_int_equal(depot_open(&second, "", &s, &again, fault), ERR_BUSY);
    assert_non_null(strstr(fault, "in use"));

    replace(&l);
    assert_int_equal(save(&d), 0);
    replace(&l);
    push(&l, LEDGER_SHADOW);
    assert_int_equal(save(&d), 0);
    touch(&d, "2-0000000000000002.bundle");
    touch(&d, "3-0000000000000003.bundle");
    touch(&d, "9-0000000000000009.bundle");
    touch(&d, "incoming");
    touch(&d, "mine.txt");
    depot_close(&d);

    /* What was in shadow is refused, what nobody knows is removed, what is not ours is left alone. */
    assert_int_equal(depot_open(&d, "", &s, &l, fault), ERR_OK);
    assert_int_equal(l.n, 3);
    assert_int_equal(l.row[1].state, LEDGER_SERVING);
    assert_int_equal(l.row[2].state, LEDGER_REFUSED);
    assert_true(there(&d, "2-0000000000000002.bundle") && there(&d, "mine.txt"));
    assert_false(there(&d, "3-0000000000000003.bundle"));
    assert_false(there(&d, "9-0000000000000009.bundle"));
    assert_false(there(&d, "incoming"));

    /* A history that cannot be written is told, and the one that is there stays. */
    assert_int_equal(mkdirat(d.fd, "history.new", 0700), 0);
    assert_int_equal(save(&d), EISDIR);
    assert_int_equal(unlinkat(d.fd, "history.new", AT_REMOVEDIR), 0);

    /* A damaged one is set aside, and the one before is read. */
    int fd = openat(d.fd, "history", O_WRONLY);
    assert_int_equal(pwrite(fd, "X", 1, 20), 1);
    close(fd);
    depot_close(&d);
    assert_int_equal(depot_open(&d, "", &s, &l, fault), ERR_OK);
    assert_int_equal(l.n, 1);
    assert_true(there(&d, "history.damaged") && there(&d, "2-0000000000000002.bundle"));

    /* Neither is: an empty one, and no bundle is lost. */
    fd = openat(d.fd, "history.old", O_WRONLY | O_TRUNC);
    close(fd);
    touch(&d, "history");
    depot_close(&d);
    assert_int_equal(depot_open(&d, "", &s, &l, fault), ERR_OK);
    assert_int_equal(l.n, 0);
    assert_true(there(&d, "2-0000000000000002.bundle"));

    /* A directory that others may write to is refused. */
    depot_close(&d);
    char path[300];
    snprintf(path, sizeof path, "%s/models", root);
    assert_int_equal(chmod(path, 0777), 0);
    assert_int_equal(depot_open(&d, path, &s, &l, fault), ERR_IO);
    assert_non_null(strstr(fault, "nobody else"));
    assert_int_equal(depot_open(&d, "/nowhere/there", &s, &l, fault), ERR_IO);
}

static void words_at_the_door(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wrong;
    } CASES[] = {
        {"v=1\ndo=history\n", NULL},
        {"do=rollback\nv=1\nby=x\nnew=1\n", NULL},
        {"v=1\ndo=push\nshare_ppm=1000000\nmails=1\nmax_flips_ppm=0\nname=\\xe7\\xaf\\xa9\nid=0123456789abcdef\n",
         NULL},
        {"v=1\ndo=learner\nask=rewind\nto=1-1\n", NULL},
        {"v=1\ndo=learner\nask", "lines of key=value"},
        {"", "another version"},
        {"v=1\n", "what to do"},
        {"v=2\ndo=history\n", "another version"},
        {"v=1\ndo=dance\n", "cannot have"},
        {"v=1\ndo=push\nshare_ppm=1000001\n", "cannot have"},
        {"v=1\ndo=push\nshare_ppm=5\n", "number of mails"},
        {"v=1\ndo=push\nshare_ppm=5\nmails=1000000001\n", "cannot have"},
        {"v=1\ndo=push\nid=0123456789abcdef0\n", "cannot have"},
        {"v=1\ndo=push\nid=\\x1b[2J\\x1b[1;1H......\n", "cannot have"},
        {"v=1\ndo=push\nid=../../../../../x\n", "cannot have"},
        {"v=1\ndo=push\nid=0123\n", "cannot have"},
        {"v=1\ndo=push\nname=\\x00\n", "cannot have"},
        {"v=1\ndo=push", "lines of key=value"},
        {"\x81\xa1v\x01", "lines of key=value"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct admin_request r = {0};
        const char *wrong = admin_parse(span_cstr(CASES[i].text), &r);
        if (!CASES[i].wrong != !wrong || (wrong && !strstr(wrong, CASES[i].wrong)))
            fail_msg("row %zu: %s", i, wrong ? wrong : "taken");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back_and_damaged),
        cmocka_unit_test(what_is_kept),
        cmocka_unit_test_setup_teardown(a_directory_of_it, own_folder_make, own_folder_remove),
        cmocka_unit_test(words_at_the_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
