/* SPDX-License-Identifier: Apache-2.0 */
/* config: one table of keys serves reading, checking, defaults and --show-config; see config.h. */
#define _GNU_SOURCE
#include "proto/config.h"

#include "proto/config_find.h"
#include "proto/livetable.h"
#include "proto/wrong.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

/* Debian's inih takes a line's limit at run time; elsewhere it is compiled in, and then that limit holds. */
extern int ini_max_line __attribute__((weak));

/* --- the table ---------------------------------------------------------------------------------------------------- */

enum type { INT, REAL, BOOL, ALLOWED, LEVEL, TEXT, LISTEN };

struct key {
    const char *section, *name;
    enum type type;
    size_t at;                          /* offset in struct config, or in struct config_policy for [policy] */
    size_t cap;                         /* TEXT: bytes, with the NUL */
    double least, most;                 /* INT, REAL */
    const char *initial;                /* as it would stand in a file; NULL: found out by config_init */
    const char *(*wrong)(const char *); /* TEXT: what is expected instead, or NULL when the value is fine */
    const char *help;
};

#define IN(member)          offsetof(struct config, member)
#define OF(member)          offsetof(struct config_policy, member)
#define WHOLE(member, a, b) INT, IN(member), 0, a, b
#define FLAG(member)        BOOL, IN(member), 0, 0, 0
#define SHARE(member)       REAL, OF(member), 0, 0, 1
#define STRING(member)      TEXT, IN(member), sizeof(((struct config *)0)->member), 0, 0
#define ACTION(class)       TEXT, OF(action[class]), sizeof(((struct config_policy *)0)->action[0]), 0, 0

