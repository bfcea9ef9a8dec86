/* SPDX-License-Identifier: Apache-2.0 */
/* config: what a file says is what is meant, what it says wrongly is named with its line, and what --show-config
 * prints means the same again. */
#define _GNU_SOURCE
#include "proto/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static enum err read_text(struct config *c, const char *text, size_t n, char *fault)
{
    FILE *f = n ? fmemopen((void *)(uintptr_t)text, n, "r") : fopen("/dev/null", "r");
    enum err e = config_read(c, f, "x.ini", fault);
    fclose(f);
    return e;
}

/* The caller frees it. */
static char *written(const struct config *c)
{
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    config_write(c, f);
    fclose(f);
    return text;
}

static void same_again(const struct config *c)
{
    struct config again;
    char fault[CONFIG_FAULT_MAX];
    char *text = written(c);
    config_init(&again);
    if (read_text(&again, text, strlen(text), fault) != ERR_OK) fail_msg("%s in\n%s", fault, text);
    char *text_again = written(&again);
    assert_string_equal(text, text_again);
    assert_int_equal(c->policy_count, again.policy_count);
    assert_memory_equal(c->policies, again.policies, c->policy_count * sizeof *c->policies);
    assert_memory_equal(c->listen, again.listen, sizeof c->listen);
    config_close(&again);
    free(text);
    free(text_again);
}

