/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_sentinel: a master with a replica, three sentinels; the master ends, comes back, is led astray. */
#include "proto/store/store.h"

#include "proto/store/name.h"
#include "tests/unit/redis_farm.h"
#include "worker/rep/rep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { MASTER, REPLICA, FIRST, SENTINELS = 3, LIAR = FIRST + SENTINELS };

static const struct secret SECRET = {{1, 2, 3}};
static const struct record_lives LIVES = {.minutes = {360, 21 * 1440}};
static char where[128], password_file[128], sentinel_password_file[128];

static struct store_options options(void)
{
    return (struct store_options){
        .where = where, .password_file = password_file, .sentinel_password_file = sentinel_password_file};
}

static void write_file(char path[128], const char *name, const char *text)
{
    snprintf(path, 128, "%s/%s", farm_dir, name);
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
}

/* What a server says to one who knows the password. */
static const char *say(int i, const char *password, const char *command)
{
    char line[256];
    snprintf(line, sizeof line, "AUTH %s\r\n%s\r\nQUIT", password, command);
    return farm_say(i, line);
}

static void until(int i, const char *password, const char *command, const char *words)
{
    char line[256];
    snprintf(line, sizeof line, "AUTH %s\r\n%s\r\nQUIT", password, command);
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US; !strstr(farm_say(i, line), words); usleep(10000))
        if (clock_us() > until_us) fail_msg("%s: no %s in %s", command, words, farm_say(i, line));
}

static int start(void **state)
{
    (void)state;
    char master[8], path[SENTINELS][128];
    farm_start(MASTER, (const char *[]){"--requirepass", "p1", "--masterauth", "p1", NULL});
    snprintf(master, sizeof master, "%d", farm[MASTER].port);
    farm_start(REPLICA, (const char *[]){"--requirepass", "p1", "--masterauth", "p1", "--repl-diskless-sync-delay", "0",
                                         "--replicaof", "127.0.0.1", master, NULL});
    write_file(password_file, "p1", "p1\n");
    write_file(sentinel_password_file, "p2", "p2\n");
    int n = snprintf(where, sizeof where, "sentinel:m");
    for (int i = 0; i < SENTINELS; i++) {
        char name[16], text[600], dir[128];
        farm[FIRST + i].port = farm_free_port();
        snprintf(name, sizeof name, "s%d.conf", i);
        snprintf(dir, sizeof dir, "%s/%d", farm_dir, FIRST + i);
        snprintf(text, sizeof text,
                 "port %d\nbind 127.0.0.1\ndir %s\nlogfile log\nrequirepass p2\nsentinel sentinel-pass p2\n"
                 "sentinel monitor m 127.0.0.1 %s 2\nsentinel auth-pass m p1\n"
                 "sentinel down-after-milliseconds m 500\nsentinel failover-timeout m 3000\n",
                 farm[FIRST + i].port, dir, master);
        mkdir(dir, 0700);
        write_file(path[i], name, text);
        farm_start(FIRST + i, (const char *[]){path[i], "--sentinel", NULL});
        n += snprintf(where + n, sizeof where - (size_t)n, "%c127.0.0.1:%d", i ? ',' : '@', farm[FIRST + i].port);
    }
    until(REPLICA, "p1", "ROLE", "connected");
    for (int i = 0; i < SENTINELS; i++) until(FIRST + i, "p2", "SENTINEL ckquorum m", "3 usable");
    for (int i = 0; i < SENTINELS; i++) until(FIRST + i, "p2", "INFO sentinel", "slaves=1,sentinels=3");
    struct store *s;
    struct store_options o = options();
    store_open(&o, &s);
    farm_ask(s, SPAN("k"), (span[]){SPAN("SET"), SPAN("k"), SPAN("v")}, 3);
    store_close(s);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    farm_remove();
    return 0;
}

/* --- a worker over a failover ------------------------------------------------------------------------------------- */