static const struct key KEYS[] = {
    {"engine", "listen", LISTEN, 0, 0, 0, 0, NULL, NULL,
     "endpoints of the front door: ipc://PATH or tcp://ADDRESS:PORT, comma separated or one a line"},
    {"engine", "state_dir", STRING(state_dir), NULL, wrong_path,
     "directory for the lock, sockets, the private Redis and mail that was kept aside"},
    {"engine", "workers", WHOLE(workers, 0, CONFIG_WORKERS_MAX), "0", NULL,
     "worker processes; 0 is one a CPU (of `cpus`, if named), at most 128"},
    {"engine", "cpus", STRING(cpus), "", wrong_cpus,
     "CPUs that workers are pinned to, one each in turn: 0-3,8; empty: the system chooses"},
    {"engine", "credit", WHOLE(credit, 1, 1024), "32", NULL, "mails in flight at one worker, at most"},
    {"engine", "queue_mails", WHOLE(queue_mails, 1, 1000000), "4096", NULL,
     "mails that may wait for a worker; the next is refused: busy"},
    {"engine", "queue_mb", WHOLE(queue_mb, 1, 1000000), "256", NULL,
     "megabytes of mail and request headers held, waiting or at a worker; what exceeds them is refused: busy"},
    {"engine", "mail_mb", WHOLE(mail_mb, 1, 1024), "64", NULL,
     "megabytes of one mail, at most; a larger one is refused: too_big"},
    {"engine", "deadline_ms", WHOLE(deadline_ms, 1, 3600000), "10000", NULL,
     "milliseconds that a request without a deadline may take; after that it is refused: late"},
    {"engine", "deadline_max_ms", WHOLE(deadline_max_ms, 1, 3600000), "60000", NULL,
     "milliseconds that any request may take; a longer deadline is cut to this"},
    {"engine", "drain_ms", WHOLE(drain_ms, 0, 3600000), "10000", NULL,
     "milliseconds for mails in flight to finish after SIGTERM"},
    {"engine", "heartbeat_ms", WHOLE(heartbeat_ms, 10, 60000), "500", NULL,
     "milliseconds between an idle worker's signs of life"},
    {"engine", "hang_ms", WHOLE(hang_ms, 100, 600000), "4000", NULL,
     "milliseconds of silence after which a worker is killed and replaced"},
    {"engine", "restart_min_ms", WHOLE(restart_min_ms, 1, 600000), "100", NULL,
     "milliseconds before a child that died is started again, at first"},
    {"engine", "restart_max_ms", WHOLE(restart_max_ms, 1, 3600000), "10000", NULL,
     "and at most: the pause doubles with each death in a row"},
    {"log", "syslog", FLAG(log_syslog), "no", NULL, "log to syslog (facility mail) instead of standard error"},
    {"log", "json", FLAG(log_json), "no", NULL, "one JSON object a line instead of key=value"},
    {"log", "level", LEVEL, IN(log_level), 0, 0, 0, "note", NULL, "error, warn, note or debug"},
    {"model", "bundle", STRING(bundle), NULL, wrong_path, "the model bundle that workers score with"},
    {"model", "history_dir", STRING(history_dir), "", wrong_folder,
     "folder for pushed bundles and their history; empty: models in state_dir"},
    {"model", "keep", WHOLE(keep, 1, CONFIG_KEEP_MAX), "5", NULL,
     "bundles that served before and are kept for a rollback"},
    {"mail", "trusted_authserv", STRING(trusted_authserv), "", wrong_hosts,
     "authserv-ids whose Authentication-Results fields are believed, comma separated; empty: nobody's"},
    {"mail", "own_received", WHOLE(own_received, 0, 50), "0", NULL,
     "Received fields that our own hosts put above theirs; what stands below the next one is a stranger's"},
    {"redis", "server", STRING(redis), "private", wrong_redis,
     "private (a redis-server of our own), off, unix:PATH, tcp:HOST:PORT, sentinel:NAME@HOST:PORT,HOST:PORT or "
     "cluster:HOST:PORT,HOST:PORT"},
    {"redis", "user", STRING(redis_user), "", wrong_user, "user of an ACL; empty: the default user"},
    {"redis", "password_file", STRING(redis_password), "", wrong_folder,
     "file whose first line is the password; empty: none is sent"},
    {"redis", "sentinel_password_file", STRING(redis_sentinel_password), "", wrong_folder,
     "the same for sentinels, which are not told the servers' password"},
    {"redis", "tls", FLAG(redis_tls), "no", NULL, "encrypt, and check each server's certificate"},
    {"redis", "tls_ca", STRING(redis_tls_ca), "", wrong_folder,
     "file or folder with the certificates of those who sign servers'; empty: the system's"},
    {"redis", "tls_cert", STRING(redis_tls_cert), "", wrong_folder, "our own certificate; empty: none"},
    {"redis", "tls_key", STRING(redis_tls_key), "", wrong_folder, "and its key"},
    {"redis", "tls_name", STRING(redis_tls_name), "", wrong_user,
     "name that servers' certificates must be for; empty: the host or address that is connected to"},
    {"redis", "program", STRING(redis_program), "redis-server", wrong_path, "the program that 'private' starts"},
    {"redis", "prefix", STRING(redis_prefix), "furui", wrong_word, "what the names of all our keys begin with"},
    {"redis", "deadline_ms", WHOLE(redis_deadline_ms, 1, 60000), "20", NULL,
     "milliseconds that a verdict waits for reputation; then it goes without, marked degraded"},
    {"redis", "flush_ms", WHOLE(redis_flush_ms, 1, 60000), "1000", NULL,
     "milliseconds between writes of a worker's counters"},
    {"redis", "cache_ms", WHOLE(redis_cache_ms, 0, 60000), "1000", NULL,
     "milliseconds for which a worker believes what it read, without asking again"},
    {"redis", "fast_hours", WHOLE(redis_fast_hours, 1, 720), "6", NULL,
     "hours in which counters of the fast kind halve"},
    {"redis", "slow_days", WHOLE(redis_slow_days, 1, 365), "21", NULL, "days in which counters of the slow kind halve"},
    {"redis", "secret_file", STRING(redis_secret), "", wrong_folder,
     "file with the key under which users' names are hashed; empty: secret in state_dir, made when missing"},
    {"redis", "memory_mb", WHOLE(redis_memory_mb, 16, 1000000), "512", NULL,
     "megabytes that 'private' may fill; then names that were only seen are forgotten before their time"},
    {"reports", "trusted", STRING(trusted_reporters), "", wrong_people,
     "reporters whose word counts fully from the first, comma separated"},
    {"reports", "unlimited", STRING(unlimited_reporters), "", wrong_people,
     "reporters without a limit a minute, comma separated"},
    {"reports", "traps", STRING(traps), "", wrong_people,
     "addresses that nobody uses, comma separated: mail to them is reported as spam"},
    {"reports", "weigh", FLAG(weigh_reporters), "yes", NULL,
     "weigh reporters by how far they are trusted; no: each word counts 1, to measure what the weighing does"},
    {"reports", "reporter_a_minute", WHOLE(reporter_a_minute, 0, 1000000), "60", NULL,
     "reports that one reporter may make a minute; 0: any number"},
    {"reports", "tenant_a_minute", WHOLE(tenant_a_minute, 0, 100000000), "6000", NULL,
     "and all of a tenant's together"},
    {"reports", "journal_mb", WHOLE(journal_mb, 1, 1000000), "1024", NULL,
     "megabytes of reports that may wait on disk while Redis is away"},
    {"reports", "stream_max", WHOLE(stream_max, 1000, 100000000), "100000", NULL,
     "reports that Redis keeps, for hosts that were away and for rewinds"},
    {"reports", "stream_mb", WHOLE(stream_mb, 1, 1000000), "256", NULL,
     "megabytes of Redis that they may fill, about; the oldest go first"},
    {"reports", "ticket_hours", WHOLE(ticket_hours, 0, 8760), "24", NULL,
     "hours for which a verdict's ticket can stand for its mail in a report; 0: not at all"},
    {"reports", "snapshot_s", WHOLE(snapshot_s, 1, 86400), "300", NULL,
     "seconds between snapshots of what was learnt, from which a learner that starts goes on"},
    {"reports", "rewind_days", WHOLE(rewind_days, 0, 60), "7", NULL,
     "days that 'furui learner rewind' can go back: so long reports, up to stream_max, and old snapshots are kept"},
    {"reports", "share_s", WHOLE(share_s, 0, 86400), "600", NULL,
     "seconds between snapshots that a host puts into Redis for new ones, all hosts together; 0: none"},
    {"reports", "share_mb", WHOLE(share_mb, 1, 1024), "96", NULL, "megabytes of Redis that such a snapshot may fill"},
    {"reports", "live_bits", WHOLE(live_bits, 0, LIVETABLE_BITS_MAX), "20", NULL,
     "log2 of the cells that learn from reports, 16 to 24; 0: verdicts do not learn from reports"},
    {"reports", "publish_ms", WHOLE(publish_ms, 1, 2000), "20", NULL,
     "milliseconds between two times that workers are shown what reports taught, at least"},
    {"reports", "sample_s", WHOLE(sample_s, 0, 86400), "60", NULL,
     "seconds between mails that a worker shows the learner, by which it watches itself; 0: none"},
    {"reports", "guard_flips", WHOLE(guard_flips, 0, 100), "5", NULL,
     "percent of sampled mails whose class reports may change in an hour, then learning freezes; 100: any"},
    {"reports", "guard_step", WHOLE(guard_step, 0, 100000), "100", NULL,
     "hundredths of log-odds that reports may move them in an hour, on average; then learning waits; 0: any"},
    {"policy", "unsure_at", SHARE(unsure_at), "0.5", NULL, "spam probability from which a mail is unsure"},
    {"policy", "spam_at", SHARE(spam_at), "0.9", NULL, "spam probability from which a mail is spam"},
    {"policy", "ham", ACTION(WIRE_HAM), "accept", wrong_word, "the action that a verdict names for ham"},
    {"policy", "unsure", ACTION(WIRE_UNSURE), "tag", wrong_word, "the action that a verdict names for unsure"},
    {"policy", "spam", ACTION(WIRE_SPAM), "junk", wrong_word, "the action that a verdict names for spam"},
    {"policy", "campaign_subject", ALLOWED, OF(campaign_subject), 0, 0, 0, "no", NULL,
     "may `furui campaigns` show a Subject of a campaign's mails?"},
};