static void defaults_need_no_file(void **state)
{
    (void)state;
    static const struct {
        const char *xdg, *home, *dir;
    } CASES[] = {
        {"/x/state", "/home/u", "/x/state/furui"},
        {"relative", "/home/u", "/home/u/.local/state/furui"},
        {NULL, "/home/u", "/home/u/.local/state/furui"},
        {NULL, "/home/with ;semicolon", "/var/lib/furui"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct config c;
        char fault[CONFIG_FAULT_MAX], sock[CONFIG_TEXT_MAX + 32];
        if (CASES[i].xdg)
            setenv("XDG_STATE_HOME", CASES[i].xdg, 1);
        else
            unsetenv("XDG_STATE_HOME");
        setenv("HOME", CASES[i].home, 1);
        config_init(&c);
        const char *dir = geteuid() == 0 ? "/var/lib/furui" : CASES[i].dir;
        assert_string_equal(c.state_dir, dir);
        snprintf(sock, sizeof sock, "ipc://%s/furui.sock", dir);
        assert_int_equal(c.listen_count, 2);
        assert_string_equal(c.listen[0], sock);
        assert_string_equal(c.listen[1], "tcp://127.0.0.1:7711");
        assert_true(c.workers == 0 && c.credit == 32 && c.log_level == LEVEL_NOTE && !c.log_syslog);
        assert_non_null(strstr(c.bundle, "starter.bundle"));
        assert_string_equal(c.redis, "private");
        assert_int_equal(config_check(&c, fault), ERR_OK);
        same_again(&c);
        config_close(&c);
    }
}

static void a_file_says_it_all(void **state)
{
    (void)state;
    static const char TEXT[] = "\xEF\xBB\xBF; a comment\n"
                               "# another\n"
                               "[engine]\r\n"
                               "  state_dir = /srv/furui\r\n"
                               "listen = tcp://127.0.0.1:1 , tcp://[::1]:2\n"
                               "\tlisten = ipc:///tmp/three.sock ; a remark\n"
                               "listen: tcp://*:*\n"
                               "workers = 3\n"
                               "\n"
                               "[policy zebra]\n"
                               "spam_at = 0.99\n"
                               "campaign_subject = no\n"
                               "[log]\n"
                               "syslog = yes\njson = on\nlevel = debug\n"
                               "[model]\nbundle = /m/a b.bundle\n"
                               "[mail]\ntrusted_authserv = mx.example.org, b.example.org\nown_received = 1\n"
                               "[redis]\nserver = tcp:redis.example:6379\n"
                               "[policy]\n"
                               "spam = reject\nunsure_at = 0.25\ncampaign_subject = yes\n"
                               "[policy a-long-name-for-a-tenant.of-a-provider.example.co.jp]\n"
                               "unsure_at = 0.1\nham = pass\n"
                               "[engine]\n"
                               "credit = 7";
    struct config c;
    char fault[CONFIG_FAULT_MAX];
    config_init(&c);
    if (read_text(&c, TEXT, sizeof TEXT - 1, fault) != ERR_OK) fail_msg("%s", fault);
    assert_int_equal(c.listen_count, 4);
    assert_string_equal(c.listen[0], "tcp://127.0.0.1:1");
    assert_string_equal(c.listen[1], "tcp://[::1]:2");
    assert_string_equal(c.listen[2], "ipc:///tmp/three.sock");
    assert_string_equal(c.listen[3], "tcp://*:*");
    assert_true(c.workers == 3 && c.credit == 7 && c.log_syslog && c.log_json && c.log_level == LEVEL_DEBUG);
    assert_string_equal(c.bundle, "/m/a b.bundle");
    assert_string_equal(c.redis, "tcp:redis.example:6379");
    span host[CONFIG_HOSTS_MAX];
    assert_int_equal(config_hosts(c.trusted_authserv, host), 2);
    assert_true(span_eq(host[0], SPAN("mx.example.org")) && span_eq(host[1], SPAN("b.example.org")));
    assert_int_equal(c.own_received, 1);

    const struct config_policy *all = config_policy_for(&c, SPAN("nobody"));
    const struct config_policy *zebra = config_policy_for(&c, SPAN("zebra"));
    const struct config_policy *lengthy =
        config_policy_for(&c, SPAN("a-long-name-for-a-tenant.of-a-provider.example.co.jp"));
    assert_int_equal(c.policy_count, 3);
    assert_true(all == config_policy_for(&c, SPAN_NONE) && all == config_policy_for(&c, SPAN("zebr")) &&
                all == config_policy_for(&c, SPAN("zebra\0")) && all == &c.policies[0]);
    assert_true(all->unsure_at == 0.25 && all->spam_at == 0.9);
    assert_true(zebra->unsure_at == 0.25 && zebra->spam_at == 0.99);
    assert_true(all->campaign_subject == 1 && zebra->campaign_subject == 0 && lengthy->campaign_subject == 1);
    assert_string_equal(zebra->action[WIRE_SPAM], "reject");
    assert_true(lengthy->unsure_at == 0.1 && lengthy->spam_at == 0.9);
    assert_string_equal(lengthy->action[WIRE_HAM], "pass");
    assert_int_equal(config_class(zebra, 0.2499), WIRE_HAM);
    assert_int_equal(config_class(zebra, 0.25), WIRE_UNSURE);
    assert_int_equal(config_class(zebra, 0.98), WIRE_UNSURE);
    assert_int_equal(config_class(all, 0.98), WIRE_SPAM);
    same_again(&c);
    config_close(&c);

    /* The socket follows the state directory when nothing else is said. */
    config_init(&c);
    assert_int_equal(read_text(&c, "[engine]\nstate_dir = /srv/f", 27, fault), ERR_OK);
    assert_string_equal(c.listen[0], "ipc:///srv/f/furui.sock");
    config_close(&c);
    config_init(&c);
    assert_int_equal(read_text(&c, "[engine]\nstate_dir = /srv/f u", 29, fault), ERR_OK);
    same_again(&c);
    config_close(&c);
}

static void faults_name_the_line(void **state)
{
    (void)state;
#define LONG                                                                                                           \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
    "xxxxxxxx"
#define LONG9 LONG LONG LONG LONG LONG LONG LONG LONG LONG
    static const struct {
        const char *text, *fault;
    } CASES[] = {
        {"", ""},
        {"\n\n; only a comment", ""},
        {"[engine]\ncredit = 0\n", "x.ini:2: key 'credit': expected a whole number from 1 to 1024, got '0'"},
        {"[engine]\nworkers = 129\n", "x.ini:2: key 'workers': expected a whole number from 0 to 128, got '129'"},
        {"[engine]\ncredit = 1k\n", "x.ini:2: key 'credit': expected a whole number from 1 to 1024, got '1k'"},
        {"[engine]\ncredit =\n", "x.ini:2: key 'credit': expected a whole number from 1 to 1024, got ''"},
        {"[engine]\ncredit = 99999999999999999999\n",
         "x.ini:2: key 'credit': expected a whole number from 1 to 1024, got '99999999999999999999'"},
        {"[engine]\n\ncredit = 5\ncredit = 6\n", "x.ini:4: key 'credit': given twice; the first is on line 3"},
        {"[engine]\nstate_dir =\n",
         "x.ini:2: key 'state_dir': expected a path, without control characters and ' ;', got ''"},
        {"[engine]\nlisten = udp://x:1\n",
         "x.ini:2: key 'listen': expected ipc://PATH or tcp://ADDRESS:PORT, got 'udp://x:1'"},
        {"[engine]\nlisten = tcp://x\n",
         "x.ini:2: key 'listen': expected ipc://PATH or tcp://ADDRESS:PORT, got 'tcp://x'"},
        {"[engine]\nlisten = tcp://x:65536\n",
         "x.ini:2: key 'listen': expected ipc://PATH or tcp://ADDRESS:PORT, got 'tcp://x:65536'"},
        {"[engine]\nlisten = ipc://a,\n",
         "x.ini:2: key 'listen': expected ipc://PATH or tcp://ADDRESS:PORT, got 'ipc://a,'"},
        {"[engine]\nstate_dir = /a,b\n",
         "x.ini: [engine] listen: 'ipc:///a,b/furui.sock' cannot be an endpoint; name another"},
        {"[engine]\nlisten = ipc://a, ipc://a\n", "x.ini: [engine] listen: ipc://a is named twice"},
        {"[engine]\nworkes = 2\n",
         "x.ini:2: no key 'workes' in [engine]; it has: listen, state_dir, workers, cpus, credit, queue_mails, "
         "queue_mb, "
         "mail_mb, deadline_ms, deadline_max_ms, drain_ms, heartbeat_ms, hang_ms, restart_min_ms, restart_max_ms"},
        {"[engine]\ncpus = 0-\n", "x.ini:2: key 'cpus': expected numbers of CPUs and ranges of them: 0-3,8, got '0-'"},
        {"[log]\nlevel = loud\n", "x.ini:2: key 'level': expected error, warn, note or debug, got 'loud'"},
        {"[log]\njson = maybe\n", "x.ini:2: key 'json': expected yes or no, got 'maybe'"},
        {"[mail]\ntrusted_authserv = mx.example.org; b.example.org\n",
         "x.ini:2: key 'trusted_authserv': expected up to 32 host names, separated by commas, "
         "got 'mx.example.org; b.example.org'"},
        {"[mail]\ntrusted_authserv = a,,b\n",
         "x.ini:2: key 'trusted_authserv': expected up to 32 host names, separated by commas, got 'a,,b'"},
        {"[mail]\nown_received = -1\n", "x.ini:2: key 'own_received': expected a whole number from 0 to 50, got '-1'"},
        {"[redis]\nserver = tcp:host\n",
         "x.ini:2: key 'server': expected private, off, unix:PATH, tcp:HOST:PORT, sentinel:NAME@HOST:PORT,… or "
         "cluster:HOST:PORT,…, got 'tcp:host'"},
        {"[redis]\nserver = tcp:host:6379x\n", NULL},
        {"[redis]\nserver = tcp:host:65536\n", NULL},
        {"[redis]\nserver = sentinel:a.example:26379\n", NULL},
        {"[redis]\nserver = sentinel:m@\n", NULL},
        {"[redis]\nserver = sentinel:m@a:1,,b:2\n", NULL},
        {"[redis]\nserver = cluster:\n", NULL},
        {"[redis]\nserver = cluster:a:1,b\n", NULL},
        {"[redis]\nserver = cluster:[::1]:1, b:2\n", ""},
        {"[redis]\nserver = sentinel:m-1@a:1,b:2\n", ""},
        {"[redis]\ntls = maybe\n", "x.ini:2: key 'tls': expected yes or no, got 'maybe'"},
        {"[redis]\npassword = hush\n",
         "x.ini:2: no key 'password' in [redis]; it has: server, user, password_file, sentinel_password_file, tls, "
         "tls_ca, tls_cert, tls_key, "
         "tls_name, program, prefix, deadline_ms, flush_ms, cache_ms, fast_hours, slow_days, secret_file, memory_mb"},
        {"[redis]\nserver = tcp:a:1\nuser = u\n", "x.ini: [redis] user: needs a password_file"},
        {"[redis]\npassword_file = /x\n", "x.ini: [redis] password_file: the private server has no password"},
        {"[redis]\nserver = unix:/x\ntls = yes\n", "x.ini: [redis] tls: only servers with a port have it"},
        {"[redis]\nserver = tcp:a:1\ntls_ca = /x\n",
         "x.ini: [redis] tls_ca, tls_cert, tls_key and tls_name: need tls = yes"},
        {"[redis]\nserver = tcp:a:1\ntls = yes\ntls_key = /x\n",
         "x.ini: [redis] tls_cert and tls_key: one needs the other"},
        {"[policy t]\nspam_at = 1.5\n", "x.ini:2: key 'spam_at': expected a number from 0 to 1, got '1.5'"},
        {"[policy t]\ncampaign_subject = some\n", "x.ini:2: key 'campaign_subject': expected yes or no, got 'some'"},
        {"[policy t]\nspam_at = nan\n", "x.ini:2: key 'spam_at': expected a number from 0 to 1, got 'nan'"},
        {"[policy]\nspam = move to junk\n",
         "x.ini:2: key 'spam': expected a word of letters, digits and _-.:, got 'move to junk'"},
        {"[policy t]\nspam = " LONG "\n", NULL},
        {"[policy t]\nunsure_at = 0.95\n", "x.ini: [policy t] unsure_at 0.95 is over spam_at 0.9"},
        {"[engine]\ndeadline_ms = 100000\n", "x.ini: [engine] deadline_ms is over deadline_max_ms"},
        {"[engine]\nhang_ms = 600\n", "x.ini: [engine] hang_ms is under twice heartbeat_ms"},
        {"[reports]\nlive_bits = 15\n", "x.ini: [reports] live_bits: expected 0, or 16 to 24"},
        {"credit = 5\n", "x.ini:1: key 'credit' stands before the first [section]"},
        {"[nginx]\n", "x.ini:1: no section [nginx]; there are [engine], [log], [model], [mail], [redis], [policy] and "
                      "[policy TENANT]"},
        {"[policyx]\n", "x.ini:1: no section [policyx]; there are [engine], [log], [model], [mail], [redis], [policy] "
                        "and [policy TENANT]"},
        {"[engine]\ncredit = 3\nfoo\n", "x.ini:3: expected KEY = VALUE, [SECTION] or a comment"},
        {"[engine]\ncredit = 3\n  4\n", "x.ini:3: expected KEY = VALUE, [SECTION] or a comment"},
        {"[engine\n", "x.ini:1: a section without its ']'"},
        {"[policy " LONG "]\n", NULL},
        {"\n[" LONG LONG "]\n", "x.ini:2: a section's name of 240 bytes"},
        {"[engine]\nstate_dir = /" LONG9 "\n", "x.ini:2: a line longer than 1022 bytes"},
        {"[engine]\nstate_dir = /" LONG LONG LONG "\n", NULL},
        {"[engine]\nstate_dir = /" LONG "\n", NULL},
        {"[engine]\nfoo\x1b[31m = 1\n", NULL},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct config c;
        char fault[CONFIG_FAULT_MAX];
        config_init(&c);
        enum err e = read_text(&c, CASES[i].text, strlen(CASES[i].text), fault);
        if (CASES[i].fault && strcmp(fault, CASES[i].fault) != 0) fail_msg("case %zu: '%s'", i, fault);
        if (!CASES[i].fault) assert_true(fault[0] && !strchr(fault, 0x1b));
        assert_int_equal(e == ERR_OK, fault[0] == 0);
        config_close(&c);
    }
    struct config c;
    char fault[CONFIG_FAULT_MAX];
    config_init(&c);
    assert_int_equal(read_text(&c, "[engine]\ncre\0dit = 5\n", 21, fault), ERR_SYNTAX);
    assert_string_equal(fault, "x.ini:2: a NUL byte");
    config_close(&c);
    config_init(&c);
    assert_int_equal(config_load(&c, "/nowhere/x.ini", fault), ERR_IO);
    assert_string_equal(fault, "/nowhere/x.ini: No such file or directory");
    assert_int_equal(config_load(&c, "/tmp", fault), ERR_IO);
    assert_string_equal(fault, "/tmp:1: Is a directory");
    config_close(&c);
}

static void many_tenants(void **state)
{
    (void)state;
    char *text, fault[CONFIG_FAULT_MAX], name[16];
    size_t n;
    for (int count = CONFIG_TENANT_MAX; count <= CONFIG_TENANT_MAX + 1; count++) {
        struct config c;
        FILE *f = open_memstream(&text, &n);
        for (int i = 0; i < count; i++) fprintf(f, "[policy t%d]\nspam_at = %.6f\n", i * 7919 % 100003, 0.9 + i * 1e-6);
        fclose(f);
        config_init(&c);
        enum err e = read_text(&c, text, n, fault);
        assert_int_equal(e, count > CONFIG_TENANT_MAX ? ERR_SYNTAX : ERR_OK);
        for (int i = 0; e == ERR_OK && i < count; i += 97) {
            snprintf(name, sizeof name, "t%d", i * 7919 % 100003);
            assert_string_equal(config_policy_for(&c, span_cstr(name))->tenant, name);
        }
        config_close(&c);
        free(text);
    }
}

/* Each key stands in docs/configuration.md, under its section, with its default and its help. */
static void documented(void **state)
{
    (void)state;
    static char doc[65536];
    FILE *f = fopen("docs/configuration.md", "r");
    assert_non_null(f);
    doc[fread(doc, 1, sizeof doc - 1, f)] = 0;
    fclose(f);

    struct config c;
    config_init(&c);
    char *text = written(&c), *rest = text, help[200] = "";
    const char *section = NULL;
    size_t keys = 0;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char want[300];
        char *is = strstr(line, " = ");
        if (line[0] == '[') {
            snprintf(want, sizeof want, "\n## `%s`", line);
            section = strstr(doc, want);
            if (!section) fail_msg("docs/configuration.md has no section %s", line);
        } else if (line[0] == ';') {
            snprintf(help, sizeof help, "%s", line + 2);
        } else if (is) {
            *is = 0;
            snprintf(want, sizeof want, "\n| `%s` | ", line);
            char *row = section ? strstr(section, want) : NULL;
            if (!row) fail_msg("docs/configuration.md has no row for %s", line);
            char *end = strchr(row + 1, '\n');
            *end = 0;
            if (!strstr(row + 1, help)) fail_msg("docs/configuration.md, %s: it should say: %s", line, help);
            bool looked_for = !strcmp(line, "state_dir") || !strcmp(line, "bundle") || !strcmp(line, "listen");
            snprintf(want, sizeof want, is[3] ? "| `%s` |" : "| |%s", is + 3);
            if (!looked_for && !strstr(row + 1, want)) fail_msg("docs/configuration.md, %s: not %s", line, want);
            *end = '\n';
            keys++;
        }
    }
    assert_int_equal(keys, 67); /* listen twice */
    free(text);
    config_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_need_no_file),
        cmocka_unit_test(a_file_says_it_all),
        cmocka_unit_test(faults_name_the_line),
        cmocka_unit_test(many_tenants),
        cmocka_unit_test(documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