static bool look(struct rep *r)
{
    static struct rep_names k;
    struct mail m = {.from_domain = SPAN("example.org")};
    struct rep_score s;
    rep_names(&m, SPAN("192.0.2.1"), SPAN_NONE, &k);
    int64_t start_us = clock_us();
    rep_begin(r);
    rep_ask(r, 0, SPAN_NONE, &k);
    rep_send(r);
    rep_collect(r, clock_us() + 20000);
    rep_result(r, 0, &s);
    rep_count(r, 0, SPAN_NONE, &k, (struct tally_seen){.mails = 1, .ham = 1});
    assert_true(clock_us() - start_us < 400000); /* whatever the store does */
    return s.known;
}

static double mails(struct store *s)
{
    uint8_t text[NAME_KEY_BYTES];
    struct record r;
    span key = name_key("t", SPAN_NONE, NAME_FROM, SPAN("example.org"), text);
    struct store_reply a = farm_ask(s, key, (span[]){SPAN("GET"), key}, 2);
    record_read(a.v[0].text, &r);
    return r.sum[RECORD_SLOW][SUM_VOLUME];
}

/* One mail after the other until verdicts are known (or not); how many. */
static size_t look_until(struct rep *r, bool known)
{
    size_t n = 0;
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US; n++, look(r) != known; usleep(2000)) {
        assert_true(clock_us() < until_us);
        rep_tick(r);
    }
    return n;
}

static void master_hangs_and_dies(void **state)
{
    (void)state;
    struct rep *r;
    struct rep_stat st;
    struct store *blocked, *side;
    struct store_options o = options();
    struct rep_options ro = {.store = o, .prefix = "t", .flush_ms = 20, .lives = LIVES, .secret = &SECRET};
    assert_int_equal(rep_open(&ro, &r), ERR_OK);
    assert_int_equal(store_open(&o, &blocked), ERR_OK);
    assert_int_equal(store_open(&o, &side), ERR_OK);
    size_t sent = look_until(r, true);
    for (int i = 0; i < 100; i++, sent++) look(r), rep_tick(r);
    do rep_tick(r), rep_stat(r, &st), usleep(1000);
    while (st.waiting);
    double before = mails(side);
    assert_true(before > 0.99 * (double)sent && before < 1.01 * (double)sent);
    span mark[] = {SPAN("SET"), SPAN("mark"), SPAN("x")};
    farm_ask(side, mark[1], mark, 3);
    until(REPLICA, "p1", "GET mark", "$1\r\nx"); /* what a replica was not told is lost with its master */

    /* A reader that waits for a stream, as the learner does. */
    farm_ask(blocked, SPAN("x"), (span[]){SPAN("PING")}, 1);
    span read[] = {SPAN("XREAD"), SPAN("BLOCK"), SPAN("60000"), SPAN("STREAMS"), SPAN("x"), SPAN("$")};
    assert_true(store_put(blocked, SPAN("x"), read, 6, 5));
    store_pump(blocked);
    usleep(20000);

    /* It hangs first: it keeps its connections, and answers none (test_stores.py kills one at once). */
    kill(farm[MASTER].pid, SIGSTOP);
    int64_t died_us = clock_us();
    struct store_reply reply = {0};
    for (; !store_next(blocked, &reply) && clock_us() - died_us < FARM_PATIENCE_US; sent++) {
        store_pump(blocked);
        store_wait(blocked, 1000);
        look(r);
        rep_tick(r);
    }
    assert_int_equal(reply.tag, 5);
    assert_int_equal(reply.v[0].kind, STORE_LOST);
    sent += look_until(r, true);
    print_message("[          ] known again after %.1f s\n", (double)(clock_us() - died_us) / 1e6);
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US; clock_us() < until_us;) {
        rep_tick(r);
        rep_stat(r, &st);
        if (!st.waiting) break;
        usleep(1000);
    }
    double after = mails(side);
    if (after < 0.99 * (double)sent || after > 1.01 * (double)sent) fail_msg("%g of %zu mails", after, sent);
    until(REPLICA, "p1", "ROLE", "master");

    farm_kill(MASTER);
    /* The old one is back, and takes itself for the master until it is told: nobody goes there. */
    farm_start(MASTER, NULL);
    assert_non_null(strstr(say(MASTER, "p1", "ROLE"), "master"));
    struct store *late;
    assert_int_equal(store_open(&o, &late), ERR_OK);
    assert_true(mails(late) > 0.99 * (double)sent);
    store_close(late);
    rep_close(r);
    store_close(blocked);
    store_close(side);
}