enum { KEY_COUNT = sizeof KEYS / sizeof *KEYS, POLICY_KEYS = 6, POLICY_FIRST = KEY_COUNT - POLICY_KEYS };

enum { EXPECTED_MAX = 112 };

static bool is_policy(const struct key *k)
{
    return k - KEYS >= POLICY_FIRST;
}

/* --- one value ---------------------------------------------------------------------------------------------------- */

static const char *add_listen(struct config *c, const char *value)
{
    char list[CONFIG_LINE_MAX], *rest = list;
    snprintf(list, sizeof list, "%s", value);
    for (char *one; (one = strsep(&rest, ","));) {
        span e = span_trim(span_cstr(one));
        if (c->listen_count == CONFIG_LISTEN_MAX) return "at most 16 endpoints";
        char *to = c->listen[c->listen_count];
        if (e.n >= CONFIG_TEXT_MAX) return "endpoints of at most 255 bytes";
        memcpy(to, e.p, e.n);
        to[e.n] = 0;
        if (wrong_endpoint(to)) return wrong_endpoint(to);
        c->listen_count++;
    }
    return NULL;
}

static bool read_bool(const char *value, bool *out)
{
    static const char *const WORDS[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (strcmp(value, WORDS[i]) != 0) continue;
        *out = i & 1;
        return true;
    }
    return false;
}

/* Set one key of `base` (a config or a policy). On false, what was expected instead is in words[EXPECTED_MAX]. */
static bool set(void *base, const struct key *k, const char *value, char *words)
{
    void *to = (char *)base + k->at;
    char *end;
    const char *wrong = NULL;
    bool yes;
    switch (k->type) {
    case INT: {
        errno = 0;
        long n = strtol(value, &end, 10);
        snprintf(words, EXPECTED_MAX, "a whole number from %.0f to %.0f", k->least, k->most);
        if (end == value || *end || errno || (double)n < k->least || (double)n > k->most) return false;
        *(int *)to = (int)n;
        return true;
    }
    case REAL: {
        double x = strtod(value, &end);
        snprintf(words, EXPECTED_MAX, "a number from %.0f to %.0f", k->least, k->most);
        if (end == value || *end || !(x >= k->least && x <= k->most)) return false;
        *(double *)to = x;
        return true;
    }
    case BOOL: wrong = read_bool(value, to) ? NULL : "yes or no"; break;
    case ALLOWED:
        if (read_bool(value, &yes))
            *(int *)to = yes;
        else
            wrong = "yes or no";
        break;
    case LEVEL: wrong = log_level_by_name(value, to) ? NULL : "error, warn, note or debug"; break;
    case LISTEN: wrong = add_listen(base, value); break;
    case TEXT:
        snprintf(words, EXPECTED_MAX, "at most %zu bytes", k->cap - 1);
        if (strlen(value) >= k->cap) return false;
        wrong = k->wrong(value);
        if (!wrong) memcpy(to, value, strlen(value) + 1);
        break;
    }
    if (wrong) snprintf(words, EXPECTED_MAX, "%s", wrong);
    return wrong == NULL;
}

/* --- the defaults ------------------------------------------------------------------------------------------------- */

static void default_listen(struct config *c)
{
    c->listen_count = 2;
    snprintf(c->listen[0], CONFIG_TEXT_MAX, "ipc://%.*s/furui.sock", CONFIG_TEXT_MAX - 20, c->state_dir);
    snprintf(c->listen[1], CONFIG_TEXT_MAX, "tcp://127.0.0.1:7711");
}