/* A planned failover: the master lives on, and takes writes until it is told. */
static void master_resigns(void **state)
{
    (void)state;
    struct store *s;
    struct store_options o = options();
    assert_int_equal(store_open(&o, &s), ERR_OK);
    span set[] = {SPAN("SET"), SPAN("k"), SPAN("v")};
    assert_int_equal(farm_ask(s, set[1], set, 3).v[0].kind, STORE_TEXT);
    until(REPLICA, "p1", "GET k", "$1\r\nv");
    until(FIRST, "p2", "SENTINEL failover m", "+OK\r\n+OK");
    set[2] = SPAN("w");
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US; !strstr(say(REPLICA, "p1", "GET k"), "$1\r\nw");
         usleep(10000)) {
        assert_true(clock_us() < until_us);
        farm_ask(s, set[1], set, 3);
    }
    store_close(s);
}

/* --- liars -------------------------------------------------------------------------------------------------------- */

/* Answers everything with its own address as the master's; what it hears is in a file. */
static void start_liar(void)
{
    farm[LIAR].port = farm_free_port();
    char text[128], log[128];
    snprintf(log, sizeof log, "%s/liar", farm_dir);
    int n = snprintf(text, sizeof text, "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n%d\r\n", farm[LIAR].port);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    a.sin_port = htons((uint16_t)farm[LIAR].port);
    int door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(door, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(door, 8), 0);
    farm[LIAR].pid = fork();
    if (farm[LIAR].pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            char heard[4096];
            int fd = accept(door, NULL, NULL);
            if (fork() > 0) {
                close(fd);
                continue;
            }
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (ssize_t got; (got = recv(fd, heard, sizeof heard - 1, 0)) > 0;) {
                heard[got] = 0;
                FILE *f = fopen(log, "a");
                fputs(heard, f);
                fclose(f);
                if (strstr(heard, "AUTH")) send(fd, "+OK\r\n", 5, MSG_NOSIGNAL);
                if (strstr(heard, "PING")) send(fd, "+PONG\r\n", 7, MSG_NOSIGNAL);
                if (strstr(heard, "SENTINEL")) send(fd, text, (size_t)n, MSG_NOSIGNAL);
            }
            _exit(0);
        }
    }
    close(door);
}

static void a_liar_moves_nobody(void **state)
{
    (void)state;
    char heard[16384] = "", path[128];
    char real[sizeof where];
    struct store *s;
    struct store_options o = options();
    memcpy(real, where, sizeof where);
    start_liar();
    snprintf(where, sizeof where, "sentinel:m@127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d", farm[LIAR].port,
             farm[FIRST].port, farm[FIRST + 1].port);
    assert_int_equal(store_open(&o, &s), ERR_OK);
    assert_int_equal(farm_ask(s, SPAN("k"), (span[]){SPAN("GET"), SPAN("k")}, 2).v[0].kind, STORE_TEXT);
    store_close(s);
    /* Two against one is a majority; one against one is none. */
    snprintf(where, sizeof where, "sentinel:m@127.0.0.1:%d,127.0.0.1:%d", farm[LIAR].port, farm[FIRST].port);
    assert_int_equal(store_open(&o, &s), ERR_OK);
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US; !strstr(store_why(s), "disagree");) {
        assert_true(clock_us() < until_us && !store_up(s));
        store_pump(s);
        store_wait(s, 1000);
    }
    store_close(s);
    memcpy(where, real, sizeof where);
    snprintf(path, sizeof path, "%s/liar", farm_dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    heard[fread(heard, 1, sizeof heard - 1, f)] = 0;
    fclose(f);
    assert_non_null(strstr(heard, "get-master-addr-by-name"));
    assert_null(strstr(heard, "p1")); /* the servers' password is not for sentinels */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_liar_moves_nobody),
        cmocka_unit_test_teardown(master_hangs_and_dies, stop),
        cmocka_unit_test_setup_teardown(master_resigns, start, stop),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