static struct config_policy *add_policy(struct config *c, const char *tenant)
{
    struct config_policy *grown = realloc(c->policies, (c->policy_count + 1) * sizeof *grown);
    if (!grown) return NULL;
    c->policies = grown;
    struct config_policy *p = &grown[c->policy_count++];
    *p = (struct config_policy){
        .unsure_at = -1, .spam_at = -1, .campaign_subject = -1}; /* not said yet, as are empty actions */
    snprintf(p->tenant, sizeof p->tenant, "%s", tenant);
    return p;
}

void config_init(struct config *c)
{
    *c = (struct config){0};
    config_find_state_dir(c->state_dir);
    config_find_bundle(c->bundle);
    default_listen(c);
    struct config_policy *everybody = add_policy(c, "");
    assert(everybody && "out of memory");
    for (const struct key *k = KEYS; k < KEYS + KEY_COUNT; k++) {
        char words[EXPECTED_MAX];
        bool fine = !k->initial || set(is_policy(k) ? (void *)everybody : c, k, k->initial, words);
        assert(fine && "a default breaks its own rule");
        (void)fine;
    }
}

void config_close(struct config *c)
{
    free(c->policies);
    *c = (struct config){0};
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

struct loader {
    struct config *c;
    FILE *from;
    const char *name;
    int line;
    char section[128];                /* as it stands in the file; inih cuts it at 49 bytes */
    size_t policy;                    /* which one the section speaks of */
    int first[KEY_COUNT];             /* line where a key was given; 0: not */
    int (*policy_first)[POLICY_KEYS]; /* the same for each policy */
    enum err err;
    char *fault_out;
};

/* The first fault is the one that is told. Returns inih's word for "stop". */
static int __attribute__((format(printf, 3, 4))) blame(struct loader *l, enum err e, const char *format, ...)
{
    if (l->err != ERR_OK) return 0;
    l->err = e;
    int n = snprintf(l->fault_out, CONFIG_FAULT_MAX, "%.200s:%d: ", l->name, l->line);
    va_list args;
    va_start(args, format);
    vsnprintf(l->fault_out + n, (size_t)(CONFIG_FAULT_MAX - n), format, args);
    va_end(args);
    for (char *p = l->fault_out; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127) *p = '?';
    return 0;
}

/* Find or make the policy that "[policy NAME]" speaks of. */
static void enter_policy(struct loader *l)
{
    span tenant = span_trim(span_from(span_cstr(l->section), strlen("policy")));
    char name[sizeof l->section];
    snprintf(name, sizeof name, "%.*s", SPAN_ARG(tenant));
    if (tenant.n >= sizeof l->c->policies->tenant) {
        blame(l, ERR_SYNTAX, "a tenant's name of %zu bytes; the limit is %zu", tenant.n,
              sizeof l->c->policies->tenant - 1);
        return;
    }
    for (l->policy = 0; l->policy < l->c->policy_count; l->policy++)
        if (strcmp(l->c->policies[l->policy].tenant, name) == 0) return;
    if (l->policy > CONFIG_TENANT_MAX) {
        blame(l, ERR_SYNTAX, "more than %d tenants", CONFIG_TENANT_MAX);
        return;
    }
    void *grown = realloc(l->policy_first, (l->policy + 1) * sizeof *l->policy_first);
    if (grown) l->policy_first = grown;
    if (!grown || !add_policy(l->c, name)) {
        blame(l, ERR_MEMORY, "out of memory");
        return;
    }
    memset(l->policy_first[l->policy], 0, sizeof *l->policy_first);
}

static bool in_policy(const struct loader *l)
{
    return strncmp(l->section, "policy", 6) == 0 && (l->section[6] == 0 || ascii_space((uint8_t)l->section[6]));
}

static void enter_section(struct loader *l, span head)
{
    size_t n = span_find(head, ']');
    span inside = span_trim(span_from(span_head(head, n), 1));
    if (n == head.n) {
        blame(l, ERR_SYNTAX, "a section without its ']'");
        return;
    }
    if (inside.n >= sizeof l->section) {
        blame(l, ERR_SYNTAX, "a section's name of %zu bytes", inside.n);
        return;
    }
    memcpy(l->section, inside.p, inside.n);
    l->section[inside.n] = 0;
    if (in_policy(l)) {
        enter_policy(l);
        return;
    }
    for (const struct key *k = KEYS; k < KEYS + POLICY_FIRST; k++)
        if (strcmp(k->section, l->section) == 0) return;
    blame(l, ERR_SYNTAX,
          "no section [%s]; there are [engine], [log], [model], [mail], [redis], [policy] and [policy TENANT]",
          l->section);
}

/* inih's fgets: counts lines and refuses what inih would misread (long lines, NULs, long section names). White space
 * at a line's begin goes away, or inih would take the line for more of the value before it. */
static char *next_line(char *to, int cap, void *user)
{
    struct loader *l = user;
    if (l->err != ERR_OK) return NULL;
    l->line++;
    size_t n = 0;
    int c;
    while ((c = getc(l->from)) != EOF && c != '\n') {
        if (n == 0 && ascii_space((uint8_t)c)) continue;
        if (c == 0) blame(l, ERR_SYNTAX, "a NUL byte");
        if ((int)n + 2 >= cap) blame(l, ERR_SYNTAX, "a line longer than %d bytes", cap - 2);
        if (l->err != ERR_OK) return NULL;
        to[n++] = (char)c;
    }
    if (ferror(l->from)) {
        blame(l, ERR_IO, "%s", strerror(errno));
        return NULL;
    }
    if (c == EOF && n == 0) return NULL;
    span line = span_of(to, n);
    if (l->line == 1 && n >= 3 && memcmp(to, "\xEF\xBB\xBF", 3) == 0) line = span_trim(span_from(line, 3));
    if (line.n && line.p[0] == '[') enter_section(l, line);
    to[n] = 0;
    return l->err == ERR_OK ? to : NULL;
}

static int no_such_key(struct loader *l, const char *section, const char *name)
{
    char known[256] = "";
    for (const struct key *k = KEYS; k < KEYS + KEY_COUNT; k++) {
        size_t n = strlen(known);
        if (strcmp(k->section, section) == 0) snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", k->name);
    }
    return blame(l, ERR_SYNTAX, "no key '%.60s' in [%s]; it has: %s", name, l->section, known);
}

/* inih's handler: one NAME = VALUE. */
static int take(void *user, const char *cut_section, const char *name, const char *value)
{
    struct loader *l = user;
    (void)cut_section;
    if (l->err != ERR_OK) return 0;
    if (!l->section[0]) return blame(l, ERR_SYNTAX, "key '%.60s' stands before the first [section]", name);
    const char *section = in_policy(l) ? "policy" : l->section;
    const struct key *k = KEYS;
    while (k < KEYS + KEY_COUNT && (strcmp(k->section, section) != 0 || strcmp(k->name, name) != 0)) k++;
    if (k == KEYS + KEY_COUNT) return no_such_key(l, section, name);

    int *first = is_policy(k) ? &l->policy_first[l->policy][k - KEYS - POLICY_FIRST] : &l->first[k - KEYS];
    if (k->type == LISTEN && !*first) l->c->listen_count = 0;
    if (k->type != LISTEN && *first)
        return blame(l, ERR_SYNTAX, "key '%s': given twice; the first is on line %d", name, *first);
    *first = l->line;
    char words[EXPECTED_MAX];
    if (set(is_policy(k) ? (void *)&l->c->policies[l->policy] : l->c, k, value, words)) return 1;
    return blame(l, ERR_SYNTAX, "key '%s': expected %s, got '%.80s'", name, words, value);
}

static int by_tenant(const void *a, const void *b)
{
    return strcmp(((const struct config_policy *)a)->tenant, ((const struct config_policy *)b)->tenant);
}

/* What a tenant does not say it has from everybody, wherever in the file that stands. */
static void inherit(struct config *c)
{
    qsort(c->policies, c->policy_count, sizeof *c->policies, by_tenant);
    const struct config_policy *from = &c->policies[0];
    for (struct config_policy *p = c->policies + 1; p < c->policies + c->policy_count; p++) {
        if (p->unsure_at < 0) p->unsure_at = from->unsure_at;
        if (p->spam_at < 0) p->spam_at = from->spam_at;
        if (p->campaign_subject < 0) p->campaign_subject = from->campaign_subject;
        for (int i = 0; i < 3; i++)
            if (!p->action[i][0]) memcpy(p->action[i], from->action[i], sizeof p->action[i]);
    }
}

enum err config_read(struct config *c, FILE *from, const char *name, char *fault_out)
{
    struct loader l = {.c = c, .from = from, .name = name, .fault_out = fault_out};
    fault_out[0] = 0;
    l.policy_first = calloc(c->policy_count, sizeof *l.policy_first);
    if (!l.policy_first) return blame(&l, ERR_MEMORY, "out of memory"), l.err;
    if (&ini_max_line) ini_max_line = CONFIG_LINE_MAX;
    int bad_line = ini_parse_stream(next_line, &l, take, &l);
    if (bad_line != 0) {
        l.line = bad_line > 0 ? bad_line : l.line;
        blame(&l, ERR_SYNTAX, "expected KEY = VALUE, [SECTION] or a comment");
    }
    free(l.policy_first);
    if (l.err != ERR_OK) return l.err;
    if (!l.first[0]) default_listen(c);
    inherit(c);
    char what[CONFIG_FAULT_MAX];
    enum err e = config_check(c, what);
    if (e != ERR_OK) snprintf(fault_out, CONFIG_FAULT_MAX, "%.200s: %.300s", name, what);
    return e;
}

enum err config_load(struct config *c, const char *path, char *fault_out)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        snprintf(fault_out, CONFIG_FAULT_MAX, "%.200s: %s", path, strerror(errno));
        return ERR_IO;
    }
    enum err e = config_read(c, f, path, fault_out);
    fclose(f);
    return e;
}

/* What would be ignored, or could not work, is refused: nobody shall believe that it is encrypted when it is not. */
static const char *redis_disagrees(const struct config *c)
{
    bool port = strncmp(c->redis, "unix:", 5) != 0 && strcmp(c->redis, "private") != 0 && strcmp(c->redis, "off") != 0;
    bool keys = *c->redis_tls_ca || *c->redis_tls_cert || *c->redis_tls_key || *c->redis_tls_name;
    if (*c->redis_user && !*c->redis_password) return "[redis] user: needs a password_file";
    if (*c->redis_password && strcmp(c->redis, "private") == 0)
        return "[redis] password_file: the private server has no password";
    if (c->redis_tls && !port) return "[redis] tls: only servers with a port have it";
    if (keys && !c->redis_tls) return "[redis] tls_ca, tls_cert, tls_key and tls_name: need tls = yes";
    if (!*c->redis_tls_cert != !*c->redis_tls_key) return "[redis] tls_cert and tls_key: one needs the other";
    return NULL;
}

enum err config_check(const struct config *c, char *fault_out)
{
    bool few = c->live_bits && c->live_bits < LIVETABLE_BITS_MIN;
    const char *wrong = c->listen_count == 0                    ? "[engine] listen: no endpoint"
                        : c->deadline_ms > c->deadline_max_ms   ? "[engine] deadline_ms is over deadline_max_ms"
                        : c->restart_min_ms > c->restart_max_ms ? "[engine] restart_min_ms is over restart_max_ms"
                        : c->hang_ms < 2 * c->heartbeat_ms      ? "[engine] hang_ms is under twice heartbeat_ms"
                        : c->mail_mb > c->queue_mb              ? "[engine] mail_mb is over queue_mb"
                        : few                                   ? "[reports] live_bits: expected 0, or 16 to 24"
                                                                : redis_disagrees(c);
    fault_out[0] = 0;
    if (wrong) {
        snprintf(fault_out, CONFIG_FAULT_MAX, "%s", wrong);
        return ERR_SYNTAX;
    }
    for (size_t i = 0; i < c->listen_count; i++) {
        const char *e = c->listen[i];
        if (wrong_endpoint(e)) { /* the default one, in a state_dir with a comma */
            snprintf(fault_out, CONFIG_FAULT_MAX, "[engine] listen: '%s' cannot be an endpoint; name another", e);
            return ERR_SYNTAX;
        }
        if (strncmp(e, "ipc://", 6) == 0 && strlen(e + 6) > 107) {
            snprintf(fault_out, CONFIG_FAULT_MAX,
                     "[engine] listen: a socket's path has 107 bytes at most, this one %zu: %s", strlen(e + 6), e);
            return ERR_SYNTAX;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(e, c->listen[j]) != 0) continue;
            snprintf(fault_out, CONFIG_FAULT_MAX, "[engine] listen: %s is named twice", e);
            return ERR_SYNTAX;
        }
    }
    for (const struct config_policy *p = c->policies; p < c->policies + c->policy_count; p++) {
        if (p->unsure_at <= p->spam_at) continue;
        snprintf(fault_out, CONFIG_FAULT_MAX, "[policy%s%s] unsure_at %g is over spam_at %g", p->tenant[0] ? " " : "",
                 p->tenant, p->unsure_at, p->spam_at);
        return ERR_SYNTAX;
    }
    return ERR_OK;
}

/* --- the way back ------------------------------------------------------------------------------------------------- */

static void write_real(double x, FILE *to)
{
    char s[32];
    snprintf(s, sizeof s, "%.15g", x);
    if (strtod(s, NULL) != x) snprintf(s, sizeof s, "%.17g", x);
    fputs(s, to);
}

static void write_key(const struct config *c, const void *base, const struct key *k, FILE *to)
{
    const void *at = (const char *)base + k->at;
    fprintf(to, "%s = ", k->name);
    switch (k->type) {
    case INT: fprintf(to, "%d", *(const int *)at); break;
    case REAL: write_real(*(const double *)at, to); break;
    case BOOL: fputs(*(const bool *)at ? "yes" : "no", to); break;
    case ALLOWED: fputs(*(const int *)at ? "yes" : "no", to); break;
    case LEVEL: fputs((const char *const[]){"error", "warn", "note", "debug"}[*(const enum log_level *)at], to); break;
    case TEXT: fputs(at, to); break;
    case LISTEN:
        for (size_t i = 0; i < c->listen_count; i++) fprintf(to, "%s%s", i ? "\nlisten = " : "", c->listen[i]);
        break;
    }
    fputc('\n', to);
}

void config_write(const struct config *c, FILE *to)
{
    const char *section = "";
    for (const struct key *k = KEYS; k < KEYS + KEY_COUNT; k++) {
        if (strcmp(k->section, section) != 0) fprintf(to, "%s[%s]\n", *section ? "\n" : "", k->section);
        section = k->section;
        fprintf(to, "; %s\n", k->help);
        write_key(c, is_policy(k) ? (const void *)&c->policies[0] : c, k, to);
    }
    for (const struct config_policy *p = c->policies + 1; p < c->policies + c->policy_count; p++) {
        fprintf(to, "\n[policy %s]\n", p->tenant);
        for (const struct key *k = KEYS + POLICY_FIRST; k < KEYS + KEY_COUNT; k++) write_key(c, p, k, to);
    }
}
